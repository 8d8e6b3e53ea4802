"""The page of workloads against what the raw events tell, workload by workload."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import STRENGTH, Fact, enforcement, facts, is_weaker, removed

TROUBLE = {
    "tampered": "not protected", "suspended": "not protected", "lost": "not protected",
    "offline": "not protected", "removed": "not protected", "was tampered": "in doubt",
    "tamper signal": "in doubt", "cloned": "in doubt", "failing": "in doubt", "silent": "in doubt",
    "upgrade late": "in doubt",
}  # fmt: skip
FAILURES = {"agent.process_failed", "agent.policy_deploy_failed", "agent.service_not_available"}


def _today(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


def state_of(fact: Fact) -> str:
    """The state of a workload that an event tells of, empty where it tells of none."""
    if fact.type == "agent.tampering":
        notes = json.dumps(fact.notes)
        told = {
            '"tampering_revert_succeeded": false': "tampered",
            '"tampering_revert_succeeded": true': "was tampered",
        }
        return next((state for text, state in told.items() if text in notes), "tamper signal")
    by_type = {
        "agent.suspend": "suspended", "lost_agent.found": "lost", "system_task.agent_offline_check": "offline",
        "agent.clone_detected": "cloned", "agent.goodbye": "shut down", "agent.activate": "paired",
        "system_task.agent_missed_heartbeats_check": "silent",
        "system_task.agent_missing_heartbeats_after_upgrade": "upgrade late",
    }  # fmt: skip
    if fact.type in by_type:
        return by_type[fact.type]
    if fact.kinds & FAILURES:
        return "failing"
    if removed(fact):
        return "removed"
    return "in contact" if fact.type.startswith("agent.") and fact.by_ven and not fact.failed else ""


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
    states: dict[str, str] = {}
    for fact in sorted(found, key=lambda fact: fact.time):
        state = state_of(fact)
        states.update(dict.fromkeys(about(fact), state) if state else {})
    return states


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures_count_the_workloads_to_which_it_happened(open_page: Open, day: str) -> None:
    page, today = open_page("workload_protection", day), _today(day)
    told = {(state_of(fact), workload) for fact in today for workload in about(fact)}
    weaker = {workload for fact in today for workload, *modes in enforcement(fact) if is_weaker(*modes)}

    def workloads(*states: str) -> int:
        return len({workload for state, workload in told if state in states})

    expected = {
        "viz_tampering": workloads("tampered", "was tampered", "tamper signal"),
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

    assert {row["State"]: int(row["VENs"]) for row in page.of("viz_states")} == Counter(states.values())
    assert {row["state"]: int(row["VENs"]) for row in page.of("viz_states_chart")} == Counter(states.values())
    troubled = {name: state for name, state in states.items() if state in TROUBLE}
    rows = [row for row in page.of("viz_troubled") if "State" in row]
    assert {row["Workload"]: row["State"] for row in rows} == troubled
    assert all(row["Health"] == TROUBLE[row["State"]] for row in rows)


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
    assert any(row["Direction"] == "enforcement lowered" for row in rows) is (day == "bad")


def _direction(before: str | None, after: str) -> str:
    if before is None or STRENGTH[before] == STRENGTH[after]:
        return "enforcement set"
    return "enforcement lowered" if STRENGTH[before] > STRENGTH[after] else "enforcement raised"


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_trouble_by_hour(open_page: Open, day: str) -> None:
    told = Counter((fact.hour, TROUBLE.get(state_of(fact), "")) for fact in _today(day) for _ in about(fact))

    for row in open_page("workload_protection", day).of("viz_hours"):
        hour = int(row["_time"]) // 3600
        assert (int(row["not_protected"]), int(row["in_doubt"])) == (
            told[hour, "not protected"],
            told[hour, "in doubt"],
        )


def test_pairings_and_removals(open_page: Open) -> None:
    wanted = {"paired", "removed", "shut down", "upgrade late"}
    expected = Counter(
        (name, state_of(fact)) for fact in _today("bad") if state_of(fact) in wanted for name in about(fact)
    )

    rows = open_page("workload_protection").of("viz_upgrades")

    shown: Counter[tuple[str, str]] = Counter()
    for row in rows:
        shown[row["Workload"], row["What"]] += int(row["Times"])
    assert shown == expected
