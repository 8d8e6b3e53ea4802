"""What the PCE itself does on any day."""

from __future__ import annotations

from collections.abc import Iterator

from ..parts import Json
from ..shapes import SHAPES
from .company import HOUR, LargeCompany

# Hour of the day of its tasks.
_TASKS = {"events_pruned": (2,), "service_account_keys_expired": (3,), "database_cleaned": (1, 7, 13, 19)}


def platform(world: LargeCompany, day_ms: int, day: int) -> Iterator[Json]:
    """The events of that day. After the upgrade on Sunday it writes types that nobody knows yet."""
    for name, hours in _TASKS.items():
        for hour in hours:
            world.ms = day_ms + hour * HOUR + world.rng.randrange(600_000)
            yield SHAPES[name].make(world)
    if day == 6:
        yield from _after_the_upgrade(world, day_ms + 5 * HOUR)


def _after_the_upgrade(world: LargeCompany, ms: int) -> Iterator[Json]:
    for number in range(30):
        world.ms = ms + number * HOUR // 2
        yield world.event(f"telemetry_pipeline.stage_{'abcd'[number % 4]}", {"system": {}}, world.task())
