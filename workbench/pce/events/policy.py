"""Security policy: rule sets, rules, boundaries, and what happens when they are provisioned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .catalogue import shape
from .parts import Json, changed, created
from .world import Person, World, by_user

Scope = Sequence[Json]


def _by_person(
    world: World, event_type: str, method: str, endpoint: str, changes: Sequence[Json], person: Person | None = None
) -> Json:
    who = person or world.person()
    code = {"POST": 201, "PUT": 204, "DELETE": 204}[method]
    return world.event(event_type, by_user(who), world.action(method, endpoint, code, who.address), changes)


def _rule_set(world: World, name: str, scope: Scope) -> Json:
    return {"rule_set": {"href": f"{world.draft}/rule_sets/{world.number()}", "name": name, "scopes": [scope]}}


def _narrow(world: World) -> Scope:
    return [{"label": world.label(key)} for key in ("app", "env", "loc")]


def rule_set_created(world: World, scope: Scope, person: Person | None = None) -> Json:
    """A draft rule set; a scope over all of a kind has a label with a null href, or is empty."""
    name = f"Rules {world.number()}"
    resource = _rule_set(world, name, scope)
    changes = created(name=name, description="", enabled=True, scopes=[scope])
    return _by_person(
        world,
        "rule_set.create",
        "POST",
        f"{world.api}/sec_policy/draft/rule_sets",
        [world.change(resource, changes, "create")],
        person,
    )


@shape(0.4)
def rule_set_narrow(world: World) -> Json:
    """One application in one environment and place."""
    return rule_set_created(world, _narrow(world))


@shape(0.02)
def rule_set_all_environments(world: World) -> Json:
    """One application everywhere: the label type `env` has a null href."""
    null_env = {"label": {"href": None, "key": "env", "value": None}}
    return rule_set_created(world, [{"label": world.label("app")}, null_env, {"label": world.label("loc")}])


@shape(0.01)
def rule_set_everything(world: World) -> Json:
    """No label at all."""
    return rule_set_created(world, [])


@shape(0.8)
def rule_set_renamed(world: World) -> Json:
    """Another name."""
    resource = _rule_set(world, "Booking, stage two", _narrow(world))
    endpoint = f"/api/v2{resource['rule_set']['href']}"
    changes = changed(name=("Booking, stage one", "Booking, stage two"))
    return _by_person(world, "rule_set.update", "PUT", endpoint, [world.change(resource, changes)])


@shape(0.05)
def rule_set_widened(world: World) -> Json:
    """A scope that loses its labels."""
    narrow = _narrow(world)
    resource = _rule_set(world, "Customs", [])
    changes = changed(scopes=([narrow], [[]]))
    return _by_person(
        world, "rule_set.update", "PUT", f"/api/v2{resource['rule_set']['href']}", [world.change(resource, changes)]
    )


@shape(0.05)
def rule_sets_deleted(world: World) -> Json:
    """Several at once."""
    gone = [world.change(_rule_set(world, f"Old {n}", _narrow(world)), None, "delete") for n in range(3)]
    return _by_person(world, "rule_sets.delete", "PUT", f"{world.api}/sec_policy/draft/rule_sets/delete", gone)


def rule_created(
    world: World, sides: Json, more: Json | None = None, person: Person | None = None, *, with_key: bool = False
) -> Json:
    """A draft rule; `sides` are its sources and destinations under the names of the release."""
    rule_set = f"{world.draft}/rule_sets/{world.number()}"
    changes = {**created(rule_list={"href": rule_set}, **(more or {}), type="SecRule"), **sides}
    who = person or world.person()
    info = {"info": {"api_key_id": world.key_id()}} if with_key else {}
    action = world.action("POST", f"/api/v2{rule_set}/sec_rules", 201, who.address, **info)
    resource = {"sec_rule": {"href": f"{rule_set}/sec_rules/{world.number()}"}}
    return world.event("sec_rule.create", by_user(who), action, [world.change(resource, changes, "create")])


@shape(0.5)
def rule_narrow(world: World) -> Json:
    """One application to another, for one service."""
    sides: Json = {
        "sources": {"created": [{"label": world.label("app")}, {"label": world.label("role")}]},
        "destinations": {"created": [{"label": world.label("app")}]},
        "ingress_services": {
            "created": [{"href": f"{world.draft}/services/{world.number()}", "name": "Tracking 8443"}]
        },
    }
    return rule_created(world, sides)


@shape(0.6)
def rule_with_key(world: World) -> Json:
    """Made with an API key: providers by label, consumers all."""
    resolve = {"providers": ["virtual_services"], "consumers": ["workloads"]}
    sides = {
        **created(resolve_labels=resolve),
        "providers": {"created": [{"provider": True, "label": {"href": world.label("app")["href"]}}]},
        "consumers": {"created": [{"provider": False, "actors": "ams"}]},
    }
    return rule_created(world, sides, with_key=True)


@shape(0.05)
def rule_with_services(world: World) -> Json:
    """Sources to a list of addresses, for one service."""
    sides: Json = {
        **created(resolve_labels="1010"),
        "providers": {"created": [{"source": True, "actors": "ams"}]},
        "destinations": {
            "created": [
                {"source": False, "actors": "ams"},
                {"source": False, "ip_list": {"href": f"{world.draft}/ip_lists/{world.number()}"}},
            ]
        },
        "ingress_services": {
            "created": [{"href": f"{world.draft}/services/{world.number()}", "name": "Label printers 9100"}]
        },
    }
    return rule_created(world, sides, {"description": "Printing in the sheds"})


@shape(0.02)
def rule_any_to_any(world: World) -> Json:
    """All workloads, any address, all services."""
    sides: Json = {
        "sources": {
            "created": [{"actors": "ams"}, {"ip_list": {"href": f"{world.draft}/ip_lists/3000", "name": "Any"}}]
        },
        "destinations": {"created": [{"actors": "ams"}]},
        "ingress_services": {"created": [{"href": f"{world.draft}/services/3000", "name": "All Services"}]},
    }
    return rule_created(world, sides)


@shape(0.3)
def rule_changed(world: World) -> Json:
    """A label taken from a rule, another put in."""
    href = f"{world.draft}/rule_sets/{world.number()}/sec_rules/{world.number()}"
    changes: Json = {
        **changed(enabled=(False, True)),
        "consumers": {"created": [{"label": world.label("app")}], "deleted": [{"label": world.label("role")}]},
    }
    resource = {"sec_rule": {"href": href}}
    return _by_person(world, "sec_rule.update", "PUT", f"/api/v2{href}", [world.change(resource, changes)])


@shape(0.1)
def deny_rule_deleted(world: World) -> Json:
    """A deny rule, which newer releases have."""
    href = f"{world.draft}/rule_sets/{world.number()}/deny_rules/{world.number()}"
    return _by_person(
        world,
        "deny_rule.delete",
        "DELETE",
        f"/api/v2{href}",
        [world.change({"deny_rule": {"href": href}}, {}, "delete")],
    )


def provisioned(world: World, affected: int, person: Person | None = None, drafts: Sequence[str] = ()) -> Json:
    """Draft policy becomes active; `affected` workloads get new rules. `drafts` are rule sets' hrefs, else any one."""
    some_rule_set = f"{world.draft}/rule_sets/{world.number()}"
    entry: Json = {"name": "Tracking", "action": "update", "description": None}
    rule_sets = dict.fromkeys(drafts or [some_rule_set], entry)
    counts = {"rule_sets": len(rule_sets), "services": 0, "ip_lists": 0, "sec_rules": 4}
    resource: Json = {
        "sec_policy": {
            "href": f"{world.org}/sec_policy/{world.number()}",
            "commit_message": "Quarterly review",
            "version": world.number(),
            "modified_objects": {"rulesets": rule_sets, "services": {}, "ip_lists": {}, "bound_services": {}},
        }
    }
    changes: Json = created(workloads_affected=affected, object_counts=counts)
    return _by_person(
        world,
        "sec_policy.create",
        "POST",
        f"{world.api}/sec_policy",
        [world.change(resource, changes, "create")],
        person,
    )


def rule_set_of(event: Json) -> str:
    """The href of the rule set that an event is about, or that holds the rule it is about."""
    ((_, resource),) = event["resource_changes"][0]["resource"].items()
    return "/".join(resource["href"].split("/")[:7])


@shape(0.4)
def provisioned_little(world: World) -> Json:
    """A few workloads."""
    return provisioned(world, world.number(1, 25))


@shape(0.3, office_hours=False)
def provisioned_by_cluster(world: World) -> Json:
    """A container cluster provisions its services by itself."""
    policy = provisioned(world, 3)["resource_changes"]
    action = world.action("POST", f"/api/v2{world.cluster['href']}/update_services", 200, "10.77.30.5")
    return world.event("container_cluster.update_services", {"container_cluster": world.cluster}, action, policy)


@shape(0.05)
def policy_restored(world: World) -> Json:
    """An earlier version is draft again."""
    person = world.person()
    action = world.action("POST", f"{world.api}/sec_policy/3004/restore", 200, person.address)
    notes = [world.note("sec_policy.restore", {"version": 3004})]
    return world.event("sec_policy.restore", by_user(person), action, (), notes)


@shape(0.2)
def addresses_listed(world: World) -> Json:
    """A list of addresses changes."""
    href = f"{world.draft}/ip_lists/{world.number()}"
    ranges: list[Any] = [{"from_ip": "198.51.100.0/24", "to_ip": None, "exclusion": False}]
    changes = {"ip_ranges": {"created": ranges, "deleted": []}}
    resource = {"ip_list": {"href": href, "name": "Port authority"}}
    return _by_person(world, "ip_list.update", "PUT", f"/api/v2{href}", [world.change(resource, changes)])


@shape(0.2)
def service_created(world: World) -> Json:
    """A service with its ports."""
    href = f"{world.draft}/services/{world.number()}"
    changes = {
        **created(name="Crane telemetry", description=""),
        "service_ports": {"created": [{"port": 4840, "proto": 6}]},
    }
    resource = {"service": {"href": href, "name": "Crane telemetry"}}
    return _by_person(
        world,
        "service.create",
        "POST",
        f"{world.api}/sec_policy/draft/services",
        [world.change(resource, changes, "create")],
    )
