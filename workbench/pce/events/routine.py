"""Ordinary work of a day: what people, VENs, other systems and the PCE itself leave behind in an audit trail.

Nothing in it deserves an alert; what does is in attack.py and accidents.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from . import access, vens
from .parts import Json
from .shapes import SHAPES
from .world import Person, World

MINUTE = 60_000
HOUR = 60 * MINUTE

# What people do, and how often beside the rest.
_WORK = {
    "rule_set_narrow": 3, "rule_narrow": 5, "rule_changed": 3, "rule_set_renamed": 1, "addresses_listed": 2,
    "service_created": 1, "provisioned_little": 4, "label_create": 1, "label_update": 1, "label_group_update": 1,
    "virtual_service_create": 1, "workload_update": 3, "ip_list_create": 1, "service_update": 1, "network_update": 1,
    "enforcement_raised": 1, "pairing_key_created": 1, "flow_reporting_changed": 1, "not_allowed": 0.3,
    "unpaired_one": 0.3, "password_changed": 0.2,
}  # fmt: skip
# What happens at any hour without them.
_MACHINES = {
    "policy_applied": 12, "policy_requested": 5, "interfaces_updated": 3, "cluster_policy_applied": 2,
    "bulk_update_small": 1, "vulnerability_uploaded": 1, "activated": 0.2, "goodbye": 0.2, "agent_refused": 0.2,
    "provisioned_by_cluster": 0.2, "job_deleted": 0.2,
}  # fmt: skip
# Hour and minute of what the PCE and other systems do each day.
_TASKS = (
    (2, 10, "events_pruned"), (3, 0, "service_account_keys_expired"), (4, 20, "bulk_update_long"),
    (1, 5, "database_cleaned"), (7, 5, "database_cleaned"), (13, 5, "database_cleaned"), (19, 5, "database_cleaned"),
)  # fmt: skip


def ordinary_day(world: World, start_ms: int, an_hour: int) -> Iterator[Json]:
    """The events of a working day that begins at `start_ms`, in no order; `an_hour`: of VENs and other systems."""
    for person in world.people:
        if world.rng.random() < 0.8:
            yield from _working_day(world, person, start_ms)
    for hour in range(24):
        for name in _chosen(world, _MACHINES, an_hour):
            yield _at(world, start_ms + hour * HOUR + world.rng.randrange(HOUR), name)
    for hour, minute, name in _TASKS:
        yield _at(world, start_ms + hour * HOUR + minute * MINUTE, name)
    yield from _upgrade(world, start_ms + 20 * HOUR)


def _working_day(world: World, person: Person, start_ms: int) -> Iterator[Json]:
    """From the first sign-in, perhaps with a mistyped password, to signing out."""
    world.actor = person
    begin = start_ms + 7 * HOUR + world.rng.randrange(2 * HOUR)
    end = start_ms + 16 * HOUR + world.rng.randrange(2 * HOUR)
    if world.rng.random() < 0.2:
        world.ms = begin - 20_000
        yield access.sign_in_failed(world, person.username, person.address)
    yield from _session(world, begin)
    for name in _chosen(world, _WORK, world.rng.randrange(4, 12)):
        yield _at(world, world.rng.randrange(begin + MINUTE, end), name)
    yield _at(world, begin + 4 * HOUR, "session_timed_out")
    yield from _session(world, begin + 4 * HOUR + 20 * MINUTE)
    yield _at(world, end, "sign_out")
    yield _at(world, end + 300, "logout")
    world.actor = None


def _session(world: World, ms: int) -> Iterator[Json]:
    """A person signs in, and the console opens a session on the PCE."""
    for after, name in enumerate(("authenticated", "sign_in_local", "login", "session_created")):
        yield _at(world, ms + after * 400, name)


def _upgrade(world: World, ms: int) -> Iterator[Json]:
    """In the evening some VENs get a new version."""
    chosen = world.rng.sample(world.workloads, 8)
    world.ms = ms
    yield vens.upgrade_asked_for(world, chosen)
    for number, workload in enumerate(chosen, start=1):
        world.about = workload
        yield _at(world, ms + number * 3 * MINUTE, "upgraded")
    world.about = None


def _chosen(world: World, shares: Mapping[str, float], number: int) -> list[str]:
    return world.rng.choices(list(shares), list(shares.values()), k=number)


def _at(world: World, ms: int, name: str) -> Json:
    world.ms = ms
    return SHAPES[name].make(world)
