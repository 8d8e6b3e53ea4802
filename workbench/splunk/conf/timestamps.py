"""The time of an event: TIME_PREFIX, TIME_FORMAT, MAX_TIMESTAMP_LOOKAHEAD, and what holds without a timestamp.

Source: props.conf.spec 9.2, Timestamp extraction configuration; Getting Data In, How timestamp assignment works.
Of what Splunk recognises without TIME_FORMAT (datetime.xml), one form is known from a recorded Splunk 10.4.0:
`2026-01-15T10:00:00Z`, before any other digit.
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from decimal import Decimal

from workbench.splunk.conf import time_format
from workbench.splunk.conf.settings import Settings
from workbench.splunk.conf.time_zones import Zones, epoch_seconds
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import compile_pattern

_DAY = 86_400
_NO_BOUND = 10**12
_INSTANT = re.compile(r"\D*(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})Z", re.ASCII)


class Timestamps:
    """The rules of one source type.

    `clock` is the time of receipt, epoch seconds. Without one it is the machine's, and only days that the
    confs state bound what is accepted, so that the result depends on no machine's clock.
    """

    def __init__(self, settings: Settings, clock: float | None) -> None:
        self._settings = settings
        self._clock = Decimal(repr(float(int(time.time()) if clock is None else clock)))
        self._previous = self._clock
        self._config = settings.text("DATETIME_CONFIG")
        if self._config and self._config not in ("CURRENT", "NONE", "/etc/datetime.xml"):
            raise Refused("own timestamp recognition is not emulated", settings.place("DATETIME_CONFIG"))
        self.looks = self._config not in ("CURRENT", "NONE")
        self._prefix = compile_pattern(settings.text("TIME_PREFIX")) if settings.text("TIME_PREFIX") else None
        self._format = settings.text("TIME_FORMAT")
        self._lookahead = settings.number("MAX_TIMESTAMP_LOOKAHEAD", 128)
        self._zones = Zones(settings)
        self._ago = _days(settings, "MAX_DAYS_AGO", 2000, clock)
        self._hence = _days(settings, "MAX_DAYS_HENCE", 2, clock)

    def times(self, events: list[str]) -> list[Decimal]:
        """Epoch seconds of each event of one source, in order; further calls go on where the last one ended."""
        times: list[Decimal] = []
        for event in events:
            found = self.found(event) if self.looks else None
            # An event without an acceptable timestamp takes the time of the one before it.
            if found is not None and -self._ago <= found - self._clock <= self._hence:
                self._previous = found
            times.append(self._previous)
        return times

    def has_date(self, line: str) -> bool:
        """Whether a line carries a timestamp."""
        return self.found(line) is not None

    def found(self, text: str) -> Decimal | None:
        """The timestamp in the text, None where there is none."""
        start = self._start(text)
        if start is None:
            return None
        try:
            return self._read(text, start) if self._format else self._recognised(text[start:])
        except Refused as refusal:
            raise refusal.at(self._settings.place("TIME_FORMAT")) from None

    def _start(self, text: str) -> int | None:
        """Where to look: behind TIME_PREFIX, nowhere if the prefix is not there."""
        if self._prefix is None:
            return 0
        found = self._prefix.search(text)
        return None if found is None else found.end()

    def _recognised(self, text: str) -> Decimal | None:
        seen = text if self._lookahead in (0, -1) else text[: self._lookahead]
        found = _INSTANT.match(seen)
        if found is None and not any(char.isdigit() for char in seen):
            return None
        try:
            return Decimal(epoch_seconds(datetime.fromisoformat(found[1] if found else ""), self._zones.utc))
        except ValueError:
            raise Refused("without TIME_FORMAT, only a timestamp such as 2026-01-15T10:00:00Z is recognised") from None

    def _read(self, text: str, start: int) -> Decimal | None:
        end = len(text) if self._lookahead in (0, -1) else start + self._lookahead
        reading = time_format.read(self._format, text, start, self._zones)
        if reading is not None and reading.end <= end:
            return reading.time
        if reading is not None:
            if time_format.compiled(self._format).match(text[:end], start):
                raise Refused("the lookahead ends inside the timestamp, which could still be read")
            return None
        if time_format.compiled(self._format).search(text[:end], start + 1):
            raise Refused("the timestamp does not stand where reading begins; whether it is found is not documented")
        return None


def _days(settings: Settings, key: str, default: int, clock: float | None) -> int:
    """How many seconds from the clock a timestamp may lie."""
    if clock is None and key not in settings:
        return _NO_BOUND
    return settings.number(key, default) * _DAY
