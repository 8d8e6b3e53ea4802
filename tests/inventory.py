"""Events of an inventory input, made by hand: what a run finds in the PCE, as the source type has them.

A run is its start in epoch milliseconds. Members that are None are left out, as the input leaves them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

Json = dict[str, Any]

PCE = "pce.kestrel-freight.example"
SOURCETYPE = "illumio:pce:inventory"
#: The collection of each kind, as a manifest names it.
COLLECTIONS = {
    "workload": "workloads", "ven": "vens", "label": "labels", "label_group": "label_groups", "ip_list": "ip_lists",
    "service": "services", "rule_set": "rule_sets", "rule": "rule_sets",
}  # fmt: skip


def made(kind: str, run: int, href: str | None, name: str, *, pce: str = PCE, org: int = 1, state: str = "present",
         **members: Any) -> Json:  # fmt: skip
    """An event of any kind, its members in the order in which the input writes them."""
    time = datetime.fromtimestamp(run // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{run % 1000:03d}Z"
    common = {
        "time": time, "kind": kind, "pce_fqdn": pce, "org_id": org, "href": href, "name": name, "state": state,
        "snapshot": f"{run:013d}",
    }  # fmt: skip
    return {key: value for key, value in {**common, **members}.items() if value not in (None, [])}


def workload(run: int, number: int | str, name: str | None = None, **members: Any) -> Json:
    """A managed workload in full enforcement, `members` aside; an unmanaged one has `managed=False`."""
    pce, state = members.pop("pce", PCE), members.pop("state", "present")
    hostname = members.pop("hostname", f"host-{number}")
    shown = name or hostname or str(number)
    href = f"/orgs/1/workloads/{number}"
    if state == "deleted":
        return made("workload", run, href, shown, pce=pce, state=state, hostname=hostname)
    managed = members.pop("managed", True)
    ours: Json = {"hostname": hostname, "managed": managed, "online": True}
    if managed:
        ours |= {
            "enforcement_mode": "full", "visibility_level": "flow_summary", "labels": ["app=Shop", "env=Prod"],
            "ip": [f"10.0.{_last(number) // 250}.{_last(number) % 250}"], "os": "centos-x86_64-8.0",
            "ven_href": f"/orgs/1/vens/{number}", "agent_href": f"/orgs/1/agents/{number}", "ven_version": "24.2.20-1234",
            "ven_status": "active", "ven_type": "server", "active_pce_fqdn": pce, "policy_sync": "applied", "silent": False,
        }  # fmt: skip
    return made("workload", run, href, shown, pce=pce, **{**ours, **members})


def ven(run: int, number: int | str, name: str | None = None, **members: Any) -> Json:
    """An active VEN of the workload of the same number."""
    hostname = members.pop("hostname", f"host-{number}")
    ours: Json = {
        "hostname": hostname, "version": "24.2.20-1234", "status": "active", "ven_type": "server",
        "active_pce_fqdn": members.get("pce", PCE), "workload_href": f"/orgs/1/workloads/{number}",
        "os": "centos-x86_64-8.0", "silent": False,
    }  # fmt: skip
    if members.get("state") == "deleted":
        ours = {"hostname": hostname}
    return made("ven", run, f"/orgs/1/vens/{number}", name or hostname, **{**ours, **members})


def label(run: int, number: int, key: str = "app", value: str = "Shop", **members: Any) -> Json:
    """A label."""
    return made("label", run, f"/orgs/1/labels/{number}", value, key=key, value=value, **members)


def label_group(run: int, number: int | str, name: str, labels: Iterable[str] = (), **members: Any) -> Json:
    """A label group with the labels of all groups in it."""
    every = list(labels)
    ours: Json = {"key": "app", "labels": every, "members": len(every), **members}
    return made("label_group", run, f"/orgs/1/sec_policy/*/label_groups/{number}", name, **ours)


def ip_list(run: int, number: int, name: str, **members: Any) -> Json:
    """An IP list; `is_any=True` makes it the one of all addresses."""
    return made("ip_list", run, f"/orgs/1/sec_policy/*/ip_lists/{number}", name, **members)


def service(run: int, number: int, name: str, **members: Any) -> Json:
    """A service; `is_all=True` makes it All Services."""
    return made("service", run, f"/orgs/1/sec_policy/*/services/{number}", name, **members)


def rule_set(run: int, number: int, name: str, **members: Any) -> Json:
    """An enabled rule set for one scope."""
    ours: Json = {"enabled": True, "scopes": ["app=Shop, env=Prod"], "rules": 1, **members}
    return made("rule_set", run, f"/orgs/1/sec_policy/*/rule_sets/{number}", name, **ours)


def manifest(run: int, collection: str, count: int = 0, *, complete: bool = True, full: bool = True,
             pce: str = PCE, pce_fqdns: Iterable[str] = (), **members: Any) -> Json:  # fmt: skip
    """What a run did with a collection; `complete=False` needs a `why`."""
    ours: Json = {
        "collection": collection,
        "complete": complete,
        "count": count,
        "added": 0,
        "changed": 0,
        "deleted": 0,
    }
    ours |= {**members, "full": full, "pce_fqdns": list(pce_fqdns) or [pce]}
    return made("manifest", run, None, collection, pce=pce, **ours)


def indexed(events: Iterable[Mapping[str, Any]], delay: float = 5.0, source: str = "inventory") -> list[Json]:
    """The events as the engine takes them, indexed `delay` seconds after their run began."""
    return [_indexed(event, delay, source) for event in events]


def _indexed(event: Mapping[str, Any], delay: float, source: str) -> Json:
    start = int(event["snapshot"]) / 1000
    return {
        "_raw": json.dumps(event, separators=(",", ":"), ensure_ascii=False), "_time": f"{start:.3f}",
        "_indextime": str(int(start + delay)), "sourcetype": SOURCETYPE, "index": "main", "host": event["pce_fqdn"],
        "source": f"illumio_pce_inventory://{source}",
    }  # fmt: skip


def _last(number: int | str) -> int:
    return number if isinstance(number, int) else sum(map(ord, number))
