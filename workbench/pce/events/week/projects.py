"""What this week has beside the daily work: planned projects, and troubles that are no attack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Callable

from .. import access, platform, policy, vens
from ..attack import clock_ms, shapes
from ..parts import Json, changed, refused_request
from ..shapes import SHAPES
from ..world import SYSTEM, Workload, agent_href, as_workload, by_user
from .company import AT_HOME, HOUR, MINUTE, SITES, LargeCompany

Step = Callable[[LargeCompany], Iterator[Json]]

_TESTER = "198.51.100.200"


def projects(world: LargeCompany, day_ms: int, day: int) -> Iterator[Json]:
    """The events of that day of the week; 0 is Monday."""
    for clock, step in _CALENDAR[day]:
        world.ms = clock_ms(day_ms, clock)
        world.actor = world.at_work(world.rng.randrange(AT_HOME), day)
        yield from step(world)
        world.actor = world.about = None


def _upgrade_wave(world: LargeCompany) -> Iterator[Json]:
    """A thousand VENs in an evening, asked for in four requests; a few of them have trouble on the way."""
    begin, chosen = world.ms, world.rng.sample(world.workloads, 1_000)
    for batch in range(4):
        world.ms = begin + batch * HOUR
        ours = chosen[250 * batch : 250 * (batch + 1)]
        yield vens.upgrade_asked_for(world, ours)
        for number, workload in enumerate(ours):
            world.ms = begin + batch * HOUR + 5 * MINUTE + number * 12_000
            world.about = workload
            yield SHAPES["upgraded"].make(world)
            yield from _upgrade_trouble(world)
        world.about = None


def _upgrade_trouble(world: LargeCompany) -> Iterator[Json]:
    for name, chance in (
        ("process_failed", 0.03), ("missed_heartbeats", 0.04), ("went_offline", 0.01), ("tampering_reverted", 0.01),
        ("upgrade_took_too_long", 0.01), ("agent_refused", 0.02),
    ):  # fmt: skip
        if world.rng.random() < chance:
            yield SHAPES[name].make(world)


def _patches(world: LargeCompany) -> Iterator[Json]:
    """For eight hours servers restart: some are gone for so long that the PCE says so, a few stay away."""
    begin = world.ms
    for check in range(96):
        world.ms = begin + check * 5 * MINUTE
        yield from _missed(world, world.rng.sample(world.workloads, 8))
        if check % 2:
            gone = world.rng.sample(world.workloads, world.rng.randrange(1, 8))
            yield vens.checked(world, "system_task.agent_offline_check", gone, changed(online=(True, False)))
        yield SHAPES["goodbye"].make(world)
        if check % 8 == 0:
            yield SHAPES["process_failed"].make(world)


def _missed(world: LargeCompany, workloads: Sequence[Workload]) -> Iterator[Json]:
    """One check that missed the heartbeats of several."""
    notes = []
    for one in workloads:
        ven = {"href": f"{world.org}/vens/{one.uuid}", "hostname": one.hostname}
        agent = {"href": agent_href(world, one), "hostname": one.hostname}
        notes.append(world.note("agent.missed_heartbeats", {"severity": "warning", "ven": ven, "agent": agent}))
    kind = "system_task.agent_missed_heartbeats_check"
    yield world.event(kind, SYSTEM, world.task(), (), notes, severity="warning")


def _provider_fails(world: LargeCompany) -> Iterator[Json]:
    """The identity provider of one site fails for an hour: everybody there tries again and again, then all get in."""
    begin = world.ms
    there = [person for number, person in enumerate(world.people[:AT_HOME]) if number % len(SITES) == 1]
    for person in there * 5:
        world.ms = begin + world.rng.randrange(HOUR)
        yield access.sign_in_failed(world, person.username, SITES[1])
    for number, person in enumerate(there):
        world.ms = begin + HOUR + number * MINUTE
        world.actor = replace(person, address=SITES[1])
        yield access.sign_in(world)


def _old_password(world: LargeCompany) -> Iterator[Json]:
    """A job with the password from before the change: every two minutes for six hours."""
    for _ in range(6 * 30):
        yield access.sign_in_failed(world, "nightly-report@kestrel-freight.example", "10.77.9.77")
        world.ms += 2 * MINUTE


def _restored_hosts(world: LargeCompany) -> Iterator[Json]:
    """Hosts that came back from a backup with old tokens try every ten minutes, until somebody looks in the evening."""
    begin = world.ms
    for number in range(48):
        for place in range(12):
            world.ms = begin + number * 10 * MINUTE + world.rng.randrange(10 * MINUTE)
            world.about = world.workloads[place]
            yield access.agent_refused(world)


def _penetration_test(world: LargeCompany) -> Iterator[Json]:
    """Announced: passwords and keys are guessed, nothing is found; on one host firewall rules are tried."""
    for person in world.people[:25] * 3:
        world.ms += 9_000
        yield access.sign_in_failed(world, person.username, _TESTER)
    for _ in range(80):
        world.ms += 5_000
        info = refused_request(f"{world.api}/workloads", "GET", _TESTER, world.key_id())
        action = world.action("GET", info["api_endpoint"], 401, _TESTER)
        kind = "request.authentication_failed"
        notes = [world.note(kind, info)]
        yield world.event(kind, SYSTEM, action, (), notes, status="failure", severity="err", system=True)
    host = world.workloads[4_000]
    for _ in range(6):
        world.ms += 4 * MINUTE
        yield vens.tampering(world, host, vens.tampered_between(world, True, 1))


def _debugged(world: LargeCompany) -> Iterator[Json]:
    """An application does not work: its servers are only watched for an hour, then enforced again."""
    chosen = world.rng.sample(world.workloads, world.rng.randrange(1, 5))
    yield vens.changed_by_person(world, "workloads.update", chosen, _mode("full", "visibility_only"))
    world.ms += HOUR
    yield vens.changed_by_person(world, "workloads.update", chosen, _mode("visibility_only", "full"))


def _suspended(world: LargeCompany) -> Iterator[Json]:
    """On one host the VEN is suspended for a while."""
    world.about = world.workload()
    yield SHAPES["suspended"].make(world)
    world.ms += 25 * MINUTE
    ours = world.about
    created_by = {"agent": {"href": agent_href(world, ours), "hostname": ours.hostname}}
    yield world.event("agent.unsuspend", created_by, world.action("PUT", "FILTERED", 204, ours.address))


def _rolled_out(world: LargeCompany, number: int) -> Iterator[Json]:
    """A planned step of the project: an application in full enforcement."""
    chosen = world.rng.sample(world.workloads, number)
    yield vens.changed_by_person(world, "workloads.update", chosen, _mode("visibility_only", "full"))


def _mode(before: str, after: str) -> Json:
    return changed(enforcement_mode=(before, after))


def _retired(world: LargeCompany) -> Iterator[Json]:
    """A platform at its end: a person unpairs its servers."""
    yield vens.unpaired(world, 60)


def _clones(world: LargeCompany) -> Iterator[Json]:
    """A template with an activated VEN in it."""
    for _ in range(30):
        yield SHAPES["clone_found"].make(world)
        world.ms += 2 * MINUTE


def _maintenance_tokens(world: LargeCompany) -> Iterator[Json]:
    """The help desk prepares the patch weekend."""
    for _ in range(8):
        one, person = world.workload(), world.person()
        endpoint = f"{world.api}/agents/{one.agent_id}/maintenance_token"
        changes = [world.change(as_workload(world, one), {})]
        action = world.action("POST", endpoint, 201, person.address)
        yield world.event("agent.generate_maintenance_token", by_user(person), action, changes)
        world.ms += 3 * MINUTE


def _core_services(world: LargeCompany) -> Iterator[Json]:
    """Monitoring reaches all environments of an application: meant so."""
    null_env = {"label": {"href": None, "key": "env", "value": None}}
    yield policy.rule_set_created(world, [{"label": world.label("app")}, null_env, {"label": world.label("loc")}])


def _from_the_internet(world: LargeCompany) -> Iterator[Json]:
    """A shop is there for everybody."""
    sides: Json = {
        "sources": {"created": [{"ip_list": {"href": f"{world.draft}/ip_lists/1", "name": "Any"}}]},
        "destinations": {"created": [{"label": world.label("app")}]},
        "ingress_services": {"created": [{"href": f"{world.draft}/services/77", "name": "HTTPS"}]},
    }
    yield policy.rule_created(world, sides)


def _upgraded_pce(world: LargeCompany) -> Iterator[Json]:
    """For a quarter of an hour the PCE answers with errors while its nodes restart."""
    for _ in range(60):
        world.ms += 15_000
        yield platform.server_error(world, 503)


def _stale_pages(world: LargeCompany) -> Iterator[Json]:
    """Console pages that were open over the upgrade."""
    for _ in range(3):
        world.ms += 20 * MINUTE
        person = world.person()
        yield {**SHAPES["forged_request"].make(world), "created_by": by_user(person)}


#: From Monday on, with the times at which they begin.
_CALENDAR: tuple[tuple[tuple[str, Step], ...], ...] = (
    (
        ("07:10", _stale_pages),
        ("09:00", _clones),
        ("10:20", _core_services),
        ("13:40", _debugged),
        ("11:00", shapes("api_key_for_a_month", "service_account_created")),
        ("15:05", _suspended),
    ),
    (
        ("09:30", partial(_rolled_out, number=60)),
        ("10:10", _from_the_internet),
        ("11:20", _debugged),
        ("14:00", shapes("saml_config_update")),
        ("16:40", _old_password),
        ("18:00", _upgrade_wave),
    ),
    (
        ("08:00", _provider_fails),
        ("09:20", _restored_hosts),
        ("11:00", _core_services),
        ("13:15", _suspended),
        ("14:30", _from_the_internet),
        ("15:00", shapes("api_key_for_a_month", "permission_create")),
        ("18:00", _upgrade_wave),
    ),
    (
        ("09:10", partial(_rolled_out, number=45)),
        ("10:00", _penetration_test),
        ("13:30", _debugged),
        ("15:20", shapes("enforcement_boundary_delete")),
        ("16:10", _core_services),
        ("18:00", _upgrade_wave),
    ),
    (
        ("10:00", _retired),
        ("11:30", _suspended),
        ("13:00", shapes("syslog_destination_update")),
        ("14:15", _from_the_internet),
        ("15:00", _debugged),
        ("16:00", _maintenance_tokens),
    ),
    (("20:00", _patches),),
    (("04:00", _upgraded_pce), ("10:00", _suspended)),
)
