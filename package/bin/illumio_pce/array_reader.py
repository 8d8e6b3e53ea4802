"""Reads a JSON array piece by piece: each element as the text that was sent, and parsed where that is cheap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple, TypeVar

from .json_text import Incomplete, end_of_value
from .text_buffer import TextBuffer

#: Beyond this many characters an element is cut out as text and not parsed as a whole.
PARSE_LIMIT = 64 * 1024
#: An element larger than this (characters) is not an audit event.
ELEMENT_LIMIT = 128 * 1024 * 1024

#: What may follow an element.
_ENDS = (" ", "\t", "\n", "\r", ",", "]")
_decoder = json.JSONDecoder(strict=False)
_Taken = TypeVar("_Taken")


class NotAnArray(ValueError):
    """The text is no JSON array, or ends before the array does."""


class TooLong(NotAnArray):
    """An element is longer than any that is read; `start`: how it begins."""

    def __init__(self, start: str) -> None:
        super().__init__("an element of the response is larger than any can be")
        self.start = start


class Element(NamedTuple):
    """One element: its text, and what it means (None where it was not parsed)."""

    text: str
    value: Any | None


class ArrayReader:
    """Reads the elements of one JSON array (RFC 8259, section 5) from a buffer.

    The reading ends only behind the closing bracket and nothing but white space; anything else raises
    NotAnArray, so that an array that was cut is never taken for a whole one.
    """

    def __init__(self, buffer: TextBuffer, element_limit: int = ELEMENT_LIMIT) -> None:
        self._buffer = buffer
        self._element_limit = element_limit

    def each(self, take: Callable[[], _Taken]) -> Iterator[_Taken]:
        """What `take` returns, called at the beginning of an element until none is left.

        It takes one element (`element`) or several with the commas between them, and leaves the buffer at their end.
        """
        buffer = self._buffer
        if buffer.next_character() != "[":
            raise NotAnArray("the response is not a JSON array")
        buffer.at += 1
        if buffer.next_character() == "]":
            return self._finish()
        while True:
            yield take()
            separator = buffer.next_character()
            if separator == "]":
                return self._finish()
            if separator != ",":
                raise NotAnArray("the JSON array of the response is malformed")
            buffer.at += 1
            buffer.next_character()

    def _finish(self) -> None:
        self._buffer.at += 1
        if self._buffer.next_character() != "":
            raise NotAnArray("there is text after the JSON array of the response")

    def element(self) -> Element:
        """Take the element at the present position."""
        buffer = self._buffer
        while True:
            parsed = self._parse()
            if parsed is not None:
                element, end = parsed
                # A number may go on in the next chunk: what ends it has to be seen.
                if buffer.ended or buffer.text[end : end + 1] in _ENDS:
                    buffer.at = end
                    return element
            if buffer.ended:
                raise NotAnArray("the response ends in the middle of an element, or holds something that is not JSON")
            if buffer.left > self._element_limit:
                raise TooLong(buffer.text[buffer.at : buffer.at + 500])
            buffer.see(max(PARSE_LIMIT, 2 * buffer.left))

    def _parse(self) -> tuple[Element, int] | None:
        """The element at the present position and where it ends; None where more text is needed."""
        text, at = self._buffer.text, self._buffer.at
        piece = text[at : at + PARSE_LIMIT]
        try:
            value, length = _decoder.raw_decode(piece)
            if length < len(piece) or self._buffer.ended:
                return Element(piece[:length], value), at + length
        except json.JSONDecodeError:
            if len(piece) < PARSE_LIMIT:
                return None
        except (RecursionError, ValueError):
            pass  # too deep, or a number with more digits than Python converts
        try:
            end = end_of_value(text, at)
        except Incomplete:
            return None
        except ValueError:
            raise NotAnArray("the JSON array of the response is malformed") from None
        return Element(text[at:end], None), end
