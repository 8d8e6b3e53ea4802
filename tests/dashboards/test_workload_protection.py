"""The page of workloads against what the raw events tell, workload by workload."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import STRENGTH, Fact, enforcement, facts, is_weaker, removed
from tests.dashboards.panels import Indexed, Page
from tests.detections.made import BEGIN, SYSTEM, Json, change, event, indexed, note, ven
from tests.detections.named import PCE

Happens = Callable[[int, float], Json]
#: States that need a person, most dangerous first.
TROUBLE = {
    "tampered with": "not protected", "suspended": "not protected", "lost": "not protected",
    "offline": "not protected", "tampering signal": "at risk", "tampering reverted": "at risk",
    "cloned": "at risk", "VEN error": "at risk", "heartbeats missed": "at risk", "upgrade overdue": "at risk",
}  # fmt: skip
#: All states, in the same order, the harmless ones last. A VEN that goes on reporting says the least.
ORDER = [*TROUBLE, "paired", "resumed", "shut down", "removed", "online"]
#: What a heartbeat does not undo, and what does: Illumio's VEN operations log what a suspended VEN goes on sending.
LASTING = {"tampered with", "suspended", "cloned", "VEN error", "removed"}
ENDING = {"resumed", "paired", "removed"}
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
        "agent.unsuspend": "resumed",
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
    for notified in fact.notes:
        info = notified.get("info") or {}
        named = {part["hostname"] for part in info.values() if isinstance(part, dict) and part.get("hostname")}
        names |= named or ({info["href"]} if notified["notification_type"] == "agent.upgrade_time_out" else set())
    by = fact.body["created_by"]
    return names or {part["hostname"] for part in (by.get("agent"), by.get("ven")) if part}


Ven = tuple[str, str, str]
#: PCE, organisation, host name.


def vens(fact: Fact) -> set[Ven]:
    """The VENs that an event tells of: a host name may be another machine's on another PCE."""
    return {(fact.pce, fact.org, name) for name in about(fact)}


def _last_states(found: list[Fact]) -> dict[Ven, str]:
    """VEN → its last state, or what a heartbeat has not undone if that is worse."""
    states: dict[Ven, str] = {}
    standing: dict[Ven, set[str]] = {}
    for fact in sorted(found, key=lambda fact: fact.time):
        state = state_of(fact)
        for one in vens(fact) if state else ():
            held = standing.setdefault(one, set())
            if state in ENDING:
                held.clear()
            if state == "tampering reverted":
                held.discard("tampered with")
            held |= LASTING & {state}
            states[one] = min(held | {state}, key=ORDER.index)
    return states


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures_count_last_states_and_what_happened_in_the_time(open_page: Open, day: str) -> None:
    page, today = open_page("workload_protection", day), _today(day)
    told = {(state_of(fact), one) for fact in today for one in vens(fact)}
    last = Counter(_last_states(today).values())
    weaker = {
        (fact.pce, fact.org, workload)
        for fact in today
        for workload, before, after in enforcement(fact)
        if is_weaker(before, after)
    }

    def happened(*states: str) -> int:
        return len({one for state, one in told if state in states})

    expected = {
        "viz_tampering": happened("tampered with", "tampering reverted", "tampering signal"),
        "viz_suspended": last["suspended"],
        "viz_offline": last["offline"] + last["lost"],
        "viz_clones": last["cloned"],
        "viz_lowered": len(weaker),
        "viz_removed": happened("removed"),
    }

    assert {panel: int(page.of(panel)[0]["total"]) for panel in expected} == expected
    assert {panel: len(page.linked(panel)) for panel in expected} == expected
    of_table = {row["State"]: int(row["VENs"]) for row in page.of("viz_states")}
    assert {name: expected[f"viz_{name}"] for name in ("suspended", "clones", "offline")} == {
        "suspended": of_table.get("suspended", 0),
        "clones": of_table.get("cloned", 0),
        "offline": of_table.get("offline", 0) + of_table.get("lost", 0),
    }
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
    assert Counter((row["PCE"], row["Workload"], row["State"]) for row in rows) == Counter(
        (pce, name, state) for (pce, _, name), state in troubled.items()
    )
    assert all(row["Protection"] == TROUBLE[row["State"]] for row in rows)
    danger = [list(TROUBLE).index(row["State"]) for row in rows]
    assert danger == sorted(danger)


@pytest.mark.parametrize("state", ["tampered with", "suspended", "cloned", "removed"])
def test_what_a_heartbeat_does_not_undo_stands_though_the_ven_goes_on_reporting(open_page: Open, state: str) -> None:
    page, today = open_page("workload_protection"), _today("bad")
    in_it = {name for name, last in _last_states(today).items() if last == state}
    reporting = {
        name
        for fact in today
        if state_of(fact) == state
        for name in vens(fact) & in_it
        if any(state_of(one) == "online" and name in vens(one) and one.time > fact.time for one in today)
    }

    assert reporting
    assert {row["State"]: int(row["VENs"]) for row in page.of("viz_states")}[state] == len(in_it)


def _tampering(number: int, at: float, reverted: bool) -> Json:
    told = note("agent.tampering", {"tampering_revert_succeeded": reverted})
    return event("agent.tampering", notes=[told], by=ven(number), at=at)


def _about(kind: str) -> Happens:
    return lambda number, at: event(kind, by=ven(number), at=at)


def _found(kind: str) -> Happens:
    return lambda number, at: event(kind, [change("agent", {}, number=number)], by=SYSTEM, at=at)


HAPPENS: dict[str, Happens] = {
    "heartbeat": _about("agent.update"), "suspend": _about("agent.suspend"), "resume": _about("agent.unsuspend"),
    "pair": _about("agent.activate"), "goodbye": _about("agent.goodbye"),
    "clone": lambda number, at: event("agent.clone_detected", notes=[note("agent.clone_detected")], by=ven(number), at=at),
    "fail": lambda number, at: event("agent.update", notes=[note("agent.policy_deploy_failed")], by=ven(number), at=at),
    "unpair": _found("workloads.unpair"), "offline": _found("system_task.agent_offline_check"),
    "lose": _found("lost_agent.found"),
    "tamper": lambda number, at: _tampering(number, at, False), "revert": lambda number, at: _tampering(number, at, True),
}  # fmt: skip
#: What happens to a VEN, hour by hour, and its state.
HISTORIES = {
    "heartbeat": "online",
    "suspend heartbeat": "suspended",
    "suspend heartbeat resume": "resumed",
    "suspend resume heartbeat": "online",
    "suspend resume suspend heartbeat": "suspended",
    "suspend offline": "suspended",
    "suspend offline heartbeat": "suspended",
    "suspend goodbye": "suspended",
    "suspend revert heartbeat": "suspended",
    "suspend unpair heartbeat": "removed",
    "suspend tamper heartbeat": "tampered with",
    "suspend tamper revert": "suspended",
    "tamper heartbeat": "tampered with",
    "tamper revert": "tampering reverted",
    "tamper revert heartbeat": "online",
    "tamper resume heartbeat": "online",
    "clone heartbeat": "cloned",
    "clone offline": "offline",
    "clone offline heartbeat": "cloned",
    "clone pair heartbeat": "online",
    "fail heartbeat": "VEN error",
    "fail pair": "paired",
    "unpair heartbeat": "removed",
    "unpair pair heartbeat": "online",
    "goodbye heartbeat": "online",
    "offline heartbeat": "online",
    "lose heartbeat": "online",
    "heartbeat lose": "lost",
}


def test_what_undoes_a_state_and_all_pages_agree(tmp_path: Path) -> None:
    steps = [
        (number, place, step) for number, history in enumerate(HISTORIES) for place, step in enumerate(history.split())
    ]
    made = [HAPPENS[step](number, place * 3600) for number, place, step in steps]
    found = Indexed(indexed(made), BEGIN + 6 * 3600, tmp_path)
    found.keep("VENs seen", BEGIN + 2 * 3600)
    found.keep_vens()
    expected = {f"crane-{number}": state for number, state in enumerate(HISTORIES.values())}

    page = Page("workload_protection", found)
    assert {row["State"]: int(row["VENs"]) for row in page.of("viz_states")} == Counter(expected.values())
    troubled = {name: state for name, state in expected.items() if state in TROUBLE}
    assert {row["Workload"]: row["State"] for row in page.of("viz_troubled")} == troubled
    protected = sum(state in ("online", "paired", "resumed") for state in expected.values())
    seen = len(expected) - list(expected.values()).count("removed")
    assert Page("security_overview", found).of("viz_protected")[0]["total"] == f"{protected} of {seen}"
    reported = {row["workload"]: row["reported"] for row in Page("fleet", found).rows("ds_base") if row.get("reported")}
    assert reported == {
        name: state for name, state in expected.items() if state in ("suspended", "offline", "lost")
    }  # fmt: skip


def test_a_ven_is_still_suspended_after_two_weeks_of_heartbeats(tmp_path: Path) -> None:
    day = 86_400
    made = [_about("agent.suspend")(1, 0), *(_about("agent.update")(1, at * day) for at in range(1, 15))]
    found = Indexed(indexed([*made, _about("agent.update")(2, 0)]), BEGIN + 14 * day + 60, tmp_path)
    for at in range(1, 15):
        found.keep("VENs seen", BEGIN + at * day + 60)

    assert Page("security_overview", found).of("viz_protected")[0]["total"] == "0 of 1"


HOUR = 3600
DAY = 24 * HOUR
#: What happened to a VEN, and how many hours ago; its state with the default time range of a day, and what it would be
#: if nobody had kept what lies before.
BEFORE = {
    "suspended, still reporting": ("suspend:72 heartbeat:1", "suspended", "online"),
    "tampered with, still reporting": ("tamper:72 heartbeat:1", "tampered with", "online"),
    "cloned, still reporting": ("clone:72 heartbeat:1", "cloned", "online"),
    "suspended, not heard of since": ("suspend:72", "suspended", ""),
    "lost, not heard of since": ("lose:72", "lost", ""),
    "lost, reporting again": ("lose:72 heartbeat:1", "online", "online"),
    "resumed before it": ("suspend:72 resume:48 heartbeat:1", "online", "online"),
    "resumed in it": ("suspend:72 resume:2 heartbeat:1", "online", "online"),
    "the lesser of two stands": ("suspend:72 tamper:70 revert:2 heartbeat:1", "suspended", "online"),
    "suspended again in it": ("suspend:72 suspend:2", "suspended", "suspended"),
}


def _happened(history: str, number: int = 1) -> list[Json]:
    steps = [step.split(":") for step in history.split()]
    return [HAPPENS[step](number, 4 * DAY - float(ago) * HOUR) for step, ago in steps]


@pytest.mark.parametrize(("history", "kept", "unkept"), BEFORE.values(), ids=BEFORE)
def test_what_stood_before_the_time_range_still_stands(history: str, kept: str, unkept: str, tmp_path: Path) -> None:
    made = [*_happened(history), *_happened("heartbeat:1", 2)]
    now = BEGIN + 4 * DAY
    found = Indexed(indexed(made), now, tmp_path)
    found.keep_vens()
    page = Page("workload_protection", found)

    assert _states(page) == Counter([kept, "online"])
    is_suspended = kept == "suspended"
    assert page.of("viz_suspended")[0]["total"] == str(int(is_suspended))
    assert page.of("viz_suspended")[0]["verdict"] == ("act now" if is_suspended else "OK")
    assert len(page.linked("viz_suspended")) == int(is_suspended)
    troubled = [(row["State"], row["Protection"]) for row in page.of("viz_troubled") if "State" in row]
    assert troubled == ([(kept, TROUBLE[kept])] if kept in TROUBLE else [])
    assert Page("security_overview", found).of("viz_protected")[0]["total"] == f"{1 + (kept == 'online')} of 2"
    without_keeper = Page("workload_protection", Indexed(indexed(made), now, tmp_path))
    assert _states(without_keeper) == Counter(filter(None, [unkept, "online"]))


def _states(page: Page) -> Counter[str]:
    """How many VENs are in which state."""
    return Counter({row["State"]: int(row["VENs"]) for row in page.of("viz_states")})


def test_what_happened_before_the_time_range_did_not_happen_in_it(tmp_path: Path) -> None:
    histories = ("tamper:72", "unpair:72", "suspend:72", "heartbeat:1")
    made = [step for number, history in enumerate(histories) for step in _happened(history, number)]
    found = Indexed(indexed(made), BEGIN + 4 * DAY, tmp_path)
    found.keep_vens()
    page = Page("workload_protection", found)

    assert {panel: page.of(panel)[0]["total"] for panel in ("viz_tampering", "viz_removed", "viz_suspended")} == {
        "viz_tampering": "0", "viz_removed": "0", "viz_suspended": "1",
    }  # fmt: skip
    assert {row["No problems"] for row in page.of("viz_hours")} == {"0"}
    assert page.of("viz_removals")[0]["By"] == "No removals."
    assert _states(page) == Counter({"tampered with": 1, "suspended": 1, "online": 1})


#: When the keeper last ran, in hours before now, and the hours shown: whether what it kept can be believed.
KEPT = {
    "half a day": (12, 24, True),
    "two days": (48, 24, False),
    "an hour, of a quarter": (1, 0.25, True),
    "three hours, of a quarter": (3, 0.25, False),
}


@pytest.mark.parametrize(("ago", "shown", "believed"), KEPT.values(), ids=KEPT)
def test_a_lookup_that_ends_before_the_time_range_is_not_believed(
    ago: float, shown: float, believed: bool, tmp_path: Path
) -> None:
    now = BEGIN + 4 * DAY
    found = Indexed(indexed(_happened("suspend:72 heartbeat:0.1")), now, tmp_path)
    found.keep("VENs seen", now - ago * HOUR)
    page = Page("workload_protection", found, {"global_time.earliest": str(now - shown * HOUR)})

    assert [row["State"] for row in page.of("viz_states")] == ["suspended" if believed else "online"]


OTHER_PCE = "pce.heron-freight.example"


def _suspended_here_paired_there(**there: Any) -> list[Json]:
    """A host name that two PCEs or organisations have, or two members of a supercluster."""
    return [
        event("agent.suspend", by=ven(1), at=0),
        event("agent.activate", by=ven(1), at=HOUR, **there),
    ]


@pytest.mark.parametrize(
    "there",
    [{"pce_fqdn": OTHER_PCE}, {"href": "/orgs/2/events/5f1c0000-0000-4000-a000-00000000ffff"}],
    ids=["PCE", "org"],
)
def test_the_same_host_name_elsewhere_is_another_ven(there: dict[str, str], tmp_path: Path) -> None:
    found = Indexed(indexed(_suspended_here_paired_there(**there)), BEGIN + 2 * HOUR, tmp_path)
    found.keep_vens()
    page = Page("workload_protection", found)

    assert {row["State"]: row["VENs"] for row in page.of("viz_states")} == {"suspended": "1", "paired": "1"}
    assert page.of("viz_suspended")[0]["total"] == "1"
    assert [row["PCE"] for row in page.of("viz_troubled")] == [PCE]
    assert Page("security_overview", found).of("viz_protected")[0]["total"] == "1 of 2"


def test_members_of_a_supercluster_tell_of_one_ven(tmp_path: Path) -> None:
    found = Indexed(indexed(_suspended_here_paired_there(pce_fqdn=OTHER_PCE)), BEGIN + 2 * HOUR, tmp_path)
    href = "/orgs/1/workloads/7"
    rows = [
        {"_key": f"{pce}|{href}", "pce_fqdn": pce, "href": href, "hostname": "crane-1", "state": "present"}
        for pce in (PCE, OTHER_PCE)
    ]
    found.knowledge.lookup_definition("illumio_pce_workloads").write(rows, append=False)

    assert [row["State"] for row in Page("workload_protection", found).of("viz_states")] == ["paired"]


def _clock(fact: Fact) -> str:
    return datetime.fromtimestamp(fact.time, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_enforcement_before_and_after(open_page: Open, day: str) -> None:
    expected = Counter(
        (workload, _direction(before, after), _mode(before), _mode(after), fact.actor)
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


def _mode(value: str | None) -> str:
    return (value or "-").replace("_", " ")


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
    by: dict[str, set[Ven]] = {}
    for fact in _today(day):
        if state_of(fact) == "removed":
            by.setdefault(fact.actor, set()).update(vens(fact))

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
