"""VENs and the workloads they protect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .catalogue import shape
from .parts import FILTERED, Json, changed, created
from .times import render_ms
from .world import SYSTEM, Person, Workload, World, agent_href, as_agent, as_ven, as_workload, by_agent, by_user, by_ven


def _reported(
    world: World,
    event_type: str,
    workload: Workload,
    method: str,
    changes: Sequence[Json] = (),
    notes: Sequence[Json] = (),
    *,
    severity: str = "info",
) -> Json:
    """A VEN's own request, whose endpoint the PCE hides."""
    action = world.action(method, FILTERED, 200 if method == "GET" else 204, workload.address)
    return world.event(event_type, by_ven(world, workload), action, changes, notes, severity=severity)


@shape(6, office_hours=False)
def policy_requested(world: World) -> Json:
    """A VEN asks for its policy; its public address has changed."""
    workload = world.workload()
    change = changed(public_ip=("198.51.100.7", "198.51.100.8"))
    return _reported(
        world, "agent.request_policy", workload, "GET", [world.change(as_workload(world, workload), change)]
    )


@shape(0.3, office_hours=False)
def policy_partly_delivered(world: World) -> Json:
    """A VEN too old for some rules."""
    notes = [world.note("workload.partial_policy_delivered", {"unsupported_rule_types": ["deny_rule"]})]
    return _reported(world, "agent.request_policy", world.workload(), "GET", (), notes, severity="warning")


def agent_update(world: World, notes: Iterable[tuple[str, Any]], severity: str = "info") -> Json:
    """A VEN reports its state, and what else it has to say."""
    workload = world.workload()
    before, after = render_ms(world.ms - 1_200_000), render_ms(world.ms)
    resource = {
        **as_agent(world, workload),
        **as_ven(world, workload),
    }
    change = changed(security_policy_received_at=(before, after), security_policy_applied_at=(before, after))
    told = [world.note(kind, info) for kind, info in notes]
    return _reported(world, "agent.update", workload, "PUT", [world.change(resource, change)], told, severity=severity)


@shape(22, office_hours=False)
def policy_applied(world: World) -> Json:
    """All is well."""
    return agent_update(world, [("agent.policy_deploy_succeeded", None)])


@shape(0.2, office_hours=False)
def policy_failed(world: World) -> Json:
    """The policy could not be applied."""
    return agent_update(world, [("agent.policy_deploy_failed", {"reason": "ipset could not be written"})], "err")


@shape(0.2, office_hours=False)
def process_failed(world: World) -> Json:
    """A process of the VEN does not run."""
    return agent_update(world, [("agent.process_failed", {"process": "venVtapServer"})], "warning")


def tampering(world: World, workload: Workload, info: Json, severity: str = "err") -> Json:
    """Someone changed a workload's firewall."""
    notes = [world.note("workload.oob_policy_changes", info)]
    return _reported(world, "agent.tampering", workload, "PUT", (), notes, severity=severity)


def tampered_between(world: World, reverted: bool, number: int) -> Json:
    """The notification up to 25.2, its times with seven decimals."""
    begin, end = (render_ms(world.ms + shift)[:-1] + "0000Z" for shift in (-4_000, -1_000))
    return {
        "tampering_revert_succeeded": reverted,
        "beginning_timestamp": begin,
        "ending_timestamp": end,
        "num_events": number,
    }


@shape(0.05, office_hours=False)
def tampering_reverted(world: World) -> Json:
    """The VEN put its rules back."""
    return tampering(world, world.workload(), tampered_between(world, True, 1))


@shape(0.01, office_hours=False)
def tampering_not_reverted(world: World) -> Json:
    """The VEN could not."""
    return tampering(world, world.workload(), tampered_between(world, False, 6))


@shape(0.02, office_hours=False)
def tampering_signal(world: World) -> Json:
    """What a kernel probe saw, since 26.2."""
    seen = {
        "timestamp": render_ms(world.ms - 500),
        "tamper_type": "nftables_flush",
        "process_id": world.number(),
        "process_name": "nft",
        "kernel_functions": ["nf_tables_delrule", "nf_tables_commit"],
    }
    return tampering(world, world.workload(), {"event_classification": "signal", "events": [seen, seen]}, "warning")


@shape()
def tampering_of_2019(world: World) -> Json:
    """As releases 18 and 19 wrote it, without an action."""
    workload = world.workload()
    notes = [world.note("workload.oob_policy_changes", {"tampering_revert_succeeded": True, "num_reverts": 2})]
    return world.event("agent.tampering", by_agent(world, workload), None, (), notes, severity="err")


def checked(
    world: World, event_type: str, workloads: Iterable[Workload], change: Json, notes: Sequence[Json] = ()
) -> Json:
    """A task of the PCE that found workloads in another state."""
    changes = [world.change(as_workload(world, workload), change) for workload in workloads]
    return world.event(event_type, SYSTEM, world.task(), changes, notes)


@shape(0.4, office_hours=False)
def went_offline(world: World) -> Json:
    """Workloads that the PCE takes out of policy."""
    return checked(world, "system_task.agent_offline_check", [world.workload()], changed(online=(True, False)))


@shape(0.5, office_hours=False)
def missed_heartbeats(world: World) -> Json:
    """VENs that have not been heard of for a while."""
    workload = world.workload()
    info = {
        "severity": "warning",
        "ven": {"href": f"{world.org}/vens/{workload.uuid}", "hostname": workload.hostname},
        "agent": {"href": agent_href(world, workload), "hostname": workload.hostname},
    }
    notes = [world.note("agent.missed_heartbeats", info)]
    kind = "system_task.agent_missed_heartbeats_check"
    return world.event(kind, SYSTEM, world.task(), (), notes, severity="warning")


@shape(0.03, office_hours=False)
def agent_lost(world: World) -> Json:
    """A VEN runs on a workload that the PCE has deleted."""
    workload = world.workload()
    action = world.action("PUT", FILTERED, 404, workload.address)
    change = world.change(as_agent(world, workload), created(state="lost"))
    return world.event("lost_agent.found", by_agent(world, workload), action, [change], severity="warning")


@shape(0.05, office_hours=False)
def clone_found(world: World) -> Json:
    """Two VENs with one token."""
    workload = world.workload()
    notes = [world.note("agent.clone_detected", {"agent": {"href": agent_href(world, workload)}})]
    return _reported(world, "agent.clone_detected", workload, "POST", (), notes, severity="warning")


@shape(0.03)
def suspended(world: World) -> Json:
    """The VEN no longer protects."""
    workload = world.workload()
    change = world.change(as_agent(world, workload), changed(status=("active", "suspended")))
    return _reported(world, "agent.suspend", workload, "PUT", [change], severity="warning")


@shape(0.1)
def activated(world: World) -> Json:
    """A server is paired: its agent and its VEN stand in one resource."""
    workload = world.workload()
    ven = {"ven": {"href": f"{world.org}/vens/{workload.uuid}", "hostname": workload.hostname, "name": None}}
    change = created(version="26.2.1-104", mode="illuminated", activation_type="pairing_key")
    return _reported(
        world,
        "agent.activate",
        workload,
        "POST",
        [world.change({**as_agent(world, workload), **ven}, change, "create")],
    )


@shape(0.1)
def goodbye(world: World) -> Json:
    """A server is shut down."""
    workload = world.workload()
    notes = [world.note("workload.offline_after_ven_goodbye", {"agent": {"href": agent_href(world, workload)}})]
    change = world.change(as_workload(world, workload), changed(online=(True, False)))
    return _reported(world, "agent.goodbye", workload, "PUT", [change], notes)


@shape(0.1)
def upgrade_took_too_long(world: World) -> Json:
    """A VEN did not come back from its upgrade."""
    info = {
        "current_version": "25.2.3-88",
        "desired_version": "26.2.1-104",
        "href": f"{world.org}/vens/{world.workload().uuid}",
    }
    notes = [world.note("agent.upgrade_time_out", info)]
    kind = "system_task.agent_missing_heartbeats_after_upgrade"
    return world.event(kind, SYSTEM, world.task(), (), notes, severity="warning")


def upgrade_asked_for(world: World, workloads: Iterable[Workload]) -> Json:
    """A person has VENs install a release."""
    person = world.person()
    action = world.action("PUT", f"{world.api}/vens/upgrade", 200, person.address)
    change = changed(target_version=(None, "26.2.1-104"))
    changes = [world.change(as_ven(world, workload), change) for workload in workloads]
    return world.event("ven_software.upgrade", by_user(person), action, changes)


@shape()
def upgraded(world: World) -> Json:
    """A VEN runs its new version."""
    info = {"current_version": "26.2.1-104", "href": f"{world.org}/vens/{world.workload().uuid}"}
    return agent_update(world, [("agent.upgrade_successful", info)])


@shape(0.1, office_hours=False)
def containers_invalid(world: World) -> Json:
    """A request of a VEN that the PCE does not take."""
    workload = world.workload()
    errors = [{"token": "container_without_id", "message": "Container 3 has no identifier"}]
    action = world.action("PUT", FILTERED, 406, workload.address, errors=errors)
    created_by = by_ven(world, workload)
    notes = [world.note("request.invalid", {"errors": errors})]
    return world.event(
        "agent.update_running_containers", created_by, action, (), notes, status="failure", severity="err"
    )


@shape(4, office_hours=False)
def interfaces_updated(world: World) -> Json:
    """A network interface changes its address."""
    workload = world.workload()
    name = "ens192"
    resource = {
        "href": f"{world.org}/workloads/{workload.uuid}/interfaces/{name}",
        "name": name,
        "address": {"family": 2, "addr": 172_871_700, "mask_addr": 4_294_967_040},
    }
    change = changed(
        cidr_block=(None, 24), link_state=("unknown", "up"), network_detection_mode=(None, "single_private_brn")
    )
    interfaces = {"workload_interfaces": {"updated": [{"resource": resource, "changes": change}]}}
    return _reported(
        world, "workload_interfaces.update", workload, "PUT", [world.change(as_workload(world, workload), interfaces)]
    )


@shape(0.3, office_hours=False)
def interfaces_updated_tersely(world: World) -> Json:
    """The same without the changes."""
    workload = world.workload()
    change = world.change(as_workload(world, workload), None)
    del change["changes"]
    return _reported(world, "workload_interfaces.update", workload, "PUT", [change])


@shape(2, office_hours=False)
def cluster_policy_applied(world: World) -> Json:
    """A container cluster reports that policy is in force."""
    endpoint = f"/api/v2{world.cluster['href']}/security_policy_applied"
    action = world.action("PUT", endpoint, 200, "10.77.30.5")
    return world.event("container_cluster.security_policy_applied", {"container_cluster": world.cluster}, action)


def changed_by_person(
    world: World,
    event_type: str,
    workloads: Iterable[Workload],
    change: Json | None,
    *,
    how: str = "update",
    person: Person | None = None,
) -> Json:
    """One request for many workloads, recorded as one composite event."""
    who = person or world.person()
    endpoint = f"{world.api}/{event_type.replace('.', '/')}"
    changes = [world.change(as_workload(world, workload), change, how) for workload in workloads]
    return world.event(event_type, by_user(who), world.action("PUT", endpoint, 200, who.address), changes)


@shape(0.5)
def enforcement_raised(world: World) -> Json:
    """From idle to selective."""
    change = changed(enforcement_mode=("idle", "selective"), visibility_level=("flow_off", "flow_summary"))
    return changed_by_person(world, "workloads.update", world.rng.sample(world.workloads, 3), change)


@shape(0.05)
def enforcement_lowered(world: World) -> Json:
    """From full to visibility only."""
    change = changed(enforcement_mode=("full", "visibility_only"))
    return changed_by_person(world, "workloads.update", world.rng.sample(world.workloads, 2), change)


def bulk_update(world: World, number: int) -> Json:
    """Labels and descriptions set by another system, with a service account; about 900 bytes a workload."""
    changes = []
    for workload in world.rng.choices(world.workloads, k=number):
        labels = {"deleted": [world.label("env")], "created": [world.label("env"), world.label("role")]}
        change: Json = {**changed(description=("Synchronised in May", "Synchronised in June")), "labels": labels}
        changes.append(world.change(as_workload(world, workload), change))
    action = world.action("PUT", f"{world.api}/workloads/bulk_update", 200, "10.77.9.42")
    return world.event("workloads.bulk_update", {"service_account": world.service_account}, action, changes)


@shape(2, office_hours=False)
def bulk_update_small(world: World) -> Json:
    """A handful."""
    return bulk_update(world, world.number(1, 8))


@shape(0.4, office_hours=False)
def bulk_update_long(world: World) -> Json:
    """Tens of kilobytes, as composite events are."""
    return bulk_update(world, 60)


@shape()
def bulk_update_huge(world: World) -> Json:
    """More than two megabytes."""
    return bulk_update(world, 3_000)


def unpaired(world: World, number: int, person: Person | None = None) -> Json:
    """VENs taken off their workloads."""
    gone = world.rng.sample(world.workloads, number)
    return changed_by_person(world, "workloads.unpair", gone, changed(managed=(True, False)), person=person)


@shape(0.05)
def unpaired_one(world: World) -> Json:
    """A server at the end of its life."""
    return unpaired(world, 1)


@shape(0.05)
def pairing_key_created(world: World) -> Json:
    """A key with which new servers are paired; the event does not say which."""
    person = world.person()
    endpoint = f"{world.api}/pairing_profiles/{world.number()}/pairing_key"
    return world.event("pairing_profile.create_pairing_key", by_user(person), world.action("POST", endpoint, 201))


@shape(0.02)
def agents_unpaired(world: World) -> Json:
    """The same, asked for by agent."""
    gone = [world.change(as_agent(world, workload), None, "delete") for workload in world.workloads[:2]]
    person = world.person()
    action = world.action("PUT", f"{world.api}/agents/unpair", 200, person.address)
    return world.event("agents.unpair", by_user(person), action, gone)


@shape(0.02)
def bulk_deleted(world: World) -> Json:
    """Workloads deleted together; a deletion has no changes."""
    return changed_by_person(world, "workloads.bulk_delete", world.workloads[:2], None, how="delete")


@shape(0.1)
def flow_reporting_changed(world: World) -> Json:
    """Flows reported more often for a while."""
    info = {
        "agents_affected": [{"href": agent_href(world, world.workload())}],
        "duration_in_seconds": 600,
        "frequency_in_seconds": 30,
    }
    person = world.person()
    action = world.action("PUT", f"{world.api}/workloads/set_flow_reporting_frequency", 200, person.address)
    notes = [world.note("workloads.flow_reporting_frequency_updated", info)]
    return world.event("workloads.set_flow_reporting_frequency", by_user(person), action, (), notes)
