"""The detections that judge the inventory: what falls silent, and what is not as it was set."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, change, event, ven
from tests.detections.made import indexed as audited
from tests.detections.replay import replay
from tests.detections.test_keepers import World
from tests.inventory import indexed, manifest, workload
from workbench.splunk.spl.commands import stats
from workbench.splunk.spl.values import Event

HOUR, DAY = 3600, 86_400
FOUR_HOURS = 14_400
PCE = "pce.kestrel-freight.example"


def _run(at: float) -> int:
    return int((BEGIN + at) * 1000)


def _told(inventory: Iterable[Json]) -> list[Event]:
    return [dict(one) for one in indexed(inventory)]


# --- active and silent --------------------------------------------------------------------------


def _silent(at: float, number: int, heartbeat: str = "2031-02-27T18:00:00.000Z", **members: Any) -> Json:
    return workload(_run(at), number, silent=True, last_heartbeat_on=heartbeat, **members)


def test_a_first_inventory_with_many_silent_vens_makes_one_alert() -> None:
    runs = [_silent(at, number) for at in (0, DAY) for number in range(60)]
    (alert,) = replay("ven_silent", _told(runs), BEGIN - HOUR, BEGIN + 25 * HOUR)

    assert (alert["count"], len(alert["href"])) == ("60", 60)
    assert "60 VENs are silent although active in the PCE: host-0, host-1" in str(alert["reason"])


@pytest.mark.parametrize("kept", [True, False], ids=["by its keeper", "without a keeper"])
def test_a_ven_that_stays_silent_for_weeks_alerts_once_and_again_after_it_spoke(kept: bool) -> None:
    events = _told(
        [
            *(_silent(day * DAY, 1) for day in range(20)),
            workload(_run(20 * DAY), 1),
            _silent(21 * DAY, 1, "2031-03-20T08:00:00.000Z"),
            _silent(21 * DAY, 2),
        ]
    )
    one = World("ven_silent", events)
    if kept:
        for hour in range(0, 22 * 24, 6):
            one.keep(hour * HOUR + 44 * 60)

    first, second = one.alerts(0, HOUR), one.alerts(HOUR, 22 * DAY)

    assert [row["dest"] for row in first] == ["host-1"]
    assert [row["dest"] for row in second] == [["host-1", "host-2"]]


# --- what was set, and what is ------------------------------------------------------------------


def _set(at: float, before: str, after: str, kind: str = "workload.update", **members: Any) -> Json:
    modes = {"enforcement_mode": {"before": before, "after": after}}
    return event(kind, [change("workload", modes, href="/orgs/1/workloads/1", **members)], at=at)


def _has(at: float, mode: str, **members: Any) -> list[Json]:
    return [workload(_run(at), 1, enforcement_mode=mode, **members), manifest(_run(at), "workloads", 1)]


def _record(at: float, **members: Any) -> Event:
    """A run of the events input that has read everything."""
    moment = datetime.fromtimestamp(BEGIN + at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    told = {
        "time": moment,
        "kind": "run",
        "outcome": "ok",
        "input": "audit",
        "pce": PCE,
        "org_id": 1,
        "lag_seconds": 3,
        "gaps": [],
    }
    return {
        "_raw": json.dumps({**told, **members}), "_time": f"{BEGIN + at:.3f}", "_indextime": f"{BEGIN + at + 1:.3f}",
        "sourcetype": "illumio:pce:ingest", "source": "illumio_pce_events://audit", "host": PCE, "index": "main",
    }  # fmt: skip


def _read(begin: float = 0, end: float = 2 * DAY) -> list[Event]:
    return [_record(begin + number * 900) for number in range(int((end - begin) / 900))]


SET = _set(0, "visibility_only", "full")
GAP = {"gaps": [{"from": "2031-02-27T19:00:00.000Z", "to": "2031-02-27T20:00:00.000Z"}]}
AGENT = event(
    "agent.update", [change("agent", {"mode": {"before": "illuminated", "after": "enforced"}}, number=1)], at=0
)
BULK = event("workloads.update", [{**change("workload", href="/orgs/1/workloads/1"), "changes": None}], at=HOUR)
#: What came, in events of all kinds, and how many alerts there are in two days.
CASES: dict[str, tuple[list[Json], list[Json], list[Event], int]] = {
    "another mode than was set": ([SET], _has(2 * HOUR, "idle"), _read(), 1),
    "the mode that was set": ([SET], _has(2 * HOUR, "full"), _read(), 0),
    "set by the href of its agent": ([AGENT], _has(2 * HOUR, "visibility_only"), _read(), 1),
    "set as the old releases call it": ([AGENT], _has(2 * HOUR, "full"), _read(), 0),
    "nothing was set": ([], _has(2 * HOUR, "idle"), _read(), 0),
    "the inventory is older than the change": ([_set(2 * HOUR, "full", "idle")], _has(2 * HOUR - 60, "full"), _read(), 0),
    "the change is only minutes older": ([_set(2 * HOUR - 300, "full", "idle")], _has(2 * HOUR, "full"), _read(), 0),
    "a later change": ([SET, _set(HOUR, "full", "idle")], _has(2 * HOUR, "idle"), _read(), 0),
    "a later change that comes first": ([_set(HOUR, "full", "idle"), SET], _has(2 * HOUR, "idle"), _read(), 0),
    "an event that does not tell what it changed": ([SET, BULK], _has(2 * HOUR, "idle"), _read(), 0),
    "a request that names no workload": ([SET, event("workloads.update", at=HOUR)], _has(2 * HOUR, "idle"), _read(), 0),
    "paired again": ([SET, event("agent.activate", [change("workload", {"online": {"before": None, "after": True}}, href="/orgs/1/workloads/1")], by=ven(1), at=HOUR)],
                     _has(2 * HOUR, "idle"), _read(), 0),
    "a change that failed": ([SET, {**_set(HOUR, "full", "idle"), "status": "failure"}], _has(2 * HOUR, "idle"), _read(), 1),
    "events by syslog alone": ([SET], _has(2 * HOUR, "idle"), [], 0),
    "the collector is off": ([SET], _has(2 * HOUR, "idle"), _read(0, HOUR), 0),
    "the collector is off, and another organisation's is not": (
        [SET], _has(2 * HOUR, "idle"), [*_read(0, HOUR), *(_record(number * 900, org_id=2) for number in range(192))], 0),
    "another organisation lost events": ([SET], _has(2 * HOUR, "idle"), [*_read(), _record(HOUR, org_id=2, **GAP)], 1),
    "the collector lags": ([SET], _has(2 * HOUR, "idle"), [_record(3 * HOUR + 600, lag_seconds=7200)], 0),
    "the collector fails": ([SET], _has(2 * HOUR, "idle"), [_record(3 * HOUR + 600, outcome="failed")], 0),
    "events were lost since": ([SET], _has(2 * HOUR, "idle"), [*_read(), _record(HOUR, **GAP)], 0),
    "events were lost before": ([_set(2 * HOUR, "idle", "full")], _has(5 * HOUR, "idle"), [*_read(), _record(HOUR, **GAP)], 1),
    "the next full run, after the collector is back": ([SET], [*_has(2 * HOUR, "idle"), *_has(26 * HOUR, "idle")],
                                                      [*_read(0, HOUR), *_read(20 * HOUR)], 1),
    "told again by each full run": ([SET], [*_has(2 * HOUR, "idle"), *_has(12 * HOUR, "idle"), *_has(26 * HOUR, "idle")], _read(), 1),
    "the workload is deleted": ([SET], [workload(_run(2 * HOUR), 1, state="deleted")], _read(), 0),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "inventory", "records", "count"), CASES.values(), ids=CASES)
def test_what_the_inventory_finds_against_what_was_set(
    changes: list[Json], inventory: list[Json], records: list[Event], count: int
) -> None:
    events = [*audited(changes), *_told(inventory), *records]

    found = replay("enforcement_differs", events, BEGIN, BEGIN + 2 * DAY)

    assert len(found) == count, found
    assert all(one["dest"] == "host-1" for one in found)


def test_what_was_changed_while_the_collector_was_off_raises_nothing_once_it_is_read() -> None:
    """The change of an hour without a collector is read later, with its own time, and the inventory agrees with it."""
    (late,) = audited([_set(HOUR, "full", "idle")])
    late["_indextime"] = f"{BEGIN + 10 * HOUR:.3f}"
    events = [
        *audited([SET]),
        late,
        *_told([*_has(2 * HOUR, "idle"), *_has(26 * HOUR, "idle")]),
        *_read(0, 1800),
        *_read(10 * HOUR),
    ]

    assert replay("enforcement_differs", events, BEGIN, BEGIN + 2 * DAY) == []


@pytest.mark.parametrize("kept", [True, False], ids=["by its keeper", "without a keeper"])
def test_what_was_set_weeks_ago_is_remembered(kept: bool) -> None:
    now = [*_told(_has(20 * DAY, "idle")), *_read(20 * DAY - HOUR, 21 * DAY)]
    one = World("enforcement_differs", [*audited([SET]), *now])
    if kept:
        for day in range(20):
            one.keep(day * DAY + HOUR)

    (row,) = one.alerts(20 * DAY, 20 * DAY + 4 * HOUR)

    assert (row["setting"], row["severity"]) == ("set to full, now idle", "high")
    assert "set by eva@kestrel-freight.example at 2031-02-27" in str(row["reason"])


def test_a_fleet_too_large_for_eventstats_is_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    modes = {number: "idle" if number == 1 else "full" for number in range(1, 41)}
    fleet = [workload(_run(2 * HOUR), number, enforcement_mode=mode) for number, mode in modes.items()]
    monkeypatch.setattr(stats, "EVENTSTATS_ROWS", 50)

    found = replay("enforcement_differs", [*audited([SET]), *_told(fleet), *_read()], BEGIN, BEGIN + 2 * DAY)

    assert [one["dest"] for one in found] == ["host-1"]


@pytest.mark.parametrize(("gap", "count"), [(3, 0), (10, 0), (21, 1)], ids=["3 days", "10 days", "before the change"])
def test_events_that_were_lost_days_ago_count_as_long_as_the_change(gap: int, count: int) -> None:
    now = [*_told(_has(20 * DAY, "idle")), *_read(20 * DAY - HOUR, 20 * DAY + 6 * HOUR)]
    lost = _record((20 - gap) * DAY, **GAP)
    one = World("enforcement_differs", [*audited([SET]), *now, lost])

    assert len(one.alerts(20 * DAY, 20 * DAY + 4 * HOUR)) == count
