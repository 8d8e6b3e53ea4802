"""Reads events without parsing them, where they are written as the PCE writes them: some eight times as fast.

The plain reader (`event_reader.read_element`) is the specification: both give the same events
(tests/unit/test_json_and_events.py). What does not show to be an event at its beginning is left to the plain reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from operator import add

from .events import Events, host_of, keys_of
from .json_text import CLEAN, shapes_of
from .text_buffer import TextBuffer
from .timestamps import second_of

#: So far ahead (characters), and up to twice that, events are looked for.
_LOOKAHEAD = 256 * 1024
#: After an element that is left to the plain reader, so is what begins within so much (characters).
_PARSED_AFTER_IRREGULAR = 64 * 1024
#: The longest event that is read here (characters).
_LONGEST_EVENT = 8 * 1024 * 1024

#: How the PCE begins an event, in the events API of every release that was seen; and how that goes on.
_BEGIN = re.compile(r'\{"href":"(/(?:orgs/[0-9]+/|system_)events/)')
_HEAD = re.compile(
    r'^([^"\\\n]*)","timestamp":"([0-9T:-]{19})\.([0-9]{3})Z","pce_fqdn":"([^"\\\n]*)".*\n?', re.MULTILINE
)
#: Nearly every head is shorter (characters).
_LONG_HEAD = 160


class FastReader:
    """Reads events from a buffer. An event reaches from where one begins as the PCE's do to where the next one does,
    if that is one object.
    """

    def __init__(self, buffer: TextBuffer) -> None:
        self._buffer = buffer
        self._parse_up_to = 0

    def take(self) -> Events | None:
        """The events from here on, as far as they show to be some; None, and nothing is taken, where the first does
        not. The last element of an array never does, since no event follows it.
        """
        buffer = self._buffer
        match = _BEGIN.match(buffer.text, buffer.at)
        if match is None or buffer.position < self._parse_up_to:
            return None
        begin, root = match.group(0, 1)
        pieces = self._split(begin)
        heads = _heads_of(pieces)
        seconds = list(takewhile(bool, [second_of(second) for _, second, _, _ in heads]))
        texts = [f"{begin}{piece}}}" for piece in pieces[: len(seconds)]]
        shapes = list(takewhile(bool, shapes_of(texts)))
        count = len(shapes)
        buffer.at += sum(map(len, texts[:count])) + max(count - 1, 0)
        if count < len(pieces):
            self._parse_up_to = buffer.position + _PARSED_AFTER_IRREGULAR
        if not count:
            return None
        names, _, milliseconds, hosts = zip(*heads[:count])
        began, epochs = zip(*filter(None, seconds[:count]))
        return Events(
            texts=texts[:count],
            ms=list(map(add, began, map(int, milliseconds))),
            epochs=list(map(add, epochs, milliseconds)),
            keys=keys_of(names, root),
            hosts=list(map(host_of, hosts)),
            have_href=[True] * count,
            flaws=[""] * count,
            clean=[shape is CLEAN for shape in shapes],
        )

    def _split(self, begin: str) -> list[str]:
        """The text from here on, cut where events begin: what stands between the beginnings of two, in order."""
        behind = "}," + begin
        buffer = self._buffer
        buffer.see(_LOOKAHEAD)
        text = buffer.text[buffer.at + len(begin) : buffer.at + 2 * _LOOKAHEAD]
        return text.rsplit(behind)[:-1] or self._far(begin, behind)  # rsplit takes half of split's time

    def _far(self, begin: str, behind: str) -> list[str]:
        """As `_split`, for an event that is longer than what is looked at at once; none where no end is in sight."""
        buffer = self._buffer
        seen = 0
        while (end := buffer.text.find(behind, buffer.at + seen)) == -1:
            if buffer.ended or buffer.left > _LONGEST_EVENT:
                return []
            seen = buffer.left - len(behind)
            buffer.see(2 * buffer.left)
        return [buffer.text[buffer.at + len(begin) : end]]


def _heads_of(pieces: Sequence[str]) -> list[tuple[str, ...]]:
    """What the heads of these say, up to the first that has none: read all at once if each is in a line of its own."""
    lines = "\n".join([piece[:_LONG_HEAD] for piece in pieces])
    heads = _HEAD.findall(lines)
    if len(heads) == len(pieces) == lines.count("\n") + 1:
        return heads
    return [head.groups() for head in takewhile(bool, map(_HEAD.match, pieces)) if head]
