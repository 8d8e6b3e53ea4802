"""What holds for every dashboard: it is fresh, filters, tells why it is empty, and searches little."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.dashboards.conftest import DAY, MONDAY, Open, events_of
from tests.dashboards.facts import Fact, facts
from tests.dashboards.panels import VIEWS, Indexed, Page, definition, put_in
from tools.dashboards.__main__ import stale
from tools.dashboards.cost import cost, shipped_macros
from workbench.pce.events.world import World
from workbench.splunk.conf.reader import Confs

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("security_overview", "access", "workload_protection", "policy_changes", "pce_health", "events", "ingest")
RISKY = (
    "collect",
    "delete",
    "outputlookup",
    "outputcsv",
    "sendemail",
    "script",
    "map",
    "runshellscript",
    "crawl",
    "dump",
)
SAME = ["input_global_time", "input_pce", "input_org", "input_severity"]
NO_DATA = ("No events were received", "No health line was received", "No run was recorded")
# How many searches of a page read events, and how often it asks the index alone. More of them cost every viewer more.
COSTS = {
    "security_overview": (1, 2),
    "access": (1, 1),
    "workload_protection": (1, 1),
    "policy_changes": (1, 1),
    "pce_health": (2, 2),
    "events": (1, 1),
    "ingest": (1, 2),
}


def _sources(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = definition(name)["dataSources"]
    return found


def _panels(name: str, *types: str) -> list[str]:
    return [
        panel for panel, one in definition(name)["visualizations"].items() if one["type"].partition(".")[2] in types
    ]


def test_nothing_is_stale() -> None:
    assert stale() == []


def test_the_views_and_the_navigation() -> None:
    nav = ElementTree.parse(VIEWS.parent / "nav" / "default.xml").getroot()
    named = [view.get("name") for view in nav.iter("view")]

    assert sorted(path.stem for path in VIEWS.glob("*.xml")) == sorted(NAMES)
    assert named[:7] == list(NAMES)
    assert {"inputs", "configuration", "dashboard", "search"} <= set(named)
    assert [view.get("name") for view in nav.iter("view") if view.get("default")] == ["security_overview"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_filters_come_first_and_everything_has_a_title(name: str) -> None:
    one = definition(name)

    assert one["layout"]["globalInputs"][:4] == SAME
    assert one["inputs"]["input_global_time"]["options"]["defaultValue"] == "-24h@h,now"
    titled = [*one["inputs"].values(), *one["visualizations"].values()]
    assert all(part["title"] for part in titled)
    assert all(source["name"] for source in one["dataSources"].values())


@pytest.mark.parametrize("name", NAMES)
def test_searches_are_few_and_no_two_read_the_same_events(name: str) -> None:
    found = cost(definition(name), shipped_macros())

    assert (len(found.scans), found.index_only) == COSTS[name]
    assert all(found.scans)
    for one, other in combinations(found.scans, 2):
        assert not one & other


@pytest.mark.parametrize(
    ("query", "scans", "index_only"),
    [
        ('sourcetype="illumio:pce:events" | stats count', [{"illumio:pce:events"}], 0),
        ('| tstats count where sourcetype="illumio:pce:events"', [], 1),
        ('sourcetype="illumio:pce:cef" | append [search sourcetype="illumio:pce:leef" | head 1] | append [| tstats count]',
         [{"illumio:pce:cef"}, {"illumio:pce:leef"}], 1),
        ('| makeresults | eval text="| tstats [search x"', [], 0),
    ],
)  # fmt: skip
def test_what_counts_as_reading(query: str, scans: list[set[str]], index_only: int) -> None:
    source = {"type": "ds.search", "options": {"query": query}}
    found = cost({"dataSources": {"ds": source}}, {})
    assert ([set(one) for one in found.scans], found.index_only) == (scans, index_only)


@pytest.mark.parametrize("name", NAMES)
def test_each_base_lists_its_fields_and_no_chain_is_longer_than_two(name: str) -> None:
    sources = _sources(name)
    for source in sources.values():
        query, depth, above = source["options"]["query"], 0, source
        if source["type"] == "ds.search":
            assert re.fullmatch(r"fields [\w ]+", query.split("|")[-1].strip())
        while above["type"] == "ds.chain":
            above, depth = sources[above["options"]["extend"]], depth + 1
        assert depth <= 2
        assert not re.search(rf"\|\s*(?:{'|'.join(RISKY)})\b", query)
        assert source["type"] == "ds.search" or "earliest" not in query


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_waits_for_a_token_and_each_that_a_user_fills_is_quoted(name: str) -> None:
    page = Page(name, Indexed([], MONDAY, Path()))
    for source in _sources(name).values():
        query = source["options"]["query"]
        put_in(query, page.tokens)
        assert not re.search(
            r"\$(?:pce|org|severity|type|status|who|uuid|text|event|detection|node)(?!\|s\$)\b[|$]", query
        )
    for panel in definition(name)["visualizations"].values():
        for handler in panel.get("eventHandlers", []):
            for token in re.findall(r"\$([^$]+)\$", handler["options"].get("url", "")):
                assert token.endswith("|u")


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_turns_amber_with_the_first_or_by_a_macro(name: str) -> None:
    # A second node in trouble is red: a cluster has few. A million is never.
    allowed = {"1", "1000000", "2"} if name == "pce_health" else {"1", "1000000"}
    for source in _sources(name).values():
        for watch, act in re.findall(r"watch=([^,|]+), act=([^|]+?) \|", source["options"]["query"]):
            for number in (watch, act):
                assert number in allowed or re.fullmatch(r"(?:4\*)?`illumio_pce_\w+`(?:/2|/60)?", number), number


def test_every_macro_that_an_administrator_may_change_is_explained() -> None:
    stanzas = Confs.load(ROOT / "package").stanzas("macros")
    page = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    for name, stanza in stanzas.items():
        if name.startswith("illumio_pce_dashboard_") or name == "illumio_pce_index":
            assert re.search(
                rf"^\| `{name}` \| `{re.escape(stanza.entries['definition'].value)}` \| .+ \|$", page, re.MULTILINE
            ), name


@pytest.mark.parametrize("name", NAMES)
def test_without_data_every_table_says_so_and_no_figure_reads_zero(open_page: Open, name: str) -> None:
    page = open_page(name, "none")

    for panel in _panels(name, "table"):
        rows = page.of(panel)
        text = next(iter(rows[0].values()))
        assert len(rows) == 1 and (str(text).startswith(NO_DATA) or text == "No event is chosen"), panel
    for panel in _panels(name, "singlevalue"):
        assert {row["total"] for row in page.of(panel)} == {"no data"}, panel
    for panel in _panels(name, "line", "column", "bar"):
        assert page.of(panel) == [], panel


@pytest.mark.parametrize("name", ["access", "workload_protection", "policy_changes"])
def test_where_nothing_happened_a_table_says_that(name: str, tmp_path: Path) -> None:
    world = World(5)
    world.ms = int(MONDAY * 1000)
    event = world.event("label.create", {"system": {}}, world.task())
    told = {
        "_raw": json.dumps(event),
        "_time": MONDAY,
        "_indextime": MONDAY,
        "sourcetype": "illumio:pce:events",
        "source": "illumio_pce_events://north",
        "host": "pce.example.com",
    }
    page = Page(name, Indexed([told], MONDAY + 60, tmp_path))

    for panel in _panels(name, "table"):
        rows = page.of(panel)
        assert len(rows) == 1
        assert re.match(r"No |Nobody |Nothing |Every ", str(next(iter(rows[0].values())))), panel
        assert not str(next(iter(rows[0].values()))).startswith(NO_DATA)
    assert all(page.of(panel)[0]["total"] == "0" for panel in _panels(name, "singlevalue"))
    # The other PCE has sent nothing: that is not the same.
    other = Page(name, page.indexed, {"pce": "pce-two.example.com"})
    assert all(str(next(iter(other.of(panel)[0].values()))).startswith(NO_DATA) for panel in _panels(name, "table"))


@pytest.mark.parametrize("name", NAMES)
def test_the_pce_chosen_is_the_only_one_shown(open_page: Open, name: str) -> None:
    south = "pce-south.kestrel-freight.example"

    for panel in _panels(name, "table"):
        shown = {row["PCE"] for row in open_page(name, pce=south).of(panel) if row.get("PCE")}
        assert shown <= {south, "all"}, panel


# A figure of each page, with the events that it counts: whatever is chosen, both have to agree.
FIGURES: dict[str, tuple[str, str, Callable[[Fact], bool]]] = {
    "security_overview": ("viz_severities", "Events", lambda fact: True),
    "access": ("viz_failures", "total", lambda fact: fact.type == "user.sign_in" and fact.failed),
    "workload_protection": ("viz_tampering", "total", lambda fact: fact.type == "agent.tampering"),
    "policy_changes": (
        "viz_opened",
        "total",
        lambda fact: fact.type in ("deny_rule.delete", "enforcement_boundary.delete"),
    ),
    "events": ("viz_types", "Events", lambda fact: True),
}
CHOICES: list[dict[str, Any]] = [
    {"pce": "pce-north.kestrel-freight.example"}, {"pce": "pce-south.kestrel-freight.example"},
    {"org": "1"}, {"org": ["1", "2"]}, {"severity": "high"}, {"severity": ["informational", "medium"]},
    {"pce": "pce-north.kestrel-freight.example", "org": "2"},
]  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("chosen", CHOICES, ids=str)
def test_filters_act_on_each_page(open_page: Open, name: str, chosen: dict[str, Any]) -> None:
    panel, column, counts = FIGURES[name]
    wanted = {key: [value] if isinstance(value, str) else value for key, value in chosen.items()}
    expected = sum(
        counts(fact)
        for fact in facts(events_of("bad"))
        if fact.time >= MONDAY and all(getattr(fact, key) in values for key, values in wanted.items())
    )

    rows = open_page(name, **chosen).of(panel)

    shown = [row.get(column, 0) for row in (rows[:1] if column == "total" else rows)]
    # Nothing received from what is chosen reads "no data".
    assert sum(0 if value == "no data" else int(value) for value in shown) == expected


@pytest.mark.parametrize("name", ["security_overview", "access", "events"])
def test_the_time_chosen_acts(open_page: Open, name: str) -> None:
    panel, column, counts = FIGURES[name]
    begin, end = MONDAY + 13 * 3600, MONDAY + 13.5 * 3600
    expected = sum(counts(fact) for fact in facts(events_of("bad")) if begin <= fact.time < end)

    rows = open_page(name, global_time__earliest=str(begin), global_time__latest=str(end)).of(panel)

    assert sum(int(row.get(column, 0)) for row in (rows[:1] if column == "total" else rows)) == expected > 0


@pytest.mark.parametrize("name", NAMES)
def test_all_time_has_no_end_and_no_beginning(name: str, tmp_path: Path) -> None:
    page = Page(name, Indexed([], MONDAY, tmp_path), {"global_time.earliest": "0", "global_time.latest": ""})
    full = Page(name, Indexed(events_of("quiet")[-300:], MONDAY + DAY, tmp_path), page.chosen)

    assert all(page.of(panel)[0]["total"] == "no data" for panel in _panels(name, "singlevalue"))
    assert all(len(full.of(panel)) < 1_000 for panel in _panels(name, "singlevalue", "table", "line", "column", "bar"))


def test_the_choices_are_what_there_is(open_page: Open) -> None:
    pces = {"pce-north.kestrel-freight.example", "pce-south.kestrel-freight.example"}

    for name in NAMES:
        page = open_page(name)
        assert {row["pce"] for row in page.rows("ds_pces")} == pces
        # On the page of the PCE's health those that its own events name.
        orgs = {"1"} if name == "pce_health" else {"1", "2"}
        assert {row["org"] for row in page.rows("ds_orgs")} - {"unknown"} == orgs
    nodes = {row["node"] for row in open_page("pce_health").rows("ds_node_names")}
    assert nodes == {"pce-core-1", "pce-core-2", "pce-data-1"}


def test_an_event_that_comes_several_times_counts_once_by_its_last_line(tmp_path: Path) -> None:
    whole = json.loads(
        next(
            event["_raw"]
            for event in events_of("bad")
            if '"user.sign_in"' in event["_raw"] and '"failure"' in event["_raw"]
        )
    )
    unfinished = {**whole, "action": None, "status": None}
    events = [
        {"_raw": json.dumps(body), "_time": MONDAY, "_indextime": MONDAY + number, "sourcetype": "illumio:pce:events", "source": "syslog", "host": "relay"}
        for number, body in enumerate([unfinished, whole, unfinished])
    ]  # fmt: skip
    indexed = Indexed(events, MONDAY + 60, tmp_path)

    assert Page("access", indexed).of("viz_failures")[0]["total"] == "1"
    assert [row["Status"] for row in Page("events", indexed).of("viz_events")] == ["failure"]
    assert Counter(row["Severity"] for row in Page("security_overview", indexed).of("viz_severities")) == {
        "informational": 1
    }
