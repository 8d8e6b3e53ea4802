"""The collections of the PCE, and what the events tell of each of their objects: few members of many.

Source: the schemas of the API (Illumio Core REST API, 25.2 and 26.3). Older releases lack members, and give labels by
their hrefs alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Callable, NamedTuple

from .config import HOST_NAME
from .errors import PceError
from .events import key_of
from .inventory_silent import Timers
from .inventory_values import (
    Members,
    boolean_of,
    first_text,
    host_address,
    host_of,
    href_of,
    integer_of,
    objects_of,
    present,
    text_of,
    texts_of,
)
from .inventory_words import LONGEST_LABELS, Names, labels_of, peers, ports, ranges, scope_text
from .json_values import object_of
from .key_set import KeySet

#: So many entries of a list are told.
_LONGEST_LIST = 50
#: A supercluster has fewer members.
MOST_MEMBERS = 50

Record = Mapping[str, Any]
NOTHING: Record = MappingProxyType({})


class Item(NamedTuple):
    """An object as its events tell it. `members`: what a change is noticed by; `passing`: what changes all the time.

    `last`: what an event of its deletion tells besides.
    """

    kind: str
    href: str
    name: str
    members: Mapping[str, Any]
    passing: Mapping[str, Any] = NOTHING
    last: Mapping[str, Any] = NOTHING


@dataclass
class Context:
    """What is known besides the record. `fqdn`: of the PCE that is read; `seen`: of those that serve its VENs.
    `is_standalone`: it serves them all, whatever it is called.

    `now_ms`: the PCE's time when it was asked. `timers`: None where they cannot be read. `labels_error`: why labels
    could not be read in this run, though the key may read them. `unlisted`: the folders of rules that their
    rule sets do not list: whether there are any is not known. `endpoints`: the hrefs of VENs of that type;
    `servers`: keys of those of others; `reads_vens`: they are among the collections, whether they came or not.
    `judged`, `not_judged`: VENs with a heartbeat that were judged silent or not, and that name another PCE.
    """

    fqdn: str
    now_ms: int = 0
    names: Names = field(default_factory=Names)
    timers: Timers | None = None
    seen: set[str] = field(default_factory=set)
    labels_error: PceError | None = None
    unlisted: set[str] = field(default_factory=set)
    endpoints: set[str] = field(default_factory=set)
    servers: KeySet = field(default_factory=KeySet)
    reads_vens: bool = False
    is_standalone: bool = False
    judged: int = 0
    not_judged: int = 0

    def silent(self, record: Record, heartbeat: str, ven_types: Iterable[str], server: str) -> bool | None:
        """Whether a VEN is silent, which is of one of these types; None where that depends on which.

        None as well for one that another PCE serves: heartbeats are not replicated.
        """
        if self.timers is None:
            return None
        if server and server.lower() != self.fqdn.lower() and not self.is_standalone:
            self.not_judged += bool(heartbeat)
            return None
        self.judged += bool(heartbeat)
        labels = set(filter(None, map(href_of, objects_of(record.get("labels")))))
        found = {self.timers.is_silent(heartbeat, ven_type, labels, self.now_ms) for ven_type in ven_types}
        return found.pop() if len(found) == 1 else None

    def note_type(self, ven: str, ven_type: str) -> None:
        """Note of which type a VEN is."""
        if ven_type == "endpoint":
            self.endpoints.add(ven)
        else:
            self.servers.add(key_of(ven))

    def types_of(self, ven: str) -> tuple[str, ...]:
        """The types that a VEN may have whose workload does not tell: each, where it failed to come."""
        if ven in self.endpoints:
            return ("endpoint",)
        if ven and self.reads_vens and key_of(ven) not in self.servers:
            return ("server", "endpoint")
        return ("server",)

    def note_server(self, server: str) -> None:
        """Note which PCE serves a VEN; a standalone one serves it itself, by whatever name."""
        if not self.is_standalone and HOST_NAME.fullmatch(server) and len(self.seen) < MOST_MEMBERS:
            self.seen.add(server)


Project = Callable[[Iterable[Record], Context], Iterator[Item]]


class Collection(NamedTuple):
    """A collection. `path`: below the organisation, unless it begins with a slash.

    `scoped`: a key with a role that is limited to labels may read only a part of it, or nothing, and nothing tells.
    """

    name: str
    path: str
    project: Project
    scoped: bool = True


def _each(project: Callable[[Record, Context], Item]) -> Project:
    def all_of(records: Iterable[Record], context: Context) -> Iterator[Item]:
        return (project(record, context) for record in records)

    return all_of


def _tail(href: str) -> str:
    return href.rsplit("/", 1)[-1]


# --- workloads and VENs ----------------------------------------------------------------------------


def _workload(record: Record, context: Context) -> Item:
    href = href_of(record)
    ven, agent = object_of(record.get("ven")), object_of(record.get("agent"))
    status, config = object_of(agent.get("status")), object_of(agent.get("config"))
    managed = boolean_of(record.get("managed"))
    if managed is None:  # releases before 21.1 do not say
        managed = bool(href_of(ven) or href_of(agent))
    hostname, ven_type = text_of(record.get("hostname")), text_of(ven.get("ven_type"))
    server, heartbeat = host_of(agent.get("active_pce_fqdn")), text_of(status.get("last_heartbeat_on"))
    context.note_server(server)
    ven_types = (ven_type,) if ven_type else context.types_of(href_of(ven))
    members = {
        "hostname": hostname,
        "managed": managed,
        "online": boolean_of(record.get("online")),
        "enforcement_mode": text_of(record.get("enforcement_mode")),
        "visibility_level": first_text(record.get("visibility_level"), config.get("visibility_level")),
        "labels": labels_of(record, context.names),
        "ip": _addresses(record),
        "os": first_text(record.get("os_id"), record.get("os_detail")),
        "ven_href": href_of(ven),
        "agent_href": href_of(agent),
        "ven_version": text_of(status.get("agent_version")),
        "ven_status": first_text(ven.get("status"), status.get("status")),
        "ven_type": ven_type,
        "active_pce_fqdn": server,
        "policy_sync": text_of(status.get("security_policy_sync_state")),
        "silent": context.silent(record, heartbeat, ven_types, server) if managed else None,
        "created_at": text_of(record.get("created_at")),
    }
    name = text_of(record.get("name")) or hostname or _tail(href)
    passing = present({"last_heartbeat_on": heartbeat})
    return Item("workload", href, name, present(members), passing, present({"hostname": hostname}))


def _addresses(record: Record) -> list[str]:
    """The addresses at which others reach a workload: not the loopback, nor those of interfaces that are ignored."""
    ignored = set(texts_of(record.get("ignored_interface_names")))
    found = {
        host_address(text_of(interface.get("address")))
        for interface in objects_of(record.get("interfaces"))
        if interface.get("loopback") is not True and text_of(interface.get("name")) not in ignored
    }
    return sorted(found - {""})[:_LONGEST_LIST]


def _ven(record: Record, context: Context) -> Item:
    href, hostname = href_of(record), text_of(record.get("hostname"))
    ven_type, server = text_of(record.get("ven_type")), host_of(record.get("active_pce_fqdn"))
    heartbeat = text_of(record.get("last_heartbeat_at"))
    context.note_server(server)
    context.note_type(href, ven_type)
    events = [object_of(one.get("latest_event")) for one in objects_of(record.get("conditions"))]
    members = {
        "hostname": hostname,
        "version": text_of(record.get("version")),
        "status": text_of(record.get("status")),
        "ven_type": ven_type,
        "active_pce_fqdn": server,
        "workload_href": min(filter(None, map(href_of, objects_of(record.get("workloads")))), default=""),
        "conditions": sorted({text_of(event.get("notification_type")) for event in events} - {""})[:_LONGEST_LIST],
        "os": first_text(record.get("os_id"), record.get("os_platform"), record.get("os_detail")),
        "labels": labels_of(record, context.names),
        "silent": context.silent(record, heartbeat, (ven_type,), server),
    }
    name = text_of(record.get("name")) or hostname or _tail(href)
    passing = present({"last_heartbeat_at": heartbeat})
    return Item("ven", href, name, present(members), passing, present({"hostname": hostname}))


# --- labels and their groups -----------------------------------------------------------------------


def _label(record: Record, _context: Context) -> Item:
    href, key, value = href_of(record), text_of(record.get("key")), text_of(record.get("value"))
    members = present({"key": key, "value": value})
    return Item("label", href, value or _tail(href), members, last=members)


class _LabelGroup(NamedTuple):
    """What is kept of a label group: hrefs are shared, since thousands of groups may hold the same labels."""

    href: str
    name: str
    key: str
    labels: tuple[str, ...]
    sub_groups: tuple[str, ...]


def _label_groups(records: Iterable[Record], context: Context) -> Iterator[Item]:
    """Groups hold labels and other groups, so all are read before the first is told."""
    listed = [_label_group(record, context.names) for record in records]
    groups = {group.href: group for group in listed}
    if context.timers is not None:
        named = context.timers.groups & groups.keys()
        context.timers.members = {href: frozenset(_members_of(href, groups)) for href in named}
    for group in listed:
        members = _members_of(group.href, groups)
        labels = sorted(set(map(context.names.of, members)) - {""})[:LONGEST_LABELS]
        told = {**present({"key": group.key, "labels": labels}), "members": len(members)}
        yield Item("label_group", group.href, group.name, told, last=present({"key": group.key}))


def _label_group(record: Record, names: Names) -> _LabelGroup:
    href, labels = href_of(record), objects_of(record.get("labels") or [])
    for label in labels:
        names.keep_label(label)
    hrefs = (tuple(filter(None, map(sys.intern, map(href_of, some)))) for some in (labels, _sub_groups(record)))
    return _LabelGroup(href, text_of(record.get("name")) or _tail(href), text_of(record.get("key")), *hrefs)


def _sub_groups(record: Record) -> list[Record]:
    return objects_of(record.get("sub_groups") or [])


def _members_of(href: str, groups: Mapping[str, _LabelGroup]) -> set[str]:
    """The labels of a group and of all groups within it; a group within itself ends there."""
    labels: set[str] = set()
    waiting, met = [href], {href}
    while waiting:
        group = groups.get(waiting.pop())
        if group is not None:
            labels.update(group.labels)
            inner = set(group.sub_groups) - met
            met |= inner
            waiting.extend(inner)
    return labels


# --- policy ----------------------------------------------------------------------------------------


def _named(kind: str, members: Callable[[Record, Context], Members]) -> Project:
    """Objects that have a name, with these members."""

    def item(record: Record, context: Context) -> Item:
        href = href_of(record)
        return Item(kind, href, text_of(record.get("name")) or _tail(href), present(members(record, context)))

    return _each(item)


def _ip_list(record: Record, _context: Context) -> Members:
    entries = objects_of(record.get("ip_ranges") or [])
    texts = ranges(entries)
    fqdns = [text_of(one.get("fqdn")) for one in objects_of(record.get("fqdns") or [])]
    return {
        "ip_ranges": texts[:_LONGEST_LIST],
        "fqdns": sorted(filter(None, fqdns))[:_LONGEST_LIST],
        "ranges": len(entries),
        "is_any": {"0.0.0.0/0", "::/0"} <= set(texts) and not any(text.startswith("!") for text in texts),
    }


def _service(record: Record, _context: Context) -> Members:
    entries = [
        entry
        for name in ("service_ports", "windows_services", "windows_egress_services")
        for entry in objects_of(record.get(name) or [])
    ]
    texts = ports(entries)
    return {"ports": texts[:_LONGEST_LIST], "is_all": "all" in texts}


#: The members of a rule set that list its rules, and the folders below it that are in these rules' hrefs.
_RULES = {"rules": "sec_rules", "deny_rules": "deny_rules"}


def _rule_sets(records: Iterable[Record], context: Context) -> Iterator[Item]:
    """Each rule set, and its rules."""
    for record in records:
        href = href_of(record)
        name = text_of(record.get("name")) or _tail(href)
        unlisted = (folder for kind, folder in _RULES.items() if not isinstance(record.get(kind), list))
        context.unlisted.update(f"{href}/{folder}" for folder in unlisted)
        # Whether deny rules are in both lists, nobody knows: each rule is told once.
        rules = {href_of(rule): rule for kind in _RULES for rule in objects_of(record.get(kind) or [])}
        rules.pop("", None)
        scopes = record.get("scopes")
        scopes = scopes if isinstance(scopes, list) else []
        members = {
            "enabled": boolean_of(record.get("enabled")),
            "scopes": sorted(scope_text(scope, context.names) for scope in scopes)[:_LONGEST_LIST],
            "rules": len(rules) if isinstance(record.get("rules"), list) else None,
        }
        yield Item("rule_set", href, name, present(members))
        yield from (_rule(rule, href, name, context) for rule in rules.values())


def _rule(record: Record, rule_set_href: str, rule_set_name: str, context: Context) -> Item:
    href = href_of(record)
    denies = "/deny_rules/" in href
    action = ("override_deny" if record.get("override") is True else "deny") if denies else "allow"
    members = {"rule_set_href": rule_set_href, "action": action, **_flow(record, context)}
    name = f"{'Deny rule' if denies else 'Rule'} {_tail(href)} of {rule_set_name}"
    return Item("rule", href, name, present(members))


def _flow(record: Record, context: Context) -> Members:
    """Who may or may not reach whom, by which services."""
    return {
        "enabled": boolean_of(record.get("enabled")),
        "providers": peers(record.get("providers"), context.names)[:_LONGEST_LIST],
        "consumers": peers(record.get("consumers"), context.names)[:_LONGEST_LIST],
        "services": peers(record.get("ingress_services"), context.names)[:_LONGEST_LIST],
    }


# --- others, which an administrator may add ---------------------------------------------------------


def _virtual_service(record: Record, context: Context) -> Members:
    own = ports(objects_of(record.get("service_ports") or []))
    service = context.names.of(href_of(record.get("service")))
    return {
        "labels": labels_of(record, context.names),
        "ports": own[:_LONGEST_LIST],
        "services": [service] if service else [],
        "apply_to": text_of(record.get("apply_to")),
    }


def _pairing_profile(record: Record, context: Context) -> Members:
    lifespan = record.get("key_lifespan")  # seconds, or `unlimited`
    return {
        "enabled": boolean_of(record.get("enabled")),
        "enforcement_mode": text_of(record.get("enforcement_mode")),
        "ven_type": text_of(record.get("ven_type")),
        "labels": labels_of(record, context.names),
        "key_lifespan": text_of(lifespan) or integer_of(lifespan),
    }


def _container_cluster(record: Record, _context: Context) -> Members:
    errors = objects_of(record.get("errors") or [])
    return {
        "online": boolean_of(record.get("online")),
        "manager_type": text_of(record.get("manager_type")),
        "container_runtime": text_of(record.get("container_runtime")),
        "version": text_of(record.get("kubelink_version")),
        "cluster_mode": text_of(record.get("cluster_mode")),
        "conditions": sorted({text_of(one.get("error_type")) for one in errors} - {""})[:_LONGEST_LIST],
    }


def _user(record: Record, _context: Context) -> Item:
    href, username = href_of(record), text_of(record.get("username"))
    members = {
        "username": username,
        "type": text_of(record.get("type")),
        "locked": boolean_of(record.get("locked")),
    }
    name = text_of(record.get("full_name")) or username or _tail(href)
    return Item("user", href, name, present(members))


def _service_account(record: Record, _context: Context) -> Members:
    keys = objects_of(record.get("api_keys") or [])
    roles = [_tail(href_of(one.get("role"))) for one in objects_of(record.get("permissions") or [])]
    return {
        "roles": sorted(set(roles) - {""})[:_LONGEST_LIST],
        "keys": len(keys),
        "expired_keys": sum(text_of(key.get("state")) == "expired" for key in keys),
    }


def _policy(name: str) -> str:
    """What applies, and not the drafts of it."""
    return f"sec_policy/active/{name}"


#: The kinds that others name.
NAMED_BY_OTHERS = frozenset({"label", "label_group", "ip_list", "service", "virtual_service"})

#: In the order in which they are read: what others name comes first.
COLLECTIONS = {
    collection.name: collection
    for collection in (
        Collection("labels", "labels", _each(_label), scoped=False),
        Collection("label_groups", _policy("label_groups"), _label_groups, scoped=False),
        Collection("ip_lists", _policy("ip_lists"), _named("ip_list", _ip_list), scoped=False),
        Collection("services", _policy("services"), _named("service", _service), scoped=False),
        Collection("virtual_services", _policy("virtual_services"), _named("virtual_service", _virtual_service)),
        Collection("vens", "vens", _each(_ven)),
        Collection("workloads", "workloads", _each(_workload)),
        Collection("rule_sets", _policy("rule_sets"), _rule_sets),
        Collection("enforcement_boundaries", _policy("enforcement_boundaries"), _named("enforcement_boundary", _flow)),
        Collection("pairing_profiles", "pairing_profiles", _named("pairing_profile", _pairing_profile)),
        Collection("container_clusters", "container_clusters", _named("container_cluster", _container_cluster)),
        Collection("users", "/users", _each(_user)),
        Collection("service_accounts", "service_accounts", _named("service_account", _service_account)),
    )
}
