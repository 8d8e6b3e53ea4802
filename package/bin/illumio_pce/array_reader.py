"""Reads a JSON array piece by piece: each element as the text that was sent, and parsed where that is cheap."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, repeat, takewhile
from typing import Any, NamedTuple

from .json_text import Incomplete, are_plain, end_of_value, skip_space

#: Beyond this many characters an element is cut out as text and not parsed as a whole.
PARSE_LIMIT = 64 * 1024
#: How far ahead (characters) elements are looked for that can be told apart at sight.
_SIGHT = 256 * 1024
#: Behind an element that does not show to be an event, so much (characters) is parsed before that is tried again.
_PARSED_AFTER_ODD = 64 * 1024
#: The longest element that is told apart at sight (characters).
_LONGEST_AT_SIGHT = 8 * 1024 * 1024
#: An element larger than this (characters) is not an audit event.
ELEMENT_LIMIT = 128 * 1024 * 1024

#: What may follow an element.
_ENDS = (" ", "\t", "\n", "\r", ",", "]")

#: How the PCE begins an event, in the events API of every release that was seen.
_EVENT = (
    r'\{"href":"(/(?:orgs/[0-9]+/|system_)events/[^"\\]*)"'
    r'(?:,"timestamp":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\.([0-9]{3})Z"'
    r',"pce_fqdn":"([^"\\]*)")?'
)
_FIRST_EVENT = re.compile(_EVENT)
_NEXT_EVENT = re.compile(r"\}," + _EVENT)
_decoder = json.JSONDecoder(strict=False)


class NotAnArray(ValueError):
    """The text is no JSON array, or ends before the array does."""


class Element(NamedTuple):
    """One element: its text, and what it means (None where it was not parsed).

    `head` stands only where it is an object that begins as the PCE's events do, and holds no control character: its
    href, its time in UTC down to the second, the milliseconds, and its pce_fqdn; the last three are None where they
    do not follow.
    """

    text: str
    value: Any | None
    head: tuple[Any, ...] | None = None


class ArrayReader:
    """Iterates over the elements of one JSON array (RFC 8259, section 5) that arrives in chunks of UTF-8.

    The iteration ends only behind the closing bracket and nothing but white space; anything else raises
    NotAnArray, so that an array that was cut is never taken for a whole one.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text = ""
        self._at = 0
        self._ended = False
        self._dropped = 0
        self._parse_up_to = 0

    @property
    def unread(self) -> str:
        """The text from the element at which the reading stopped, as far as it has arrived."""
        return self._text[self._at :]

    def __iter__(self) -> Iterator[Element]:
        return chain.from_iterable(self.runs())

    def runs(self) -> Iterator[list[Element]]:
        """The elements, some at a time."""
        if self._next_character() != "[":
            raise NotAnArray("the answer is not a JSON array")
        self._at += 1
        if self._next_character() == "]":
            return self._finish()
        while True:
            yield self._at_sight() or [self._element()]
            separator = self._next_character()
            if separator == "]":
                return self._finish()
            if separator != ",":
                raise NotAnArray("the JSON array of the answer is not well formed")
            self._at += 1
            self._next_character()

    def _finish(self) -> None:
        self._at += 1
        if self._next_character() != "":
            raise NotAnArray("something stands behind the JSON array of the answer")

    def _at_sight(self) -> list[Element]:
        """The next elements, where they show to be events without being parsed; none where they do not.

        An event reaches from where one begins as the PCE's do to where the next one does, if that is one object.
        """
        if self._dropped + self._at < self._parse_up_to or not _FIRST_EVENT.match(self._text, self._at):
            return []
        nexts = list(_NEXT_EVENT.finditer(self._text, self._at, self._at + _SIGHT)) or self._far_next()
        begins = [self._at, *(match.start() + 2 for match in nexts)]
        texts = [self._text[begin : end - 1] for begin, end in zip(begins, begins[1:])]
        heads = [match.groups() for match in (_FIRST_EVENT.match(self._text, self._at), *nexts) if match]
        plain = list(takewhile(bool, are_plain(texts)))
        if len(plain) < len(texts):
            self._parse_up_to = self._dropped + begins[len(plain)] + _PARSED_AFTER_ODD
        if plain:
            self._at = begins[len(plain)] - 1
        return list(map(Element, texts[: len(plain)], repeat(None), heads))

    def _far_next(self) -> list[re.Match[str]]:
        """Where the event behind one that is longer than what is looked at at once begins, if that is seen."""
        while True:
            match = _NEXT_EVENT.search(self._text, self._at)
            if match:
                return [match]
            size = len(self._text) - self._at
            if self._ended or size > _LONGEST_AT_SIGHT:
                return []
            self._read(max(_SIGHT, size))

    def _element(self) -> Element:
        while True:
            parsed = self._parse()
            if parsed is not None:
                element, end = parsed
                # A number may go on in the next chunk: what ends it has to be seen.
                if self._ended or self._text[end : end + 1] in _ENDS:
                    self._at = end
                    return element
            if self._ended:
                raise NotAnArray("the answer ends in the middle of an event, or holds something that is not JSON")
            if len(self._text) - self._at > ELEMENT_LIMIT:
                raise NotAnArray("an event of the answer is larger than any event can be")
            self._read(max(65_536, len(self._text) - self._at))

    def _parse(self) -> tuple[Element, int] | None:
        """The element at the present position and where it ends; None where more text is needed."""
        piece = self._text[self._at : self._at + PARSE_LIMIT]
        try:
            value, length = _decoder.raw_decode(piece)
            if length < len(piece) or self._ended:
                return Element(piece[:length], value), self._at + length
        except json.JSONDecodeError:
            if len(piece) < PARSE_LIMIT:
                return None
        except (RecursionError, ValueError):
            pass  # too deep, or a number with more digits than Python converts
        try:
            end = end_of_value(self._text, self._at)
        except Incomplete:
            return None
        except ValueError:
            raise NotAnArray("the JSON array of the answer is not well formed") from None
        return Element(self._text[self._at : end], None), end

    def _next_character(self) -> str:
        """The next character that is not white space, not taken; empty at the end of the text."""
        while True:
            self._at = skip_space(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read(1)

    def _read(self, characters: int) -> None:
        """Take at least that many characters more, or all there are."""
        pieces = [self._text[self._at :]]
        self._dropped += self._at
        wanted = characters
        while wanted > 0 and not self._ended:
            chunk = next(self._chunks, None)
            piece = self._decode(chunk or b"", chunk is None)
            self._ended = chunk is None
            pieces.append(piece)
            wanted -= len(piece)
        self._text = "".join(pieces)
        self._at = 0
