"""What the records of a health or an inventory input do to searches that watch inputs, beside an events input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.dashboards.panels import Indexed, Page
from tests.detections.replay import replay
from workbench.splunk.spl.values import Event

#: 2031-03-03T00:00:00Z, a Monday.
BEGIN = 1_930_262_400.0
HOUR = 3_600
PCE = "pce.kestrel-freight.example"
EVENTS, HEALTH, INVENTORY = "illumio_pce_events", "illumio_pce_health", "illumio_pce_inventory"


def record(scheme: str, at: float, **members: Any) -> Event:
    """A run's record of the input `audit` of a scheme, `at` seconds after the beginning."""
    label = "audit" if scheme == EVENTS else f"{scheme}://audit"
    own = {"lag_seconds": 3, "gaps": []} if scheme == EVENTS else {}
    content = {"kind": "run", "outcome": "ok", "input": label, "pce": PCE, "org_id": 1, "events": 5, "notes": [], **own}
    return {
        "_raw": json.dumps({**content, **members}), "_time": str(BEGIN + at), "_indextime": str(BEGIN + at + 1), "index": "main",
        "sourcetype": "illumio:pce:ingest", "source": f"{scheme}://audit", "host": PCE,
    }  # fmt: skip


REFUSED = {
    "outcome": "failed",
    "error_category": "forbidden",
    "error": "The API key may not read the PCE's health (403).",
}


def test_a_health_input_that_fails_is_named_by_its_kind() -> None:
    events = [record(EVENTS, 60), record(HEALTH, 65, **REFUSED)]
    (found,) = replay("ingest_failing", events, BEGIN, BEGIN + HOUR)
    assert (found["dest"], found["input"]) == (PCE, f"{HEALTH}://audit")
    assert "may not read the PCE's health" in str(found["reason"])


def test_a_pce_that_is_down_raises_one_alert_for_both_inputs() -> None:
    down = {"outcome": "failed", "error_category": "connection", "error": "No connection to the PCE."}
    events = [record(scheme, 60 * number, **down) for number in range(30) for scheme in (EVENTS, HEALTH)]
    assert len(replay("ingest_failing", events, BEGIN, BEGIN + HOUR)) == 1


def test_a_note_that_there_is_no_health_raises_no_alert() -> None:
    note = "A PCE in Illumio's cloud reports no health (it answered with HTTP status 404)."
    assert replay("ingest_failing", [record(HEALTH, 60, events=0, notes=[note])], BEGIN, BEGIN + HOUR) == []


def test_a_health_input_that_stops_is_noticed_though_the_events_input_goes_on() -> None:
    events = [record(EVENTS, 60 * number) for number in range(6 * 60)]
    events += [record(HEALTH, 60 * number) for number in range(3 * 60)]
    found = replay("ingest_stopped", events, BEGIN, BEGIN + 6 * HOUR)
    assert [one["input"] for one in found] == [f"{HEALTH}://audit"]


def test_an_events_input_that_stops_is_noticed_though_the_health_input_goes_on() -> None:
    events = [record(HEALTH, 60 * number) for number in range(6 * 60)]
    events += [record(EVENTS, 60 * number) for number in range(3 * 60)]
    assert [one["input"] for one in replay("ingest_stopped", events, BEGIN, BEGIN + 6 * HOUR)] == ["audit"]


def test_an_inventory_input_that_runs_every_four_hours_is_missed_after_two_of_its_intervals() -> None:
    events = [record(INVENTORY, 4 * HOUR * number) for number in range(6)]
    assert replay("ingest_stopped", events, BEGIN + 12 * HOUR, BEGIN + 27 * HOUR) == []
    (found,) = replay("ingest_stopped", events, BEGIN + 27 * HOUR, BEGIN + 30 * HOUR)
    assert found["input"] == f"{INVENTORY}://audit"


def test_the_ingest_page_has_a_row_for_each(tmp_path: Path) -> None:
    events = [
        record(EVENTS, 60, lag_seconds=120),
        record(HEALTH, 90),
        record(HEALTH, 150, **REFUSED),
        record(INVENTORY, 20),
    ]
    page = Page("ingest", Indexed(events, BEGIN + HOUR, tmp_path))
    rows = {row["Input"]: (row["Outcome"], row["Runs"], row.get("Lag", "").strip()) for row in page.of("viz_inputs")}
    assert rows == {
        "audit": ("ok", "1", "2 min"),
        f"{HEALTH}://audit": ("failed", "2", ""),
        f"{INVENTORY}://audit": ("ok", "1", ""),
    }
    assert page.of("viz_lag")[0]["total"] == "2 min"
    assert [(row["Category"], row["Input"]) for row in page.of("viz_errors")] == [("forbidden", f"{HEALTH}://audit")]
