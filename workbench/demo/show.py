"""How the demo speaks: steps, facts, and a table of indexed events."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbench import indexed
from workbench.splunk.refusal import Refused
from workbench.splunk.splunkd import Event

#: The CIM dataset that each of the add-on's event types stands for.
_DATASETS = {
    "illumio_pce_authentication": "Authentication",
    "illumio_pce_change": "Change",
    "illumio_pce_change_account": "Change.Account_Management",
    "illumio_pce_change_audit": "Change.Auditing_Changes",
    "illumio_pce_change_endpoint": "Change.Endpoint_Changes",
    "illumio_pce_change_network": "Change.Network_Changes",
    "illumio_pce_alert": "Alerts",
    "illumio_pce_signature": "Event_Signatures",
}
_COLUMNS = {"event_type": 34, "user": 24, "src": 15, "dest": 18, "object": 18, "action": 9, "tag": 24}


def step(number: int, text: str) -> None:
    """A new step of the story."""
    print(f"\n{number}. {text}", flush=True)


def say(text: str) -> None:
    """Something seen in this step."""
    print(f"   {text}", flush=True)


def record_line(record: dict[str, Any]) -> str:
    """The most telling part of a run's record."""
    if record.get("outcome") == "failed":
        return f"the run failed ({record.get('error_category')}): {record.get('error')} {record.get('remedy', '')}"
    return (
        f"its record says: {record['events']} events, {record['duplicates_dropped']} duplicates dropped, "
        f"{record['late_arrivals']} late arrivals, {record['requests']} requests, {record['duration_seconds']} s"
    )


def table(events: Iterable[Event], addon: Path, of_each: int) -> None:
    """The newest events of each dataset, by the add-on's own search-time confs; then all counted by dataset."""
    try:
        rows = indexed.search("`illumio_pce_index` | sort 0 _time", events, addon, time.time())
    except Refused as refusal:
        say(f"the emulated search cannot tell how Splunk reads one of these events: {refusal}")
        return
    print("   " + " ".join(f"{name:<{width}}" for name, width in _COLUMNS.items()) + " data model")
    for row in _newest(rows, of_each):
        cells = (f"{_short(row.get(name), width):<{width}}" for name, width in _COLUMNS.items())
        print("   " + " ".join(cells) + " " + ", ".join(_datasets(row)))
    counts = Counter(dataset for row in rows for dataset in _datasets(row))
    say("by dataset: " + ", ".join(f"{dataset} {number:,}" for dataset, number in sorted(counts.items())))


def _newest(rows: list[dict[str, Any]], of_each: int) -> list[dict[str, Any]]:
    """So many of each dataset, in their order."""
    seen: Counter[str] = Counter()
    found = []
    for row in reversed(rows):
        names = str(_datasets(row))
        seen[names] += 1
        if seen[names] <= of_each:
            found.append(row)
    return found[::-1]


def _datasets(row: dict[str, Any]) -> list[str]:
    """The datasets of an event; a child of Change stands for Change as well."""
    found = [_DATASETS[name] for name in _values(row.get("eventtype")) if name in _DATASETS]
    return [name for name in found if not any(other.startswith(f"{name}.") for other in found)]


def _short(value: Any, width: int) -> str:
    """A field's values in a cell, without line breaks."""
    text = " ".join(" ".join(_values(value)).split()) or "-"
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _values(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [str(value)]
