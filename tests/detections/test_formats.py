"""The same events fire the same detections as JSON behind a syslog header, as CEF and as LEEF."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.cim.formats import as_cef, as_json, as_leef, spaced_json
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "detections"
WRITERS: dict[str, Any] = {
    "JSON": as_json,
    "JSON with blanks": spaced_json,
    "CEF": as_cef,
    "LEEF": as_leef,
    "LEEF with blanks": lambda event: as_leef(event, between=" "),
}
# Their samples have a form of their own, or say no more than that there is an event.
NOT_OF_AUDIT_EVENTS = {
    "pce_health", "ingest_failing", "ingest_stopped", "events_silent", "volume_changed", "ven_silent",
    "enforcement_differs",
}  # fmt: skip
# What a format cannot carry, reviewed: detection → formats in which it does not fire. Nothing so far.
CANNOT: dict[str, set[str]] = {}
SAME = ("user", "src", "dest", "href", "severity", "reason", "count")


@lru_cache(maxsize=1)
def _confs() -> Confs:
    return Confs.load(ROOT / "package")


def _alerts(detection: str, lines: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    events = Reader(_confs(), 0.0).read([path])
    stanza = saved_searches([ROOT / "package"])[detection]
    until = max(float(str(event["_indextime"])) for event in events) + 8 * 3600
    return list(alerts({detection: stanza}, _confs(), events, None, until))


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    "detection", sorted({path.parent.name for path in CONTENT.glob("*/detection.yml")} - NOT_OF_AUDIT_EVENTS)
)
def test_its_sample_fires_it_in_this_format_too(detection: str, form: str, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (CONTENT / detection / "fires.jsonl").read_text("utf-8").splitlines()]
    sent = [
        {**line, "sourcetype": "illumio:pce:syslog", "host": "relay-1", "_raw": WRITERS[form](json.loads(line["_raw"]))}
        for line in lines
    ]

    wanted = _alerts(detection, lines, tmp_path / "api.jsonl")
    found = _alerts(detection, sent, tmp_path / "syslog.jsonl")

    if form in CANNOT.get(detection, set()):
        assert not found
        return
    assert wanted
    assert [{name: one.get(name) for name in SAME} for one in found] == [
        {name: one.get(name) for name in SAME} for one in wanted
    ]
