"""A figure counts what its title says, and a click on it lists exactly that, whatever is chosen on its page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.belongs import causes
from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import facts
from tests.dashboards.panels import Indexed, Page, definition

#: Investigate counts nothing until a name is entered: its figures are in test_investigate.py.
ALL_NAMES = (
    "security_overview", "investigate", "access", "workload_protection", "policy_changes", "pce_health", "events", "ingest",
)  # fmt: skip
NAMES = tuple(name for name in ALL_NAMES if name != "investigate")
NORTH, SOUTH = "pce-north.kestrel-freight.example", "pce-south.kestrel-freight.example"
CHOICES: list[dict[str, Any]] = [
    {}, {"pce": SOUTH}, {"pce": [NORTH, SOUTH], "org": "1"}, {"pce": f"{NORTH},{SOUTH}", "org": ["2", "1"]},
    {"global_time__earliest": str(MONDAY + 13 * 3600), "global_time__latest": str(MONDAY + 14.5 * 3600)},
]  # fmt: skip
#: Its figures and tables are clicked in test_fleet.py, which has an inventory.
OF_INVENTORY = ("fleet",)
#: Figures that are no number of rows: the column in which each row behind the click has them.
LARGEST = {("policy_changes", "viz_affected"): "Workloads affected"}


def links(name: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Panel, its definition and the address of each click that leads to a page of ours."""
    for panel, one in definition(name)["visualizations"].items():
        for handler in one.get("eventHandlers", []):
            if handler["options"].get("url", "").startswith("/app/"):
                yield panel, one, handler["options"]["url"]


def figures(name: str) -> list[str]:
    """The figures of a page with a click."""
    return [panel for panel, one, _ in links(name) if one["type"] == "splunk.singlevalue"]


@pytest.mark.parametrize("chosen", CHOICES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_the_number_of_rows_behind_its_click(open_page: Open, name: str, chosen: dict[str, Any]) -> None:
    page = open_page(name, **chosen)
    shown, listed = {}, {}
    for panel in figures(name):
        total = page.of(panel)[0]["total"]
        shown[panel] = 0 if total == "no data" else int(total)
        rows = page.linked(panel)
        column = LARGEST.get((name, panel))
        listed[panel] = max((int(row[column]) for row in rows), default=0) if column else len(rows)

    assert listed == shown


#: Tables whose rows open a search: the columns that say how many rows it finds.
ROWS = {("ingest", "viz_inputs"): ["Runs"], ("pce_health", "viz_own"): ["Events"]}
#: They open what no filter is about: one event by its id, the lines of a node, which name no PCE.
OPEN_MORE = {
    ("events", "viz_event"),
    ("investigate", "viz_event"),
    ("pce_health", "viz_nodes"),
    ("pce_health", "viz_parts"),
}


def test_each_table_whose_rows_open_a_search_is_counted() -> None:
    tables = {
        (name, panel)
        for name in ALL_NAMES
        for panel, one, url in links(name)
        if one["type"] == "splunk.table" and "/search?" in url
    }

    assert tables == ROWS.keys() | OPEN_MORE | {("investigate", "viz_cases_rows")}


@pytest.mark.parametrize(("name", "panel"), ROWS)
@pytest.mark.parametrize("chosen", [{}, {"pce": NORTH}], ids=str)
def test_a_row_counts_the_rows_behind_its_click(open_page: Open, name: str, panel: str, chosen: dict[str, Any]) -> None:
    page = open_page(name, **chosen)
    rows = page.of(panel)[:8]

    assert rows
    for row in rows:
        assert len(page.linked(panel, row)) == sum(int(row[column]) for column in ROWS[name, panel]), row


#: Figures and tables that a click of the same page filters: the table that then lists what was counted.
LISTED_BY = {"security_overview": "viz_needs", "events": "viz_events"}


def choices(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Panel and the tokens that a click on it sets."""
    for panel, one in definition(name)["visualizations"].items():
        for handler in one.get("eventHandlers", []):
            if handler["type"] == "drilldown.setToken":
                yield panel, {each["token"]: each.get("value") for each in handler["options"]["tokens"]}


@pytest.mark.parametrize("chosen", CHOICES[:3], ids=str)
def test_a_figure_that_filters_its_page_is_what_is_listed_then(open_page: Open, chosen: dict[str, Any]) -> None:
    page = open_page("security_overview", **chosen)
    found = list(choices("security_overview"))

    assert len(found) == 4
    for panel, tokens in found:
        listed = open_page("security_overview", **chosen, **tokens).of(LISTED_BY["security_overview"])
        assert len([row for row in listed if row.get("_detection")]) == int(page.of(panel)[0]["total"]), panel


def test_each_figure_that_a_click_lists_is_covered() -> None:
    for name in ALL_NAMES:
        for panel, one in definition(name)["visualizations"].items():
            if one["type"] == "splunk.singlevalue" and one.get("eventHandlers"):
                assert panel in [*figures(name), *(each for each, _ in choices(name))], (name, panel)
                assert panel in figures(name) or name == "security_overview", (name, panel)


#: Figures without a click, as docs/dashboards.md describes them.
WITHOUT = {
    "security_overview": {"Hidden cases", "Protected VENs", "PCEs collected", "Alerting"},
    "investigate": {"First seen", "Last seen"},
    "ingest": {"Data freshness", "Lag", "Events delivered", "Late arrivals"},
}


@pytest.mark.parametrize("name", [*ALL_NAMES, "fleet", "weekly"])
def test_which_figures_cannot_be_clicked(name: str) -> None:
    shown = [one for one in definition(name)["visualizations"].values() if one["type"] == "splunk.singlevalue"]
    without = {one["title"] for one in shown if not one.get("eventHandlers")}

    assert without == (
        {one["title"] for one in shown} if name in ("pce_health", "weekly") else WITHOUT.get(name, set())
    )


#: Tables whose rows lead to Investigate: where a row leads, by the columns that it shows. None: see below.
LEADS: dict[tuple[str, str], tuple[str, str] | None] = {
    ("security_overview", "viz_needs"): None,
    ("security_overview", "viz_users"): ("person", "User"),
    ("security_overview", "viz_addresses"): ("address", "Address"),
    ("investigate", "viz_with"): None,
    ("access", "viz_failing"): ("person", "User"),
    ("access", "viz_mfa_rows"): ("person", "User"),
    ("access", "viz_ven_rows"): None,
    ("access", "viz_keys"): ("person", "By"),
    ("access", "viz_rights_rows"): ("person", "By"),
    ("access", "viz_settings_rows"): ("person", "By"),
    ("access", "viz_audit_rows"): ("person", "By"),
    ("workload_protection", "viz_troubled"): ("workload", "Workload"),
    ("workload_protection", "viz_enforcement"): ("workload", "Workload"),
    ("workload_protection", "viz_removals"): ("person", "By"),
    ("workload_protection", "viz_upgrades"): ("workload", "Workload"),
    ("policy_changes", "viz_by_actor"): ("person", "Who"),
    ("policy_changes", "viz_opened_rows"): ("person", "By"),
    ("policy_changes", "viz_draft_rows"): ("person", "By"),
    ("events", "viz_named"): None,
}
NOBODY = {"system", "unknown", "-"}


def test_each_table_that_leads_to_investigate_is_covered() -> None:
    to_it = re.compile(r"/(?:investigate|\$row\._page\.value\|u\$)\?")
    leading = {(name, panel) for name in ALL_NAMES for panel, _, url in links(name) if to_it.search(url)}

    assert leading == LEADS.keys()
    for name, panel in LEADS:
        url = {one: url for one, _, url in links(name)}[panel]
        assert "form.kind=$row._kind.value|u$&form.entered=$row._value.value|u$&" in url
    # Each of their rows is a workload.
    fleet = {panel: url for panel, _, url in links("fleet") if "/investigate?" in url}
    assert fleet.keys() == {"viz_compared", "viz_silents"}
    assert all("form.kind=workload&form.entered=$row._value.value|u$&" in url for url in fleet.values())


@pytest.mark.parametrize(("name", "panel"), [place for place, lead in LEADS.items() if lead])
def test_a_row_leads_to_whom_it_names(open_page: Open, name: str, panel: str) -> None:
    kind, column = LEADS[name, panel] or ("", "")
    for row in open_page(name).of(panel):
        nobody = row[column] in NOBODY or row[column].startswith("No ")
        assert row["_value"] == ("-" if nobody else row[column]), row
        assert nobody or row["_kind"] == kind, row
    # Where there is none, a row says so and leads to nothing.
    assert {row["_value"] for row in open_page(name, "none").of(panel)} == {"-"}


#: Cases of the bad day by where they lead: to a workload, an address, or nobody; all others to the person who acted.
WORKLOADS = {
    "ven_tampering", "ven_suspended", "ven_lost", "ven_clones", "ven_update_notice", "ven_offline",
}  # fmt: skip
ADDRESSES = {"access_spray", "access_agent_failures", "pce_server_errors"}
#: Cases that name nobody, by the page that shows them.
PAGES = {"audit_events_lost": "pce_health", "pce_health": "pce_health", "ingest_failing": "ingest"}


def test_a_case_leads_to_who_or_what_is_behind_it(open_page: Open) -> None:
    raws = causes([fact for fact in facts(events_of("bad")) if fact.time >= MONDAY], ["tide_table.publish"])
    for row in open_page("security_overview").of("viz_needs"):
        case, value = row["_detection"], row["_value"]
        assert row["_page"] == PAGES.get(case, "investigate"), row
        if case in PAGES:
            assert value == "-", row
            continue
        kind = "workload" if case in WORKLOADS else "address" if case in ADDRESSES else "person"
        assert (row["_kind"], any(json.dumps(value) in raw for raw in raws[case])) == (kind, True), row


def test_a_case_of_nobody_that_has_no_page_leads_to_its_events(tmp_path: Path) -> None:
    told = {
        "href": "/orgs/1/events/1", "event_type": "tide_table.publish", "pce_fqdn": NORTH, "status": "success",
        "severity": "info", "created_by": {"system": {}},
    }  # fmt: skip
    event = {
        "_raw": json.dumps(told), "_time": MONDAY, "_indextime": MONDAY, "sourcetype": "illumio:pce:events",
        "source": "illumio_pce_events://north", "host": NORTH,
    }  # fmt: skip
    indexed = Indexed([event], MONDAY + 60, tmp_path)

    (row,) = Page("security_overview", indexed).of("viz_needs")

    assert [row[name] for name in ("_detection", "_page", "_value", "_pce")] == [
        "event_type_unknown",
        "events",
        "-",
        NORTH,
    ]
    shown = Page("events", indexed, {"detection": row["_detection"], "pce": row["_pce"]}).of("viz_events")
    assert [one["Type"] for one in shown] == ["tide_table.publish"]


@pytest.mark.parametrize("day", ["bad", "none"])
def test_a_row_of_no_case_leads_to_investigate(open_page: Open, day: str) -> None:
    rows = [row for row in open_page("security_overview", day, pce=SOUTH).of("viz_needs") if "_detection" not in row]

    assert [(row["_page"], row["_value"]) for row in rows] == [("investigate", "-")]


def test_a_verdict_leads_to_the_runs_of_its_pce(open_page: Open) -> None:
    rows = open_page("security_overview").of("viz_verdicts")

    assert [row["_pce"] for row in rows] == [row["PCE"] for row in rows]
    assert {row["PCE"] for row in rows} == {NORTH, SOUTH}
    assert [row["_pce"] for row in open_page("security_overview", "none").of("viz_verdicts")] == ["*"]
    url = {panel: url for panel, _, url in links("security_overview")}["viz_verdicts"]
    assert "/ingest?" in url and "&form.pce=$row._pce.value|u$" in url


def test_refused_requests_lead_to_the_user_or_the_address(open_page: Open) -> None:
    for row in open_page("access").of("viz_ven_rows"):
        lead = ("address", row["From"]) if row["User"] in NOBODY else ("person", row["User"])
        assert (row["_kind"], row["_value"]) == lead


def test_an_event_leads_to_each_that_it_names(open_page: Open) -> None:
    event = next(row for row in open_page("events").of("viz_events") if row["Type"] == "workloads.unpair")
    fact = next(fact for fact in facts(events_of("bad")) if fact.body["href"] == event["_event"])
    hosts = {one["workload"]["hostname"] for one in (change["resource"] for change in fact.changes)}

    shown = {(row["_kind"], row["_value"]) for row in open_page("events", event=event["_event"]).of("viz_named")}

    assert shown == {("person", fact.actor), ("address", fact.source), *(("workload", host) for host in hosts)}


@pytest.mark.parametrize("name", [*ALL_NAMES, *OF_INVENTORY])
def test_a_click_keeps_the_filters_of_its_page(name: str) -> None:
    inputs = {one["options"]["token"] for one in definition(name)["inputs"].values()} & {"pce", "org", "severity"}
    for panel, _, url in links(name):
        assert "earliest=$global_time.earliest|u$" in url and "latest=$global_time.latest|u$" in url, panel
        if (name, panel) in OPEN_MORE:
            continue
        if "/search?" in url:
            assert all(f"${token}|s|u$" in url for token in inputs), panel
        else:
            # The row of a case names its PCE.
            assert all(re.search(rf"form\.{token}=\$(?:{token}|row\._{token}\.value)\|u\$", url) for token in inputs)
