"""What goes wrong at a company without anybody's ill will."""

from __future__ import annotations

from collections.abc import Iterator

from . import access, incidents
from .attack import Step, play, shapes
from .parts import Json
from .shapes import SHAPES
from .world import World


def accidents(world: World, start_ms: int) -> Iterator[Json]:
    """The events of the accidents, in their order."""
    yield from play(world, start_ms, _STEPS)


def store_of_events_fills(world: World, start_ms: int) -> Iterator[Json]:
    """The PCE deletes events early, then records none: from `STORE_FULL` on there must be no other."""
    yield from play(world, start_ms, (("16:00", shapes("events_pruned_early")), (STORE_FULL, _full)))


#: When the store of events is full, in the day's hours and minutes.
STORE_FULL = "17:00"


def _full(world: World) -> Iterator[Json]:
    yield SHAPES["events_not_recorded"].make(world)


def _several(name: str, number: int, every_ms: int) -> Step:
    """The same again and again, of one host after the other."""

    def step(world: World) -> Iterator[Json]:
        for _ in range(number):
            yield SHAPES[name].make(world)
            world.ms += every_ms

    return step


def _forgotten_password(world: World) -> Iterator[Json]:
    person = world.people[11]
    for _ in range(7):
        yield access.sign_in_failed(world, person.username, person.address)
        world.ms += 25_000


def _lost_contact(world: World) -> Iterator[Json]:
    """A server goes silent, and is taken offline an hour later."""
    world.about = world.rng.choice(world.workloads)
    yield SHAPES["missed_heartbeats"].make(world)
    world.ms += 45 * 60_000
    yield SHAPES["went_offline"].make(world)
    world.about = None


_STEPS: tuple[tuple[str, Step], ...] = (
    ("08:40", _several("clone_found", 6, 90_000)),
    ("09:15", _forgotten_password),
    ("09:35", _lost_contact),
    ("10:50", _several("agent_lost", 2, 30_000)),
    ("11:10", shapes("suspended", "process_failed", "policy_failed")),
    ("11:40", _several("agent_refused", 14, 30_000)),
    ("12:20", incidents.failing_pce),
    ("15:10", _several("unknown_type", 3, 400_000)),
    ("15:40", shapes("forged_request")),
)
