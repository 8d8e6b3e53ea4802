"""Things that go wrong: each a handful of events within minutes, for the eyes and for detections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable

from . import access, platform, policy, vens
from .parts import Json
from .world import World

Incident = Callable[[World], Iterator[Json]]


def password_spraying(world: World, source: str | None = None) -> Iterator[Json]:
    """One address, some stranger's unless given, tries every user, then gets in as one of them."""
    source = source or world.stranger()
    for _ in range(3):
        for person in world.people:
            world.ms += world.number(900, 4_000)
            yield access.sign_in_failed(world, person.username, source)
    world.ms += 2_000
    yield access.sign_in(world, source=source)


def firewall_tampering(world: World) -> Iterator[Json]:
    """The firewalls of several servers are changed, and not all come back."""
    for number, workload in enumerate(world.rng.sample(world.workloads, 6)):
        world.ms += world.number(5_000, 60_000)
        info = vens.tampered_between(world, reverted=number % 3 != 0, number=number + 1)
        yield vens.tampering(world, workload, info)


def mass_unpairing(world: World) -> Iterator[Json]:
    """Someone takes the VENs off forty servers."""
    person = world.person()
    for size in (4, 36):
        world.ms += 30_000
        yield vens.unpaired(world, size, person)


def wide_provision(world: World) -> Iterator[Json]:
    """A rule over everything is written and goes live on most servers."""
    person = world.person()
    world.ms += 60_000
    rule_set = policy.rule_set_created(world, [], person)
    yield rule_set
    world.ms += 45_000
    rule = policy.rule_any_to_any(world)
    yield rule
    world.ms += 20_000
    drafts = [policy.rule_set_of(event) for event in (rule_set, rule)]
    yield policy.provisioned(world, len(world.workloads) - 12, person, drafts)


def failing_pce(world: World) -> Iterator[Json]:
    """The PCE answers with errors for a few minutes."""
    for number in range(15):
        world.ms += world.number(3_000, 9_000)
        yield platform.server_error(world, 503 if number % 4 else 500)


INCIDENTS: tuple[Incident, ...] = (
    password_spraying,
    firewall_tampering,
    mass_unpairing,
    wide_provision,
    failing_pce,
)
