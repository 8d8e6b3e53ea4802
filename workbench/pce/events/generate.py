"""A plausible audit trail from a seed: routine with the rhythm of day and night, and now and then an incident."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from .incidents import INCIDENTS
from .parts import Json
from .shapes import SHAPES, Shape
from .world import World

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Event(NamedTuple):
    """An event's time (epoch milliseconds) and its JSON text, in ASCII."""

    ms: int
    text: str


def generate(
    start_ms: int, end_ms: int, count: int, *, seed: int = 0, incidents: bool = True, **place: object
) -> Iterator[Event]:
    """Exactly `count` events from `start_ms` to `end_ms` (excluded), oldest first.

    Deterministic: the same arguments give the same texts. Incidents come about every second day, where
    `count` leaves them room. `place` is what `World` takes: `org_id`, `fqdn`, `workloads`.
    """
    end_ms = max(end_ms, start_ms + 1)
    world = World(seed, **place)  # type: ignore[arg-type]
    trouble = list(_trouble(world, start_ms, end_ms, count // 4)) if incidents else []
    routine = _routine(world, start_ms, end_ms, count - len(trouble))
    return heapq.merge(routine, sorted(trouble), key=lambda event: event.ms)


def text_of(event: Json) -> str:
    """The text that the API answers for an event."""
    return _encode(event)


def _trouble(world: World, start_ms: int, end_ms: int, room: int) -> Iterator[Event]:
    every = 2 * _DAY
    span = end_ms - start_ms
    for number in range(max(1, span // every)):
        world.ms = start_ms + int(span * (number + 0.5) / max(1, span // every))
        events = [Event(world.ms, text_of(event)) for event in INCIDENTS[number % len(INCIDENTS)](world)]
        room -= len(events)
        if room < 0:
            return
        yield from (event for event in events if event.ms < end_ms)


def _routine(world: World, start_ms: int, end_ms: int, count: int) -> Iterator[Event]:
    pick = {by_day: _Picker(by_day) for by_day in (True, False)}
    for begin, end, number in _spread(start_ms, end_ms, count):
        picker = pick[_is_day(begin)]
        times = sorted(world.rng.randrange(begin, end) for _ in range(number))
        for ms, shape in zip(times, picker.choose(world, number)):
            world.ms = ms
            yield Event(ms, _encode(shape.make(world)))


class _Picker:
    """Chooses routine shapes by their shares; at night people cause a tenth of what they do by day."""

    def __init__(self, by_day: bool) -> None:
        self._shapes = [shape for shape in SHAPES.values() if shape.share]
        shares = (shape.share if by_day or not shape.office_hours else shape.share / 10 for shape in self._shapes)
        self._sums = list(accumulate(shares))

    def choose(self, world: World, number: int) -> Sequence[Shape]:
        return world.rng.choices(self._shapes, cum_weights=self._sums, k=number)


def _spread(start_ms: int, end_ms: int, count: int) -> Iterator[tuple[int, int, int]]:
    """Slices of an hour at most, (begin, end, number of events): by day there are three times as many as by night."""
    borders = [start_ms, *range((start_ms // _HOUR + 1) * _HOUR, end_ms, _HOUR), end_ms]
    slices = list(zip(borders, borders[1:]))
    weights = list(accumulate((end - begin) * (3 if _is_day(begin) else 1) for begin, end in slices))
    given = 0
    for (begin, end), weight in zip(slices, weights):
        due = count * weight // weights[-1]
        yield begin, end, due - given
        given = due


def _is_day(ms: int) -> bool:
    return 6 <= ms % _DAY // _HOUR < 18 and (ms // _DAY) % 7 not in (2, 3)  # epoch day 2 was a Saturday
