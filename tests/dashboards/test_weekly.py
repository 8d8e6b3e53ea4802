"""The page of weeks, and the keeper of its daily summary, against counts of the raw events."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.conftest import DAY, MONDAY, events_of
from tests.dashboards.facts import records
from tests.dashboards.panels import PACKAGE, Indexed, Page, Row
from tests.dashboards.test_security_overview import SOUTH, _all_causes, _cases
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.knowledge import NoKnowledge
from workbench.splunk.spl.search import run
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event

Json = dict[str, Any]
SUMMARY = "illumio_pce_daily_summary"
NORTH = "pce-north.kestrel-freight.example"
HOUR = 3600
#: When the keeper runs for the first time after the Monday.
NEXT = MONDAY + DAY + 57 * 60
ALL = {"global_time.earliest": "0", "global_time.latest": ""}
OFF = "No daily summary. Enable the saved search Illumio PCE - Daily summary - Keeper."


def _rows(indexed: Indexed) -> set[tuple[str, ...]]:
    """The rows of the summary, without the one that says when it was written."""
    names = ("day", "begins", "week", "pce", "org", "kind", "name", "rank", "total", "good", "other", "filled")
    table = indexed.knowledge.lookup_definition(SUMMARY).rows
    return {tuple(str(row.get(name, "")) for name in names) for row in table if row["kind"] != "kept"}


def _of(indexed: Indexed, kind: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Day and name (or PCE, where rows have none) → total, good and other of the rows of a kind."""
    found = [row for row in _rows(indexed) if row[5] == kind]
    return {(row[0], row[6] if row[6] != "-" else row[3]): (row[8], row[9], row[10]) for row in found}


def _event(at: float, *, late: float = 60, pce: str = NORTH, kind: str = "label.create") -> Json:
    """An audit event, `at` seconds into the Monday, indexed `late` seconds after."""
    org = "1" if pce == NORTH else "2"
    body = {
        "href": f"/orgs/{org}/events/{kind}-{at}", "event_type": kind, "pce_fqdn": pce, "status": "success",
        "severity": "info", "created_by": {"system": {}}, "action": {"src_ip": "10.1.1.1"},
    }  # fmt: skip
    return {
        "_raw": json.dumps(body), "_time": MONDAY + at, "_indextime": MONDAY + at + late, "host": pce,
        "sourcetype": "illumio:pce:events", "source": "illumio_pce_events://all",
    }  # fmt: skip


def _run(at: float, outcome: str = "ok", name: str = "all") -> Json:
    body = {"kind": "run", "outcome": outcome, "input": name, "pce": NORTH, "org_id": "1", "lag_seconds": 3}
    return {
        "_raw": json.dumps(body), "_time": MONDAY + at, "_indextime": MONDAY + at, "host": NORTH,
        "sourcetype": "illumio:pce:ingest", "source": "illumio_pce_events://all",
    }  # fmt: skip


def test_the_bad_day_as_plain_python_counts_it(tmp_path: Path) -> None:
    today = [event for event in events_of("bad") if event["_time"] >= MONDAY]
    indexed = Indexed(today, MONDAY + DAY, tmp_path)
    vens = [("a", "online"), ("b", "offline"), ("c", "online")]
    indexed.knowledge.lookup_definition("illumio_pce_vens").write(
        [{"workload": name, "pce": NORTH, "state": state, "last_seen": str(MONDAY), "kept_until": str(MONDAY + DAY)}
         for name, state in vens], append=False,
    )  # fmt: skip
    indexed.keep("Daily summary", NEXT)
    causes = _all_causes("bad")
    lines = [one for one in today if one["sourcetype"] == "illumio:pce:events"]
    delays = [one["_indextime"] - one["_time"] for one in lines]
    succeeded = {(one["input"], one["_time"] // HOUR) for one in records(today) if one["outcome"] != "failed"}

    page = Page("weekly", indexed)
    (week,) = page.of("viz_weeks")

    overview = Page("security_overview", indexed)
    figures = {name: overview.of(f"viz_{name.lower()}")[0]["total"] for name in ("Critical", "High", "Medium", "Lower")}
    assert {name: week[name] for name in figures} == figures
    assert int(week["Cases"]) == len(_cases(causes)) > 20
    assert week["Week"] == "2031-03-03 (so far 1 day)"
    assert int(week["Provisions"]) == len(causes["policy_many_workloads"])
    assert week["Protected"] == "2 of 3 (66.7 %)"
    assert week["Uptime"] == f"{100 * len(succeeded) / 48:.1f} %"
    assert week["Within 15 min"] == f"{100 * sum(delay <= 900 for delay in delays) / len(delays):.1f} %"
    assert week["Slowest"].strip() == f"{int(max(delays)) // 60} min"
    assert page.of("viz_kept")[0]["total"] == "2031-03-03"
    shown = {row["_detection"]: int(row["Events"]) for row in page.of("viz_detections")}
    assert shown == {name: len(texts) for name, texts in causes.items()}
    assert {row["PCE"]: int(row["Cases"]) for row in page.of("viz_pces")} == Counter(
        pce for _, pce in _cases(causes) if pce != "every"
    )


def test_a_day_is_counted_again_when_it_gets_lines_late_and_only_then(tmp_path: Path) -> None:
    first = [
        _event(HOUR),
        _event(2 * HOUR, pce=SOUTH, late=1_000),
        _run(2 * HOUR),
        _run(2 * HOUR + 9, "failed"),
        _run(5 * HOUR),
    ]
    late = [
        _event(9 * HOUR, kind="agent.tampering", late=3 * DAY),
        _event(DAY - 60, kind="agent.suspend", pce=SOUTH),
    ]
    indexed = Indexed(first, MONDAY + DAY, tmp_path)
    indexed.keep("Daily summary", NEXT)
    before = _rows(indexed)
    indexed.keep("Daily summary", NEXT + HOUR)

    assert _rows(indexed) == before
    assert {name for _, name in _of(indexed, "case")} == {"ingest_failing"}
    assert _of(indexed, "day") == {("2031-03-03", "every"): ("5", "", "5")}
    assert _of(indexed, "runs") == {("2031-03-03", "all"): ("22", "2", "1")}
    assert _of(indexed, "delay") == {
        ("2031-03-03", NORTH): ("1", "1", "60"), ("2031-03-03", SOUTH): ("1", "0", "1000"),
    }  # fmt: skip

    # Three days later the index has lost the Monday, but for what it got late: what was counted stays.
    afresh = Indexed([*first, *late], MONDAY + 4 * DAY, tmp_path)
    indexed.__dict__["store"] = EventStore([], indexed.knowledge)
    indexed.keep("Daily summary", NEXT + DAY)
    assert before < _rows(indexed)
    assert ("2031-03-04", "all") in _of(indexed, "runs")
    # With all of it there, it is as if it had come in time.
    indexed.__dict__["store"] = afresh.store
    indexed.keep("Daily summary", NEXT + 3 * DAY)
    afresh.keep("Daily summary", NEXT + 3 * DAY)
    assert _rows(indexed) == _rows(afresh)
    assert {name for _, name in _of(afresh, "case")} == {"ingest_failing", "ven_tampering", "ven_suspended"}
    # Two days without a line, on which the input did not run.
    assert [_of(afresh, "runs")[f"2031-03-{day:02}", "all"] for day in (3, 4, 5, 6)] == [
        ("22", "2", "1"), ("24", "0", "0"), ("24", "0", "0"), ("24", "0", "0"),
    ]  # fmt: skip

    # A row that was lost is counted again; an input without records for a week counts as removed.
    table = indexed.knowledge.lookup_definition(SUMMARY)
    table.write([dict(row) for row in table.rows if row["name"] != "ven_tampering"], append=False)
    indexed.keep("Daily summary", NEXT + 13 * DAY)
    assert ("2031-03-03", "ven_tampering") in _of(indexed, "case")
    assert max(day for day, _ in _of(indexed, "runs")) == "2031-03-10"
    assert max(day for day, _ in _of(indexed, "day")) == "2031-03-16"


def test_only_inputs_of_events_count_for_uptime(tmp_path: Path) -> None:
    """The shipped inventory input runs every 4 hours, which is no outage."""
    others = ("illumio_pce_inventory://fleet", "illumio_pce_health://nodes")
    runs = [_run(60 + HOUR * number) for number in range(24)]
    runs += [_run(120 + 4 * HOUR * number, name=name) for number in range(6) for name in others]
    indexed = Indexed([_event(HOUR), *runs], MONDAY + DAY, tmp_path)
    # A row of a summary that was kept before.
    kept = {"day": "2031-03-02", "begins": str(int(MONDAY - DAY)), "week": "2031-02-24", "pce": NORTH, "org": "1",
            "kind": "runs", "name": others[0], "total": "24", "good": "6", "other": "0"}  # fmt: skip
    indexed.knowledge.lookup_definition(SUMMARY).write([kept], append=False)
    indexed.keep("Daily summary", MONDAY + DAY)

    assert _of(indexed, "runs") == {("2031-03-03", "all"): ("24", "24", "0")}
    (week,) = Page("weekly", indexed).of("viz_weeks")
    assert week["Uptime"] == "100.0 %"


@pytest.mark.parametrize("later", [0, 170, 3_500])
def test_a_line_that_comes_while_the_keeper_runs_is_for_the_next_run(later: float, tmp_path: Path) -> None:
    # Each part of the keeper asks the index for itself, seconds to minutes after the one before.
    indexed = Indexed([_event(HOUR)], NEXT, tmp_path)
    indexed.keep("Daily summary", NEXT)
    before = _rows(indexed)
    comes = _event(9 * HOUR, kind="agent.tampering", late=NEXT - 10 + later - (MONDAY + 9 * HOUR))
    indexed.__dict__["store"] = Indexed([_event(HOUR), comes], NEXT, tmp_path).store
    indexed.keep("Daily summary", NEXT + later)

    assert _rows(indexed) == before
    assert _of(indexed, "day") == {("2031-03-03", "every"): ("1", "", "2")}
    indexed.keep("Daily summary", NEXT + 2 * HOUR)
    assert _of(indexed, "day") == {("2031-03-03", "every"): ("2", "", "3")}
    assert {name for _, name in _of(indexed, "case")} == {"ven_tampering"}


class Asked(EventStore):
    """A store that notes the times that it is asked for."""

    def __init__(self, events: Iterable[Event]) -> None:
        super().__init__(events, NoKnowledge())
        self.asked: set[tuple[float | None, float | None]] = set()

    def select(self, wanted: Range) -> list[Event]:
        return list(self.iterate(wanted))

    def iterate(self, wanted: Range) -> Iterator[Event]:
        self.asked.add((wanted.earliest, wanted.latest))
        return super().iterate(wanted)


def test_the_keeper_reads_events_of_the_days_that_it_counts_and_those_beside_them(tmp_path: Path) -> None:
    indexed = Indexed([_event(HOUR)], NEXT, tmp_path)
    store = Asked(indexed.store.select(Range()))
    found = all_searches([PACKAGE])["Illumio PCE - Daily summary - Keeper"]
    begin = NEXT - 371 * DAY
    run(found["search"], store, knowledge=indexed.knowledge, now=NEXT, earliest=begin, latest=NEXT + DAY)
    monday = datetime.fromtimestamp(MONDAY, timezone.utc)
    twelve_weeks = (monday - timedelta(weeks=12)).timestamp()

    assert found["dispatch.earliest_time"] == "-371d"
    assert store.asked == {
        (twelve_weeks, MONDAY + DAY), (MONDAY - DAY, MONDAY + 2 * DAY), (MONDAY, MONDAY + DAY),
    }  # fmt: skip


def _day(number: int, *rows: Json, of: int | None = None) -> list[Json]:
    """The rows of the day so many days after the Monday, as the keeper writes them."""
    day = datetime.fromtimestamp(MONDAY, timezone.utc) + timedelta(days=number)
    monday = day - timedelta(days=day.weekday())
    same = {"day": f"{day:%Y-%m-%d}", "begins": str(int(day.timestamp())), "week": f"{monday:%Y-%m-%d}"}
    whole = {"pce": "every", "org": "every", "kind": "day", "name": "-", "total": "9", "other": str(len(rows) + 1)}
    return [{"name": "-", **same, **one} for one in [*rows, whole]]


def _case(name: str, rank: int, pce: str = NORTH, events: int = 1) -> Json:
    org = "1" if pce == NORTH else "2"
    return {"pce": pce, "org": org, "kind": "case", "name": name, "rank": str(rank), "total": str(events)}


def _kept(at: float) -> Json:
    return {"kind": "kept", "begins": str(int(at)), "name": "UTC", "pce": "every", "org": "every"}


def _page(rows: list[Json], now: float, folder: Path, **chosen: Any) -> Page:
    indexed = Indexed([], now, folder)
    indexed.knowledge.lookup_definition(SUMMARY).write(rows, append=False)
    return Page("weekly", indexed, {**ALL, **chosen})


@pytest.fixture
def three_weeks() -> list[Json]:
    """Five days, a full week, and three days of the next."""
    rows = [row for number in range(-5, 10) for row in _day(number, {"pce": NORTH, "org": "1", "kind": "delay", "total": "4",
            "good": "3", "other": "5400"})]  # fmt: skip
    found = [
        *_day(-4, _case("ven_lost", 3)), *_day(1, _case("ven_lost", 3), _case("ven_tampering", 5, SOUTH, 3)),
        *_day(3, _case("ven_lost", 3, events=2), _case("policy_many_workloads", 3, SOUTH, 4)),
        *_day(8, _case("ven_tampering", 5)),
    ]  # fmt: skip
    vens = [{"pce": NORTH, "org": "every", "kind": "vens", "total": "10", "good": good, "other": "1"} for good in "78"]
    return [
        *rows, *(row for row in found if row["kind"] != "day"),
        *(row for number, one in ((2, vens[0]), (5, vens[1])) for row in _day(number, one) if row["kind"] != "day"),
        _kept(MONDAY + 10 * DAY),
    ]  # fmt: skip


def _shown(rows: list[Row]) -> dict[str, tuple[str, ...]]:
    columns = ("Cases", "Critical", "Medium", "Provisions")
    return {str(row["Week"]): tuple(str(row[name]) for name in columns) for row in rows}


def test_weeks_begin_on_monday_and_those_that_lack_days_say_so(three_weeks: list[Json], tmp_path: Path) -> None:
    page = _page(three_weeks, MONDAY + 10 * DAY, tmp_path)

    assert _shown(page.of("viz_weeks")) == {
        "2031-03-10 (so far 3 days)": ("1", "1", "0", "0"),
        "2031-03-03": ("3", "1", "2", "4"),
        "2031-02-24 (5 of 7 days)": ("1", "0", "1", "0"),
    }
    # Of the full week, against the one before.
    assert [page.of("viz_medium")[0][name] for name in ("total", "change", "verdict")] == [
        "2",
        "1",
        "week of 2031-03-03",
    ]
    assert page.of("viz_protected")[0]["total"] == "80.0 %"
    assert page.of("viz_quick")[0]["total"] == "75.0 %"
    assert page.of("viz_uptime")[0]["total"] == "no data"
    assert [row["Week"] for row in page.of("viz_by_week")] == ["02-24*", "03-03", "03-10*"]
    assert page.of("viz_kept")[0] == {"total": "2031-03-12", "level": "good", "verdict": "OK, days in UTC"}
    assert page.of("viz_weeks")[0]["Slowest"].strip() == "1 h 30 min"


def test_filters_and_time_act_on_weeks(three_weeks: list[Json], tmp_path: Path) -> None:
    south = _page(three_weeks, MONDAY + 10 * DAY, tmp_path, pce=SOUTH)
    org = _page(three_weeks, MONDAY + 10 * DAY, tmp_path, org="1")
    # Somebody ten hours east of the search head chooses the week that begins on this Monday there.
    here = {"global_time.earliest": str(MONDAY - 10 * HOUR), "global_time.latest": str(MONDAY + 7 * DAY - 10 * HOUR)}
    week = _page(three_weeks, MONDAY + 10 * DAY, tmp_path, **here)

    assert _shown(south.of("viz_weeks"))["2031-03-03"] == ("2", "1", "1", "4")
    assert _shown(org.of("viz_weeks"))["2031-03-03"] == ("1", "0", "1", "0")
    assert _shown(week.of("viz_weeks")) == {"2031-03-03": ("3", "1", "2", "4")}
    assert {row["_detection"]: (row["Cases"], row["Events"]) for row in week.of("viz_detections")} == {
        "ven_tampering": ("1", "3"), "ven_lost": ("1", "3"), "policy_many_workloads": ("1", "4"),
    }  # fmt: skip


def test_quiet_weeks_a_stopped_keeper_and_none_are_told_apart(tmp_path: Path) -> None:
    now = MONDAY + 10 * DAY
    quiet = _page([*_day(0), *_day(1), _kept(now - 2 * DAY)], now, tmp_path)
    young = _page([_kept(now)], now, tmp_path)
    off = _page([], now, tmp_path)

    assert _shown(quiet.of("viz_weeks")) == {"2031-03-03 (so far 2 days)": ("0", "0", "0", "0")}
    assert quiet.of("viz_detections")[0]["Detection"] == "No case in these weeks."
    assert quiet.of("viz_kept")[0]["level"] == "act"
    assert quiet.of("viz_kept")[0]["verdict"] == "stopped 2031-03-11 00:00 UTC"
    assert young.of("viz_weeks")[0]["Week"] == "No complete day is in this time range yet."
    assert [row["Week"] for row in off.of("viz_weeks")] == [OFF]
    assert off.of("viz_kept")[0] == {"total": "no data", "level": "none", "verdict": "the keeper is off"}
    assert off.of("viz_critical")[0]["total"] == "no data"
    assert "No daily summary" in off.of("viz_by_week")[0]
