"""The demo's step about the fleet: the inventory over the API, and names for the hrefs in events."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench import indexed
from workbench.demo.show import say, step
from workbench.lab import INVENTORY, Lab
from workbench.pce import Pce
from workbench.pce.events.world import World
from workbench.pce.inventory import fill_company
from workbench.splunk.dashboards.engine import EventsEngine
from workbench.splunk.schedule.savedsearches_conf import keepers, written_lookup
from workbench.splunk.splunkd import Event

_LOOKUPS = ("illumio_pce_workloads", "illumio_pce_labels", "illumio_pce_objects")
_FLEET = (
    '| inputlookup illumio_pce_workloads | where state="present" AND managed="true" '
    '| stats count AS workloads sum(eval(if(silent="true",1,0))) AS silent '
    'sum(eval(if(ven_status="suspended",1,0))) AS suspended values(ven_version) AS versions BY enforcement_mode '
    "| sort 0 enforcement_mode"
)
_FLEET_COLUMNS = {"enforcement_mode": 18, "workloads": 10, "silent": 7, "suspended": 10}
_NAMED = (
    '`illumio_pce_index` sourcetype="illumio:pce:events" | where mvcount(object_id)=1 '
    "| `illumio_pce_with_names(object_id)` | where isnotnull(object_id_name) "
    '| eval labels=mvjoin(object_id_labels,", ") | dedup event_type | sort 0 event_type | head 8'
)
_NAMED_COLUMNS = {"event_type": 34, "object_id": 58, "object_id_name": 46}
_NEWEST = 2_000


def tell_fleet(lab: Lab, pce: Pce, seed: int, number: int) -> None:
    """The emulated PCE's fleet, which `seed` made events of, is read twice; in between a few things change."""
    step(number, "The fleet, from the PCE's inventory: hrefs in events get names and labels")
    servers = fill_company(pce.inventory, World(seed), pce.clock())
    pce.job_rules.retry_after, pce.job_rules.polls, pce.job_rules.pending_polls = 1, 0, 0
    lab.add_inventory()
    lab.run_inventory()
    say_manifests(lab)
    servers[0].enforcement_mode, servers[1].status = "idle", "suspended"
    servers[2].heartbeat = pce.clock() - 7_200
    pce.inventory.delete(servers[3])
    lab.run_inventory()
    say("then one VEN is suspended, one falls silent, one server is no longer protected, and one is gone:")
    say_manifests(lab)
    show_fleet(lab)


def say_manifests(lab: Lab) -> None:
    """What the last run says of each collection."""
    found = [event for event in lab.inventory() if event["kind"] == "manifest"]
    for one in (one for one in found if one["snapshot"] == found[-1]["snapshot"]):
        changes = ", ".join(f"{one[word]} {word}" for word in ("added", "changed", "deleted") if one[word])
        say(f"  {one['collection']:<14} {one['count']:>6}  {changes or 'no change'}{_why(one)}")


def _why(manifest: dict[str, Any]) -> str:
    return f". {manifest['why']}" if manifest.get("why") else ""


def show_fleet(lab: Lab) -> None:
    """The lookups as the add-on's scheduled searches build them, and events with names."""
    events = [*lab.splunkd.events(sourcetype=INVENTORY), *list(lab.events())[-_NEWEST:]]
    engine = engine_with_lookups(lab.addon, events)
    say("the lookup of workloads, as the add-on's scheduled searches build it (EMULATED):")
    _table(engine.search(_FLEET, "", "").rows, _FLEET_COLUMNS, last="versions")
    say("events, with the names of what they are about:")
    _table(engine.search(_NAMED, "", "").rows, _NAMED_COLUMNS, last="labels")


def engine_with_lookups(addon: Path, events: Iterable[Event]) -> EventsEngine:
    """The events, and the lookups of the inventory as their keepers build them."""
    now = time.time()
    engine = EventsEngine(addon, indexed.received(events, addon, now), now)
    for name, stanza in keepers([addon]).items():
        if written_lookup(stanza) in _LOOKUPS:
            engine.keep(name)
    return engine


def _table(rows: Iterable[Mapping[str, Any]], columns: dict[str, int], last: str = "") -> None:
    print("   " + " ".join(f"{name:<{width}}" for name, width in columns.items()) + f" {last}")
    for row in rows:
        cells = (f"{_text(row.get(name))[:width]:<{width}}" for name, width in columns.items())
        print("   " + " ".join(cells) + f" {_text(row.get(last)) if last else ''}".rstrip(), flush=True)


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "-" if value is None else str(value)
