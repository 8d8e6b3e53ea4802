"""The page of policy against counts of the raw events."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.dashboards.conftest import DAY, MONDAY, Open, events_of
from tests.dashboards.facts import POLICY, Fact, affected, broad, facts, provision
from tests.dashboards.panels import Indexed, Page, definition
from workbench.pce.events.world import World
from workbench.splunk.schedule.savedsearches_conf import all_searches

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
        assert (int(row["Draft edits"]), int(row["Provisions"])) == (sum(map(draft, hour)), sum(map(provision, hour)))


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
            ", ".join([*["many workloads"] * (affected(fact) >= 100), *["at night"] * (not 6 <= fact.hour % 24 < 22)]),
        )
        for fact in _today(day)
        if provision(fact)
        for change in fact.resources("sec_policy")
    )

    rows = open_page("policy_changes", day).of("viz_provision_rows")

    shown = Counter((row["By"], row["Workloads"], row["Version"], row.get("Worth a look", "")) for row in rows)
    assert shown == expected
    assert {row["Note"] for row in rows} == {"Quarterly review"}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_each_draft_edit_once_pending_ones_first(open_page: Open, day: str) -> None:
    expected = Counter((fact.type, fact.actor) for fact in _today(day) if draft(fact))

    rows = open_page("policy_changes", day).of("viz_draft_rows")

    assert Counter((row["_type"], row["By"]) for row in rows) == expected
    pending = [row["State"].startswith("draft for ") for row in rows]
    assert pending == sorted(pending, reverse=True)


def test_a_draft_edit_reads_in_words(open_page: Open) -> None:
    renamed = [
        row["Change"] for row in open_page("policy_changes").of("viz_draft_rows") if "stage two" in row["Change"]
    ]

    assert renamed
    assert all("Booking, stage one" in change and "{" not in change for change in renamed)


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_what_opens_the_network(open_page: Open, day: str) -> None:
    opened = [fact for fact in _today(day) if broad(fact) or fact.type in CLOSED]

    rows = [row for row in open_page("policy_changes", day).of("viz_opened_rows") if "_type" in row]

    assert Counter((row["_type"], row["By"]) for row in rows) == Counter((fact.type, fact.actor) for fact in opened)
    assert bool(opened) is (day == "bad")
    order = [(row["State"] != "provisioned", row["Why"] != "block removed or weakened") for row in rows]
    assert order == sorted(order)
    assert {(row["Why"], row["State"].partition(" for ")[0]) for row in rows} == (
        {
            ("very broad scope", "provisioned"),
            ("broad rule", "provisioned"),
            ("block removed or weakened", "draft"),
        }
        if opened
        else set()
    )


PERSON = {"user": {"href": "/users/7", "username": "amara.okafor@kestrel-freight.example"}}
OTHER = {"user": {"href": "/users/8", "username": "jonas.weiss@kestrel-freight.example"}}
DRAFT = "/orgs/1/sec_policy/draft/rule_sets"


def _event(
    second: int,
    event_type: str,
    by: dict[str, Any],
    resource: dict[str, Any] | list[dict[str, Any]],
    changes: dict[str, Any],
    how: str,
    endpoint: str = "/api/v2/orgs/1/sec_policy/draft",
) -> dict[str, Any]:
    """An event as it is indexed, `second` seconds after midnight: one change of each resource."""
    world = World(5)
    world.ms = int((MONDAY + second) * 1000)
    action = world.action("PUT", endpoint, 204, "10.77.4.20")
    resources = resource if isinstance(resource, list) else [resource]
    event = world.event(event_type, by, action, [world.change(one, changes, how) for one in resources])
    return {
        "_raw": json.dumps({**event, "href": f"/orgs/1/events/{second}"}),
        "_time": MONDAY + second,
        "_indextime": MONDAY + second,
        "sourcetype": "illumio:pce:events",
        "source": "illumio_pce_events://north",
        "host": "pce.example.com",
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """Rule set 1 was edited twice and provisioned without a note, then edited again; rule set 2 was edited only."""
    names = {"rulesets": {f"{DRAFT}/1": {"name": "Booking", "action": "update", "description": None}}, "services": {}}
    policy = {"href": "/orgs/1/sec_policy/9", "commit_message": None, "version": 9, "modified_objects": names}
    counts = {"workloads_affected": {"before": None, "after": 3}}
    told = [
        _event(0, "rule_set.update", PERSON, {"rule_set": {"href": f"{DRAFT}/1", "name": "Booking"}}, {}, "update"),
        _event(60, "sec_rule.update", OTHER, {"sec_rule": {"href": f"{DRAFT}/1/sec_rules/5"}}, {}, "update"),
        _event(120, "rule_set.update", OTHER, {"rule_set": {"href": f"{DRAFT}/2", "name": "Tracking"}}, {}, "update"),
        _event(3600, "sec_policy.create", PERSON, {"sec_policy": policy}, counts, "create"),
        _event(7200, "rule_set.update", PERSON, {"rule_set": {"href": f"{DRAFT}/1", "name": "Booking"}}, {}, "update"),
    ]
    return Indexed(told, MONDAY + 10_800, tmp_path_factory.mktemp("small"))


def test_a_provision_puts_in_force_what_was_edited_before_it(small: Indexed) -> None:
    rows = Page("policy_changes", small).of("viz_draft_rows")

    assert [(row["When"][11:19], row["State"]) for row in rows] == [
        ("02:00:00", "draft for 1 h 0 min"),
        ("00:02:00", "draft for 2 h 58 min"),
        ("00:01:00", "provisioned"),
        ("00:00:00", "provisioned"),
    ]


@pytest.mark.parametrize("named", [{}, None], ids=["named nothing", "does not say"])
def test_a_provision_that_names_no_object_leaves_open_whether_a_draft_is_in_force(named: Any, tmp_path: Path) -> None:
    policy = {"href": "/orgs/1/sec_policy/9", "version": 9, "modified_objects": named}
    rules = [{"rule_set": {"href": f"{DRAFT}/{number}", "name": f"Quay {number}"}} for number in range(3)]
    told = [
        _event(0, "rule_set.update", PERSON, rules[0], {}, "update"),
        _event(60, "rule_set.update", PERSON, rules[1], {}, "update"),
        _event(120, "sec_policy.create", PERSON, {"sec_policy": {**policy, "modified_objects": {"rule_sets": {
            rules[1]["rule_set"]["href"]: {"name": "Quay 1", "action": "update"}}}}}, {}, "create"),
        _event(3600, "sec_policy.create", PERSON, {"sec_policy": policy}, {}, "create"),
        _event(7200, "rule_set.update", PERSON, rules[2], {}, "update"),
    ]  # fmt: skip

    rows = Page("policy_changes", Indexed(told, MONDAY + 10_800, tmp_path)).of("viz_draft_rows")

    assert [(row["When"][11:19], row["State"]) for row in rows] == [
        ("02:00:00", "draft for 1 h 0 min"),
        ("00:00:00", "not known to be provisioned, 3 h 0 min"),
        ("00:01:00", "provisioned"),
    ]


def test_an_object_that_was_opened_opens_the_network(tmp_path: Path) -> None:
    """Rules over an IP list that gets every address, or a service that gets every port, allow more without a change."""
    wide = {"created": [{"from_ip": "0.0.0.0/0"}], "deleted": []}
    narrow = {"created": [{"from_ip": "198.51.100.0/24"}], "deleted": []}
    ports = {"created": [{"proto": 6, "port": 1, "to_port": 65535}], "deleted": [{"proto": 6, "port": 443}]}
    told = [
        _event(0, "ip_list.update", PERSON, {"ip_list": {"name": "Port authority"}}, {"ip_ranges": wide}, "update"),
        _event(60, "ip_list.update", PERSON, {"ip_list": {"name": "Partner"}}, {"ip_ranges": narrow}, "update"),
        _event(120, "service.update", OTHER, {"service": {"name": "Crane"}}, {"service_ports": ports}, "update"),
    ]
    page = Page("policy_changes", Indexed(told, MONDAY + 3600, tmp_path))

    assert [(row["When"][11:19], row["Why"]) for row in page.of("viz_opened_rows")] == [
        ("00:02:00", "object opened"),
        ("00:00:00", "object opened"),
    ]
    assert (page.of("viz_broad")[0]["total"], page.of("viz_broad")[0]["verdict"]) == ("2", "check")
    assert len(page.linked("viz_broad")) == 2
    assert [row.get("Broad") for row in page.of("viz_draft_rows")] == ["object opened", None, "object opened"]


def test_why_says_no_more_than_its_detection(tmp_path: Path) -> None:
    """A rule with any address on one side is not over everything, and a narrowed deny rule is not removed."""
    label = {"label": {"href": "/orgs/1/labels/4", "key": "app", "value": "customs"}}
    sides = {
        "consumers": {
            "created": [{"ip_list": {"href": "/orgs/1/sec_policy/draft/ip_lists/1", "name": "Any (0.0.0.0/0)"}}]
        },
        "providers": {"created": [label]},
    }
    rule = {"sec_rule": {"href": f"{DRAFT}/1/sec_rules/5"}}
    lost = {"ingress_services": {"created": [], "deleted": [{"proto": 6, "port": 445}]}}
    block = {"deny_rule": {"href": f"{DRAFT}/1/deny_rules/6", "name": "No file shares"}}
    told = [
        _event(0, "sec_rule.update", PERSON, rule, sides, "update"),
        _event(60, "deny_rule.update", PERSON, block, lost, "update"),
    ]
    page = Page("policy_changes", Indexed(told, MONDAY + 3600, tmp_path))

    assert [row["Why"] for row in page.of("viz_opened_rows")] == ["block removed or weakened", "broad rule"]
    assert definition("policy_changes")["visualizations"]["viz_opened"]["title"] == "Weakened blocks"


CLUSTER = {"container_cluster": {"href": "/orgs/1/container_clusters/3", "name": "quay-cluster"}}
# Who provisioned for how many workloads, how many managed ones the inventory counts, and whether policy_many_workloads
# alerts on that: 100 of a person, 300 of a container cluster, or a quarter of all.
MANY: dict[str, tuple[dict[str, Any], int, int, bool]] = {
    "99 by a person": (PERSON, 99, 0, False),
    "100 by a person": (PERSON, 100, 0, True),
    "60 of 200": (PERSON, 60, 200, True),
    "49 of 200": (PERSON, 49, 200, False),
    "150 by a cluster": (CLUSTER, 150, 0, False),
    "300 by a cluster": (CLUSTER, 300, 0, True),
}


@pytest.mark.parametrize(("by", "workloads", "managed", "many"), MANY.values(), ids=MANY)
def test_many_workloads_are_those_of_the_detection(
    by: dict[str, Any], workloads: int, managed: int, many: bool, tmp_path: Path
) -> None:
    policy = {"href": "/orgs/1/sec_policy/9", "version": 9, "commit_message": "Quarterly review"}
    counts = {"workloads_affected": {"before": None, "after": workloads}}
    found = Indexed(
        [_event(43_200, "sec_policy.create", by, {"sec_policy": policy}, counts, "create")], MONDAY + DAY, tmp_path
    )
    (told,) = found.events
    pce = json.loads(told["_raw"])["pce_fqdn"]
    rows = [{"_key": f"{pce}|1", "pce_fqdn": pce, "org_id": "1", "managed": str(managed)}]
    found.knowledge.lookup_definition("illumio_pce_managed_workloads").write(rows if managed else [], append=False)
    page = Page("policy_changes", found)

    (row,) = page.of("viz_provision_rows")
    assert row.get("Worth a look") == ("many workloads" if many else None)
    (figure, *_) = page.of("viz_affected")
    assert (figure["total"], figure["verdict"]) == (str(workloads), "check" if many else "OK")


def _thrown_away(second: int, endpoint: str, *hrefs: str) -> dict[str, Any]:
    """Drafts that somebody reverted: those named, or by a request that names none."""
    return _event(
        second,
        "sec_policy_pending.delete",
        OTHER,
        [{"rule_set": {"href": href}} for href in hrefs],
        {},
        "update",
        f"/api/v2/orgs/1/sec_policy/{endpoint}",
    )


def _provision(second: int, *hrefs: str) -> dict[str, Any]:
    names = {"rule_sets": {href: {"name": "Quay", "action": "update"} for href in hrefs}}
    policy = {"href": f"/orgs/1/sec_policy/{second}", "version": second, "modified_objects": names}
    return _event(second, "sec_policy.create", PERSON, {"sec_policy": policy}, {}, "create")


def _edit(second: int, number: int) -> dict[str, Any]:
    return _event(second, "rule_set.update", PERSON, {"rule_set": {"href": f"{DRAFT}/{number}"}}, {}, "update")


# What happened after rule set 1 was edited at 0 s, and the state of that edit an hour later.
ENDS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "all were thrown away": ([_thrown_away(60, "pending")], "reverted"),
    "it was thrown away": ([_thrown_away(60, "delete", f"{DRAFT}/1")], "reverted"),
    "it was among those thrown away": ([_thrown_away(60, "delete", f"{DRAFT}/2", f"{DRAFT}/1")], "reverted"),
    "another was thrown away": ([_thrown_away(60, "delete", f"{DRAFT}/2")], "draft for 1 h 0 min"),
    "nobody knows which": ([_thrown_away(60, "delete")], "draft for 1 h 0 min"),
    "then edited anew and provisioned": (
        [_thrown_away(60, "pending"), _edit(120, 1), _provision(180, f"{DRAFT}/1")],
        "reverted",
    ),
    "provisioned, then edited anew and thrown away": (
        [_provision(60, f"{DRAFT}/1"), _edit(120, 1), _thrown_away(180, "delete", f"{DRAFT}/1")],
        "provisioned",
    ),
    "perhaps provisioned before": (
        [_provision(60), _thrown_away(120, "pending")],
        "not known to be provisioned, 1 h 0 min",
    ),
    "perhaps provisioned later": ([_thrown_away(60, "pending"), _provision(120)], "reverted"),
}


@pytest.mark.parametrize(("told", "state"), ENDS.values(), ids=ENDS)
def test_a_draft_that_was_thrown_away_is_pending_no_more(
    told: list[dict[str, Any]], state: str, tmp_path: Path
) -> None:
    page = Page("policy_changes", Indexed([_edit(0, 1), *told], MONDAY + 3600, tmp_path))

    assert {row["State"] for row in page.of("viz_draft_rows") if row["When"][11:19] == "00:00:00"} == {state}
    edits = sum('"rule_set.update"' in one["_raw"] for one in told)
    assert page.of("viz_drafts")[0]["total"] == str(1 + edits)


def test_a_deleted_block_that_came_back_stands_below_those_that_did_not(tmp_path: Path) -> None:
    block = {"deny_rule": {"href": "/orgs/1/sec_policy/draft/deny_rules/6", "name": "No file shares"}}
    other = {"deny_rule": {"href": "/orgs/1/sec_policy/draft/deny_rules/7", "name": "No printers"}}
    told = [
        _event(0, "deny_rule.delete", PERSON, other, {}, "delete"),
        _event(60, "deny_rule.delete", PERSON, block, {}, "delete"),
        _thrown_away(120, "delete", "/orgs/1/sec_policy/draft/deny_rules/6"),
    ]
    page = Page("policy_changes", Indexed(told, MONDAY + 3600, tmp_path))

    assert [(row["When"][11:19], row["State"]) for row in page.of("viz_opened_rows")] == [
        ("00:00:00", "draft for 1 h 0 min"),
        ("00:01:00", "reverted"),
    ]


def test_a_provision_counts_what_it_contains(tmp_path: Path) -> None:
    policy = {"href": "/orgs/1/sec_policy/9", "version": 9}
    counts = {"object_counts": {"before": None, "after": {"rule_sets": 1, "services": 0, "ip_lists": 10}}}
    told = _event(0, "sec_policy.create", PERSON, {"sec_policy": policy}, counts, "create")

    (row,) = Page("policy_changes", Indexed([told], MONDAY + 60, tmp_path)).of("viz_provision_rows")

    assert row["Contents"] == "rule sets: 1, ip lists: 10"


def test_a_provision_at_night_without_a_note_is_worth_a_look_and_shows_who_drafted_it(small: Indexed) -> None:
    row = Page("policy_changes", small).of("viz_provision_rows")[0]
    contents = Page("policy_changes", small, {"provision": row["_href"]}).of("viz_contents")

    assert (row["Worth a look"], row["Note"]) == ("no note, at night", "none")
    assert [(one["Object"], one["Kind"], one["Action"], one["Edits"], one["_object"]) for one in contents] == [
        ("Booking", "rule sets", "update", "2", f"{DRAFT}/1")
    ]
    assert contents[0]["By"].split(", ") == [PERSON["user"]["username"], OTHER["user"]["username"]]
    assert "No provision is selected" in Page("policy_changes", small).of("viz_contents")[0]["Object"]


def test_the_page_opens_a_report_that_ships() -> None:
    text = definition("policy_changes")["visualizations"]["viz_report"]["options"]["markdown"]
    reports = all_searches([Path(__file__).resolve().parents[2] / "package"])

    (path,) = re.findall(r"\]\(/app/TA_illumio_pce/report\?s=(\S+)\)", text)

    assert unquote(path).removeprefix("/servicesNS/nobody/TA_illumio_pce/saved/searches/") in reports
