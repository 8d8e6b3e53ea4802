"""A day at an invented company with two PCEs: ordinary work, and in its bad variant an attack and a few accidents.

Events of our own writing, as they are indexed: what `./build.sh search` and `detect` accept.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from .accidents import STORE_FULL, accidents, store_of_events_fills
from .attack import attack, clock_ms
from .collected import Collector, Indexed, health_lines, ms_of, part_lines
from .parts import Json
from .routine import ordinary_day
from .world import World

_DAY = 86_400


def company_day(start: float, *, quiet: bool = False) -> list[Indexed]:
    """One day from `start` (midnight UTC, epoch seconds), in the order of index times; the same for the same start.

    Each event is {"_raw", "_time", "_indextime", "sourcetype", "source", "host", "index"}. With `quiet` it is ordinary
    work alone, on which every detection is silent. Some 3,000 events: the audit trails of two PCEs that collectors read
    each five minutes, the collectors' records, and the health lines of one PCE's three nodes and of its parts.
    """
    start_ms = int(start) * 1000
    found = [*_north(start_ms, quiet=quiet), *_south(start_ms, quiet=quiet)]
    found.sort(key=lambda event: (event["_indextime"], event["_time"]))
    return found


def company_past(start: float, days: int = 8) -> list[Indexed]:
    """The quiet days before `start`: what the detections that compare with the past learn from."""
    return [event for day in range(days, 0, -1) for event in company_day(start - day * _DAY, quiet=True)]


def _world(start_ms: int, number: int, **place: object) -> World:
    """The same people and servers every day; what happens differs from day to day."""
    world = World(number, **place)  # type: ignore[arg-type]
    world.rng.seed(start_ms // 1000 + number)
    return world


def _north(start_ms: int, *, quiet: bool) -> Iterator[Indexed]:
    world = _world(start_ms, 1, org_id=1, fqdn="pce-north.kestrel-freight.example")
    events = list(ordinary_day(world, start_ms, an_hour=26))
    disk_full = node_away = (0, 0)
    if not quiet:
        events += [*accidents(world, start_ms), *attack(world, start_ms)]
        disk_full = _span(start_ms, "11:00", "12:10")
        node_away = _span(start_ms, "14:50", "15:20")
    yield from _collected(world, "north", events, start_ms)
    yield from health_lines(start_ms, start_ms + _DAY * 1000, Random(start_ms), disk_full, node_away)
    yield from part_lines(start_ms, start_ms + _DAY * 1000, Random(start_ms + 1), disk_full)


def _south(start_ms: int, *, quiet: bool) -> Iterator[Indexed]:
    world = _world(start_ms, 2, org_id=2, fqdn="pce-south.kestrel-freight.example", workloads=120)
    events = list(ordinary_day(world, start_ms, an_hour=24))
    if quiet:
        yield from _collected(world, "south", events, start_ms)
        return
    full = clock_ms(start_ms, STORE_FULL)
    events = [event for event in events if ms_of(event) < full]
    events += store_of_events_fills(world, start_ms)
    yield from _collected(world, "south", events, start_ms, _span(start_ms, "10:00", "10:25"))


def _collected(
    world: World, name: str, events: list[Json], start_ms: int, *outages: tuple[int, int]
) -> Iterator[Indexed]:
    collector = Collector(name, world, outages)
    return collector.runs(events, start_ms, start_ms + _DAY * 1000, Random(start_ms + len(name)))


def _span(start_ms: int, begin: str, end: str) -> tuple[int, int]:
    return clock_ms(start_ms, begin), clock_ms(start_ms, end)
