"""Text files read in pieces, so that a long one needs no more memory than a short one."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path

from workbench.splunk.refusal import Refused

_PIECE = 1 << 20
_GZIP = b"\x1f\x8b"
#: How much is read of a file between two words about it, in bytes.
_PROGRESS = 20 << 20


def pieces_of(path: Path) -> Iterator[str]:
    """The text of a file in UTF-8, without a byte order mark. Says on standard error how far it is in a long one.

    Raises Refused with the place of what is not UTF-8, and OSError.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    size, taken, lines, told = path.stat().st_size, 0, 0, 0
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            if taken == 0 and piece.startswith(_GZIP):
                raise Refused("it is compressed; unpack it first (gunzip)", str(path))
            pending = decoder.getstate()[0]
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                line = lines + (pending + piece).count(b"\n", 0, error.start) + 1
                byte = taken - len(pending) + error.start + 1
                message = f"byte {byte} is not UTF-8; convert the file first (iconv)"
                raise Refused(message, f"{path}, line {line}") from None
            taken, lines = taken + len(piece), lines + text.count("\n")
            if text:
                yield text
            if not piece:
                return
            if taken - told >= _PROGRESS and taken < size:
                told = taken
                print(f"{path}: {taken >> 20} of {size >> 20} MB read", file=sys.stderr, flush=True)


def lines_of(pieces: Iterator[str]) -> Iterator[str]:
    """The lines of a text, without the line feeds that end them."""
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        yield from lines
    yield rest
