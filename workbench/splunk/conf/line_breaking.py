"""How received text becomes events: LINE_BREAKER, TRUNCATE, and merging lines where SHOULD_LINEMERGE is on.

Source: props.conf.spec 9.2, Line breaking, and what a Splunk 10.4.0 was recorded doing: empty lines make no event;
under an own LINE_BREAKER the end of the data stays; an event holds one line more than MAX_EVENTS; each line is an
event where neither a date nor BREAK_ONLY_BEFORE says otherwise; MUST_NOT_BREAK_BEFORE does not stop BREAK_ONLY_BEFORE.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Callable, NamedTuple

from workbench.splunk.conf.settings import Settings
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import Match, Pattern, compile_pattern

_SURROGATE = re.compile("[\udc80-\udcff]")
_LINE_ENDS = r"([\r\n]+)"


def decode(data: bytes, settings: Settings) -> str:
    """The bytes as text; those that the encoding does not have are written as \\xF3."""
    charset = settings.text("CHARSET", "UTF-8")
    try:
        codec = codecs.lookup(charset).name
    except LookupError:
        raise Refused(f"the encoding {charset!r} is not known", settings.place("CHARSET")) from None
    text = data.decode(codec, "surrogateescape")
    return _SURROGATE.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02X}", text)


class Line(NamedTuple):
    """A line or an event of several, and whether TRUNCATE cut it."""

    text: str
    cut: bool = False


class LineBreaker:
    """Cuts text into events. `has_date` tells whether a line carries a timestamp, None where nobody looks for one."""

    def __init__(self, settings: Settings, has_date: Callable[[str], bool] | None) -> None:
        self._settings = settings
        self._breaker = _pattern(settings, "LINE_BREAKER", _LINE_ENDS)
        if self._breaker.groups == 0:
            raise Refused("Splunk ignores a pattern without a capturing group", settings.place("LINE_BREAKER"))
        self._truncate = settings.number("TRUNCATE", 10_000)
        self._merge = settings.flag("SHOULD_LINEMERGE", True)
        self._merger = _Merger(settings, has_date) if self._merge else None

    @property
    def by_lines(self) -> bool:
        """Whether each line is an event, so that the text may come in parts that end with a line."""
        return self._breaker.pattern == _LINE_ENDS and not self._merge

    def events(self, text: str) -> list[Line]:
        """The events of the text, in order."""
        lines = [self._truncated(line) for line in self._lines(text) if line]
        return lines if self._merger is None or len(lines) < 2 else self._merger.merge(lines)

    def _lines(self, text: str) -> Iterator[str]:
        if self._breaker.pattern == _LINE_ENDS:
            # PCRE's binding counts characters anew for each match: the square of the text's length.
            yield from re.split("[\r\n]+", text)
            return
        if self._breaker.pattern.startswith(f"{_LINE_ENDS}|"):
            # What else breaks is looked for line by line, for the same reason.
            for line in re.split("[\r\n]+", text):
                yield from self._parts(line)
            return
        yield from self._parts(text)

    def _parts(self, text: str) -> Iterator[str]:
        start = 0
        for found in self._breaker.finditer(text):
            end, following = _gap(found, self._breaker.groups)
            yield text[start:end]
            start = following
        yield text[start:]

    def _truncated(self, line: str) -> Line:
        if not self._truncate or len(line) * 4 <= self._truncate:
            return Line(line)
        data = line.encode()
        return Line(data[: self._truncate].decode(errors="ignore"), len(data) > self._truncate)


def _pattern(settings: Settings, key: str, default: str = "") -> Pattern:
    try:
        return compile_pattern(settings.text(key, default))
    except Refused as refusal:
        raise refusal.at(settings.place(key)) from None


def _gap(found: Match, groups: int) -> tuple[int, int]:
    """What lies between two events: the first group that took part, else nothing, before the match."""
    for number in range(1, groups + 1):
        if found.group(number) is not None:
            return found.start(number), found.end(number)
    return found.start(), found.start()


class _Merger:
    def __init__(self, settings: Settings, has_date: Callable[[str], bool] | None) -> None:
        self._settings = settings
        self._limit = settings.number("MAX_EVENTS", 256)
        by_date = settings.flag("BREAK_ONLY_BEFORE_DATE", True)
        self._by_date = has_date if by_date else None
        self._before = self._rule("BREAK_ONLY_BEFORE")
        self._each_line = not by_date and self._before is None
        self._after = self._rule("MUST_BREAK_AFTER")
        self._not_after = self._rule("MUST_NOT_BREAK_AFTER")
        self._not_before = self._rule("MUST_NOT_BREAK_BEFORE")

    def _rule(self, key: str) -> Callable[[str], bool] | None:
        if not self._settings.text(key):
            return None
        pattern = _pattern(self._settings, key)
        return lambda line: pattern.search(line) is not None

    def merge(self, lines: list[Line]) -> list[Line]:
        """Events of one or more lines, joined by a line feed."""
        events = [[lines[0]]]
        held = False
        for before, line in zip(lines, lines[1:]):
            closed = self._after is not None and self._after(before.text)
            held = not closed and (held or (self._not_after is not None and self._not_after(before.text)))
            if closed or len(events[-1]) > self._limit or (not held and self._begins(line.text)):
                events.append([line])
            else:
                events[-1].append(line)
        return [Line("\n".join(line.text for line in event), any(line.cut for line in event)) for event in events]

    def _begins(self, line: str) -> bool:
        begins = self._each_line or self._follows_a_rule(line)
        if begins and self._before is None and self._not_before is not None and self._not_before(line):
            place = self._settings.place("MUST_NOT_BREAK_BEFORE")
            raise Refused("what this stops is not known: it was recorded not to stop BREAK_ONLY_BEFORE", place)
        return begins

    def _follows_a_rule(self, line: str) -> bool:
        verdicts = {rule(line) for rule in (self._before, self._by_date) if rule is not None}
        if len(verdicts) > 1:
            place = self._settings.place("BREAK_ONLY_BEFORE")
            raise Refused("which wins, this or BREAK_ONLY_BEFORE_DATE = true, is not documented", place)
        return verdicts == {True}
