"""Cron schedules in Splunk's dialect.

Source: savedsearches.conf.spec 9.2, cron_schedule; Alerting Manual 9.3, Use cron expressions for alert scheduling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from workbench.splunk.refusal import Refused

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 6))
_ITEM = re.compile(r"(\*|\d+)(?:-(\d+))?(?:/(\d+))?")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Cron:
    """The minutes, hours, days, months and weekdays (0 = Sunday) at which a search is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def times(self, start: float, end: float) -> Iterator[int]:
        """The due moments t with start <= t < end, epoch seconds."""
        day = datetime.fromtimestamp(start, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        while day.timestamp() < end:
            if day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays:
                midnight = int(day.timestamp())
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        moment = midnight + hour * 3600 + minute * 60
                        if start <= moment < end:
                            yield moment
            day += _DAY


def parse_cron(text: str) -> Cron:
    """Read a schedule of five fields. Raises Refused for names, and for what no source explains."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise Refused(f"cron {text!r} does not have five fields")
    minutes, hours, days, months, weekdays = (_values(field, *bounds) for field, bounds in zip(fields, _FIELDS))
    if fields[2] != "*" and fields[4] != "*":
        raise Refused(f"cron {text!r}: whether days of month and week are joined by AND or OR is documented nowhere")
    return Cron(minutes, hours, days, months, weekdays)


def _values(text: str, what: str, low: int, high: int) -> frozenset[int]:
    found = [_ITEM.fullmatch(item) for item in text.split(",")]
    items = [item for item in found if item is not None]
    if len(items) < len(found):
        raise Refused(f"cron: {text!r} is not a {what}; numbers, *, commas, - and / are known")
    steps = [item.group(3) for item in items]
    if any(steps[:-1]):
        raise Refused(f"cron: a step before the end of the list {text!r} is documented nowhere")
    # The step at the end applies to every range of the list, unlike in common cron.
    step = int(steps[-1] or 1)
    if step < 1 or (steps[-1] and any(item.group(1) != "*" and item.group(2) is None for item in items)):
        raise Refused(f"cron: the step in {text!r} has no range, or is 0")
    values: set[int] = set()
    for item in items:
        values.update(_range(item, what, low, high, step))
    return frozenset(values)


def _range(item: re.Match[str], what: str, low: int, high: int, step: int) -> range:
    first, last, _ = item.groups()
    if first == "*":
        if last:
            raise Refused(f"cron: {item.group()!r} is not a {what}")
        return range(low, high + 1, step)
    start, end = int(first), int(last or first)
    if not low <= start <= end <= high:
        raise Refused(f"cron: {item.group()!r} is not a {what} ({low} to {high})")
    return range(start, end + 1, step)
