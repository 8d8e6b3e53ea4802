"""The Investigate page: everything that names one person, workload or address, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.cim import formats
from tests.dashboards.belongs import causes
from tests.dashboards.conftest import DAY, MONDAY, events_of
from tests.dashboards.facts import Fact, facts
from tests.dashboards.panels import Indexed, Page, Row
from workbench.pce.events.collected import Indexed as Event
from workbench.splunk.spl.search import run

GRETA, ADDRESS = "greta.lind@kestrel-freight.example", "203.0.113.66"
ENTER = "Enter a name or an address above."
FIGURES = ("viz_events", "viz_failed", "viz_changes", "viz_cases")
SEEN = ("viz_first", "viz_last")
#: Each table with the column in which it says why it is empty.
TABLES = {"viz_cases_rows": "Detection", "viz_with": "Name", "viz_rows": "Change", "viz_console": "Workload"}

Open = Callable[..., Page]


@lru_cache(maxsize=1)
def _today() -> list[Event]:
    """The audit events of the bad day without the most frequent ones of VENs."""
    told = [event for event in events_of("bad") if event["_time"] >= MONDAY]
    return [
        event
        for event in told
        if event["sourcetype"] == "illumio:pce:events" and '"agent.request_policy"' not in event["_raw"]
    ]


@pytest.fixture(scope="module")
def investigate(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens the page on that day; one that is opened again is the same."""
    indexed = Indexed(_today(), MONDAY + DAY, tmp_path_factory.mktemp("day"))
    opened: dict[tuple[tuple[str, str], ...], Page] = {}

    def page(kind: str = "person", value: str = "-", **chosen: str) -> Page:
        tokens = {"kind": kind, "entered": value, **chosen}
        return opened.setdefault(tuple(sorted(tokens.items())), Page("investigate", indexed, tokens))

    return page


def _names(kind: str, value: str, fact: Fact) -> bool:
    """Whether an event names it, by the members that hold names."""
    hosts = {one.get("hostname") for change in fact.changes for one in change["resource"].values()}
    if kind == "address":
        return fact.source == value
    return value in hosts | {fact.actor} if kind == "workload" else value.lower() == fact.actor.lower()


def _naming(kind: str, value: str) -> list[Fact]:
    found = [fact for fact in facts(_today()) if _names(kind, value, fact)]
    return sorted(found, key=lambda fact: -fact.time)


def _tampered() -> str:
    """A workload that was tampered with."""
    return next(fact.actor for fact in facts(_today()) if fact.type == "agent.tampering")


WANTED: dict[str, Callable[[], str]] = {"person": GRETA.upper, "workload": _tampered, "address": lambda: ADDRESS}


@pytest.mark.parametrize("kind", WANTED)
def test_it_tells_all_that_the_events_say(investigate: Open, kind: str) -> None:
    value = WANTED[kind]()
    page, expected = investigate(kind, value), _naming(kind, value)

    rows = page.of("viz_rows")
    assert [row["_event"] for row in rows] == [fact.body["href"] for fact in expected]
    totals = {panel: int(page.of(panel)[0]["total"]) for panel in FIGURES[:3]}
    assert totals == {
        "viz_events": len(expected),
        "viz_failed": sum(fact.failed for fact in expected),
        "viz_changes": sum(bool(fact.changes) and not fact.failed for fact in expected),
    }
    by_hour = Counter((fact.hour, fact.failed) for fact in expected)
    for row in page.of("viz_hours"):
        hour = int(row["_time"]) // 3600
        assert (int(row["Failure"]), int(row["Other"])) == (by_hour[hour, True], by_hour[hour, False])
    seen = {row["_value"]: int(row["Events"]) for row in page.of("viz_with") if row.get("Events")}
    assert seen == _others(kind, value, expected)


def _others(kind: str, value: str, found: list[Fact]) -> Counter[str]:
    """The addresses and actors in the events, without what was asked for."""
    seen: Counter[str] = Counter()
    for fact in found:
        if kind != "address" and fact.source not in ("None", "FILTERED"):
            seen[fact.source] += 1
        if fact.actor not in ("system", "unknown"):
            seen[fact.actor] += 1
    return Counter({name: count for name, count in seen.items() if name.lower() != value.lower()})


def test_first_and_last_seen(investigate: Open) -> None:
    page, found = investigate("person", GRETA.upper()), _naming("person", GRETA)

    times = [row["Time"][5:16] for row in page.of("viz_rows")]
    assert len(times) == len(found)
    for panel, at in zip(SEEN, (times[-1], times[0])):
        shown = page.of(panel)[0]["total"]
        assert (shown[:2], shown[-5:]) == (at[3:5], at[-5:])


@pytest.mark.parametrize("kind", ["person", "address"])
def test_the_detections_are_those_that_the_named_events_belong_to(investigate: Open, kind: str) -> None:
    value = WANTED[kind]()
    found = {fact.raw: fact for fact in _naming(kind, value)}
    belongs = causes(facts(_today()), ["tide_table.publish"])
    expected = {(name, found[raw].pce): 0 for name, texts in belongs.items() for raw in texts if raw in found}
    for name, texts in belongs.items():
        for raw in texts & found.keys():
            expected[name, found[raw].pce] += 1
    page = investigate(kind, value)

    rows = page.of("viz_cases_rows")

    assert {(row["_detection"], row["PCE"]): int(row["Events"]) for row in rows} == expected
    assert int(page.of("viz_cases")[0]["total"]) == len(expected) > 5
    assert all(row["Detection"] and row["First step"] and row["First"] <= row["Last"] for row in rows)


def test_a_click_lists_what_is_counted(investigate: Open) -> None:
    page = investigate("person", GRETA.upper())

    assert {panel: len(page.linked(panel)) for panel in FIGURES} == {
        panel: int(page.of(panel)[0]["total"]) for panel in FIGURES
    }
    row = max(page.of("viz_cases_rows"), key=lambda row: int(row["Events"]))
    assert len(page.linked("viz_cases_rows", row)) == int(row["Events"]) > 1


def test_changes_are_told_in_words_and_a_row_opens_the_event(investigate: Open) -> None:
    rows = investigate("person", GRETA.upper()).of("viz_rows")
    row = next(row for row in rows if row["What"] == "Deny rule deleted")

    assert row["Change"].startswith("deleted deny rule ")
    whole = {
        one["Field"]: one.get("Value")
        for one in investigate("person", GRETA.upper(), event=row["_event"]).of("viz_event")
    }
    assert json.loads(str(whole["raw"]))["href"] == whole["id"] == row["_event"]
    assert whole["change_summary"] == row["Change"]


def test_the_filters_act_and_an_empty_table_says_so(investigate: Open) -> None:
    page = investigate("person", GRETA.upper(), pce="pce-south.kestrel-freight.example", severity="critical")

    assert page.of("viz_events")[0]["total"] == "0"
    said = {panel: str(page.of(panel)[0][column]) for panel, column in TABLES.items()}
    assert said["viz_rows"] == "None with these filters."
    assert {row["PCE"] for row in page.of("viz_cases_rows") if row.get("PCE")} <= {"pce-south.kestrel-freight.example"}


@pytest.mark.parametrize("value", ["-", "", " "])
def test_it_opens_empty_and_says_what_to_enter(investigate: Open, value: str) -> None:
    page = investigate("person", value)

    assert {panel: page.of(panel)[0][column] for panel, column in TABLES.items()} == dict.fromkeys(TABLES, ENTER)
    figures = [page.of(panel)[0] for panel in (*FIGURES, *SEEN)]
    assert {(row["total"], row["level"], row["verdict"]) for row in figures} == {("-", "plain", " ")}


def test_a_name_that_does_not_occur(investigate: Open) -> None:
    page = investigate("workload", "nowhere.kestrel-freight.example")

    assert {panel: page.of(panel)[0][column] for panel, column in TABLES.items()} == {
        "viz_cases_rows": "No detection named it.",
        "viz_with": "Nobody else, and no other address.",
        "viz_rows": "No event names it.",
        "viz_console": "No workload whose console is known. Click to enter the consoles of your PCEs.",
    }
    assert [page.of(panel)[0]["total"] for panel in SEEN] == ["not seen", "not seen"]


# --- what is entered is hostile text ---------------------------------------------------------------

#: Names that would mean something else if they were not taken literally.
HOSTILE = (
    "*", "gr*ta", "%", "a_b", 'a"b', 'a" OR user="*', "back\\slash", "C:\\new\\table", "$pce$", "$$", "a|b", "x | delete",
    "`illumio_pce_index`", "[search index=*]", ") OR (", "O'Neil & <b>", "a=b, c", "Käthe Müller", "漢字", "ends\\",
    "(?i).*", "two  blanks", "-x", "NOT *",
)  # fmt: skip
ADDRESSES = ("203.0.113.6", "203.0.113.66", "2001:db8::1", "2001:db8::10")
WRITERS = (formats.as_json, formats.as_cef, formats.as_leef)


def _sign_in(number: int, name: str, address: str) -> dict[str, Any]:
    """A sign-in of somebody of our own."""
    return {
        "href": f"/orgs/1/events/{number:08x}-0000-4000-8000-000000000000",
        "timestamp": "2031-03-03T12:00:00.000Z",
        "pce_fqdn": "pce-north.kestrel-freight.example",
        "created_by": {"user": {"href": f"/users/{number}", "username": name}},
        "event_type": "user.sign_in",
        "status": "success",
        "severity": "info",
        "action": {
            "uuid": f"{number:08x}-0000-4000-9000-000000000000",
            "src_ip": address,
            "api_endpoint": "/api/v2/users/sign_in",
            "api_method": "POST",
            "http_status_code": 200,
        },
        "resource_changes": [],
        "notifications": [],
        "version": 2,
    }


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """A sign-in of each name from each of two addresses, in each format."""
    lines, number = [], 0
    for write in WRITERS:
        for name in HOSTILE:
            for address in ADDRESSES[:2]:
                number += 1
                lines.append(write(_sign_in(number, name, address), address))
        for address in ADDRESSES[2:]:
            number += 1
            lines.append(write(_sign_in(number, "ines", address), address))
    events = [
        {
            "_raw": line,
            "_time": MONDAY + 43_200,
            "sourcetype": "illumio:pce:syslog",
            "source": "syslog",
            "host": "relay",
        }
        for line in lines
    ]
    return Indexed(events, MONDAY + DAY, tmp_path_factory.mktemp("hostile"))


def _found(indexed: Indexed, kind: str, value: str) -> list[Row]:
    return [
        row for row in Page("investigate", indexed, {"kind": kind, "entered": value}).of("viz_rows") if "_event" in row
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_taken_literally_in_each_format(hostile: Indexed, name: str) -> None:
    rows = _found(hostile, "person", f" {name.swapcase() if name.isascii() else name} ")

    assert [row["By"] for row in rows] == [name] * 6


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_compared_whole(hostile: Indexed, address: str) -> None:
    rows = _found(hostile, "address", address)

    assert [row["From"] for row in rows] == [address] * (3 * len(HOSTILE) if address in ADDRESSES[:2] else 3)


@pytest.mark.parametrize(
    ("value", "terms"),
    [
        ("", 'sourcetype="-"'),
        ("-", 'sourcetype="-"'),
        (GRETA, f'"{GRETA}"'),
        ("2001:db8::1", '"2001:db8::1"'),
        ('a" or user="*', '"a*" "*or*" "*user*" "*"'),
        ("back\\slash", '"back*" "*slash"'),
        ("`x` [search y] $z$", '"*" "*x*" "*search*" "*y*" "*z*" "*"'),
        ("käthe", '"k*" "*the"'),
    ],
)
def test_the_index_is_asked_for_the_words_of_the_name(hostile: Indexed, value: str, terms: str) -> None:
    written = json.dumps(value, ensure_ascii=False)
    search = f"| makeresults | eval wanted={written} | `illumio_pce_wanted_terms`"

    assert run(search, hostile.store, knowledge=hostile.knowledge, now=hostile.now) == [{"search": terms}]


def test_the_base_search_reads_what_holds_the_name(investigate: Open) -> None:
    """What leaves the index is what has the words, not the whole day."""
    indexed = investigate().indexed
    search = f'`illumio_pce_audit` [| makeresults | eval wanted="{GRETA}" | `illumio_pce_wanted_terms`]'

    read = run(search, indexed.store, knowledge=indexed.knowledge, now=indexed.now)

    assert {row["_raw"] for row in read} == {event["_raw"] for event in _today() if GRETA in event["_raw"].lower()}
    assert len(read) * 10 < len(_today())


def _lines(events: list[dict[str, Any]]) -> list[Event]:
    """The events as the collector has them indexed."""
    told = {"_time": MONDAY, "sourcetype": "illumio:pce:events", "source": "illumio_pce_events://audit", "host": "pce"}
    return [{"_raw": json.dumps(one), **told} for one in events]


UUID = "6f0c1a52-7f1e-4d1b-9a53-0d5a1c2b3e4f"


@pytest.fixture
def with_console(tmp_path: Path) -> Indexed:
    """An event about a workload of a PCE whose console is entered, and one of a PCE without."""
    event = {
        **_sign_in(1, "ines", "192.0.2.7"),
        "href": "/orgs/1/events/1",
        "event_type": "workload.update",
        "pce_fqdn": "pce.invalid",  # the row of the file that ships, which is no PCE
        "resource_changes": [
            {"change_type": "update", "resource": {"workload": {"href": f"/orgs/1/workloads/{UUID}", "name": "quay"}}}
        ],
    }
    events = [event, {**event, "href": "/orgs/1/events/2", "pce_fqdn": "pce.example"}]
    return Indexed(_lines(events), MONDAY + 60, tmp_path)


def test_the_full_event_has_the_address_of_the_console_if_it_is_known(with_console: Indexed) -> None:
    def full_event(href: str) -> dict[str, Any]:
        page = Page("investigate", with_console, {"kind": "workload", "entered": UUID, "event": href})
        return {row["Field"]: row.get("Value") for row in page.of("viz_event")}

    known, unknown = full_event("/orgs/1/events/1"), full_event("/orgs/1/events/2")

    assert (known["id"], unknown["id"]) == ("/orgs/1/events/1", "/orgs/1/events/2")
    assert known["console"] == f"https://console.invalid:8443/#/workloads/{UUID}"
    assert "console" not in unknown


def test_a_workload_opens_in_its_console_where_that_is_known(with_console: Indexed) -> None:
    page = Page("investigate", with_console, {"kind": "workload", "entered": UUID})

    (row,) = page.of("viz_console")

    assert (row["Workload"], row["PCE"]) == ("quay", "pce.invalid")
    assert row["_link"] == f"https://console.invalid:8443/#/workloads/{UUID}"


def test_without_a_console_a_click_leads_to_where_it_is_entered(investigate: Open) -> None:
    (row,) = investigate(value=GRETA).of("viz_console")

    assert row["Workload"] == "No workload whose console is known. Click to enter the consoles of your PCEs."
    assert row["_link"] == "/manager/TA_illumio_pce/data/transforms/lookups"


def test_what_an_event_is_about_reads_as_in_a_summary(tmp_path: Path) -> None:
    draft = "/orgs/1/sec_policy/draft"
    about = {
        f"{draft}/rule_sets/7951/sec_rules/6046": "rule 6046 in rule set 7951",
        f"{draft}/rule_sets/7951/deny_rules/5780": "deny rule 5780 in rule set 7951",
        f"{draft}/ip_lists/17": "IP list 17",
        "/orgs/1/permissions/4656": "permission 4656",
    }
    events = [
        {
            **_sign_in(number, "ines", "192.0.2.7"),
            "event_type": "sec_policy.restore",
            "resource_changes": [
                {"change_type": "update", "resource": {"sec_rule": {"href": href}}, "changes": {}},
            ],
        }
        for number, href in enumerate(about)
    ]
    named = {**events[0], "href": "/orgs/1/events/9", "resource_changes": [
        {"change_type": "update", "resource": {"service": {"href": f"{draft}/services/3", "name": "4656 ssh"}}, "changes": {}}
    ]}  # fmt: skip
    indexed = Indexed(_lines([*events, named]), MONDAY + DAY, tmp_path)

    rows = Page("investigate", indexed, {"kind": "person", "entered": "ines"}).of("viz_rows")

    assert Counter(row["About"] for row in rows) == Counter([*about.values(), "4656 ssh"])


def test_no_event_at_all(tmp_path: Path) -> None:
    page = Page("investigate", Indexed([], MONDAY, tmp_path), {"entered": GRETA})

    assert {page.of(panel)[0]["total"] for panel in (*FIGURES, *SEEN)} == {"no data"}
    assert {page.of(panel)[0][column] for panel, column in TABLES.items()} == {"No events were received."}
