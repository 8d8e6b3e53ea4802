"""JSON as text: where values begin and end, without building them and without recursion (RFC 8259).

Values of audit events are passed on exactly as the PCE wrote them, so the collector cuts text and never
writes JSON of its own over an event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from .xml_text import MARKUP

_SPACE = re.compile(r"[ \t\n\r]*")
_STRUCTURE = re.compile(r'[\[{]|[\]}]|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\[\]{}\"]+")
_ESCAPED = re.compile(r'\\["\\]')
_LINE_BREAK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\r\n]+', re.DOTALL)

_MARKUP = MARKUP.encode()
#: Every byte but brackets, quotes, control characters and what XML has a meaning for.
_UNREMARKABLE = bytes(set(range(0x20, 0x100)) - set(b'[]{}"' + _MARKUP))
_BETWEEN = "\0"
#: What a text may show to be; see `shapes_of`.
NOT_CLOSED, CLOSED, CLEAN = range(3)
#: So many shapes are remembered, each up to this length (bytes).
_SHAPES = 1024
_LONGEST_SHAPE = 16 * 1024


class Incomplete(ValueError):
    """The text ends before the value does."""


class Member(NamedTuple):
    """One member of an object: its name, and where `"name": value` begins, its value begins, and both end."""

    name: str
    start: int
    value: int
    end: int


def skip_space(text: str, at: int) -> int:
    """The position of the next character that is not JSON white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def end_of_value(text: str, at: int) -> int:
    """The position behind the value that begins at `at`, however deep or long it is.

    Raises Incomplete where the text ends first, and ValueError where no value begins at `at`.
    """
    if at >= len(text):
        raise Incomplete
    if text[at] == '"':
        match = _STRING.match(text, at)
        if match is None:
            raise Incomplete
        return match.end()
    if text[at] not in "[{":
        match = _SCALAR.match(text, at)
        if match is None:
            raise ValueError(f"no JSON value at character {at}")
        return match.end()
    depth = 0
    for match in _STRUCTURE.finditer(text, at):
        first = text[match.start()]
        if first == '"':
            continue
        depth += 1 if first in "[{" else -1
        if depth == 0:
            return match.end()
    raise Incomplete


def shapes_of(texts: Sequence[str]) -> list[int]:
    """What each of these texts, from `{` to `}`, shows to be: NOT_CLOSED, CLOSED, or CLEAN besides.

    CLOSED: one object, all of it, without control characters. CLEAN: in ASCII too, and without `&`, `<` and `>`.
    Told without parsing, by the brackets, quotes and those characters alone: events of a type have few such shapes.
    """
    joined = _BETWEEN.join(texts)
    ascii_only = joined.isascii()
    if "\\" in joined:
        joined = _ESCAPED.sub("", joined)
    shapes = joined.encode("utf-8", "replace").translate(None, _UNREMARKABLE).split(_BETWEEN.encode())
    if len(shapes) != len(texts):
        return [NOT_CLOSED] * len(texts)
    remembered = max(map(len, shapes)) <= _LONGEST_SHAPE
    looks = list(map(_shape_of if remembered else _shape_of.__wrapped__, shapes))
    if ascii_only:
        return looks
    return [look if text.isascii() else min(look, CLOSED) for look, text in zip(looks, texts)]


@lru_cache(maxsize=_SHAPES)
def _shape_of(shape: bytes) -> int:
    """Whether nothing is left of a shape within its outermost brackets when pairs go that have nothing between them.

    A bracket outside of strings never makes a pair with one inside of a string, since all quotes between the two
    have to go first, in pairs.
    """
    rest = shape.translate(None, _MARKUP)
    look = CLEAN if len(rest) == len(shape) else CLOSED
    rest = rest[1:-1]
    length = -1
    while len(rest) != length:
        length = len(rest)
        rest = rest.replace(b'""', b"").replace(b"{}", b"").replace(b"[]", b"")
    return NOT_CLOSED if rest else look


def members(text: str) -> list[Member]:
    """The members of the object that `text` is, in order, duplicates included. ValueError where it is none."""
    found: list[Member] = []
    at = skip_space(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("not a JSON object")
    at = skip_space(text, at + 1)
    while text[at : at + 1] != "}":
        start = at
        behind_name = end_of_value(text, at)
        name = json.loads(text[start:behind_name], strict=False)
        at = skip_space(text, behind_name)
        if not isinstance(name, str) or text[at : at + 1] != ":":
            raise ValueError(f"no member at character {start}")
        value = skip_space(text, at + 1)
        end = end_of_value(text, value)
        found.append(Member(name, start, value, end))
        at = skip_space(text, end)
        if text[at : at + 1] == ",":
            at = skip_space(text, at + 1)
        elif text[at : at + 1] != "}":
            raise ValueError(f"neither comma nor brace at character {at}")
    return found


def on_one_line(text: str) -> str:
    """The same JSON without line breaks: outside of strings they mean nothing, inside they are written out."""
    if "\n" not in text and "\r" not in text:
        return text
    return _LINE_BREAK.sub(lambda match: _line_breaks(match.group()), text)


def _line_breaks(token: str) -> str:
    if token[0] != '"':
        return " "
    return token.replace("\r", "\\r").replace("\n", "\\n")
