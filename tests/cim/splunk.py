"""The add-on's confs at work: text in, as it arrives; events out, with their fields, event types and tags."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.splunk.conf.index_time import receive
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run_over

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "package"
SAMPLES = Path(__file__).resolve().parent / "samples"
SYSLOG = "illumio:pce:syslog"
#: When the events of tests are received; far from the times that stand in them.
NOW = 1_800_000_000.0

Fields = dict[str, Any]

#: Tags of an event type → the CIM dataset that it stands for.
DATASETS = {
    "authentication": "Authentication",
    "change": "Change",
    "account": "Change.account",
    "audit": "Change.audit",
    "endpoint": "Change.endpoint",
    "alert": "Alerts",
    "performance": "Performance",
    "track_event_signatures": "Event_Signatures",
}


def sample(name: str) -> dict[str, Any]:
    """One sample by its file's stem."""
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def sample_names() -> list[str]:
    """The stems of all samples."""
    return sorted(path.stem for path in SAMPLES.glob("*.json"))


Texts = Mapping[str, str]


@lru_cache(maxsize=8)
def knowledge(more: tuple[tuple[str, str], ...], lookups: tuple[tuple[str, str], ...] = ()) -> tuple[Confs, Knowledge]:
    """The add-on's confs, with more local ones and lookup files, and what a search head makes of them."""
    confs = Confs.load(PACKAGE, {f"local/{name}": text for name, text in more}, lookups=dict(lookups))
    return confs, Knowledge(confs)


def read_all(
    text: str,
    sourcetype: str = SYSLOG,
    more: Texts | None = None,
    source: str = "unknown",
    lookups: Texts | None = None,
) -> list[Fields]:
    """The events that the text is, as a search sees them. `more` are texts of local conf files."""
    confs, head = knowledge(tuple(sorted((more or {}).items())), tuple(sorted((lookups or {}).items())))
    return [head.enrich(event) for event in receive(confs, text, sourcetype, source, clock=NOW)]


def read(
    text: str,
    sourcetype: str = SYSLOG,
    more: Texts | None = None,
    source: str = "unknown",
    lookups: Texts | None = None,
) -> Fields:
    """The one event that the text is, as a search sees it."""
    events = read_all(text, sourcetype, more, source, lookups)
    assert len(events) == 1
    return events[0]


def datasets(event: Fields) -> list[str]:
    """The CIM datasets that the event's tags put it in, sorted."""
    tags = set(values(event.get("tag")))
    found = {dataset for tag, dataset in DATASETS.items() if tag in tags}
    if {"network", "communicate"} <= tags:
        found.add("Network_Traffic")
    elif "network" in tags:
        found.add("Change.network")
    return sorted(found)


def values(value: Any) -> list[str]:
    """A field's values as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def search(spl: str, events: list[Fields]) -> list[Fields]:
    """What commands or macros make of events that have their fields."""
    return run_over(spl, events, knowledge=knowledge(())[1], now=NOW)


def epoch(written: str) -> float:
    """An RFC 3339 time with Z as epoch seconds."""
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def audit_fields() -> set[str]:
    """The fields that the add-on computes for audit events."""
    text = (PACKAGE / "default" / "props.conf").read_text(encoding="utf-8")
    stanza = text.partition("[illumio:pce:cef]")[2].partition("\n[")[0]
    return set(re.findall(r"^EVAL-(\w+) =", stanza, re.MULTILINE))
