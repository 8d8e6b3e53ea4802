"""What goes on by itself on any day: VENs, container clusters, and the services that work on the PCE by its API."""

from __future__ import annotations

from collections.abc import Iterator

from .. import policy, vens
from ..parts import FILTERED, Json, changed, created, refused_request
from ..shapes import SHAPES
from ..world import SYSTEM, Workload, as_workload
from .company import HOUR, MINUTE, LargeCompany

# What VENs do at any hour, thinned out: no search reads it, but the volume of events is compared.
_ROUTINE = {"policy_applied": 60, "policy_requested": 25, "interfaces_updated": 15, "agent_refused": 0.5}
_AN_HOUR = 50


def routine(world: LargeCompany, day_ms: int) -> Iterator[Json]:
    """What VENs report on that day."""
    for name in world.rng.choices(list(_ROUTINE), list(_ROUTINE.values()), k=24 * _AN_HOUR):
        world.ms = day_ms + world.rng.randrange(24 * HOUR)
        yield SHAPES[name].make(world)


def known_services(world: LargeCompany, day_ms: int) -> Iterator[Json]:
    """What shows that the services have worked on that day, too, from where they always do."""
    world.ms = day_ms + HOUR
    for service in world.services:
        yield _provisioned_by(world, service, 1)


def machines(world: LargeCompany, day_ms: int, day: int) -> Iterator[Json]:
    """The work of that day that no person does."""
    for hour in range(24):
        hour_ms = day_ms + hour * HOUR
        yield from _clusters(world, hour_ms)
        yield from _autoscaler(world, hour_ms)
        yield from _threat_feed(world, hour_ms)
        yield from _expired_key(world, hour_ms)
        if 6 <= hour < 20 and day % 7 < 5:
            yield from _policy_as_code(world, hour_ms)
    yield from _vault(world, day_ms)
    yield from _hr_feed(world, day_ms + 2 * HOUR)
    yield from _cmdb_feed(world, day_ms + 3 * HOUR)
    yield from _noisy_hosts(world, day_ms)
    yield from _single_troubles(world, day_ms)


def _clusters(world: LargeCompany, hour_ms: int) -> Iterator[Json]:
    """Each cluster provisions its services every hour, and says nothing about why."""
    for number, cluster in enumerate(world.clusters):
        world.ms = hour_ms + number * 15 * MINUTE
        affected = world.rng.choice((2, 3, 5, 8, 12, 20, 70, 110))
        changes = policy.provisioned(world, affected)["resource_changes"]
        changes[0]["resource"]["sec_policy"]["commit_message"] = None
        action = world.action("POST", f"/api/v2{cluster['href']}/update_services", 200, "10.77.30.5")
        yield world.event("container_cluster.update_services", {"container_cluster": cluster}, action, changes)


def _autoscaler(world: LargeCompany, hour_ms: int) -> Iterator[Json]:
    """Servers come and go with the load: a pairing key an hour, then a dozen pairings and a dozen removals."""
    world.ms = hour_ms
    key = world.request_of("autoscaler", "POST", f"pairing_profiles/{world.number()}/pairing_key", 201)
    yield world.event("pairing_profile.create_pairing_key", world.by("autoscaler"), key)
    for number in range(world.rng.randrange(4, 16)):
        world.ms = hour_ms + number * 3 * MINUTE
        yield vens.activated(world)
    world.ms = hour_ms + 30 * MINUTE
    gone = world.rng.sample(world.workloads, world.rng.randrange(4, 16))
    changes = [world.change(as_workload(world, one), changed(managed=(True, False)), "delete") for one in gone]
    request = world.request_of("autoscaler", "PUT", "workloads/unpair")
    yield world.event("workloads.unpair", world.by("autoscaler"), request, changes)


def _threat_feed(world: LargeCompany, hour_ms: int) -> Iterator[Json]:
    """A list of bad addresses, most of it replaced each hour."""
    world.ms = hour_ms + 7 * MINUTE
    addresses = [_range(world.stranger()) for _ in range(8)]
    changes = {"ip_ranges": {"created": addresses[:5], "deleted": addresses[5:]}}
    href = f"{world.draft}/ip_lists/9001"
    resource = {"ip_list": {"href": href, "name": "Threat feed"}}
    request = world.request_of("threat-feed", "PUT", "sec_policy/draft/ip_lists/9001", 204)
    yield world.event("ip_list.update", world.by("threat-feed"), request, [world.change(resource, changes)])
    world.ms += MINUTE
    yield _provisioned_by(world, "threat-feed", 40)


def _range(address: str) -> Json:
    return {"from_ip": address, "to_ip": None, "exclusion": False}


def _provisioned_by(world: LargeCompany, service: str, affected: int) -> Json:
    changes = policy.provisioned(world, affected)["resource_changes"]
    request = world.request_of(service, "POST", "sec_policy", 201)
    return world.event("sec_policy.create", world.by(service), request, changes)


def _policy_as_code(world: LargeCompany, hour_ms: int) -> Iterator[Json]:
    """Every twenty minutes of the working day a pipeline writes what was merged, and provisions it."""
    for number in range(3):
        world.ms = hour_ms + number * 20 * MINUTE + world.rng.randrange(5 * MINUTE)
        yield _by_pipeline(world, policy.rule_narrow(world))
        if world.rng.random() < 0.3:
            scope = [{"label": world.label(key)} for key in ("app", "env", "loc")]
            yield _by_pipeline(world, policy.rule_set_created(world, scope))
        world.ms += MINUTE
        yield _provisioned_by(world, "policy-as-code", world.rng.choice((6, 15, 30, 60, 90, 140, 320)))


def _by_pipeline(world: LargeCompany, event: Json) -> Json:
    source = world.request_of("policy-as-code", "POST", "x")["src_ip"]
    return {**event, "created_by": world.by("policy-as-code"), "action": {**event["action"], "src_ip": source}}


def _expired_key(world: LargeCompany, hour_ms: int) -> Iterator[Json]:
    """An integration whose key has expired tries for ever."""
    for number in range(4):
        world.ms = hour_ms + number * 15 * MINUTE
        info = refused_request(f"{world.api}/workloads", "GET", "10.77.9.40", "1feedfacecafe0042")
        action = world.action("GET", info["api_endpoint"], 401, info["src_ip"])
        kind = "request.authentication_failed"
        notes = [world.note(kind, info)]
        yield world.event(kind, SYSTEM, action, (), notes, status="failure", severity="err", system=True)


def _vault(world: LargeCompany, day_ms: int) -> Iterator[Json]:
    """The vault gives each account a new key every day, which lives a week, and takes the old one back."""
    for number, account in enumerate(world.accounts):
        world.ms = day_ms + number * 30 * MINUTE
        for how, code in (("create", 201), ("delete", 204)):
            key_id = world.key_id()
            href = f"{account['href']}/api_keys/{key_id}"
            told = created(key_id=key_id, name=account["name"], expiration_in_seconds=7 * 86_400, secret_hash=FILTERED)
            resource = {"api_key": {"href": href, "name": account["name"]}}
            place = href.replace(f"{world.org}/", "")
            request = world.request_of("vault", "POST" if how == "create" else "DELETE", place, code)
            change = world.change(resource, told if how == "create" else None, how)
            yield world.event(f"service_account_api_key.{how}", world.by("vault"), request, [change])
            world.ms += 10_000


def _hr_feed(world: LargeCompany, ms: int) -> Iterator[Json]:
    """Joiners and leavers: principals come and go, and some of the joiners get the role of their team."""
    for number in range(6):
        world.ms = ms + number * 4 * MINUTE
        principal = {
            "href": f"{world.org}/auth_security_principals/{world.uuid()}",
            "name": f"joiner-{world.number()}@kestrel-freight.example",
        }
        request = world.request_of("hr-feed", "POST", "auth_security_principals", 201)
        how = "create" if number % 2 == 0 else "delete"
        change = world.change({"auth_security_principal": principal}, created(name=principal["name"]), how)
        yield world.event(f"auth_security_principal.{how}", world.by("hr-feed"), request, [change])
        if number < 2:
            role = {"href": f"{world.org}/roles/ruleset_viewer"}
            scope = [{"label": world.label("app")}]
            resource = {"permission": {"href": f"{world.org}/permissions/{world.uuid()}", "role": role,
                                       "scope": scope, "auth_security_principal": principal}}  # fmt: skip
            told = created(role=role, scope=scope, auth_security_principal=principal)
            world.ms += 5_000
            request = world.request_of("hr-feed", "POST", "permissions", 201)
            changes = [world.change(resource, told, "create")]
            yield world.event("permission.create", world.by("hr-feed"), request, changes)


def _cmdb_feed(world: LargeCompany, ms: int) -> Iterator[Json]:
    """Labels and descriptions of 400 servers, in requests of 25; then the unmanaged ones that are gone."""
    for number in range(16):
        world.ms = ms + number * 20_000
        event = vens.bulk_update(world, 25)
        yield {**event, "created_by": world.by("cmdb-feed")}
    world.ms = ms + 20 * MINUTE
    gone = [world.change(as_workload(world, one), None, "delete") for one in world.rng.sample(world.workloads, 30)]
    request = world.request_of("cmdb-feed", "PUT", "workloads/bulk_delete")
    yield world.event("workloads.bulk_delete", world.by("cmdb-feed"), request, gone)


def _noisy_hosts(world: LargeCompany, day_ms: int) -> Iterator[Json]:
    """Two hosts whose own software writes firewall rules, and a few others on which somebody tries something."""
    for hour in range(0, 24, 3):
        for noisy in world.workloads[20:22]:
            yield from _tampered(world, noisy, day_ms + hour * HOUR)
    for _ in range(8):
        yield from _tampered(world, world.workload(), day_ms + world.rng.randrange(24 * HOUR))


def _tampered(world: LargeCompany, workload: Workload, ms: int) -> Iterator[Json]:
    world.ms = ms
    yield vens.tampering(world, workload, vens.tampered_between(world, True, 1))


# How often a day single hosts are in trouble.
_TROUBLES = {
    "process_failed": 6, "policy_failed": 2, "policy_partly_delivered": 4, "went_offline": 12, "missed_heartbeats": 40,
    "agent_lost": 1, "clone_found": 2, "goodbye": 20, "internal_error": 4, "unavailable": 4,
    "vulnerability_uploaded": 24,
}  # fmt: skip


def _single_troubles(world: LargeCompany, day_ms: int) -> Iterator[Json]:
    for name, number in _TROUBLES.items():
        for _ in range(number):
            world.ms = day_ms + world.rng.randrange(24 * HOUR)
            yield SHAPES[name].make(world)
