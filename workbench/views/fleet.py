"""The inventory of the invented company: what a run at the end of its day finds in its two PCEs.

Events of our own writing, in the form of the source type illumio:pce:inventory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from workbench.pce.events.parts import Json
from workbench.pce.events.world import Workload, World

_MODES = ("full", "full", "full", "selective", "visibility_only", "idle")
_VERSIONS = ("24.2.20-1234", "24.2.20-1234", "24.2.10-988", "23.5.30-455")
#: Managed servers, and beside each twelfth of them one that has no VEN.
_UNMANAGED = 12
_GONE = {"agent.suspend": "suspended", "system_task.agent_offline_check": "offline", "lost_agent.found": "offline"}


def company_inventory(at: float, told: Iterable[Json], *, quiet: bool = False) -> list[Json]:
    """A run of both PCEs at `at` (epoch seconds) after the events `told`: what those say is true of every other VEN."""
    gone = dict(_gone(told))
    north = World(1, org_id=1, fqdn="pce-north.kestrel-freight.example")
    south = World(2, org_id=2, fqdn="pce-south.kestrel-freight.example", workloads=120)
    return [*_run(north, "north", at, gone, quiet=quiet), *_run(south, "south", at, gone, quiet=quiet)]


def _gone(told: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """Hosts whose VENs events call suspended or offline, with the word for it; every other one of them."""
    hosts: dict[str, str] = {}
    for event in told:
        if event["sourcetype"] == "illumio:pce:events":
            body = json.loads(event["_raw"])
            for change in (body.get("resource_changes") or []) if body["event_type"] in _GONE else []:
                for resource in change["resource"].values():
                    hosts[str(resource.get("hostname"))] = _GONE[body["event_type"]]
    yield from list(hosts.items())[::2]


def _run(world: World, name: str, at: float, gone: dict[str, str], *, quiet: bool) -> Iterator[Json]:
    servers = world.workloads
    managed = [_managed(world, number, one, at, gone, quiet=quiet) for number, one in enumerate(servers)]
    bare = [_unmanaged(world, one) for one in servers[::_UNMANAGED]]
    found = [*managed, *bare]
    whole = {"collection": "workloads", "complete": True, "count": len(found), "added": 0, "changed": 3, "deleted": 0}
    refused = {
        "collection": "rule_sets", "complete": False, "count": 0, "added": 0, "changed": 0, "deleted": 0,
        "why": "403: the API key may not read rule sets",
    }  # fmt: skip
    for collection in [whole] if quiet else [whole, refused]:
        found.append(
            {"kind": "manifest", "name": collection["collection"], "state": "present", **collection, "full": True,
             "pce_fqdns": [world.fqdn]}
        )  # fmt: skip
    for members in found:
        yield _event(world, name, at, members)


def _managed(world: World, number: int, one: Workload, at: float, gone: dict[str, str], *, quiet: bool) -> Json:
    state = "active" if quiet else gone.get(one.hostname, "active")
    silent = not quiet and (state == "offline" or number % 60 == 7)
    last = at - (3 + number % 5) * 86_400 if silent else at - number % 300
    labels = [f"{label['key']}={label['value']}" for label in one.labels]
    return {
        "kind": "workload", "href": f"{world.org}/workloads/{one.uuid}", "name": one.hostname, "state": "present",
        "hostname": one.hostname, "managed": True, "online": state == "active",
        "enforcement_mode": _MODES[number % len(_MODES)], "labels": labels[: 3 if number % 9 == 4 else 4],
        "ip": [one.address], "os": "ubuntu-x86_64-22.04", "ven_href": f"{world.org}/vens/{one.uuid}",
        "agent_href": f"{world.org}/agents/{one.agent_id}", "ven_version": _VERSIONS[number // 7 % len(_VERSIONS)],
        "ven_status": "suspended" if state == "suspended" else "active", "ven_type": "server",
        "active_pce_fqdn": world.fqdn, "policy_sync": "syncing" if number % 41 == 3 else "applied",
        "last_heartbeat_on": _iso(last), "silent": silent,
    }  # fmt: skip


def _unmanaged(world: World, one: Workload) -> Json:
    name = f"printer-{one.agent_id}"
    href = f"{world.org}/workloads/{one.uuid[::-1].replace('-', '')}"
    return {"kind": "workload", "href": href, "name": name, "state": "present", "managed": False, "online": True,
            "labels": [f"loc={one.labels[-1]['value']}"], "ip": [f"10.78.0.{one.agent_id % 250}"]}  # fmt: skip


def _event(world: World, name: str, at: float, members: dict[str, Any]) -> Json:
    common = {
        "time": _iso(at), "pce_fqdn": world.fqdn, "org_id": int(world.org.rpartition("/")[2]),
        "snapshot": f"{int(at * 1000):013d}",
    }  # fmt: skip
    return {
        "_raw": json.dumps({**common, **members}, separators=(",", ":")), "_time": at, "_indextime": at + 30,
        "sourcetype": "illumio:pce:inventory", "source": f"illumio_pce_inventory://{name}", "host": world.fqdn,
    }  # fmt: skip


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
