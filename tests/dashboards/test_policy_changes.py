"""The page of policy against counts of the raw events."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import POLICY, Fact, affected, broad, facts, provision

CLOSED = ("enforcement_boundary.delete", "deny_rule.delete")


def _today(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


def draft(fact: Fact) -> bool:
    """A change of policy that is not in force yet."""
    return fact.type.partition(".")[0] in POLICY and not fact.failed and not provision(fact)


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures(open_page: Open, day: str) -> None:
    page, today = open_page("policy_changes", day), _today(day)
    expected = {
        "viz_provisions": sum(map(provision, today)),
        "viz_affected": max(affected(fact) for fact in today),
        "viz_drafts": sum(map(draft, today)),
        "viz_broad": sum(map(broad, today)),
        "viz_opened": sum(fact.type in CLOSED for fact in today),
        "viz_people": len({fact.actor for fact in today if provision(fact) or draft(fact)}),
    }

    assert {panel: int(page.of(panel)[0]["total"]) for panel in expected} == expected
    for row in page.of("viz_by_hour"):
        hour = [fact for fact in today if fact.hour == int(row["_time"]) // 3600]
        assert (int(row["drafts"]), int(row["provisions"])) == (sum(map(draft, hour)), sum(map(provision, hour)))


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_by_person(open_page: Open, day: str) -> None:
    today = _today(day)
    drafts = Counter(fact.actor for fact in today if draft(fact))
    provisions = Counter(fact.actor for fact in today if provision(fact))

    rows = open_page("policy_changes", day).of("viz_by_actor")

    shown = {row["Who"]: (int(row["Drafts"]), int(row["Provisions"])) for row in rows}
    assert shown == {who: (drafts[who], provisions[who]) for who in {*drafts, *provisions}}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_provisions_with_what_they_affect(open_page: Open, day: str) -> None:
    expected = Counter(
        (
            fact.actor,
            str(affected(fact)),
            str(change["resource"]["sec_policy"]["version"]),
            "wide" if affected(fact) >= 50 else "narrow",
        )
        for fact in _today(day)
        if provision(fact)
        for change in fact.resources("sec_policy")
    )

    rows = open_page("policy_changes", day).of("viz_provision_rows")

    shown = Counter((row["Who"], row["Workloads affected"], row["Version"], row["How broad"]) for row in rows)
    assert shown == expected
    assert {(row["Message"], row["What"]) for row in rows} == {("Quarterly review", "Tracking")}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_drafts_with_each_attribute(open_page: Open, day: str) -> None:
    expected = Counter(
        (fact.type, fact.actor, name)
        for fact in _today(day)
        if draft(fact)
        for change in fact.changes or [{"changes": None}]
        for name in change["changes"] or ["-"]
    )

    rows = open_page("policy_changes", day).of("viz_draft_rows")

    assert Counter((row["Type"], row["Who"], row["Attribute"]) for row in rows) == expected


def test_before_and_after_are_the_events_own(open_page: Open) -> None:
    renamed = [
        row
        for row in open_page("policy_changes").of("viz_draft_rows")
        if row["Type"] == "rule_set.update" and row["Attribute"] == "name"
    ]

    assert renamed
    assert {(row["Before"], row["After"]) for row in renamed} == {("Booking, stage one", "Booking, stage two")}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_what_opens_the_network(open_page: Open, day: str) -> None:
    opened = [fact for fact in _today(day) if broad(fact) or fact.type in CLOSED]

    rows = [row for row in open_page("policy_changes", day).of("viz_opened_rows") if "Type" in row]

    assert Counter((row["Type"], row["Who"]) for row in rows) == Counter((fact.type, fact.actor) for fact in opened)
    assert bool(opened) is (day == "bad")
