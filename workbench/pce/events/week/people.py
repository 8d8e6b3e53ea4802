"""What the administrators do on any day: sign in, mistype passwords, write policy and provision it."""

from __future__ import annotations

from collections.abc import Iterator

from .. import access, policy
from ..parts import Json
from ..shapes import SHAPES
from .company import HOUR, MINUTE, LargeCompany

# What they do, and how often beside the rest.
_WORK = {
    "rule_set_narrow": 3, "rule_narrow": 6, "rule_changed": 4, "rule_set_renamed": 1, "addresses_listed": 2,
    "service_created": 1, "label_create": 1, "label_group_update": 1, "virtual_service_create": 1,
    "workload_update": 3, "ip_list_create": 1, "service_update": 1, "enforcement_raised": 0.5,
    "flow_reporting_changed": 0.5, "not_allowed": 0.4, "unpaired_one": 0.2, "password_changed": 0.1,
}  # fmt: skip
_AT_WORK = {True: 0.8, False: 0.04}


def people(world: LargeCompany, day_ms: int, day: int) -> Iterator[Json]:
    """The events of all people on that day."""
    working_day = day % 7 < 5
    for number in range(len(world.people)):
        if world.rng.random() < _AT_WORK[working_day]:
            world.actor = world.at_work(number, day)
            yield from _day(world, day_ms)
    world.actor = None


def _day(world: LargeCompany, day_ms: int) -> Iterator[Json]:
    begin = day_ms + 6 * HOUR + world.rng.randrange(3 * HOUR)
    yield from _mistyped(world, begin)
    yield from _session(world, begin)
    for name in world.rng.choices(list(_WORK), list(_WORK.values()), k=world.rng.randrange(2, 7)):
        world.ms = begin + MINUTE + world.rng.randrange(7 * HOUR)
        yield SHAPES[name].make(world)
    if world.rng.random() < 0.4:
        yield from _provisioned(world, begin + HOUR + world.rng.randrange(6 * HOUR))
    if world.rng.random() < 0.1:
        world.ms = begin + 3 * HOUR
        yield _ringfence(world)
    yield from _session(world, begin + 4 * HOUR)
    world.ms = begin + 9 * HOUR
    yield SHAPES["sign_out"].make(world)


def _session(world: LargeCompany, ms: int) -> Iterator[Json]:
    world.ms = ms
    yield access.sign_in(world)
    world.ms = ms + 400
    yield access.login(world)


def _mistyped(world: LargeCompany, begin: int) -> Iterator[Json]:
    """One in seven mistypes the password once or twice; one in a hundred has forgotten it."""
    chance = world.rng.random()
    times = 0 if chance > 0.15 else 6 if chance < 0.01 else world.rng.randrange(1, 3)
    for number in range(times):
        world.ms = begin - (times - number) * 20_000
        person = world.person()
        yield access.sign_in_failed(world, person.username, person.address)


def _provisioned(world: LargeCompany, ms: int) -> Iterator[Json]:
    """Mostly an application's few servers; one in twelve reaches hundreds."""
    world.ms = ms
    affected = world.rng.randrange(200, 900) if world.rng.random() < 0.08 else world.rng.randrange(1, 60)
    yield policy.provisioned(world, affected)


def _ringfence(world: LargeCompany) -> Json:
    """All workloads of a scope to each other on all services: how each application begins."""
    sides: Json = {
        "providers": {"created": [{"actors": "ams"}]},
        "consumers": {"created": [{"actors": "ams"}]},
        "ingress_services": {"created": [{"href": f"{world.draft}/services/1", "name": "All Services"}]},
    }
    return policy.rule_created(world, sides)
