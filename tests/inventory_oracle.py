"""What the lookups of the inventory have to hold, told by the emulated PCE's objects alone.

Nothing here reads what the collector wrote: each row is compared with what the PCE had when the row's run began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workbench.pce.inventory import Inventory, IpList, Label, LabelGroup, RuleSet, Service, Workload
from workbench.pce.inventory.objects import Thing

#: What no lookup has to be up to date in: heartbeats are no change, and the last two are the row's own.
PASSING = ("last_heartbeat_on", "last_heartbeat_at", "snapshot", "seen", "_key")
#: A VEN without a heartbeat for longer is silent, as the emulated PCE's timers are.
SILENT_AFTER = 3600

Row = dict[str, Any]
Truth = dict[str, dict[str, Row]]


class Oracle:
    """The PCE's objects as rows of each lookup by their keys, now.

    `members`: the FQDNs that get a row each, first that of the PCE that is asked. `judged`: whether its timers can be
    read, without which nobody knows what is silent.
    """

    def __init__(self, inventory: Inventory, members: Sequence[str], now: float, *, judged: bool = True) -> None:
        self._inventory, self._members, self._now, self._judged = inventory, members, now, judged

    def rows(self) -> Truth:
        """All lookups' rows of what is present."""
        found: Truth = {"workloads": {}, "labels": {}, "objects": {}}
        for lookup, row in self._each():
            for fqdn in self._members:
                whole = {"pce_fqdn": fqdn, "org_id": str(self._inventory.org_id), "state": "present", **row}
                kept = {name: value for name, value in whole.items() if value not in (None, "", [])}
                found[lookup][f"{fqdn}|{row['href']}"] = kept
        return found

    def _each(self) -> Iterator[tuple[str, Row]]:
        for workload in self._inventory.all(Workload):
            yield "workloads", self._workload(workload)
            if workload.managed:
                yield "objects", self._ven(workload)
        for label in self._inventory.all(Label):
            yield "labels", {"href": label.href, "key": label.key, "value": label.value, "name": label.value}
        for group in self._inventory.all(LabelGroup):
            labels = _several(label.text for label in _labels_of(group))
            yield "objects", {"kind": "label_group", **_named(group), "key": group.key, "labels": labels}
        for ip_list in self._inventory.all(IpList):
            ranges = {(low, out) for low, _, out in ip_list.ranges}
            is_any = {("0.0.0.0/0", False), ("::/0", False)} <= ranges
            yield "objects", {"kind": "ip_list", **_named(ip_list), "is_any": _word(is_any)}
        for service in self._inventory.all(Service):
            is_all = (None, None, -1) in service.ports
            yield "objects", {"kind": "service", **_named(service), "is_all": _word(is_all)}
        for rule_set in self._inventory.all(RuleSet):
            yield "objects", {"kind": "rule_set", **_named(rule_set), "enabled": _word(rule_set.enabled)}
            for rule in rule_set.rules:
                kind, last = "Deny rule" if rule.deny else "Rule", rule.href.rpartition("/")[2]
                name = f"{kind} {last} of {rule_set.name}"
                yield "objects", {"kind": "rule", "href": _href(rule), "name": name, "enabled": _word(rule.enabled)}

    def _workload(self, one: Workload) -> Row:
        row = {
            "href": one.href, "name": one.name or one.hostname or one.href.rpartition("/")[2], "hostname": one.hostname,
            "managed": _word(one.managed), "online": _word(one.online), "enforcement_mode": one.enforcement_mode,
            "visibility_level": one.visibility_level, "labels": _several(label.text for label in one.labels),
            "ip": _several(address for name, address in one.addresses if name == "eth0"), "os": one.os_id,
        }  # fmt: skip
        ven = {
            "ven_href": one.ven_href, "agent_href": f"/orgs/1/agents/{one.agent_id}", "ven_version": one.version,
            "ven_status": one.status, "ven_type": one.ven_type, "active_pce_fqdn": one.member,
            "policy_sync": one.policy_sync, "silent": self._silent(one),
        }  # fmt: skip
        return {**row, **(ven if one.managed else {})}

    def _ven(self, one: Workload) -> Row:
        return {
            "kind": "ven", "href": one.ven_href, "name": one.name or one.hostname, "hostname": one.hostname,
            "status": one.status, "version": one.version, "workload_href": one.href,
            "conditions": _several(one.conditions), "silent": self._silent(one), "active_pce_fqdn": one.member,
            "ven_type": one.ven_type, "labels": _several(label.text for label in one.labels),
        }  # fmt: skip

    def _silent(self, one: Workload) -> str | None:
        if not self._judged or one.heartbeat is None or one.member not in (None, self._members[0]):
            return None
        return _word(self._now - one.heartbeat > SILENT_AFTER)


def differences(found: dict[str, Row], truth: dict[str, Truth], lookup: str) -> list[str]:
    """What is wrong with a lookup's rows. `truth`: by snapshot, what the PCE had then."""
    wrong = []
    for key, row in found.items():
        then = truth[row["snapshot"]][lookup].get(key)
        if row["state"] == "deleted":
            wrong += [f"{key} is marked deleted, and was there"] if then is not None else []
            continue
        shown = {name: value for name, value in row.items() if name not in PASSING}
        if shown != then:
            names = sorted({*shown, *(then or ())})
            unlike = {name: (shown.get(name), (then or {}).get(name)) for name in names}
            wrong.append(f"{key} {row['snapshot']}: { ({n: v for n, v in unlike.items() if v[0] != v[1]}) }")
    return wrong


def _labels_of(group: LabelGroup) -> set[Label]:
    return set(group.labels).union(*map(_labels_of, group.sub_groups))


def _named(thing: Any) -> Row:
    return {"href": _href(thing), "name": thing.name}


def _href(thing: Thing) -> str:
    return thing.href.replace("/sec_policy/draft/", "/sec_policy/*/")


def _word(value: bool) -> str:
    return "true" if value else "false"


def _several(values: Any) -> Any:
    found = sorted(values)
    return found if len(found) > 1 else found[0] if found else None
