"""Automatic extraction of JSON into fields, as spath without a path and KV_MODE = json do it.

Names are joined with dots, list elements add `{}`: `a.b`, `a{}.b`. Only the first characters of a text are
read (limits.conf [spath] extraction_cutoff, 5,000 in both); what is complete before the cut still counts.
Assumed: null is the text `null`, empty lists and objects make no field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NamedTuple

EXTRACTION_CUTOFF = 5000

#: Half a pair of surrogates, which JSON can name and UTF-8 cannot hold, becomes U+FFFD (assumed).
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_BLANK = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=[\s,\]}]|$)")


class _Stop(Exception):
    """The text ends, or stops being JSON."""


class Pair(NamedTuple):
    """A field's name and one of its values."""

    name: str
    value: str


def extract(text: str, cutoff: int | None = EXTRACTION_CUTOFF) -> dict[str, list[str]]:
    """All fields with their values in order; empty where the text does not begin as an object or a list."""
    cut = text if cutoff is None else text[:cutoff]
    fields: dict[str, list[str]] = {}
    start = _BLANK.match(cut).end()  # type: ignore[union-attr]
    if cut[start : start + 1] not in ("{", "["):
        return {}
    reader = _Reader(cut, complete=len(cut) == len(text))
    try:
        for name, value in reader.read("", start):
            fields.setdefault(name, []).append(value)
    except _Stop:
        pass
    return fields


class _Reader:
    def __init__(self, text: str, *, complete: bool) -> None:
        self.text = text
        self.complete = complete
        self.position = 0

    def read(self, name: str, start: int) -> Iterator[Pair]:
        """The pairs of the value that begins at `start`; `position` is behind it afterwards."""
        char = self.text[start : start + 1]
        if char == "{":
            yield from self._object(name, start + 1)
        elif char == "[":
            yield from self._list(f"{name}{{}}", start + 1)
        elif char == '"':
            yield Pair(name, self._string(start))
        else:
            yield Pair(name, self._atom(start))

    def _object(self, name: str, start: int) -> Iterator[Pair]:
        self.position = start
        if self._take("}"):
            return
        while True:
            key = self._string(self._skip())
            if not self._take(":"):
                raise _Stop
            yield from self.read(f"{name}.{key}" if name else key, self._skip())
            if self._take("}"):
                return
            if not self._take(","):
                raise _Stop

    def _list(self, name: str, start: int) -> Iterator[Pair]:
        self.position = start
        if self._take("]"):
            return
        while True:
            yield from self.read(name, self._skip())
            if self._take("]"):
                return
            if not self._take(","):
                raise _Stop

    def _skip(self) -> int:
        self.position = _BLANK.match(self.text, self.position).end()  # type: ignore[union-attr]
        return self.position

    def _take(self, char: str) -> bool:
        start = self._skip()
        if self.text[start : start + 1] != char:
            return False
        self.position += 1
        return True

    def _string(self, start: int) -> str:
        if self.text[start : start + 1] != '"':
            raise _Stop
        try:
            value, self.position = scanstring(self.text, start + 1, False)
        except ValueError:
            raise _Stop from None
        return _HALF_PAIR.sub("\ufffd", value)

    def _atom(self, start: int) -> str:
        found = _ATOM.match(self.text, start)
        if found is None or (found.end() == len(self.text) and not self.complete):
            raise _Stop
        self.position = found.end()
        return found.group()
