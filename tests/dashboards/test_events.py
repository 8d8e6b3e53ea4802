"""The events page: every event, each filter, and the whole of one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import pytest

from tests.dashboards.belongs import causes
from tests.dashboards.conftest import DAY, MONDAY, Open, events_of
from tests.dashboards.facts import Fact, facts


def _today(day: str = "bad") -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


@lru_cache(maxsize=1)
def _belongs() -> dict[str, set[str]]:
    return causes(_today(), ["tide_table.publish"])


def _href(fact: Fact) -> str:
    return str(fact.body["href"])


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_every_event_once_newest_first(open_page: Open, day: str) -> None:
    page, today = open_page("events", day), _today(day)

    rows = page.of("viz_events")

    assert Counter(row["_event"] for row in rows) == Counter(map(_href, today))
    assert [row["Time"] for row in rows] == sorted((row["Time"] for row in rows), reverse=True)
    assert {row["Type"]: int(row["Events"]) for row in page.of("viz_types")} == Counter(fact.type for fact in today)
    assert all(row["_type"] == row["Type"] for row in page.of("viz_types"))
    by_hour = Counter((fact.hour, fact.body["status"] or "none") for fact in today)
    for row in page.of("viz_hours"):
        hour = int(row["_time"]) // 3600
        names = {"Failure": "failure", "Success": "success", "No status": "none"}
        assert [int(row[name]) for name in names] == [by_hour[hour, status] for status in names.values()]


def test_a_click_on_the_sentence_that_there_is_no_event_sets_no_type(open_page: Open) -> None:
    for chosen in ({"org": "7"}, {"type": "label.destroy"}):
        (row,) = open_page("events", **chosen).of("viz_types")
        assert "Events" not in row and row["_type"] == "*"


def test_nine_columns_and_those_of_the_export_are_the_events_own(open_page: Open) -> None:
    page = open_page("events")
    rows = {row["_event"]: row for row in page.of("viz_events")}
    exported = {row["Event"]: row for row in page.linked("viz_export")}

    columns = {column for row in rows.values() for column in row}
    assert columns == {"Time", "What", "Type", "Severity", "Status", "Who", "From", "About", "PCE", "_event"}
    assert rows.keys() == exported.keys()
    for fact in _today():
        row, whole = rows[_href(fact)], exported[_href(fact)]
        shown = (row["Type"], row["Severity"], row["Status"], row["PCE"], whole["Organisation"])
        assert shown == (fact.type, fact.severity, fact.body["status"] or "none", fact.pce, _organisation(fact))
        assert set(filter(None, whole.get("Notifications", "").split(", "))) == fact.kinds
        same = ("Time", "What", "Type", "Severity", "Status", "Who", "PCE")
        assert {name: row.get(name) for name in same} == {name: whole.get(name) for name in same}


def _organisation(fact: Fact) -> str:
    """`/system_events/` name none."""
    return fact.org


def _kind(fact: Fact) -> str:
    """Who acts, by what the event says of its creator."""
    by = fact.body["created_by"]
    if fact.by_person:
        return "people"
    if "service_account" in by or "api_key" in by or (fact.key and not fact.by_ven):
        return "programs"
    if fact.by_ven:
        return "VENs"
    return "clusters" if "container_cluster" in by else "system"


CHOICES: dict[str, tuple[dict[str, str | list[str]], Callable[[Fact], bool]]] = {
    "PCE": ({"pce": "pce-south.kestrel-freight.example"}, lambda fact: fact.pce.startswith("pce-south")),
    "both PCEs": ({"pce": ["pce-south.kestrel-freight.example", "pce-north.kestrel-freight.example"]}, lambda fact: True),
    "organisation": ({"org": "2"}, lambda fact: fact.org == "2"),
    "severity": ({"severity": ["high", "medium"]}, lambda fact: fact.severity in ("high", "medium")),
    "type": ({"type": ["user.sign_in", "agent.tampering"]}, lambda fact: fact.type in ("user.sign_in", "agent.tampering")),
    "status": ({"status": "failure"}, lambda fact: fact.failed),
    "no status": ({"status": "none"}, lambda fact: fact.body["status"] is None),
    "people": ({"actors": "people"}, lambda fact: _kind(fact) == "people"),
    "VENs": ({"actors": "VENs"}, lambda fact: _kind(fact) == "VENs"),
    "all but VENs": (
        {"actors": ["people", "programs", "clusters", "system"]}, lambda fact: _kind(fact) != "VENs",
    ),
    "who": ({"who": "greta.lind@kestrel-freight.example"}, lambda fact: fact.actor == "greta.lind@kestrel-freight.example"),
    "who, in part": ({"who": "greta*"}, lambda fact: fact.actor.startswith("greta")),
    "words": ({"text": "203.0.113.66"}, lambda fact: "203.0.113.66" in fact.raw),
    "words and status": ({"text": "sign_in", "status": "failure"}, lambda fact: fact.failed and "sign_in" in fact.raw),
    "hours": (
        {"global_time__earliest": str(MONDAY + 13 * 3600), "global_time__latest": str(MONDAY + 14 * 3600)},
        lambda fact: MONDAY + 13 * 3600 <= fact.time < MONDAY + 14 * 3600,
    ),
    "a detection": ({"detection": "policy_boundary_removed"}, lambda fact: fact.type in ("deny_rule.delete", "enforcement_boundary.delete")),
    "failed sign-ins": ({"detection": "access_spray"}, lambda fact: fact.raw in _belongs()["access_spray"]),
    "any detection": ({"detection": "*_*"}, lambda fact: any(fact.raw in texts for texts in _belongs().values())),
    "no detection": ({"detection": "none"}, lambda fact: not any(fact.raw in texts for texts in _belongs().values())),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_each_filter_acts(open_page: Open, name: str) -> None:
    chosen, fits = CHOICES[name]
    expected = Counter(_href(fact) for fact in _today() if fits(fact))

    rows = [row for row in open_page("events", **chosen).of("viz_events") if not row["Type"].startswith("(")]

    assert Counter(row["_event"] for row in rows) == expected
    assert len(rows) > 0
    assert len(rows) < len(_today()) or name == "both PCEs"


@pytest.mark.parametrize(
    ("detection", "told"), [("ingest_failing", "(run of the collector)"), ("pce_health", "(health of a node)")]
)
def test_what_is_no_audit_event_is_shown_for_its_detection_alone(open_page: Open, detection: str, told: str) -> None:
    assert {row["Type"] for row in open_page("events", detection=detection).of("viz_events")} == {told}
    assert told not in {row["Type"] for row in open_page("events").of("viz_events")}


def test_a_uuid_finds_its_event_and_what_it_was_done_to(open_page: Open) -> None:
    fact = next(fact for fact in _today() if fact.type == "workloads.unpair")
    workload = fact.changes[0]["resource"]["workload"]["href"].rsplit("/", 1)[1]

    by_event = open_page("events", uuid=_href(fact).rsplit("/", 1)[1]).of("viz_events")
    by_workload = open_page("events", uuid=workload).of("viz_events")

    assert [row["_event"] for row in by_event] == [_href(fact)]
    assert _href(fact) in {row["_event"] for row in by_workload}
    assert {row["_event"] for row in by_workload} <= {_href(one) for one in _today() if workload in one.raw}


def test_a_row_opens_the_whole_event(open_page: Open) -> None:
    fact = next(fact for fact in _today() if fact.type == "agent.tampering")

    shown = {row["Field"]: row.get("Value") for row in open_page("events", event=_href(fact)).of("viz_event")}

    assert json.loads(str(shown["raw"])) == fact.body
    assert (shown["type"], shown["id"], shown["pce"]) == (fact.type, _href(fact), fact.pce)
    assert [row["Field"] for row in open_page("events").of("viz_event")] == ["No event is chosen"]


def test_the_whole_event_says_in_words_what_changed(open_page: Open) -> None:
    fact = next(
        fact for fact in _today() if fact.type == "rule_set.update" and "name" in (fact.changes[0]["changes"] or {})
    )

    shown = {row["Field"]: row.get("Value") for row in open_page("events", event=_href(fact)).of("viz_event")}

    assert shown["change_summary"] == "rule set Booking, stage two: name: Booking, stage one → Booking, stage two"


HOSTILE = (
    'x") OR (pce="*',
    '*" | delete',
    "`illumio_pce_index`",
    '$pce$ [ search index=* ] \\" \\',
    '"; | outputlookup x',
)


@pytest.mark.parametrize(
    "token", ["pce", "org", "severity", "actors", "type", "status", "who", "uuid", "text", "detection", "event"]
)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_a_literal_that_nothing_equals(open_page: Open, token: str, value: str) -> None:
    page = open_page("events", "quiet", **{token: value, "global_time__earliest": str(MONDAY + DAY - 7200)})

    told = page.of("viz_event" if token == "event" else "viz_events")

    assert len(told) == 1
    assert told[0].get("What", told[0].get("Field")) in (
        "No event matches the filters.", "No event is chosen", "No events were received.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"severity": ["high", "medium"], "status": "failure"},
        {"who": "greta*", "pce": "pce-north.kestrel-freight.example", "text": "203.0.113.66"},
        {"detection": "pce_health"},
        {"uuid": "/workloads/", "type": ["workloads.unpair", "workloads.update"]},
    ],
    ids=str,
)
def test_the_link_to_search_has_the_rows_of_the_table(open_page: Open, chosen: dict[str, str | list[str]]) -> None:
    page = open_page("events", **chosen)
    table = page.of("viz_events")

    found = page.linked("viz_export")

    assert [row["Event"] for row in found] == [row["_event"] for row in table]
    assert len(found) == int(page.of("viz_export")[0]["total"]) > 0


def test_the_console_s_columns_are_there(open_page: Open) -> None:
    row = next(row for row in open_page("events").linked("viz_export") if row["Type"] == "sec_rule.create")

    # Those of the console's event viewer: event, time, severity, status, who, from where, what, and its UUID.
    assert {"Type", "Time", "Severity", "Status", "Who", "From", "Object", "Event"} <= row.keys()
