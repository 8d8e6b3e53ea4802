"""An intruder at work: a password is guessed, a foothold made, the audit trail blinded, the network opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Callable

from . import incidents, vens
from .parts import Json
from .shapes import SHAPES
from .world import World

#: From where the intruder comes.
ADDRESS = "203.0.113.66"
#: Who falls victim, of the world's people.
VICTIM = 6

Step = Callable[[World], Iterator[Json]]


def clock_ms(start_ms: int, clock: str) -> int:
    """The moment of a day, its midnight `start_ms`, at "hh:mm"."""
    hours, minutes = clock.split(":")
    return start_ms + (int(hours) * 60 + int(minutes)) * 60_000


def play(world: World, start_ms: int, steps: Sequence[tuple[str, Step]]) -> Iterator[Json]:
    """What each step leaves behind, at its time of the day."""
    for clock, step in steps:
        world.ms = clock_ms(start_ms, clock)
        yield from step(world)


def shapes(*names: str) -> Step:
    """A step of shapes, a minute apart."""

    def step(world: World) -> Iterator[Json]:
        for name in names:
            yield SHAPES[name].make(world)
            world.ms += 60_000

    return step


def attack(world: World, start_ms: int) -> Iterator[Json]:
    """The events of the attack, in their order."""
    world.actor = replace(world.people[VICTIM], address=ADDRESS)
    yield from play(world, start_ms, _STEPS)
    world.actor = None


def _enforcement_lowered(world: World) -> Iterator[Json]:
    chosen = world.rng.sample(world.workloads, 9)
    change = {"enforcement_mode": {"before": "full", "after": "visibility_only"}}
    yield vens.changed_by_person(world, "workloads.update", chosen, change)


_STEPS: tuple[tuple[str, Step], ...] = (
    ("13:04", partial(incidents.password_spraying, source=ADDRESS)),
    ("13:12", shapes("api_key_for_ever", "service_account_created")),
    ("13:21", shapes("permission_granted", "access_restriction_delete")),
    ("13:29", shapes("event_settings_update", "syslog_destination_delete")),
    ("13:38", shapes("saml_config_update")),
    ("13:47", _enforcement_lowered),
    ("13:52", incidents.firewall_tampering),
    ("14:06", shapes("enforcement_boundary_delete", "deny_rule_deleted")),
    ("14:12", incidents.wide_provision),
    ("14:31", incidents.mass_unpairing),
)
