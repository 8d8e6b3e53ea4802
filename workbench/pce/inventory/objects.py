"""The objects of an inventory, and the records that the API shows of them.

Sources of the members: the schemas of the REST API (25.2.10 to 26.3.0), and lab records in the tests of illumio-py,
which show what may be null: a managed workload's `name` above all. A test reads and changes the attributes, and the
next response shows them. `Inventory.add` gives an object its href unless it has one; a policy object's is the draft's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench.pce.events.times import render_ms

Json = dict[str, Any]
_CREATED = "2029-05-02T08:00:00.000Z"
_USER = {"href": "/users/1"}


class View(NamedTuple):
    """How the PCE that is asked shows its objects; `Inventory` explains its switches. `fqdn`: of that PCE."""

    org_id: int
    fqdn: str
    labels_href_only: bool
    ven_href_only: bool
    without_managed: bool
    foreign_heartbeats: str

    def heartbeat(self, workload: Workload) -> float | None:
        """The last heartbeat (epoch s) that this PCE knows of."""
        known = workload.member in (None, self.fqdn) or self.foreign_heartbeats == "all"
        if known or workload.heartbeat is None:
            return workload.heartbeat
        return workload.heartbeat - 86_400 if self.foreign_heartbeats == "old" else None


@dataclass(eq=False)
class Thing(ABC):
    """An object with an href."""

    href: str = field(default="", init=False)

    @abstractmethod
    def record(self, view: View) -> Json:
        """What a collection shows of it."""

    def is_within(self, scope: Sequence[Label]) -> bool:
        """Whether a key of a role with this scope sees it; a role without a scope sees everything."""
        return True


@dataclass(eq=False)
class Label(Thing):
    """A label."""

    key: str
    value: str

    def record(self, view: View) -> Json:
        """See `Thing`."""
        return {
            "href": self.href, "key": self.key, "value": self.value, "deleted": False,
            "external_data_set": None, "external_data_reference": None,
            "created_at": _CREATED, "updated_at": _CREATED, "created_by": _USER, "updated_by": _USER,
        }  # fmt: skip

    def shown(self, view: View) -> Json:
        """As a member of another record."""
        return (
            {"href": self.href} if view.labels_href_only else {"href": self.href, "key": self.key, "value": self.value}
        )

    @property
    def text(self) -> str:
        """`key=value`."""
        return f"{self.key}={self.value}"


@dataclass(eq=False)
class Workload(Thing):
    """A workload, with its VEN where it is managed.

    `addresses`: names of interfaces and their addresses. `ignored`: names of interfaces that policy ignores.
    `heartbeat`: the last one (epoch s), None for none yet. `member`: the FQDN of the supercluster's member that serves
    its VEN, None without a supercluster. `conditions`: notification types. Of an unmanaged one, all that concerns the
    VEN is ignored.
    """

    hostname: str | None
    labels: Sequence[Label] = ()
    name: str | None = None
    managed: bool = True
    online: bool = True
    enforcement_mode: str = "visibility_only"
    visibility_level: str = "flow_summary"
    addresses: Sequence[tuple[str, str]] = ()
    ignored: Sequence[str] = ()
    public_ip: str | None = None
    os_id: str | None = "ubuntu-x86_64-22.04"
    version: str = "24.2.20-1234"
    status: str = "active"
    ven_type: str = "server"
    member: str | None = None
    policy_sync: str = "synced"
    heartbeat: float | None = None
    agent_id: int = 0
    conditions: Sequence[str] = ()
    ven_href: str = field(default="", init=False)

    def is_within(self, scope: Sequence[Label]) -> bool:
        """See `Thing`."""
        return all(label in self.labels for label in scope)

    def record(self, view: View) -> Json:
        """See `Thing`."""
        found: Json = {
            "href": self.href, "deleted": False, "name": self.name, "description": "", "managed": self.managed,
            "hostname": self.hostname, "service_principal_name": None, "public_ip": self.public_ip,
            "external_data_set": None, "external_data_reference": None,
            "interfaces": [_interface(*pair) for pair in self.addresses], "ignored_interface_names": list(self.ignored),
            "service_provider": None, "data_center": None, "data_center_zone": None,
            "os_id": self.os_id, "os_detail": None, "online": self.online, "blocked_connection_action": "drop",
            "firewall_coexistence": [], "containers_inherit_host_policy": False, "container_cluster": None,
            "labels": [label.shown(view) for label in self.labels], "enforcement_mode": self.enforcement_mode,
            "visibility_level": self.visibility_level, "selectively_enforced_services": [], "risk_summary": None,
            "created_at": _CREATED, "updated_at": _CREATED, "created_by": _USER, "updated_by": _USER,
            "caps": [],
        }  # fmt: skip
        if view.without_managed:
            del found["managed"]
        if self.managed:
            ven = {"hostname": self.hostname, "name": self.name, "status": self.status, "ven_type": self.ven_type}
            found["ven"] = {"href": self.ven_href, **({} if view.ven_href_only else ven)}
            found["services"] = {"uptime_seconds": 864_000, "created_at": _CREATED}
            found["agent"] = self._agent(view)
        return found

    def _agent(self, view: View) -> Json:
        beat = _time(view.heartbeat(self))
        return {
            "href": f"/orgs/{view.org_id}/agents/{self.agent_id}",
            "type": "Host",
            "active_pce_fqdn": self.member,
            "target_pce_fqdn": None,
            "config": {"mode": "enforced", "visibility_level": self.visibility_level,
                       "security_policy_update_mode": "adaptive"},
            "status": {
                "status": self.status, "agent_version": self.version, "last_heartbeat_on": beat,
                "uptime_seconds": 864_000, "managed_since": _CREATED, "fw_config_current": True,
                "security_policy_applied_at": beat, "security_policy_received_at": beat,
                "security_policy_sync_state": self.policy_sync,
                "agent_health": [{"type": word, "severity": "warning", "audit_event": None}
                                 for word in self.conditions],
            },
        }  # fmt: skip

    def ven_record(self, view: View) -> Json:
        """What `/vens` shows of its VEN."""
        beat = _time(view.heartbeat(self))
        return {
            "href": self.ven_href, "name": self.name, "description": None, "hostname": self.hostname,
            "uid": self.ven_href.rpartition("/")[2], "os_id": self.os_id, "os_detail": None,
            "os_platform": (self.os_id or "").partition("-")[0] or None, "version": self.version,
            "status": self.status, "activation_type": "pairing_key", "active_pce_fqdn": self.member,
            "target_pce_fqdn": None, "labels": [label.shown(view) for label in self.labels],
            "interfaces": [_interface(*pair) for pair in self.addresses], "workloads": [{"href": self.href}],
            "container_cluster": None, "last_heartbeat_at": beat, "last_goodbye_at": None,
            "conditions": [_condition(view, word) for word in self.conditions],
            "authentication_recovery": False, "ven_type": self.ven_type, "upgrade_expires_at": None,
            "upgrade_target_version": None, "created_at": _CREATED, "updated_at": beat or _CREATED,
        }  # fmt: skip


def _time(epoch: float | None) -> str | None:
    return None if epoch is None else render_ms(int(epoch * 1000))


def _interface(name: str, address: str) -> Json:
    return {
        "name": name, "address": address, "cidr_block": 64 if ":" in address else 24, "default_gateway_address": None,
        "link_state": "up", "network": {"href": "/orgs/1/networks/1"}, "network_detection_mode": "single_private_brn",
        "friendly_name": name, "loopback": name == "lo",
    }  # fmt: skip


def _condition(view: View, word: str) -> Json:
    event = {"notification_type": word, "severity": "warning", "href": f"/orgs/{view.org_id}/events/1", "info": {},
             "timestamp": _CREATED}  # fmt: skip
    return {"first_reported_timestamp": _CREATED, "latest_event": event}


class Policy(Thing):
    """An object of the policy, of which the PCE has a draft and what was provisioned."""

    def common(self) -> Json:
        """The members that all of them have."""
        return {
            "href": self.href, "deleted_at": None, "deleted_by": None, "external_data_set": None,
            "external_data_reference": None, "created_at": _CREATED, "updated_at": _CREATED,
            "created_by": _USER, "updated_by": _USER, "update_type": None,
        }  # fmt: skip


@dataclass(eq=False)
class LabelGroup(Policy):
    """A group of labels of one key, and of other groups."""

    name: str
    key: str
    labels: Sequence[Label] = ()
    sub_groups: Sequence[LabelGroup] = ()

    def record(self, view: View) -> Json:
        """See `Thing`."""
        return {
            **self.common(), "name": self.name, "key": self.key, "description": "",
            "labels": [label.shown(view) for label in self.labels],
            "sub_groups": [{"href": group.href, "name": group.name} for group in self.sub_groups],
        }  # fmt: skip


@dataclass(eq=False)
class IpList(Policy):
    """A list of addresses; `ranges`: first address (or CIDR), last or None, whether it is an exclusion."""

    name: str
    ranges: Sequence[tuple[str, str | None, bool]] = ()
    fqdns: Sequence[str] = ()

    def record(self, view: View) -> Json:
        """See `Thing`."""
        ranges = [
            {"from_ip": low, "to_ip": high, "exclusion": out, "description": ""} for low, high, out in self.ranges
        ]
        fqdns = [{"fqdn": name} for name in self.fqdns]
        return {**self.common(), "name": self.name, "description": "", "ip_ranges": ranges, "fqdns": fqdns}


@dataclass(eq=False)
class Service(Policy):
    """A service; `ports`: port or None, last port or None, IP protocol (-1 for any). `windows`: names of processes."""

    name: str
    ports: Sequence[tuple[int | None, int | None, int]] = ()
    windows: Sequence[str] = ()

    def record(self, view: View) -> Json:
        """See `Thing`."""
        found: Json = {
            **self.common(),
            "name": self.name,
            "description": "",
            "process_name": None,
            "risk_details": None,
        }
        if self.windows:
            return {
                **found,
                "windows_services": [{"service_name": None, "process_name": name} for name in self.windows],
            }
        names = ("port", "to_port", "proto")
        ports = [{name: value for name, value in zip(names, one) if value is not None} for one in self.ports]
        return {**found, "service_ports": ports}


#: What a rule or a scope names: an object, or `ams`, all managed systems.
Actor = Any


@dataclass(eq=False)
class Rule(Policy):
    """A rule of a rule set; `deny` and `override` make it a deny rule."""

    providers: Sequence[Actor] = ("ams",)
    consumers: Sequence[Actor] = ("ams",)
    services: Sequence[Service] = ()
    enabled: bool = True
    deny: bool = False
    override: bool = False

    def record(self, view: View) -> Json:
        """See `Thing`."""
        found = {
            **self.common(), "enabled": self.enabled, "description": "", "network_type": "brn",
            "providers": [_actor(one) for one in self.providers], "consumers": [_actor(one) for one in self.consumers],
            "ingress_services": [{"href": service.href} for service in self.services],
        }  # fmt: skip
        if self.deny:
            return {**found, "override": self.override}
        resolved = {"providers": ["workloads"], "consumers": ["workloads"]}
        return {**found, "resolve_labels_as": resolved, "sec_connect": False, "stateless": False}


@dataclass(eq=False)
class RuleSet(Policy):
    """A rule set; `scopes`: lists of labels and label groups, an empty list for everything."""

    name: str
    rules: list[Rule] = field(default_factory=list)
    scopes: Sequence[Sequence[Label | LabelGroup]] = ((),)
    enabled: bool = True

    def is_within(self, scope: Sequence[Label]) -> bool:
        """See `Thing`."""
        return any(all(label in one for label in scope) for one in self.scopes)

    def record(self, view: View) -> Json:
        """See `Thing`."""
        rules = [rule.record(view) for rule in self.rules if not rule.deny]
        denies = [rule.record(view) for rule in self.rules if rule.deny]
        return {
            **self.common(), "name": self.name, "description": "", "enabled": self.enabled,
            "scopes": [[{**_actor(one), "exclusion": False} for one in scope] for scope in self.scopes],
            "rules": rules, "ip_tables_rules": [], "deny_rules": denies,
        }  # fmt: skip


def _actor(one: Actor) -> Json:
    if isinstance(one, str):
        return {"actors": one}
    kinds = ((Label, "label"), (LabelGroup, "label_group"), (Workload, "workload"), (IpList, "ip_list"))
    kind = next((name for known, name in kinds if isinstance(one, known)), "virtual_service")
    return {kind: {"href": one.href}}


@dataclass(eq=False)
class Record(Policy):
    """An object of any other collection, as its record without the members that all have."""

    members: Json

    def record(self, view: View) -> Json:
        """See `Thing`."""
        return {**self.common(), **self.members}
