"""The page of the fleet against its workloads and reports, counted by plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.dash.hostile import HOSTILE
from tests.dashboards.panels import Indexed, Page, Row, definition
from tests.inventory import Json, indexed, manifest, workload
from workbench.splunk.conf.lookup_table import BETWEEN
from workbench.splunk.spl.commands import stats

#: 2031-03-04T00:00:00Z, and the run of the inventory two hours before.
NOW = 1_930_348_800.0
RUN = int((NOW - 7200) * 1000)
NORTH, MEMBER, SOUTH = "north.example.com", "member.north.example.com", "south.example.com"
KEYS, MODES = ("app", "env", "role"), ("idle", "visibility_only", "selective", "full")
CHOICES: list[dict[str, Any]] = [
    {}, {"pce": [NORTH]}, {"pce": [NORTH, SOUTH], "org": "1"}, {"pce": [MEMBER]}, {"org": "9"},
]  # fmt: skip


def _fleet() -> list[Json]:
    """Workloads of a supercluster of two and of a PCE by itself: of all kinds, by chance."""
    random, made = Random(8), []
    for number in range(90):
        pce = SOUTH if number % 3 == 0 else NORTH
        labels = [f"{key}={random.choice('ABC')}" for key in KEYS if random.random() < 0.8]
        more: Json = {"pce": pce, "labels": labels, "hostname": f"Host-{number}"}
        if random.random() < 0.2:
            made.append(workload(RUN, number, managed=False, **more))
            continue
        status = random.choice(["active"] * 8 + ["suspended", "stopped"])
        more |= {
            "enforcement_mode": random.choice(MODES), "ven_version": random.choice(["24.2.20-1", "23.5.1-9", None]),
            "ven_status": status, "online": status == "active" and random.random() < 0.9,
            "silent": random.choice([True, False, False, None]),
            "policy_sync": random.choice(["applied", "syncing", "staged", None]),
            "last_heartbeat_on": random.choice(["2031-03-03T23:10:00Z", "2031-02-28T01:00:00.123Z", "2030-01-01T00:00:00Z", None]),
        }  # fmt: skip
        if more["last_heartbeat_on"] is None:
            more["silent"] = None  # what never spoke is not judged
        made.append(workload(RUN, number, **more))
    return made


#: What the last event of a VEN says: before the run, and after it.
REPORTS: dict[str, tuple[str, float]] = {
    **{f"host-{number}": ("suspended", NOW - 9000) for number in range(0, 30, 4)},
    **{f"host-{number}": ("offline", NOW - 9000) for number in range(1, 30, 4)},
    **{f"host-{number}": ("lost", NOW - 60) for number in range(2, 30, 4)},
    **{f"host-{number}": ("online", NOW - 60) for number in range(3, 90, 4)},
    "long-gone": ("offline", NOW - 9000),
}


def _told_by(name: str) -> str:
    """The PCE whose events tell of a VEN: either member of the supercluster, or the other PCE."""
    number = int(name.rpartition("-")[2]) if name.startswith("host-") else 2
    return SOUTH if number % 3 == 0 else MEMBER if number % 2 else NORTH


RUNS = [
    manifest(RUN - 14_400_000, "workloads", 7, pce=NORTH, pce_fqdns=[NORTH, MEMBER]),
    manifest(RUN, "workloads", 60, pce=NORTH, pce_fqdns=[NORTH, MEMBER]),
    manifest(RUN, "workloads", 30, pce=SOUTH),
    manifest(RUN, "labels", 0, pce=SOUTH, complete=False, why="403: the API key may not read labels"),
]


def _row(one: Json, pce: str) -> dict[str, str]:
    """A workload as the lookup holds it."""
    values = {**one, "pce_fqdn": pce, "seen": RUN / 1000, "_key": f"{pce}|{one['href']}"}
    return {
        name: BETWEEN.join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if name not in ("kind", "time", "created_at")
    }  # fmt: skip


def _opened(folder: Path, workloads: list[Json], reports: Mapping[str, tuple[str, float]], runs: list[Json]) -> Indexed:
    found = Indexed(indexed(runs), NOW, folder)
    rows = [
        _row(one, pce)
        for one in workloads
        for pce in ([NORTH, MEMBER] if one["pce_fqdn"] == NORTH else [one["pce_fqdn"]])
    ]
    found.knowledge.lookup_definition("illumio_pce_workloads").write(rows, append=False)
    kept = [
        {"workload": name, "pce": _told_by(name), "state": state, "last_seen": str(last)}
        for name, (state, last) in reports.items()
    ]
    found.knowledge.lookup_definition("illumio_pce_vens").write(kept, append=False)
    return found


@lru_cache(maxsize=1)
def _bad(folder: Path) -> Indexed:
    return _opened(folder, _fleet(), REPORTS, RUNS)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    return _bad(Path(tmp_path_factory.mktemp("fleet")))


def _chosen(chosen: Mapping[str, Any]) -> list[Json]:
    """The workloads of the PCEs and organisations chosen."""
    pces = {NORTH if pce == MEMBER else pce for pce in chosen.get("pce", [NORTH, SOUTH])}
    return [one for one in _fleet() if one["pce_fqdn"] in pces and chosen.get("org", "1") == "1"]


def _verdict(one: Json) -> str:
    """How the last event of a workload compares with the inventory; empty where neither is of note."""
    said, at = REPORTS.get(one["hostname"].lower(), ("", 0.0))
    is_bad = one["ven_status"] != "active" or one["online"] is False or one.get("silent") is True
    if said in ("suspended", "offline", "lost"):
        return "both" if is_bad else "not read since" if at > NOW - 7200 else "only reported"
    return "only in the inventory" if is_bad else ""


def _managed(found: list[Json]) -> list[Json]:
    return [one for one in found if one["managed"]]


def _silent(one: Json) -> bool:
    return bool(one["ven_status"] == "active" and one.get("silent") is True)


def _total(page: Page, panel: str) -> int:
    total = page.of(panel)[0]["total"]
    return 0 if total == "no data" else int(total)


@pytest.mark.parametrize("chosen", CHOICES, ids=str)
def test_figures_and_the_rows_behind_their_clicks(bad: Indexed, chosen: dict[str, Any]) -> None:
    page, found = Page("fleet", bad, chosen), _chosen(chosen)
    managed = _managed(found)
    # A VEN that only events of the first PCE name.
    gone = int("pce" not in chosen or NORTH in chosen["pce"])
    expected = {
        "viz_managed": len(managed), "viz_unmanaged": len(found) - len(managed),
        "viz_silent": sum(map(_silent, managed)),
        "viz_waiting": sum(one.get("policy_sync") in ("syncing", "staged") for one in managed),
        "viz_open": sum(one["enforcement_mode"] in ("idle", "visibility_only") for one in managed),
        "viz_differs": gone + sum(_verdict(one) in ("only reported", "only in the inventory") for one in managed),
    }  # fmt: skip

    assert {panel: _total(page, panel) for panel in expected} == expected
    assert {panel: len(page.linked(panel)) for panel in expected} == expected


def _counted(rows: list[Row], name: str, number: str) -> dict[str, int]:
    return {row[name]: int(row[number]) for row in rows}


def _heartbeat(one: Json) -> str:
    if one.get("silent") is None:
        return "not judged"
    last = str(one.get("last_heartbeat_on", ""))[:4]
    ages = {"2030": "longer", "2031": "within a week"}
    if str(one.get("last_heartbeat_on", "")).startswith("2031-03-03"):
        ages["2031"] = "within a day"
    return f"silent, {ages[last]}" if one["silent"] else "in time"


TABLES: dict[str, tuple[str, str, Any]] = {
    "viz_versions": ("Version", "VENs", lambda one: one.get("ven_version", "unknown")),
    "viz_modes": ("Mode", "VENs", lambda one: one["enforcement_mode"].replace("_", " ")),
    "viz_sync": ("Policy", "VENs", lambda one: one.get("policy_sync", "unknown")),
    "viz_status": ("Status", "VENs", lambda one: one["ven_status"]),
    "viz_hearts": ("Heartbeat", "VENs", _heartbeat),
}


@pytest.mark.parametrize("chosen", CHOICES[:4], ids=str)
@pytest.mark.parametrize("panel", TABLES)
def test_tables_by_what_a_ven_is(bad: Indexed, panel: str, chosen: dict[str, Any]) -> None:
    page, (name, number, of) = Page("fleet", bad, chosen), TABLES[panel]
    rows = page.of(panel)

    assert _counted(rows, name, number) == Counter(map(of, _managed(_chosen(chosen))))
    assert [len(page.linked(panel, row)) for row in rows] == [int(row[number]) for row in rows]


@pytest.mark.parametrize("chosen", CHOICES[:2], ids=str)
def test_enforcement_by_label(bad: Indexed, chosen: dict[str, Any]) -> None:
    page, expected = Page("fleet", bad, chosen), Counter[tuple[str, str]]()
    for one in _managed(_chosen(chosen)):
        expected.update((label, one["enforcement_mode"]) for label in one.get("labels", ["(no label)"]))
    columns = dict(zip(MODES, ("Idle", "Visibility", "Selective", "Full")))
    rows = page.of("viz_by_label")

    shown = {(row["Label"], mode): int(row[column]) for row in rows for mode, column in columns.items()}
    assert {key: count for key, count in shown.items() if count} == expected
    assert [len(page.linked("viz_by_label", row)) for row in rows] == [int(row["Workloads"]) for row in rows]


@pytest.mark.parametrize("chosen", CHOICES[:2], ids=str)
def test_workloads_without_a_label_of_a_key(bad: Indexed, chosen: dict[str, Any]) -> None:
    page, found = Page("fleet", bad, chosen), _chosen(chosen)
    lacking = {key: sum(not any(label.startswith(f"{key}=") for label in one.get("labels", [])) for one in found) for key in KEYS}  # fmt: skip
    rows = page.of("viz_keys")

    assert _counted(rows, "Key", "Without") == lacking
    assert {row["Workloads"] for row in rows} == {str(len(found))}
    assert [len(page.linked("viz_keys", row)) for row in rows] == [int(row["Without"]) for row in rows]


@pytest.mark.parametrize("chosen", CHOICES[:2], ids=str)
def test_what_events_say_against_the_inventory(bad: Indexed, chosen: dict[str, Any]) -> None:
    rows = Page("fleet", bad, chosen).of("viz_compared")
    expected = {one["name"]: _verdict(one) for one in _managed(_chosen(chosen)) if _verdict(one)}

    assert {row["Workload"]: row["Compared"] for row in rows} == {**expected, "long-gone": "only reported"}
    assert len(rows) == len(expected) + 1
    assert {row["Compared"] for row in rows} == {"both", "not read since", "only reported", "only in the inventory"}
    said = {name: state for name, (state, _) in REPORTS.items() if state != "online"}
    assert all(row.get("Events say") == said.get(row["Workload"].lower()) for row in rows)
    assert next(row for row in rows if row["Workload"] == "long-gone")["Inventory says"] == "not in the inventory"


def test_a_report_is_of_the_host_of_its_own_pce_and_of_all_members_that_know_it(tmp_path: Path) -> None:
    fleet = [workload(RUN, pce, hostname="host-3", pce=pce) for pce in (NORTH, SOUTH)]
    fleet.append(workload(RUN, "served", hostname="host-1", pce=NORTH, online=False))
    reports = {"host-3": ("suspended", NOW - 9000), "host-1": ("offline", NOW - 9000)}
    found = _opened(tmp_path, fleet, reports, RUNS)

    def compared(*pces: str) -> list[tuple[str, str]]:
        page = Page("fleet", found, {"pce": list(pces)})
        return [(row["Workload"], row["Compared"]) for row in page.of("viz_compared") if row["Compared"]]

    assert compared(SOUTH) == [("host-3", "only reported")]
    assert compared(NORTH) == compared(MEMBER) == [("host-1", "both")]
    assert compared(NORTH, SOUTH) == [("host-3", "only reported"), ("host-1", "both")]


def test_a_fleet_too_large_for_eventstats_is_compared_whole(bad: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Page("fleet", bad).of("viz_compared")
    monkeypatch.setattr(stats, "EVENTSTATS_ROWS", 75)

    assert len(whole) > 20
    assert Page("fleet", bad).of("viz_compared") == whole


@pytest.mark.parametrize("panel", ["viz_compared", "viz_silents"])
def test_a_row_leads_to_the_host_name_by_which_events_call_the_workload(panel: str, tmp_path: Path) -> None:
    bad = {"silent": True, "last_heartbeat_on": "2031-02-28T01:00:00Z", "pce": SOUTH}
    fleet = [workload(RUN, 1, "Front door", hostname="host-3", **bad), workload(RUN, 2, "batch", hostname=None, **bad)]
    reports = {"host-3": ("offline", NOW - 9000)}
    rows = Page("fleet", _opened(tmp_path, fleet, reports, [])).of(panel)

    assert {row["Workload"]: row["_value"] for row in rows} == {"Front door": "host-3", "batch": "batch"}
    (nothing,) = Page("fleet", _opened(tmp_path, [], {}, [])).of(panel)
    assert nothing["_value"] == "-"


def test_silent_vens_are_listed_longest_first(bad: Indexed) -> None:
    rows = Page("fleet", bad).of("viz_silents")
    silent = [one for one in _managed(_chosen({})) if _silent(one)]

    assert {row["Workload"] for row in rows} == {one["name"] for one in silent}
    assert len(rows) == len(silent)
    known = [row["Last heartbeat"] for row in rows if row.get("Last heartbeat")]
    assert known == sorted(known)
    # Whoever looks: each has the time that the inventory gives, in UTC here.
    assert known[0] == "2030-01-01 00:00:00 UTC"


def test_the_last_run_of_each_collection_and_why_it_was_not_complete(bad: Indexed) -> None:
    rows = Page("fleet", bad).of("viz_read")

    assert [(row["Collection"], row["PCE"], row["Complete"], row["Objects"], row.get("Why")) for row in rows] == [
        ("labels", SOUTH, "no", "0", "403: the API key may not read labels"),
        ("workloads", MEMBER, "yes", "60", None),
        ("workloads", NORTH, "yes", "60", None),
        ("workloads", SOUTH, "yes", "30", None),
    ]
    assert {row["Read"] for row in rows} == {"2031-03-03 22:00:00 UTC"}
    assert {row["pce"] for row in Page("fleet", bad).rows("ds_pces")} == {NORTH, MEMBER, SOUTH}
    assert {row["org"] for row in Page("fleet", bad).rows("ds_orgs")} == {"1"}


def _tables() -> list[str]:
    return [name for name, one in definition("fleet")["visualizations"].items() if one["type"] == "splunk.table"]


def _figures() -> list[str]:
    return [name for name, one in definition("fleet")["visualizations"].items() if one["type"] == "splunk.singlevalue"]


def test_without_an_inventory_every_panel_says_so(tmp_path: Path) -> None:
    page = Page("fleet", _opened(tmp_path, [], {}, []))

    assert {page.of(panel)[0]["total"] for panel in _figures()} == {"no data"}
    for panel in _tables():
        (row,) = page.of(panel)
        texts = [value for name, value in row.items() if value and name != "_value"]
        assert texts == ["No inventory."], panel
    # Another PCE has one: this one has not.
    other = Page("fleet", _opened(tmp_path, _fleet(), {}, []), {"pce": ["elsewhere.example.com"]})
    assert {other.of(panel)[0]["total"] for panel in _figures()} == {"no data"}


def test_a_fleet_without_trouble_says_so(tmp_path: Path) -> None:
    page = Page("fleet", _opened(tmp_path, [workload(RUN, 1, pce=SOUTH)], {}, []))

    said = {panel: next(iter(page.of(panel)[0].values())) for panel in ("viz_compared", "viz_silents", "viz_read")}
    assert said == {
        "viz_compared": "No VEN is suspended, offline or lost.", "viz_silents": "No active VEN is silent.",
        "viz_read": "Not read within 8 days.",
    }  # fmt: skip
    assert {panel: page.of(panel)[0]["total"] for panel in ("viz_silent", "viz_differs", "viz_managed")} == {
        "viz_silent": "0", "viz_differs": "0", "viz_managed": "1",
    }  # fmt: skip
    assert page.of("viz_silent")[0]["level"] == "good"


def test_hostile_names_and_labels_are_counted_and_found_by_their_clicks(tmp_path: Path) -> None:
    """Control characters aside, which the input replaces."""
    texts = [text for text in HOSTILE if text.isprintable() and text.strip() == text and "=" not in text][:40]
    workloads = [
        workload(RUN, number, text, pce=SOUTH, labels=[f"{text}=x"], ven_version=text, hostname=f"h{number}")
        for number, text in enumerate(texts)
    ]
    page = Page("fleet", _opened(tmp_path, workloads, {}, []))

    assert _total(page, "viz_managed") == len(texts)
    for panel, name in (("viz_versions", "Version"), ("viz_by_label", "Label"), ("viz_keys", "Key")):
        rows = page.of(panel)
        assert {row[name].removesuffix("=x") for row in rows} == set(texts), panel
        for row in rows:
            wanted = len(texts) - 1 if panel == "viz_keys" else 1
            assert len(page.linked(panel, row)) == wanted, (panel, row)
