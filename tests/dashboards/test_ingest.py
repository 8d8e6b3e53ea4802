"""The ingest page against the collectors' records and the events as they were indexed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.conftest import DAY, MONDAY, Open, events_of
from tests.dashboards.facts import records
from tests.dashboards.panels import Indexed, Page


def _today(day: str) -> list[dict[str, Any]]:
    return [record for record in records(events_of(day)) if record["_time"] >= MONDAY]


def _duration(seconds: float) -> str:
    """A duration as the pages write it."""
    hours, minutes = int(seconds) // 3600, int(seconds) % 3600 // 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{int(seconds)} s"


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures(open_page: Open, day: str) -> None:
    page, today = open_page("ingest", day), _today(day)
    last = {record["input"]: record for record in today}
    arrived: dict[str, float] = {}
    for event in events_of(day):
        if event["sourcetype"] == "illumio:pce:events" and event["_time"] >= MONDAY:
            arrived[event["host"]] = max(arrived.get(event["host"], 0), event["_indextime"])
    expected = {
        "viz_delivered": sum(record["events"] for record in today),
        "viz_failed": sum(record["outcome"] == "failed" for record in today),
        "viz_late": sum(record["late_arrivals"] for record in today),
        "viz_gaps": sum(bool(record["gaps"]) for record in today),
    }

    assert {panel: int(float(page.of(panel)[0]["total"])) for panel in expected} == expected
    assert page.of("viz_fresh")[0]["total"] == _duration(MONDAY + DAY - 1 - min(arrived.values()))
    assert page.of("viz_lag")[0]["total"] == _duration(max(record["lag_seconds"] for record in last.values()))
    assert page.of("viz_failed")[0]["level"] == ("act" if day == "bad" else "good")


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_inputs(open_page: Open, day: str) -> None:
    today = _today(day)

    rows = open_page("ingest", day).of("viz_inputs")

    columns = {
        "Events": "events",
        "Duplicates": "duplicates_dropped",
        "Filtered": "filtered_out",
        "Late": "late_arrivals",
    }
    for row in rows:
        own = [record for record in today if record["input"] == row["Input"]]
        assert {shown: int(row[shown]) for shown in columns} == {
            shown: sum(one[name] for one in own) for shown, name in columns.items()
        }
        assert int(row["Runs"]) == len(own)
        assert row["Latest by"].strip() == _duration(max(one["late_by_seconds"] for one in own))
        assert (row["PCE"], row["_org"], row["Outcome"]) == (
            own[-1]["pce"],
            own[-1]["org_id"],
            own[-1]["outcome"],
        )
    assert [row["Input"] for row in rows] == ["north", "south"]


def test_errors_say_what_to_do(open_page: Open) -> None:
    failed = [record for record in _today("bad") if record["outcome"] == "failed"]

    rows = open_page("ingest").of("viz_errors")

    assert [(row["Category"], row["Input"], int(row["Runs"]), row["What to do"]) for row in rows] == [
        ("connection", "south", len(failed), failed[0]["remedy"])
    ]
    assert open_page("ingest", "quiet").of("viz_errors") == [{"Category": "No run failed."}]


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_volume_by_hour_and_by_sender(open_page: Open, day: str) -> None:
    page = open_page("ingest", day)
    today = [
        event for event in events_of(day) if event["_time"] >= MONDAY and event["sourcetype"] != "illumio:pce:ingest"
    ]
    by_hour = Counter((int(event["_time"] // 3600), event["sourcetype"]) for event in today)

    for row in page.of("viz_hours"):
        hour = int(row["_time"]) // 3600
        assert (int(row["JSON"]), int(row["Health"])) == (
            by_hour[hour, "illumio:pce:events"],
            by_hour[hour, "illumio:pce:system_health"],
        )
        assert (row["CEF/LEEF"], row["Flows"], row["Unrecognised"]) == ("0", "0", "0")
    senders = Counter((event["host"], event["sourcetype"]) for event in today)
    assert {(row["Sender"], row["Source type"]): int(row["Events"]) for row in page.of("viz_senders")} == senders
    states = {row["Sender"]: row["State"] for row in page.of("viz_senders")}
    assert states["pce-south.kestrel-freight.example"] == ("silent" if day == "bad" else "arriving")


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_runs_by_hour(open_page: Open, day: str) -> None:
    today = _today(day)

    for row in open_page("ingest", day).of("viz_run_hours"):
        hour = [record for record in today if record["_time"] // 3600 == int(row["_time"]) // 3600]
        assert [int(row[name]) for name in ("Delivered", "Late arrivals", "Failed runs")] == [
            sum(record["events"] for record in hour),
            sum(record["late_arrivals"] for record in hour),
            sum(record["outcome"] == "failed" for record in hour),
        ]


def _record(one: dict[str, Any], number: int) -> dict[str, Any]:
    """A record, `number` seconds into the day."""
    usual = {
        "kind": "run", "outcome": "ok", "input": "north", "pce": "pce.example:8443", "lag_seconds": 3, "gaps": [],
        "notes": [],
    }  # fmt: skip
    return {
        "_raw": json.dumps({**usual, **one}), "_time": MONDAY + number, "_indextime": MONDAY + number,
        "sourcetype": "illumio:pce:ingest", "source": "illumio_pce_events://north", "host": "pce.example",
    }  # fmt: skip


SOUTH = "pce-south.kestrel-freight.example"


def _without(sourcetypes: set[str], host: str, after: float) -> list[Any]:
    """The quiet day without what a host sent of these source types after a time."""
    return [
        event for event in events_of("quiet")
        if event["sourcetype"] not in sourcetypes or host not in event["host"] or event["_time"] <= after
    ]  # fmt: skip


def test_a_sender_that_was_silent_all_the_time_is_still_there(tmp_path: Path) -> None:
    events = _without({"illumio:pce:events"}, "south", MONDAY - 3600)
    page = Page("ingest", Indexed(events, MONDAY + DAY, tmp_path))
    sent = [e["_indextime"] for e in events if e["host"] == SOUTH and e["sourcetype"] == "illumio:pce:events"]
    assert MONDAY - 4000 < max(sent) <= MONDAY - 3540

    assert page.of("viz_fresh")[0] == {
        "total": _duration(MONDAY + DAY - 1 - max(sent)), "level": "act", "verdict": "act now",
    }  # fmt: skip
    first = page.of("viz_senders")[0]
    assert (first["Sender"], first["Events"], first["State"]) == (SOUTH, "0", "silent")


def test_senders_are_remembered_for_a_week_before_the_time_range(tmp_path: Path) -> None:
    old = [
        {**_record({}, -days * DAY - 60), "sourcetype": "illumio:pce:events", "host": f"{days}.example"}
        for days in (3, 10)
    ]
    page = Page("ingest", Indexed(old, MONDAY, tmp_path))

    assert [(row["Sender"], row["State"]) for row in page.of("viz_senders")] == [("3.example", "silent")]
    assert page.of("viz_fresh")[0]["total"] == "3 days 0 h"


def test_an_unrecognised_line_of_last_week_is_not_shown(tmp_path: Path) -> None:
    old = [{**_record({}, -3 * DAY), "sourcetype": "illumio:pce:syslog"}]

    assert Page("ingest", Indexed(old, MONDAY, tmp_path)).of("viz_senders") == [{"Sender": "No events were received."}]


def test_a_collector_that_stopped_lags_by_the_time_since(tmp_path: Path) -> None:
    # The last run was 3 s behind, 59 and 61 minutes ago.
    for minutes, lag, level, outcome in ((59, "3 s", "good", "ok"), (61, "1 h 1 min", "act", "stopped")):
        (tmp_path / str(minutes)).mkdir()
        indexed = Indexed([_record({}, 0)], MONDAY + 60 * minutes, tmp_path / str(minutes))
        page = Page("ingest", indexed)
        assert [page.of("viz_lag")[0][name] for name in ("total", "level")] == [lag, level]
        assert [(row["Outcome"], " ".join(row["Lag"].split())) for row in page.of("viz_inputs")] == [(outcome, lag)]
    assert page.of("viz_lag")[0]["verdict"] == "collector stopped"


def test_an_input_that_stopped_before_the_time_range_is_still_there(tmp_path: Path) -> None:
    old = [
        _record({"input": f"{days} days", "events": 7, "notes": ["odd"], "outcome": outcome}, -days * DAY)
        for days, outcome in ((3, "failed"), (10, "ok"))
    ]
    page = Page("ingest", Indexed([*old, _record({"events": 2}, DAY - 60)], MONDAY + DAY, tmp_path))

    # It was 3 s behind, 4 days ago.
    assert [page.of("viz_lag")[0][name] for name in ("total", "level", "verdict")] == [
        "4 days 0 h", "act", "collector stopped",
    ]  # fmt: skip
    assert [(row["Input"], row["Outcome"], row["Last run"], row["Runs"]) for row in page.of("viz_inputs")] == [
        ("3 days", "stopped", "28 Feb 00:00 UTC", "0"), ("north", "ok", "03 Mar 23:59 UTC", "1"),
    ]  # fmt: skip
    # What it did then is not of this time.
    assert [page.of(panel)[0]["total"] for panel in ("viz_delivered", "viz_failed")] == ["2", "0"]
    assert page.of("viz_errors") == [{"Category": "No run failed."}]
    assert page.of("viz_gap_rows") == [{"Detail": "No gaps or backlog reported."}]
    assert sum(int(row["Delivered"]) for row in page.of("viz_run_hours")) == 2
    assert min(int(row["_time"]) for row in page.of("viz_run_hours")) == MONDAY


def test_an_input_that_runs_every_four_hours_has_not_stopped_after_three(tmp_path: Path) -> None:
    told = [
        *(_record({"input": "illumio_pce_inventory://fleet", "lag_seconds": None}, 4 * 3600 * number) for number in range(6)),
        _record({"input": "illumio_pce_health://nodes", "lag_seconds": None}, 0),
        _record({"input": "illumio_pce_health://nodes", "lag_seconds": None}, 300),
        _record({}, 23 * 3600 - 60),
    ]  # fmt: skip
    page = Page("ingest", Indexed(told, MONDAY + 23 * 3600, tmp_path))

    assert {row["Input"]: row["Outcome"] for row in page.of("viz_inputs")} == {
        "illumio_pce_inventory://fleet": "ok", "illumio_pce_health://nodes": "stopped", "north": "ok",
    }  # fmt: skip
    assert [page.of("viz_lag")[0][name] for name in ("total", "verdict")] == ["3 s", "OK"]


def test_runs_that_never_began_have_no_lag(tmp_path: Path) -> None:
    page = Page("ingest", Indexed([_record({"outcome": "failed", "lag_seconds": None}, 0)], MONDAY + 60, tmp_path))

    assert [page.of("viz_lag")[0][name] for name in ("total", "level")] == ["no data", "none"]
    assert [page.of("viz_failed")[0][name] for name in ("total", "level")] == ["1", "watch"]


def test_the_lag_grows_while_runs_fail_before_they_know_it(tmp_path: Path) -> None:
    # 3 s behind at midnight; of the runs since, one each minute, none could read the state.
    failed = {"outcome": "failed", "error_category": "state", "lag_seconds": None}
    told = [_record({}, 0), *(_record(failed, 60 * minute) for minute in range(1, 121))]
    page = Page("ingest", Indexed(told, MONDAY + 7260, tmp_path))

    assert [page.of("viz_lag")[0][name] for name in ("total", "level")] == ["2 h 0 min", "act"]
    assert [" ".join(row["Lag"].split()) for row in page.of("viz_inputs")] == ["2 h 0 min"]


def test_gaps_lag_backlog_and_notes_say_what_to_do(tmp_path: Any) -> None:
    told: list[dict[str, Any]] = [
        {"gaps": [{"from": "2031-01-01T00:00:00.000Z", "to": "2031-01-02T00:00:00.000Z"}]},
        {"lag_seconds": 7200}, {"backlog_seconds": 900}, {"resent_after_restart": 12}, {"notes": ["an odd thing"]}, {},
        {"collected_on_request": 4}, {"system_events_compared": {"found": 30, "looked_up": 20, "missing": 0}},
        {"system_events_compared": {"found": 30, "looked_up": 20, "missing": 3}, "notes": [
            "of 20 system events that were looked up, 3 stand in /system_events only: switch on 'Include system events'"
            " to collect them",
        ]},
        {"notes": ["2 documents of delivered hrefs cannot be read: their events may come twice", "another thing"]},
    ]  # fmt: skip
    events = [_record(one, number) for number, one in enumerate(told)]
    page = Page("ingest", Indexed(events, MONDAY + 60, tmp_path))

    rows = page.of("viz_gap_rows")

    assert [row["What"] for row in rows] == [
        "note", "state", "system events", "sent on request", "note", "sent again", "backlog", "behind", "gap",
    ]  # fmt: skip
    details = {row["What"]: row["Detail"] for row in rows}
    assert details["system events"] == "3 of 20 looked up are only in /system_events"
    assert details["sent on request"] == "4 events that a reconciliation found missing"
    assert all(row["What to do"] and row["Detail"] for row in rows)
    assert rows[-1]["Detail"] == "from:2031-01-01T00:00:00.000Z,to:2031-01-02T00:00:00.000Z"
    assert {row["PCE"] for row in rows} == {"pce.example"}


def test_durations_sort_by_their_length(tmp_path: Any) -> None:
    seconds = [0, 9, 59, 60, 600, 3_599, 3_600, 7_200, 35_999, 36_000, 172_799, 172_800, 900_000, 9_000_000]
    events = [_record({"input": f"input {place:02}", "lag_seconds": one}, 9) for place, one in enumerate(seconds)]

    rows = Page("ingest", Indexed(events, MONDAY + 60, tmp_path)).of("viz_inputs")

    lags = [row["Lag"] for row in rows]
    assert lags == sorted(lags)
    assert [" ".join(lag.split()) for lag in lags] == [
        "0 s", "9 s", "59 s", "1 min", "10 min", "59 min", "1 h 0 min", "2 h 0 min", "9 h 59 min", "10 h 0 min",
        "47 h 59 min", "2 days 0 h", "10 days 10 h", "104 days 4 h",
    ]  # fmt: skip


def test_a_lost_state_says_what_to_do_and_is_no_failed_run(tmp_path: Any) -> None:
    remedy = "Find out who emptied or damaged the KV store collection ta_illumio_pce_checkpoints."
    told: list[dict[str, Any]] = [
        {"kind": "state", "outcome": "failed", "error_category": "state_lost", "error": "the state is gone", "remedy": remedy},
        {"kind": "run", "outcome": "ok", "events": 5, "notes": ["everything that the PCE still has is sent again, since no state could be read"]},
    ]  # fmt: skip
    page = Page("ingest", Indexed([_record(one, number) for number, one in enumerate(told)], MONDAY + 60, tmp_path))

    assert [(row["Category"], row["What to do"]) for row in page.of("viz_errors")] == [("state_lost", remedy)]
    shown = {row["What"]: (row["Detail"], row["What to do"]) for row in page.of("viz_gap_rows")}
    assert shown["state lost"] == ("the state is gone", remedy)
    assert "appear twice" in shown["state"][1]
    assert page.of("viz_failed")[0]["total"] == "0"
