"""A healthy week of a large company: 8,000 workloads, 60 administrators, and all the automation that goes with them.

Nobody attacks. What makes a system of detections noisy is all here, in the numbers of a company of this size; what no
search reads is thinned out.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from ..collected import Collector, Indexed, health_lines
from ..parts import Json
from .company import MINUTE, LargeCompany
from .machines import known_services, machines, routine
from .people import people
from .platform import platform
from .projects import projects

__all__ = ["healthy_week"]

_DAY_MS = 86_400_000
_WEEK = 7
#: Detections that compare with the past need some days of it.
_PAST = 9


def healthy_week(start: float, past: int = _PAST) -> list[Indexed]:
    """The week from `start` (a Monday, midnight UTC, epoch seconds) and ordinary days before it, by index time.

    The same for the same start. On the `past` days there is what VENs and people do every day, but neither automation
    nor the projects and troubles of the week.
    """
    start_ms = int(start) * 1000
    world = LargeCompany()
    events: list[Json] = []
    for day in range(-past, _WEEK):
        events += _events(world, start_ms + day * _DAY_MS, day)
    collector = Collector("kestrel", world)
    found = list(collector.runs(events, start_ms - past * _DAY_MS, start_ms + _WEEK * _DAY_MS, Random(start_ms)))
    for day in range(_WEEK):
        found += _health(start_ms + day * _DAY_MS)
    found.sort(key=lambda event: (event["_indextime"], event["_time"]))
    return found


def _health(day_ms: int) -> Iterator[Indexed]:
    """The lines of the PCE's nodes; the nightly backup fills a disk for a while."""
    backup = (day_ms + 90 * MINUTE, day_ms + 130 * MINUTE)
    return health_lines(day_ms, day_ms + _DAY_MS, Random(day_ms), disk_full=backup)


def _events(world: LargeCompany, day_ms: int, day: int) -> Iterator[Json]:
    world.rng.seed(day_ms)
    yield from people(world, day_ms, day)
    yield from routine(world, day_ms)
    if day < 0:
        yield from known_services(world, day_ms)
    else:
        yield from machines(world, day_ms, day)
        yield from platform(world, day_ms, day)
        yield from projects(world, day_ms, day)
