"""The page of workloads against what the raw events tell, workload by workload."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import STRENGTH, Fact, enforcement, facts, is_weaker, removed
from tests.dashboards.panels import Indexed, Page
from tests.detections.made import BEGIN, event, indexed
from tests.detections.named import PCE

#: States that need a person, most dangerous first.
TROUBLE = {
    "tampered with": "not protected", "suspended": "not protected", "lost": "not protected",
    "offline": "not protected", "tampering signal": "at risk", "tampering reverted": "at risk",
    "cloned": "at risk", "VEN error": "at risk", "heartbeats missed": "at risk", "upgrade overdue": "at risk",
}  # fmt: skip
#: All states, in the same order, the harmless ones last.
ORDER = [*TROUBLE, "online", "paired", "shut down", "removed"]
FAILURES = {"agent.process_failed", "agent.policy_deploy_failed", "agent.service_not_available"}


def _today(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


def state_of(fact: Fact) -> str:
    """The state of a workload that an event tells of, empty where it tells of none."""
    if fact.type == "agent.tampering":
        notes = json.dumps(fact.notes)
        told = {
            '"tampering_revert_succeeded": false': "tampered with",
            '"tampering_revert_succeeded": true': "tampering reverted",
        }
        return next((state for text, state in told.items() if text in notes), "tampering signal")
    by_type = {
        "agent.suspend": "suspended", "lost_agent.found": "lost", "system_task.agent_offline_check": "offline",
        "agent.clone_detected": "cloned", "agent.goodbye": "shut down", "agent.activate": "paired",
        "system_task.agent_missed_heartbeats_check": "heartbeats missed",
        "system_task.agent_missing_heartbeats_after_upgrade": "upgrade overdue",
    }  # fmt: skip
    if fact.type in by_type:
        return by_type[fact.type]
    if fact.kinds & FAILURES:
        return "VEN error"
    if removed(fact):
        return "removed"
    return "online" if fact.type.startswith("agent.") and fact.by_ven and not fact.failed else ""


def about(fact: Fact) -> set[str]:
    """The workloads that an event tells of."""
    places = [place for change in fact.changes for place in change["resource"].values()]
    names = {place["hostname"] for place in places if place.get("hostname")}
    for note in fact.notes:
        info = note.get("info") or {}
        named = {part["hostname"] for part in info.values() if isinstance(part, dict) and part.get("hostname")}
        names |= named or ({info["href"]} if note["notification_type"] == "agent.upgrade_time_out" else set())
    by = fact.body["created_by"]
    return names or {part["hostname"] for part in (by.get("agent"), by.get("ven")) if part}


def _last_states(found: list[Fact]) -> dict[str, str]:
    """Workload → its last state; a VEN that goes on reporting does not undo tampering."""
    states: dict[str, str] = {}
    for fact in sorted(found, key=lambda fact: fact.time):
        state = state_of(fact)
        for name in about(fact) if state else ():
            if (states.get(name), state) != ("tampered with", "online"):
                states[name] = state
    return states


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures_count_the_workloads_to_which_it_happened(open_page: Open, day: str) -> None:
    page, today = open_page("workload_protection", day), _today(day)
    told = {(state_of(fact), workload) for fact in today for workload in about(fact)}
    weaker = {workload for fact in today for workload, before, after in enforcement(fact) if is_weaker(before, after)}

    def workloads(*states: str) -> int:
        return len({workload for state, workload in told if state in states})

    expected = {
        "viz_tampering": workloads("tampered with", "tampering reverted", "tampering signal"),
        "viz_suspended": workloads("suspended"),
        "viz_offline": workloads("offline", "lost"),
        "viz_clones": workloads("cloned"),
        "viz_lowered": len(weaker),
        "viz_removed": workloads("removed"),
    }

    assert {panel: int(page.of(panel)[0]["total"]) for panel in expected} == expected
    assert any(expected.values()) is (day == "bad") or expected["viz_removed"] < 10


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_each_ven_is_in_its_last_state(open_page: Open, day: str) -> None:
    page, states = open_page("workload_protection", day), _last_states(_today(day))

    counted, troubled = page.of("viz_states"), {name: state for name, state in states.items() if state in TROUBLE}
    assert {row["State"]: int(row["VENs"]) for row in counted} == Counter(states.values())
    order = [ORDER.index(row["State"]) for row in counted if row["Protection"] != "protected"]
    assert order == sorted(order)
    assert {row["Protection"] for row in counted if row["State"] in ("online", "paired")} <= {"protected"}
    bars = {row["state"]: int(row["VENs"]) for row in page.of("viz_states_chart") if "VENs" in row}
    assert bars == Counter(troubled.values())
    rows = [row for row in page.of("viz_troubled") if "State" in row]
    assert {row["Workload"]: row["State"] for row in rows} == troubled
    assert all(row["Protection"] == TROUBLE[row["State"]] for row in rows)
    danger = [list(TROUBLE).index(row["State"]) for row in rows]
    assert danger == sorted(danger)


def test_tampering_that_was_not_reverted_stays_on_top_though_its_ven_goes_on_reporting(open_page: Open) -> None:
    first = open_page("workload_protection").of("viz_troubled")[0]
    later = [
        fact
        for fact in _today("bad")
        if first["Workload"] in about(fact) and state_of(fact) == "online" and _clock(fact) > first["When"]
    ]

    assert (first["Protection"], first["State"]) == ("not protected", "tampered with")
    assert later


def _clock(fact: Fact) -> str:
    return datetime.fromtimestamp(fact.time, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_enforcement_before_and_after(open_page: Open, day: str) -> None:
    expected = Counter(
        (workload, _direction(before, after), before or "-", after, fact.actor)
        for fact in _today(day)
        for workload, before, after in enforcement(fact)
    )

    rows = [row for row in open_page("workload_protection", day).of("viz_enforcement") if "Workload" in row]

    shown: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        shown[row["Workload"], row["Direction"], row["Before"], row["After"], row["By"]] += int(row["Times"])
    assert shown == expected
    lowered_first = [row["Direction"] != "lowered" for row in rows]
    assert lowered_first == sorted(lowered_first)
    assert (not all(lowered_first)) is (day == "bad")


def _direction(before: str | None, after: str) -> str:
    if before is None or STRENGTH[before] == STRENGTH[after]:
        return "set"
    return "lowered" if STRENGTH[before] > STRENGTH[after] else "raised"


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_problems_by_hour(open_page: Open, day: str) -> None:
    today = _today(day)
    told = Counter((fact.hour, TROUBLE.get(state_of(fact), "")) for fact in today for _ in about(fact))
    less: Counter[int] = Counter()
    for fact in today:
        less[fact.hour] += sum(is_weaker(before, after) for _, before, after in enforcement(fact))

    for row in open_page("workload_protection", day).of("viz_hours"):
        hour = int(row["_time"]) // 3600
        assert (int(row["Not protected"]), int(row["At risk"])) == (told[hour, "not protected"], told[hour, "at risk"])
        assert int(row["Enforcement lowered"]) == less[hour]


def test_a_day_without_problems_says_so_in_the_legend(open_page: Open) -> None:
    rows = open_page("workload_protection", "quiet", pce="pce-south.kestrel-freight.example").of("viz_hours")

    assert {row["No problems"] for row in rows} == {"0"}
    assert not any("No problems" in row for row in open_page("workload_protection").of("viz_hours"))


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_who_removed_how_many_workloads(open_page: Open, day: str) -> None:
    by: dict[str, set[str]] = {}
    for fact in _today(day):
        if state_of(fact) == "removed":
            by.setdefault(fact.actor, set()).update(about(fact))

    rows = open_page("workload_protection", day).of("viz_removals")

    assert {row["By"]: int(row["Workloads"]) for row in rows} == {who: len(names) for who, names in by.items()}
    numbers = [int(row["Workloads"]) for row in rows]
    assert numbers == sorted(numbers, reverse=True)
    # Three names at most, then how many more.
    many = [row["Names"] for row in rows if int(row["Workloads"]) > 3]
    assert all(names.endswith(f" and {len(by[rows[0]['By']]) - 3} more") for names in many)
    assert bool(many) is (day == "bad")


def test_pairings_and_shutdowns(open_page: Open) -> None:
    wanted = {"paired", "shut down", "upgrade overdue"}
    expected = {(name, state_of(fact)) for fact in _today("bad") if state_of(fact) in wanted for name in about(fact)}

    rows = open_page("workload_protection").of("viz_upgrades")

    assert {(row["Workload"], row["What"]) for row in rows} == expected


def test_a_workload_that_the_inventory_names_leads_to_what_its_events_call_it(tmp_path: Path) -> None:
    """The event has the agent's href alone, so Investigate finds it by that, not by the name of the inventory."""
    agent = "/orgs/1/agents/7002"
    changed = {"uuid": "u", "resource": {"agent": {"href": agent}}, "changes": {}, "change_type": "update"}
    found = Indexed(indexed([event("agent.suspend", [changed])]), BEGIN + 3600, tmp_path)
    row = {"_key": f"{PCE}|/orgs/1/workloads/7002", "pce_fqdn": PCE, "agent_href": agent, "name": "crane-9"}
    found.knowledge.lookup_definition("illumio_pce_workloads").write([row], append=False)

    (shown,) = Page("workload_protection", found).of("viz_troubled")
    assert (shown["Workload"], shown["_kind"], shown["_value"]) == ("crane-9", "workload", agent)
    there = Page("investigate", found, {"kind": shown["_kind"], "entered": shown["_value"]})
    assert len([one for one in there.of("viz_rows") if one.get("_event")]) == 1
