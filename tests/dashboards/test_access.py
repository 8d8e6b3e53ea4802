"""The access page against counts of the raw events."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import IDENTITY, RIGHTS, SIGN_INS, Fact, facts, sign_ins
from tests.dashboards.panels import Indexed, Page
from workbench.pce.events.world import World, by_user

SETTINGS = (*IDENTITY, "domain", "trusted_proxy_ips", "org", "resource")
ACCOUNTS = {"user.create", "user.update", "user.delete", "user.update_password", "user.reset_password"}
AUDIT_TRAIL = ("event_settings.", "syslog_destination.", "traffic_collector_setting.")
CREDENTIALS = (
    "api_key.",
    "service_account.",
    "system_task.expire_service_account",
    "system_task.delete_expired_service",
)


def _today(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


def _of(kinds: tuple[str, ...], found: list[Fact]) -> list[Fact]:
    return [
        fact for fact in found if fact.type.partition(".")[0] in kinds and not fact.type.endswith("verify_connection")
    ]


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures(open_page: Open, day: str) -> None:
    page, today = open_page("access", day), _today(day)
    people = sign_ins(today)
    expected = {
        "viz_signed_in": sum(not fact.failed for fact in people),
        "viz_failures": sum(fact.failed for fact in people),
        "viz_mfa": sum(fact.type == "user.verify_mfa" and fact.failed for fact in today),
        "viz_refused": sum(
            fact.type == "request.authorization_failed"
            or (fact.type in SIGN_INS and fact.failed and (fact.by_ven or not fact.by_person))
            for fact in today
        ),
        "viz_credentials": sum(fact.type in ("api_key.create", "service_account.create") for fact in today),
        "viz_rights": sum(not fact.failed for fact in _of((*RIGHTS, *SETTINGS), today))
        + sum(not fact.failed and fact.type in ACCOUNTS for fact in today),
        "viz_audit": sum(not fact.failed and fact.type.startswith(AUDIT_TRAIL) for fact in today),
    }

    assert {panel: int(page.of(panel)[0]["total"]) for panel in expected} == expected
    for row in page.of("viz_by_hour"):
        hour = [fact for fact in people if fact.hour == int(row["_time"]) // 3600]
        assert (int(row["Failed"]), int(row["Successful"])) == (
            sum(fact.failed for fact in hour),
            sum(not fact.failed for fact in hour),
        )


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_who_fails_and_from_where(open_page: Open, day: str) -> None:
    failures = [fact for fact in sign_ins(_today(day)) if fact.failed]
    users: dict[str, set[str]] = {}
    for fact in failures:
        users.setdefault(fact.source, set()).add(fact.actor.lower())

    rows = open_page("access", day).of("viz_failing")

    shown = {(row["User"], row["From"]): int(row["Failures"]) for row in rows}
    assert shown == Counter((fact.actor.lower(), fact.source) for fact in failures)
    assert all(int(row["Users tried"]) == len(users[row["From"]]) for row in rows)
    of_source = Counter(fact.source for fact in failures)
    order = [(-len(users[row["From"]]), -of_source[row["From"]], row["From"], -int(row["Failures"])) for row in rows]
    assert order == sorted(order)


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_what_is_refused_beside_people(open_page: Open, day: str) -> None:
    refused = [
        fact
        for fact in _today(day)
        if fact.type == "request.authorization_failed"
        or (fact.failed and fact.type in SIGN_INS and (fact.by_ven or not fact.by_person))
    ]

    rows = open_page("access", day).of("viz_ven_rows")

    assert sum(int(row["Requests"]) for row in rows) == len(refused) > 0
    assert {row["From"] for row in rows} == {fact.source for fact in refused}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_second_factors(open_page: Open, day: str) -> None:
    asked = [fact for fact in _today(day) if fact.type == "user.verify_mfa"]

    rows = [row for row in open_page("access", day).of("viz_mfa_rows") if "Passed" in row]

    assert {row["User"]: (int(row["Passed"]), int(row["Failed"])) for row in rows} == {
        user: (
            sum(fact.actor == user and not fact.failed for fact in asked),
            sum(fact.actor == user and fact.failed for fact in asked),
        )
        for user in {fact.actor for fact in asked}
    }


def test_keys_with_their_makers_and_their_end(open_page: Open) -> None:
    made = [fact for fact in _today("bad") if fact.type.startswith(CREDENTIALS)]

    rows = open_page("access").of("viz_keys")

    assert Counter((row["_type"], row["By"]) for row in rows) == Counter((fact.type, fact.actor) for fact in made)
    assert [row["Expires"] for row in rows if row["_type"] == "api_key.create"] == ["never"]


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_rights_accounts_and_settings(open_page: Open, day: str) -> None:
    page, today = open_page("access", day), _today(day)
    rights = [*_of(RIGHTS, today), *(fact for fact in today if fact.type in ACCOUNTS)]
    attributes = [
        (fact.type, name.replace("_", " "), value.get("before"), value.get("after"))
        for fact in _of(SETTINGS, today)
        for change in fact.changes
        for name, value in (change["changes"] or {"-": {}}).items()
    ]

    shown = [row for row in page.of("viz_rights_rows") if "_type" in row]
    settings = [row for row in page.of("viz_settings_rows") if "_type" in row]

    assert Counter((row["_type"], row["By"]) for row in shown) == Counter((fact.type, fact.actor) for fact in rights)
    assert Counter((row["_type"], row["Setting"], row.get("Before"), row.get("After")) for row in settings) == Counter(
        attributes
    )
    assert bool(rights) is (day == "bad")


def test_a_new_role_reads_in_words(open_page: Open) -> None:
    given = [row["Change"] for row in open_page("access").of("viz_rights_rows") if row["_type"] == "permission.create"]

    assert given
    assert all("owner" in change and "@kestrel-freight.example" in change and "{" not in change for change in given)


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_audit_trail_settings_before_and_after(open_page: Open, day: str) -> None:
    changed = [fact for fact in _today(day) if fact.type.startswith(AUDIT_TRAIL)]

    rows = [row for row in open_page("access", day).of("viz_audit_rows") if "_type" in row]

    assert Counter((row["_type"], row["By"], row["Setting"], row.get("Before"), row.get("After")) for row in rows) == (
        Counter(
            (fact.type, fact.actor, name.replace("_", " "), value.get("before"), value.get("after"))
            for fact in changed
            for change in fact.changes
            for name, value in (change["changes"] or {"-": {}}).items()
        )
    )
    assert bool(rows) is (day == "bad")


def test_retention_in_days_and_refused_changes_are_among_the_audit_trail_settings(tmp_path: Path) -> None:
    retention = {"audit_event_retention_seconds": {"before": 2592000, "after": 86400}}
    explorer = {"max_explorer_results": {"before": 10000, "after": 100000}}
    told = [
        _change("event_settings.update", {"event_settings": {"href": "/orgs/1/settings/events"}}, retention, "success"),
        _change("event_settings.update", {"event_settings": {"href": "/orgs/1/settings/events"}}, {}, "failure"),
        _change("settings.update", {"settings": {"href": "/orgs/1/settings"}}, explorer, "success"),
    ]
    page = Page("access", Indexed(told, MONDAY + 60, tmp_path))

    rows = page.of("viz_audit_rows")

    assert sorted((row["Outcome"], row["Setting"], row.get("Before"), row.get("After")) for row in rows) == [
        ("failure", "-", None, None),
        ("success", "retention", "30 days", "1 day"),
    ]
    assert page.of("viz_settings_rows")[0]["Change"] == "No setting changed."
    assert (page.of("viz_audit")[0]["total"], page.of("viz_audit")[0]["verdict"]) == ("1", "act now")
    assert [row["Type"] for row in page.linked("viz_audit")] == ["event_settings.update"]


def test_a_new_account_counts_among_the_changes_of_roles(tmp_path: Path) -> None:
    told = _change(
        "user.create", {"user": {"href": "/users/9", "username": "jonas@kestrel-freight.example"}}, {}, "success"
    )
    page = Page("access", Indexed([told], MONDAY + 60, tmp_path))

    assert (page.of("viz_rights")[0]["total"], page.of("viz_audit")[0]["total"]) == ("1", "0")


def _change(event_type: str, resource: dict[str, Any], changes: dict[str, Any], status: str) -> dict[str, Any]:
    """An event as it is indexed: one change of one resource."""
    world = World(5)
    world.ms = int(MONDAY * 1000)
    person = world.person()
    action = world.action("PUT", "/api/v2/orgs/1/settings", 204, person.address)
    event = world.event(event_type, by_user(person), action, [world.change(resource, changes, "update")])
    return {
        "_raw": json.dumps({**event, "href": f"/orgs/1/events/{event_type}-{status}", "status": status}),
        "_time": MONDAY,
        "_indextime": MONDAY,
        "sourcetype": "illumio:pce:events",
        "source": "illumio_pce_events://north",
        "host": "pce.example.com",
    }
