"""Times as the PCE and the administrator write them, as integers of milliseconds since the epoch (UTC)."""

from __future__ import annotations

import calendar
import re
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_MINUTE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:", re.ASCII)
_SECONDS = {f"{second:02}": second for second in range(61)}
_RFC3339 = re.compile(rf"({_MINUTE.pattern}\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):?(\d\d))", re.ASCII)
_RELATIVE = re.compile(r"-(\d{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


class Moment(NamedTuple):
    """A point in time: whole milliseconds (rounded down), and epoch seconds as text with every digit written."""

    ms: int
    epoch: str


@lru_cache(maxsize=4096)
def _minute(text: str) -> int | None:
    """When a minute such as `2026-01-31T08:00:` begins (epoch s); None where there is none since 1970."""
    if not _MINUTE.fullmatch(text):
        return None
    year, month, day, hour, minute = (int(part) for part in (text[:4], text[5:7], text[8:10], text[11:13], text[14:16]))
    if not (year >= 1970 and 1 <= month <= 12 and hour <= 23 and minute <= 59):
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return calendar.timegm((year, month, day, hour, minute, 0))


@lru_cache(maxsize=4096)
def second_of(text: str) -> tuple[int, str] | None:
    """When a second such as `2026-01-31T08:00:59` (UTC) begins: ms since the epoch, and seconds as `1769846459.`.

    None where there is none since 1970.
    """
    minute, second = _minute(text[:17]), _SECONDS.get(text[17:])
    if minute is None or second is None:
        return None
    return (minute + second) * SECOND, f"{minute + second}."


def parse(text: object) -> Moment | None:
    """Read an RFC 3339 time with a zone; None for anything else.

    Digits beyond the nanosecond are dropped, since Splunk keeps no more.
    """
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    second, fraction, sign, hours, minutes = match.groups()
    began = second_of(second)
    if began is None:
        return None
    seconds = began[0] // SECOND
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += offset if sign == "-" else -offset
    if seconds < 0:
        return None
    if not fraction:
        return Moment(seconds * SECOND, str(seconds))
    return Moment(seconds * SECOND + int(fraction[:3].ljust(3, "0")), f"{seconds}.{fraction[:9]}")


def render(ms: int) -> str:
    """Write milliseconds since the epoch as the PCE takes them: RFC 3339, UTC, three decimals."""
    seconds, rest = divmod(ms, SECOND)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03}Z"


def in_words(ms: int) -> str:
    """A duration for a person, rounded down: `20 minutes`, `6 hours`, `3 days`."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if ms >= 2 * unit:
            return f"{ms // unit} {name}s"
    return f"{ms // SECOND} seconds"


def parse_start(text: str, now_ms: int) -> int:
    """Read `start_time`: RFC 3339 with a zone, or relative to now, such as `-7d` (s, m, h, d, w).

    Raises ValueError with a sentence for the administrator.
    """
    text = text.strip()
    relative = _RELATIVE.fullmatch(text)
    if relative:
        return max(0, now_ms - int(relative[1]) * _UNITS[relative[2]])
    moment = parse(text)
    if moment is None:
        raise ValueError(
            "Enter the start time as ISO 8601 with a time zone, such as 2026-01-31T08:00:00Z, "
            "or relative to now, such as -24h or -7d (s, m, h, d or w).",
        )
    return moment.ms


def parse_http_date(text: str | None) -> int | None:
    """Read the Date header of a response (RFC 9110, section 5.6.7); None where it is missing or unreadable."""
    try:
        return calendar.timegm(parsedate_to_datetime(text or "").utctimetuple()) * SECOND
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
