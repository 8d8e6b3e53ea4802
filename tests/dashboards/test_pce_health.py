"""The page of the PCE's health against its nodes' lines, and against its own events."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import facts, health
from tests.dashboards.panels import Indexed, Page

SEVERITY = {"INFO": "informational", "WARN": "medium", "ERR": "high", "FATAL": "critical"}
ORDER = list(SEVERITY.values())


def _lines(day: str) -> dict[str, list[dict[str, Any]]]:
    """The status of each node, in the order of time."""
    nodes: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(health(events_of(day)), key=lambda line: float(line["_time"])):
        if line["_time"] >= MONDAY and line["part"] == "node":
            nodes.setdefault(line["node"], []).append(line)
    return nodes


def _percent(line: dict[str, Any], name: str) -> int:
    return int(line[name].rstrip("%"))


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_nodes(open_page: Open, day: str) -> None:
    page, nodes = open_page("pce_health", day), _lines(day)
    last = {name: lines[-1] for name, lines in nodes.items()}

    assert int(page.of("viz_count")[0]["total"]) == len(nodes) == 3
    for name in ("cpu", "memory", "disk"):
        assert int(page.of(f"viz_{name}")[0]["total"]) == max(_percent(line, name) for line in last.values())
    assert {row["Node"]: _shown(row, "CPU %", "Memory %", "Disk %") for row in page.of("viz_nodes")} == {
        name: [_percent(line, measure) for measure in ("cpu", "memory", "disk")] for name, line in last.items()
    }
    assert {row["Node"]: (row["Now"], row["Worst"]) for row in page.of("viz_nodes")} == {
        name: (SEVERITY[lines[-1]["sev"]], max((SEVERITY[line["sev"]] for line in lines), key=ORDER.index))
        for name, lines in nodes.items()
    }
    assert {row["Node"]: _shown(row, "CPU", "Memory", "Disk") for row in page.of("viz_peaks")} == {
        name: [max(_percent(line, measure) for line in lines) for measure in ("cpu", "memory", "disk")]
        for name, lines in nodes.items()
    }


def _shown(row: dict[str, Any], *columns: str) -> list[int]:
    return [int(row[column]) for column in columns]


@pytest.mark.parametrize("panel", ["viz_nodes", "viz_peaks"])
def test_nodes_of_one_state_are_in_the_order_of_their_names(open_page: Open, panel: str) -> None:
    assert {line["sev"] for lines in _lines("quiet").values() for line in lines} == {"INFO"}
    assert [row["Node"] for row in open_page("pce_health", "quiet").of(panel)] == sorted(_lines("quiet"))


def test_the_filter_by_node_and_the_one_by_pce(open_page: Open) -> None:
    chosen = open_page("pce_health", node="pce-data-1")
    assert [row["Node"] for row in chosen.of("viz_nodes")] == ["pce-data-1"]
    assert chosen.of("viz_count")[0]["total"] == "1"

    south = open_page("pce_health", pce="pce-south.kestrel-freight.example")
    assert {row["PCE"] for row in south.of("viz_own") if "PCE" in row} == {"pce-south.kestrel-freight.example"}
    assert len(south.of("viz_nodes")) == 3


def test_trouble_is_that_of_the_last_line_and_is_over_when_the_day_ends(open_page: Open) -> None:
    over = open_page("pce_health")
    assert [int(over.of(panel)[0]["total"]) for panel in ("viz_troubled", "viz_missing")] == [0, 0]

    at_three = open_page("pce_health", global_time__latest=str(MONDAY + 15 * 3600))
    assert [int(at_three.of(panel)[0]["total"]) for panel in ("viz_troubled", "viz_missing")] == [1, 1]
    assert at_three.of("viz_missing")[0]["level"] == "act"


@pytest.mark.parametrize("day", ["bad", "quiet"])
@pytest.mark.parametrize("name", ["cpu", "memory", "disk"])
def test_each_quarter_of_an_hour_has_its_highest(open_page: Open, day: str, name: str) -> None:
    highest: dict[tuple[int, str], int] = {}
    for node, lines in _lines(day).items():
        for line in lines:
            key = int(line["_time"] // 900), node
            highest[key] = max(highest.get(key, 0), _percent(line, name))

    shown = {
        (int(row["_time"]) // 900, node): int(value)
        for row in open_page("pce_health", day).of(f"viz_{name}_hours")
        for node, value in row.items()
        if node not in ("_time", "Warning", "Critical")
    }

    assert shown == highest


@pytest.mark.parametrize("name", ["cpu", "memory", "disk"])
def test_the_limits_are_lines(open_page: Open, name: str) -> None:
    # As the macros ship.
    assert {(row["Warning"], row["Critical"]) for row in open_page("pce_health").of(f"viz_{name}_hours")} == {
        ("80", "95")
    }


#: Measurement → the key of the line, a divisor, and the limits of Illumio's health metrics reference.
MEASUREMENTS = {
    "Policy database size": ("policy_database_size_gb", 1, "none"),
    "Policy database used": ("policy_database_utilization_percentage", 1, "90 / 95%"),
    "Policy DB age in transactions": ("policy_database_transaction_id_max_age", 1_000_000, "1000 / 2000 million"),
    "Policy database vacuum backlog": ("policy_database_vacuum_backlog_percentage", 1, "40 / 80%"),
    "Policy disk latency": ("policy_disk_latency_milliseconds", 1, "300 / 800 ms"),
    "Traffic disk latency": ("traffic_disk_latency_milliseconds", 1, "300 / 800 ms"),
    "VEN heartbeat latency": ("ven_heartbeat_average_latency_seconds", 1, "none"),
    "VEN policy latency": ("ven_policy_average_latency_seconds", 1, "none"),
}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_databases_and_latency(open_page: Open, day: str) -> None:
    lines = [line for line in health(events_of(day)) if line["_time"] >= MONDAY and line["part"] != "node"]
    told = {
        name: [float(line[key]) / divisor for line in lines if key in line]
        for name, (key, divisor, _) in MEASUREMENTS.items()
    }

    rows = open_page("pce_health", day).of("viz_measurements")

    assert {row["Measurement"]: row["Limits"] for row in rows} == {
        name: limits for name, (_, _, limits) in MEASUREMENTS.items()
    }
    assert {row["Measurement"]: (_number(row["Now"]), _number(row["Highest"])) for row in rows} == {
        name: (values[-1], max(values)) for name, values in told.items()
    }
    over = [row["Measurement"] for row in rows if row["State"] == "was over"]
    assert over == (["Policy disk latency"] if day == "bad" else [])
    assert not over or rows[0]["Measurement"] == over[0]


def _number(text: str) -> float:
    return float(text.rstrip("% GBmilons"))


def test_a_measurement_over_its_limit_now_comes_first(open_page: Open) -> None:
    at_noon = open_page("pce_health", global_time__latest=str(MONDAY + 11.75 * 3600)).of("viz_measurements")

    assert (at_noon[0]["Measurement"], at_noon[0]["State"]) == ("Policy disk latency", "warning")


def test_latency_by_quarter_of_an_hour(open_page: Open) -> None:
    highest: dict[int, int] = {}
    for line in health(events_of("bad")):
        if line["_time"] >= MONDAY and "policy_disk_latency_milliseconds" in line:
            key = int(line["_time"] // 900)
            highest[key] = max(highest.get(key, 0), int(line["policy_disk_latency_milliseconds"]))

    rows = open_page("pce_health").of("viz_disk_latency")

    assert {int(row["_time"]) // 900: int(row["Policy DB"]) for row in rows} == highest
    assert {(row["Warning"], row["Critical"]) for row in rows} == {("300", "800")}
    assert all(float(row["Heartbeat"]) < 1 for row in open_page("pce_health").of("viz_ven_latency"))


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_nodes_that_warned(open_page: Open, day: str) -> None:
    lines = [line for line in health(events_of(day)) if line["_time"] >= MONDAY]
    warned = Counter((line["node"], line["part"]) for line in lines if line["sev"] != "INFO")

    rows = [row for row in open_page("pce_health", day).of("viz_parts") if "Warnings" in row]

    assert {(row["Node"], row["Service"]): int(row["Warnings"]) for row in rows if row["Warnings"] != "0"} == warned
    assert {row["Service"] for row in rows} == {"disk_latency", "policy"} | ({"node"} if day == "bad" else set())
    numbers = [int(row["Warnings"]) for row in rows]
    assert numbers == sorted(numbers, reverse=True)


def test_what_is_well_again_is_shown_as_it_is_now(open_page: Open) -> None:
    last = {
        (line["node"], line["part"]): SEVERITY[line["sev"]]
        for line in sorted(health(events_of("bad")), key=lambda line: float(line["_time"]))
    }
    rows = {(row["Node"], row["Service"]): row["Now"] for row in open_page("pce_health").of("viz_parts")}

    assert rows == {place: last[place] for place in rows}
    assert rows["pce-data-1", "node"] == "informational"


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_what_the_pce_tells_of_itself(open_page: Open, day: str) -> None:
    own = ("system_task.prune_old_log_events", "request.internal_server_error", "request.service_unavailable")
    told = Counter(
        (fact.pce, fact.type)
        for fact in facts(events_of(day))
        if fact.time >= MONDAY
        and (
            fact.type in own
            or fact.type.startswith("network_enforcement_node.")
            or {"hard_limit.exceeded", "soft_limit.exceeded"} & fact.kinds
        )
    )

    rows = [row for row in open_page("pce_health", day).of("viz_own") if "_type" in row]

    assert {(row["PCE"], row["_type"]): int(row["Events"]) for row in rows} == told


def test_the_worst_severity_comes_first_however_old_it_is(tmp_path: Path) -> None:
    def told(kind: str, severity: str, at: float) -> dict[str, Any]:
        body = {
            "href": f"/orgs/1/events/{at}", "event_type": kind, "pce_fqdn": "pce.example", "status": "failure",
            "severity": severity, "created_by": {"system": {}},
        }  # fmt: skip
        return {
            "_raw": json.dumps(body), "_time": MONDAY + at, "_indextime": MONDAY + at, "host": "pce.example",
            "sourcetype": "illumio:pce:events", "source": "illumio_pce_events://one",
        }  # fmt: skip

    events = [
        told("request.internal_server_error", "err", 1), told("request.internal_server_error", "info", 2),
        told("request.service_unavailable", "warning", 3),
    ]  # fmt: skip
    rows = Page("pce_health", Indexed(events, MONDAY + 60, tmp_path)).of("viz_own")

    assert [(row["_type"], row["Severity"], row["Events"]) for row in rows] == [
        ("request.internal_server_error", "high", "2"),
        ("request.service_unavailable", "medium", "1"),
    ]


def test_limits_are_named(open_page: Open) -> None:
    pruned = [
        row for row in open_page("pce_health").of("viz_own") if row.get("_type") == "system_task.prune_old_log_events"
    ]

    assert "hard_limit.exceeded" in json.dumps(pruned)
