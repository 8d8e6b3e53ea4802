"""The PCE itself: its tasks, limits, errors and connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .catalogue import shape
from .parts import Json, changed, refused_request
from .world import SYSTEM, World, by_user


def _task(world: World, event_type: str, notes: Sequence[tuple[str, Any]] = (), severity: str = "info") -> Json:
    told = [world.note(kind, info) for kind, info in notes]
    return world.event(event_type, SYSTEM, world.task(), (), told, severity=severity, system=True)


def _pruned(number: int) -> tuple[str, Json]:
    info = {"num_events_pruned": number, "ageout_time": "2031-03-02T04:00:00.000+02:00", "org_ids": [1]}
    return "system_task.event_pruning_completed", info


@shape(0.3, office_hours=False)
def events_pruned(world: World) -> Json:
    """Events older than the retention are gone."""
    return _task(world, "system_task.prune_old_log_events", [_pruned(world.number())])


@shape()
def events_pruned_early(world: World) -> Json:
    """The store of events grew past its soft limit: older events go before their time."""
    notes = [("soft_limit.exceeded", {"limit_type": "events_db", "soft_limit": 20}), _pruned(90_000)]
    return _task(world, "system_task.prune_old_log_events", notes, "warning")


@shape()
def events_not_recorded(world: World) -> Json:
    """Past the hard limit the PCE records nothing."""
    notes = [("hard_limit.exceeded", {"limit_type": "events_db", "hard_limit": 25})]
    return _task(world, "system_task.prune_old_log_events", notes, "err")


@shape()
def events_recorded_again(world: World) -> Json:
    """The end of that."""
    kind = "system_task.hard_limit_recovery_completed"
    return _task(world, "system_task.prune_old_log_events", [(kind, None), _pruned(120_000)])


@shape()
def objects_over_limit(world: World) -> Json:
    """More of something than is advised; a hard limit of -1 is none."""
    info = {"limit_type": "labels", "limit_value_found": 10_004, "soft_limit": 10_000, "hard_limit": -1}
    person = world.person()
    action = world.action("POST", f"{world.api}/labels", 201, person.address)
    notes = [world.note("soft_limit.exceeded", info)]
    return world.event("label.create", by_user(person), action, (), notes, severity="warning")


@shape(0.5, office_hours=False)
def database_cleaned(world: World) -> Json:
    """Housekeeping."""
    kind = "database.temp_table_autocleanup_completed"
    return _task(world, kind, [(kind, None)])


def server_error(world: World, code: int = 500) -> Json:
    """The PCE could not answer a request."""
    kind = "request.service_unavailable" if code == 503 else "request.internal_server_error"
    person = world.person()
    endpoint = f"{world.api}/traffic_flows/async_queries"
    action = world.action("POST", endpoint, code, person.address)
    notes = [world.note(kind, refused_request(endpoint, "POST", person.address))]
    return world.event(kind, by_user(person), action, (), notes, status="failure", severity="err")


@shape(0.05)
def internal_error(world: World) -> Json:
    """Status 500."""
    return server_error(world)


@shape(0.05)
def unavailable(world: World) -> Json:
    """Status 503."""
    return server_error(world, 503)


@shape()
def syslog_unreachable(world: World) -> Json:
    """Common Criteria mode tells of connections."""
    return _task(world, "remote_syslog.unreachable", [("remote_syslog.unreachable", {"address": "10.77.9.60"})], "err")


@shape()
def started(world: World) -> Json:
    """Common Criteria mode: neither status nor action."""
    notes = [world.note("pce.application_started")]
    return world.event("pce.application_started", SYSTEM, None, (), notes, status=None, system=True)


@shape()
def tls_established(world: World) -> Json:
    """Common Criteria mode: no notification either."""
    return world.event("tls_channel.establish", SYSTEM, None, status=None, system=True)


@shape()
def licenses_deleted(world: World) -> Json:
    """One event, many resources, and `changes` null."""
    person = world.person()
    gone = [
        world.change({"license": {"href": f"{world.org}/licenses/{world.uuid()}"}}, None, "delete") for _ in range(20)
    ]
    return world.event("license.delete", by_user(person), world.action("DELETE", f"{world.api}/licenses", 204), gone)


@shape(0.1, office_hours=False)
def node_silent(world: World) -> Json:
    """A network enforcement node has not been heard of."""
    resource: Json = {
        "network_enforcement_node": {
            "href": f"{world.org}/network_enforcement_nodes/{world.uuid()}",
            "hostname": "nen-quay-2.kestrel-freight.example",
        }
    }
    change = world.change(resource, changed(status=("active", "unreachable")))
    kind = "network_enforcement_node.missed_heartbeats_check"
    return world.event(kind, SYSTEM, world.task(), [change], severity="warning")


@shape(0.1)
def job_deleted(world: World) -> Json:
    """A client cleans up its asynchronous request, with an API key."""
    info = {"api_key_id": "1c0ffee0ddba11ad5"}
    action = world.action("DELETE", f"{world.api}/jobs/{world.uuid()}", 204, "10.77.9.41", info=info)
    return world.event("job.delete", by_user(world.people[0]), action)
