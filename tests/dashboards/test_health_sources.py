"""The page of the PCE's health has the same figures from syslog, from the API, and from both at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import gmtime, strftime
from typing import Any

import pytest
from illumio_pce.health_events import events_of, unreachable

from tests.dashboards.conftest import MONDAY
from tests.dashboards.panels import Indexed, Page
from workbench.pce.health import Health, Node

FQDN = "pce.example.com"
Event = dict[str, Any]


def at(number: int) -> Health:
    """The cluster in the given minute: core0 is short of CPU in the second one, data1 is gone in the last."""
    health = Health.of_2x2(FQDN)
    health.nodes[0].cpu = 97 if number == 1 else 20
    health.nodes[2].disks = {"log_dir": 40 + number, "persistent_data_root": 60}
    health.nodes[3].runlevel = None if number == 2 else 5
    return health


def from_syslog(health: Health, time: float) -> Iterator[Event]:
    for line in health.lines(time):
        yield _event(line, "illumio:pce:system_health", "syslog", "relay", time)


def from_api(health: Health, time: float) -> Iterator[Event]:
    for found in events_of([health.answer(time)], ""):
        yield api_event(found, time)


def api_event(found: Event, time: float) -> Event:
    return _event(json.dumps(found), "illumio:pce:cluster_health", "illumio_pce_health://health", FQDN, time)


def _event(raw: str, sourcetype: str, source: str, host: str, time: float) -> Event:
    return {
        "_raw": raw, "_time": time, "_indextime": time + 1, "sourcetype": sourcetype, "source": source, "host": host,
        "index": "main",
    }  # fmt: skip


def page(folder: Path, events: list[Event], now: float = MONDAY + 3900, **tokens: str | list[str]) -> Page:
    return Page("pce_health", Indexed(events, now, folder), tokens)


Source = Callable[[Health, float], Iterator[Event]]


def both(health: Health, time: float) -> Iterator[Event]:
    yield from from_syslog(health, time)
    yield from from_api(health, time + 5)


@pytest.mark.parametrize("source", [from_syslog, from_api, both])
def test_figures_are_those_of_the_cluster_whichever_source_tells(source: Source, tmp_path: Path) -> None:
    events = [event for number in range(3) for event in source(at(number), MONDAY + 3600 + 60 * number)]
    found = page(tmp_path, events)
    figures = ("count", "troubled", "missing", "cpu", "memory", "disk")
    assert [int(found.of(f"viz_{name}")[0]["total"]) for name in figures] == [4, 1, 1, 20, 40, 60]
    rows = {row["Node"].partition(".")[0]: row for row in found.of("viz_nodes")}
    assert sorted(rows) == ["core0", "core1", "data0", "data1"]
    peaks = {
        row["Node"].partition(".")[0]: [int(row[peak]) for peak in ("CPU", "Memory", "Disk")]
        for row in found.of("viz_peaks")
    }
    assert peaks == {"core0": [97, 40, 11], "core1": [3, 40, 11], "data0": [3, 40, 60], "data1": [3, 40, 11]}


def test_a_node_that_is_gone_is_shown_as_gone(tmp_path: Path) -> None:
    events = [event for number in range(3) for event in from_api(at(number), MONDAY + 3600 + 60 * number)]
    found = page(tmp_path, events)
    first = found.of("viz_nodes")[0]
    assert (first["Node"], first["Now"]) == ("data1.example.com", "high")
    assert {(row["Node"], row["Service"]): (row["Now"], row["Warnings"]) for row in found.of("viz_parts")} == {
        (FQDN, "cluster"): ("medium", "2"),
        ("data1.example.com", "unreachable node"): ("high", "1"),
        ("core0.example.com", "node"): ("informational", "1"),
    }


def test_a_healthy_cluster_needs_nothing(tmp_path: Path) -> None:
    found = page(tmp_path, list(from_api(Health.of_2x2(FQDN), MONDAY + 3600)))
    assert [int(found.of(f"viz_{name}")[0]["total"]) for name in ("count", "troubled", "missing")] == [4, 0, 0]
    assert [(row["Service"], row["Warnings"]) for row in found.of("viz_parts")] == [("cluster", "0")]
    measured = {row["Measurement"]: row["Now"] for row in found.of("viz_measurements")}
    assert measured == {"Policy database size": "3.5 GB", "Database replication lag": "0.5 s"}


def test_health_that_cannot_be_read_is_shown(tmp_path: Path) -> None:
    gone = api_event(unreachable(FQDN, "No connection.", "connection", down=True), MONDAY + 3600)
    (row,) = page(tmp_path, [gone]).of("viz_parts")
    assert (row["Node"], row["Service"], row["Now"], row["Warnings"]) == (FQDN, "cluster", "high", "1")


def test_nodes_of_two_pces_with_one_short_name_stay_apart(tmp_path: Path) -> None:
    far = Health("pce.far.example", [Node("core0.far.example", "10.78.0.4", cpu=50)])
    events = [*from_api(Health.of_2x2(FQDN), MONDAY + 3600), *from_api(far, MONDAY + 3600)]
    found = page(tmp_path, events)
    assert int(found.of("viz_count")[0]["total"]) == 5
    (tmp_path / "chosen").mkdir()
    chosen = page(tmp_path / "chosen", events, pce="pce.far.example")
    assert [row["Node"] for row in chosen.of("viz_nodes")] == ["core0.far.example"]


def test_addresses_are_no_names_with_a_domain(tmp_path: Path) -> None:
    nodes = [Node(None, "10.77.0.4"), Node(None, "10.78.0.4"), Node("10", "10.79.0.4")]
    found = page(tmp_path, list(from_api(Health(FQDN, nodes), MONDAY + 3600)))
    assert sorted(row["Node"] for row in found.of("viz_nodes")) == ["10", "10.77.0.4", "10.78.0.4"]


@pytest.mark.parametrize("source", [from_syslog, from_api])
def test_what_nodes_said_half_an_hour_ago_is_not_now(source: Source, tmp_path: Path) -> None:
    events = list(source(Health.of_2x2(FQDN), MONDAY + 3600))
    (tmp_path / "before").mkdir()
    before = page(tmp_path / "before", events, now=MONDAY + 3600 + 1799)
    assert [before.of("viz_troubled")[0][name] for name in ("total", "verdict")] == ["0", "OK"]

    silent = page(tmp_path, events, now=MONDAY + 3600 + 1802)

    assert silent.of("viz_count")[0]["total"] == "4"
    assert silent.of("viz_troubled") == [{"total": "4", "level": "act", "verdict": "4 silent"}]
    for name in ("missing", "cpu", "memory", "disk"):
        assert [silent.of(f"viz_{name}")[0][one] for one in ("total", "level")] == ["no data", "none"], name
    assert {(row["Now"], row.get("CPU %"), row["Missing"]) for row in silent.of("viz_nodes")} == {("silent", None, "-")}
    assert {row["Last"] for row in silent.of("viz_nodes")} == {"2031-03-03 01:00:00 UTC"}
    assert {row["Now"] for row in silent.of("viz_parts") if "Warnings" in row} <= {"not reported"}
    measured = [(row["State"], row.get("Now")) for row in silent.of("viz_measurements") if "Limits" in row]
    assert set(measured) == ({("silent", None)} if source is from_api else set())


def test_one_silent_node_is_the_first_and_has_no_part_in_what_is_now(tmp_path: Path) -> None:
    health = Health.of_2x2(FQDN)
    health.nodes[3].cpu = 97
    first = list(from_syslog(health, MONDAY + 3600))
    later = [event for event in from_syslog(health, MONDAY + 3600 + 2400) if "host=data1" not in event["_raw"]]

    found = page(tmp_path, first + later, now=MONDAY + 3600 + 2460)

    assert found.of("viz_troubled") == [{"total": "1", "level": "watch", "verdict": "1 silent"}]
    assert [(row["Node"], row["Now"]) for row in found.of("viz_nodes")][:2] == [
        ("data1", "silent"), ("core0", "informational"),
    ]  # fmt: skip
    assert found.of("viz_cpu")[0]["total"] == "3"


@pytest.mark.parametrize("source", [from_syslog, from_api])
@pytest.mark.parametrize(("earliest", "silent_for"), [("-24h", 2 * 86_400), ("-15m", 3_600), ("-15m", 7 * 86_400)])
def test_a_node_that_was_silent_before_the_time_range_is_still_there(
    source: Source, earliest: str, silent_for: int, tmp_path: Path
) -> None:
    health = Health.of_2x2(FQDN)
    health.nodes[2].cpu = 97
    first = list(source(health, MONDAY - silent_for))
    others = [event for event in source(health, MONDAY - 30) if "data1" not in event["_raw"]]
    chosen = {"global_time.earliest": earliest, "global_time.latest": "now"}

    found = page(tmp_path, first + others, MONDAY, **chosen)

    rows = {
        row["Node"].partition(".")[0]: (row["Now"] == "silent", row["Worst"], row["Last"])
        for row in found.of("viz_nodes")
    }
    # MONDAY is a midnight.
    gone = strftime("%Y-%m-%d %H:%M:%S UTC", gmtime(MONDAY - silent_for))
    assert rows.pop("data1") == (True, "-", gone)
    assert sorted(rows) == ["core0", "core1", "data0"]
    assert {(silent, last) for silent, _, last in rows.values()} == {(False, "2031-03-02 23:59:30 UTC")}
    assert found.of("viz_troubled")[0]["verdict"] == "1 silent"
    assert found.of("viz_count")[0]["total"] == "3"
    assert "data1" not in {row["Node"].partition(".")[0] for row in found.of("viz_peaks")}
    assert {row["Warnings"] for row in found.of("viz_parts") if "Warnings" in row} <= {"0", "1"}
    begin = MONDAY - (86_400 if earliest == "-24h" else 900)
    for panel in ("viz_cpu_hours", "viz_disk_latency"):
        assert min(float(row["_time"]) for row in found.of(panel)) >= begin - 900


def test_a_node_that_is_not_yet_silent_keeps_its_last_severity(tmp_path: Path) -> None:
    health = Health.of_2x2(FQDN)
    health.nodes[0].cpu = 97
    events = [*from_api(health, MONDAY - 1_200), *from_api(Health.of_2x2("pce.far.example"), MONDAY - 30)]

    found = page(tmp_path, events, MONDAY, **{"global_time.earliest": "-15m"})

    assert {row["Now"] for row in found.of("viz_nodes") if row["Worst"] == "-"} == {"medium", "informational"}


def test_more_than_ten_nodes_have_a_line_each(tmp_path: Path) -> None:
    nodes = [Node(f"n{number}.example.com", f"10.77.0.{number}", cpu=number) for number in range(12)]

    (row, *_) = page(tmp_path, list(from_api(Health(FQDN, nodes), MONDAY + 3600))).of("viz_cpu_hours")

    assert {name for name in row if name.startswith("n")} == {node.hostname for node in nodes}
    assert "OTHER" not in row


def test_lines_of_services_alone_are_no_all_clear(tmp_path: Path) -> None:
    stamp = "2031-03-03T01:00:00.000Z"
    line = (
        f"{stamp} level=info host=core0 ip=127.0.0.1 program=illumio_pce/system_health| sec=1.0 sev=INFO pid=7 tid=8 rid=0 "
        "src=disk_latency policy_disk_latency_milliseconds=4"
    )
    found = page(tmp_path, [_event(line, "illumio:pce:system_health", "syslog", "relay", MONDAY + 3600)])

    assert [row["Node"] for row in found.of("viz_nodes")] == ["No node reported."]
    for name in ("troubled", "missing", "cpu", "memory", "disk"):
        assert [found.of(f"viz_{name}")[0][one] for one in ("total", "level")] == ["no data", "none"], name
