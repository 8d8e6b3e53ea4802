"""savedsearches.conf as it stands in the folders of apps."""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from pathlib import Path

Stanzas = dict[str, dict[str, str]]


def saved_searches(folders: Sequence[Path]) -> Stanzas:
    """Stanzas of savedsearches.conf; local wins over default, a later folder over one before."""
    reader = configparser.RawConfigParser(
        strict=False, delimiters=("=",), comment_prefixes=("#",), default_section="default", empty_lines_in_values=False
    )
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    for layer in ("default", "local"):
        for path in (folder / layer / "savedsearches.conf" for folder in folders):
            if path.is_file():
                # A backslash at the end of a line continues the value; to a search a line's end is a blank.
                reader.read_string(path.read_text(encoding="utf-8-sig").replace("\\\n", " "), str(path))
    return {name: dict(reader[name]) for name in reader.sections()}
