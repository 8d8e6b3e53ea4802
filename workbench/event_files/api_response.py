"""Answers of the PCE's events API in a file: the JSON array, or the one object over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from workbench.event_files.other_formats import explain
from workbench.splunk.refusal import Refused

_STRING_OR_BLANK = re.compile(r'("(?:\\.|[^"\\])*")|\s+')
_BEGINS_AS_ANSWER = re.compile(r"\s*(?:\[\s*[{\]]|\{[ \t\r]*\n)")
_NO_JSON = "it starts like an API response but is not valid JSON"
_NO_EVENTS = "it starts like an API response but contains something other than events"


def begins_as_answer(text: str) -> bool:
    """Whether a file that begins so is taken for an answer."""
    return _BEGINS_AS_ANSWER.match(text) is not None


def elements(pieces: Iterator[str], place: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The events of an answer, each with its text: blanks between its parts taken out, nothing else changed.

    Raises Refused, with the place, where it is no JSON or holds something else.
    """
    buffer = _Buffer(pieces, place)
    if buffer.peek() == "{":
        document, text = buffer.value()
        if "event_type" not in document:
            raise Refused(explain(document) or _NO_EVENTS, place)
        yield document, text
    else:
        yield from _array(buffer, place)
    if buffer.peek():
        raise Refused(f"{_NO_JSON}: unexpected data after its end", place)


def _array(buffer: _Buffer, place: str) -> Iterator[tuple[dict[str, Any], str]]:
    buffer.take()
    separator = buffer.take() if buffer.peek() == "]" else ","
    while separator == ",":
        if buffer.peek() not in ("{", ""):
            raise Refused(_NO_EVENTS, place)
        document, text = buffer.value()
        if "_raw" in document or explain(document):
            raise Refused(explain(document) or _NO_EVENTS, place)
        yield document, text
        buffer.peek()
        separator = buffer.take()
    if separator != "]":
        raise Refused(f"{_NO_JSON}: a comma or the end of the array is missing", place)


class _Buffer:
    """What was read of a text and not yet taken."""

    def __init__(self, pieces: Iterator[str], place: str) -> None:
        self._pieces = pieces
        self._place = place
        self._text = ""
        self._at = 0
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            rest = len(self._text) - self._at
            for offset in range(rest):
                if not self._text[self._at + offset].isspace():
                    self._at += offset
                    return self._text[self._at]
            self._at = len(self._text)
            if not self._grow(1):
                return ""

    def take(self) -> str:
        """The next character."""
        self._at += 1
        return self._text[self._at - 1 : self._at]

    def value(self) -> tuple[dict[str, Any], str]:
        """The JSON object that begins here."""
        wanted = 1
        while True:
            try:
                document, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise Refused(f"{_NO_JSON}: nested too deeply", self._place) from None
            except json.JSONDecodeError as error:
                # a value that was cut is tried again with twice as much, so that a long one is not read too often
                if not self._grow(wanted):
                    raise Refused(f"{_NO_JSON}: {error.msg}", self._place) from None
                wanted *= 2
                continue
            text = _STRING_OR_BLANK.sub(lambda found: found.group(1) or "", self._text[self._at : end])
            self._at = end
            return document, text

    def _grow(self, pieces: int) -> bool:
        """Read so many pieces more, and forget what was taken; False at the end of the text."""
        more = [piece for _, piece in zip(range(pieces), self._pieces)]
        self._text, self._at = self._text[self._at :] + "".join(more), 0
        return bool(more)
