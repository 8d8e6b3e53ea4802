"""Reads a JSON array piece by piece: each element as the text that was sent, and parsed where that is cheap."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from .json_text import CLEAN, Incomplete, end_of_value, shapes_of, skip_space

#: Beyond this many characters an element is cut out as text and not parsed as a whole.
PARSE_LIMIT = 64 * 1024
#: So far ahead (characters), and up to twice that, elements are looked for that can be told apart at sight.
_LOOKAHEAD = 256 * 1024
#: Behind an element that does not show to be an event, so much (characters) is parsed before that is tried again.
_PARSED_AFTER_IRREGULAR = 64 * 1024
#: The longest element that is told apart at sight (characters).
_LONGEST_FAST_EVENT = 8 * 1024 * 1024
#: An element larger than this (characters) is not an audit event.
ELEMENT_LIMIT = 128 * 1024 * 1024

#: What may follow an element.
_ENDS = (" ", "\t", "\n", "\r", ",", "]")

#: How the PCE begins an event, in the events API of every release that was seen; and how that goes on.
_BEGIN = re.compile(r'\{"href":"(/(?:orgs/[0-9]+/|system_)events/)')
_HEAD = re.compile(
    r'^([^"\\\n]*)","timestamp":"([0-9T:-]{19})\.([0-9]{3})Z","pce_fqdn":"([^"\\\n]*)".*\n?', re.MULTILINE
)
#: Nearly every head is shorter (characters).
_LONG_HEAD = 160
_decoder = json.JSONDecoder(strict=False)


class NotAnArray(ValueError):
    """The text is no JSON array, or ends before the array does."""


class Element(NamedTuple):
    """One element: its text, and what it means (None where it was not parsed)."""

    text: str
    value: Any | None


class FastBatch(NamedTuple):
    """Events that lie one after another, told apart without parsing: a list for each thing that is known of them.

    What their hrefs have in common and the rest of each, their times in UTC down to the second, the milliseconds, and
    their pce_fqdn; and whether each text is clean: ASCII without control characters, and without anything that XML has
    a meaning for.
    """

    texts: list[str]
    root: str
    names: Sequence[str]
    seconds: Sequence[str]
    milliseconds: Sequence[str]
    fqdns: Sequence[str]
    clean: list[bool]


class ArrayReader:
    """Reads the elements of one JSON array (RFC 8259, section 5) that arrives in chunks of UTF-8.

    A byte order mark before it is ignored, as section 8.1 allows.

    The reading ends only behind the closing bracket and nothing but white space; anything else raises
    NotAnArray, so that an array that was cut is never taken for a whole one.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._text = ""
        self._at = 0
        self._ended = False
        self._dropped = 0
        self._parse_up_to = 0

    @property
    def unread(self) -> str:
        """The text from the element at which the reading stopped, as far as it has arrived."""
        return self._text[self._at :]

    def batches(self) -> Iterator[Element | FastBatch]:
        """The elements in order, one by one or some at a time."""
        if self._next_character() != "[":
            raise NotAnArray("the response is not a JSON array")
        self._at += 1
        if self._next_character() == "]":
            return self._finish()
        while True:
            yield self._fast_batch() or self._element()
            separator = self._next_character()
            if separator == "]":
                return self._finish()
            if separator != ",":
                raise NotAnArray("the JSON array of the response is malformed")
            self._at += 1
            self._next_character()

    def _finish(self) -> None:
        self._at += 1
        if self._next_character() != "":
            raise NotAnArray("there is text after the JSON array of the response")

    def _fast_batch(self) -> FastBatch | None:
        """The next elements, as far as they show to be events without being parsed; None where the first does not.

        An event reaches from where one begins as the PCE's do to where the next one does, if that is one object.
        """
        match = _BEGIN.match(self._text, self._at)
        if match is None or self._dropped + self._at < self._parse_up_to:
            return None
        begin, root = match.group(0, 1)
        pieces = self._split(begin)
        heads = _heads_of(pieces)
        texts = [f"{begin}{piece}}}" for piece in pieces[: len(heads)]]
        looks = list(takewhile(bool, shapes_of(texts)))
        texts = texts[: len(looks)]
        if texts:
            self._at += sum(map(len, texts)) + len(texts) - 1
        if len(texts) < len(pieces):
            self._parse_up_to = self._dropped + self._at + _PARSED_AFTER_IRREGULAR
        if not texts:
            return None
        names, seconds, milliseconds, fqdns = zip(*heads[: len(texts)])
        return FastBatch(texts, root, names, seconds, milliseconds, fqdns, [look is CLEAN for look in looks])

    def _split(self, begin: str) -> list[str]:
        """The text from here on, cut where events begin: what stands between the beginnings of two, in order."""
        behind = "}," + begin
        self._see(_LOOKAHEAD)
        text = self._text[self._at + len(begin) : self._at + 2 * _LOOKAHEAD]
        return text.rsplit(behind)[:-1] or self._far(begin, behind)  # rsplit takes half of split's time

    def _far(self, begin: str, behind: str) -> list[str]:
        """As `_split`, for an event that is longer than what is looked at at once; none where no end is in sight."""
        seen = 0
        while (end := self._text.find(behind, self._at + seen)) == -1:
            if self._ended or self._left > _LONGEST_FAST_EVENT:
                return []
            seen = self._left - len(behind)
            self._see(2 * self._left)
        return [self._text[self._at + len(begin) : end]]

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
                raise NotAnArray("the response ends in the middle of an event, or holds something that is not JSON")
            if self._left > ELEMENT_LIMIT:
                raise NotAnArray("an event of the response is larger than any event can be")
            self._see(max(PARSE_LIMIT, 2 * self._left))

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
            raise NotAnArray("the JSON array of the response is malformed") from None
        return Element(self._text[self._at : end], None), end

    def _next_character(self) -> str:
        """The next character that is not white space, not taken; empty at the end of the text."""
        while True:
            self._at = skip_space(self._text, self._at)
            if self._left:
                return self._text[self._at]
            if self._ended:
                return ""
            self._see(1)

    @property
    def _left(self) -> int:
        """How much of the text that has arrived is not taken yet (characters)."""
        return len(self._text) - self._at

    def _see(self, characters: int) -> None:
        """Have at least that much before the present position, or all there is."""
        missing = characters - self._left
        if missing <= 0:
            return
        pieces = [self._text[self._at :]]
        self._dropped += self._at
        while missing > 0 and not self._ended:
            chunk = next(self._chunks, None)
            self._ended = chunk is None
            pieces.append(self._decode(chunk or b"", self._ended))
            missing -= len(pieces[-1])
        self._text = "".join(pieces)
        self._at = 0


def _heads_of(pieces: Sequence[str]) -> list[tuple[str, ...]]:
    """What the heads of these say, up to the first that has none: read all at once if each is in a line of its own."""
    lines = "\n".join([piece[:_LONG_HEAD] for piece in pieces])
    heads = _HEAD.findall(lines)
    if len(heads) == len(pieces) == lines.count("\n") + 1:
        return heads
    return [head.groups() for head in takewhile(bool, map(_HEAD.match, pieces)) if head]
