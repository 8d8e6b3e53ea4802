"""Splunk's time modifiers, in UTC: `-2h@h`, `@w1`, `+1d@d-3h`, epoch seconds, `now`.

Source: Search Reference 10.0, Time modifiers. Parts apply from left to right; a snap always goes back.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, timezone

from workbench.splunk.refusal import Refused

_UNITS = {
    "s": "s sec secs second seconds",
    "m": "m min minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w week weeks",
    "mon": "mon month months",
    "q": "q qtr qtrs quarter quarters",
    "y": "y yr yrs year years",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MONTHS = {"mon": 1, "q": 3, "y": 12}
_PART = re.compile(r"(?P<sign>[+-])(?P<count>\d*)(?P<unit>[a-z]+)|@(?P<snap>w[0-7]|[a-z]+)")
_EPOCH = re.compile(r"\d+(\.\d+)?")
_ABSOLUTE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?::(\d{1,2}):(\d{1,2}):(\d{1,2}))?")


def resolve(text: str, now: float) -> float:
    """A bound of a time range as epoch seconds.

    Takes relative times, `now` or `now()`, epoch seconds, `MM/DD/YYYY[:HH:MM:SS]` and ISO 8601 with a zone.
    Raises Refused for anything else, real-time bounds among it.
    """
    try:
        return _resolved(text.strip(), now)
    except (ValueError, OverflowError):
        raise Refused(f"{text!r} is no day of the calendar") from None


def _resolved(text: str, now: float) -> float:
    if text in ("now", "now()"):
        return now
    if _EPOCH.fullmatch(text):
        return float(text)
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute:
        month, day, year, hour, minute, second = (int(part or 0) for part in absolute.groups())
        return _epoch(datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc))
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        return _iso(text)
    return apply_modifier(now, text)


def _iso(text: str) -> float:
    try:
        moment = datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError:
        raise Refused(f"{text!r} is not a time") from None
    if moment.tzinfo is None:
        raise Refused(f"{text!r} has no time zone")
    return moment.timestamp()


def apply_modifier(moment: float, modifier: str) -> float:
    """The moment (epoch seconds) moved by a relative time modifier."""
    modifier = modifier.strip()
    if modifier in ("now", "now()"):
        return moment
    position = 0
    while position < len(modifier):
        part = _PART.match(modifier, position)
        if part is None:
            raise Refused(f"{modifier!r} is not a relative time")
        if part["snap"]:
            moment = _snap(moment, part["snap"])
        else:
            moment = _move(moment, int(part["sign"] + (part["count"] or "1")), _unit(part["unit"], modifier))
        position = part.end()
    return moment


def span_seconds(text: str) -> tuple[int, str]:
    """A span such as `5m` or `1mon`: its count and its unit (s m h d w mon q y)."""
    found = re.fullmatch(r"(\d*)([a-z]+)", text)
    if found is None or found.group(1) == "0":
        raise Refused(f"{text!r} is not a time span")
    return int(found.group(1) or 1), _unit(found.group(2), text)


def seconds_of(text: str) -> int:
    """A span of fixed length in seconds; a bare number counts seconds. Raises Refused for months and years."""
    if text.isdigit():
        return int(text)
    count, unit = span_seconds(text)
    if unit not in _SECONDS:
        raise Refused(f"{text!r} has no fixed length")
    return count * _SECONDS[unit]


def _unit(word: str, whole: str) -> str:
    if word not in _UNIT_OF:
        raise Refused(f"{word!r} in {whole!r} is not a unit of time")
    return _UNIT_OF[word]


def _move(moment: float, count: int, unit: str) -> float:
    if unit in _SECONDS:
        return moment + count * _SECONDS[unit]
    return add_months(moment, count * _MONTHS[unit])


def add_months(moment: float, months: int) -> float:
    """The same day and time so many months later, or the month's last day where it has no such day."""
    then = _datetime(moment)
    year, month = divmod(then.year * 12 + then.month - 1 + months, 12)
    day = min(then.day, calendar.monthrange(year, month + 1)[1])
    return _epoch(then.replace(year=year, month=month + 1, day=day))


def _snap(moment: float, unit: str) -> float:
    then = _datetime(moment)
    if re.fullmatch(r"w[0-7]", unit):
        return _snap_week(then, int(unit[1]) % 7)
    known = _unit(unit, f"@{unit}")
    if known == "w":
        return _snap_week(then, 0)
    if known in ("s", "m", "h", "d"):
        return float(moment // _SECONDS[known] * _SECONDS[known])
    month = {"mon": then.month, "q": (then.month - 1) // 3 * 3 + 1, "y": 1}[known]
    return _epoch(datetime(then.year, month, 1, tzinfo=timezone.utc))


def _snap_week(then: datetime, weekday: int) -> float:
    """Back to the last such day, 0 = Sunday."""
    midnight = then.replace(hour=0, minute=0, second=0, microsecond=0)
    return _epoch(midnight - timedelta(days=(then.isoweekday() - weekday) % 7))


def _datetime(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, timezone.utc)


def _epoch(moment: datetime) -> float:
    return moment.timestamp()
