"""Long searches in conf files: continued with a backslash, so that an administrator can read them."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Longer settings go on in the next line; no line is longer than this.
LONGEST = 700
_WIDTH = 120
_INDENT = "  "
#: Where a line may end: a blank outside quotation marks and macro calls. What begins with a bar is a command.
_PIECE = re.compile(r'(?:"(?:\\.|[^"\\])*"|`[^`]*`|[^\s"`])+|\s+')


def wrapped(text: str) -> str:
    """The conf file's text with its long searches and macros continued. Raises ValueError for a line that cannot be."""
    lines = [_continued(line) if len(line) > LONGEST else line for line in text.split("\n")]
    result = "\n".join(lines)
    for line in result.split("\n"):
        if len(line) > LONGEST:
            raise ValueError(f"a line of {len(line)} characters cannot be continued: {line[:60]}")
    return result


def _continued(line: str) -> str:
    return " \\\n".join(_parts(line)) if line.startswith(("search = ", "definition = ")) else line


def _parts(line: str) -> Iterator[str]:
    """Each command on lines of its own, none longer than the width where there is a blank to end it at."""
    part = ""
    for piece in _PIECE.findall(line):
        full = len(part) + len(piece) > _WIDTH
        if (piece == "|" and part.strip()) or (full and part.endswith(" ")):
            yield part.rstrip()
            part = _INDENT if piece == "|" else _INDENT * 2
        part += piece
    yield part
