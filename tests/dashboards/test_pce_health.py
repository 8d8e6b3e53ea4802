"""The page of the PCE's health against its nodes' lines, and against its own events."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.dashboards.conftest import MONDAY, Open, events_of
from tests.dashboards.facts import facts, health

SEVERITY = {"INFO": "informational", "WARN": "medium", "ERR": "high", "FATAL": "critical"}
ORDER = list(SEVERITY.values())


def _lines(day: str) -> dict[str, list[dict[str, Any]]]:
    nodes: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(health(events_of(day)), key=lambda line: float(line["_time"])):
        if line["_time"] >= MONDAY:
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
    assert {row["Node"]: _shown(row) for row in page.of("viz_nodes")} == {
        name: (
            SEVERITY[lines[-1]["sev"]],
            max((SEVERITY[line["sev"]] for line in lines), key=ORDER.index),
            *(
                number
                for measure in ("cpu", "memory", "disk")
                for number in (_percent(lines[-1], measure), max(_percent(line, measure) for line in lines))
            ),
        )
        for name, lines in nodes.items()
    }


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


def _shown(row: dict[str, Any]) -> tuple[Any, ...]:
    numbers = ("cpu %", "cpu peak", "memory %", "memory peak", "disk %", "disk peak")
    return (row["Now"], row["Worst"], *(int(row[name]) for name in numbers))


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
        if node != "_time"
    }

    assert shown == highest


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_nodes_that_warned(open_page: Open, day: str) -> None:
    warned = Counter(node for node, lines in _lines(day).items() for line in lines if line["sev"] != "INFO")

    rows = [row for row in open_page("pce_health", day).of("viz_parts") if "Warnings" in row]

    assert {row["Node"]: int(row["Warnings"]) for row in rows} == warned
    assert bool(rows) is (day == "bad")


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

    rows = [row for row in open_page("pce_health", day).of("viz_own") if "Type" in row]

    assert {(row["PCE"], row["Type"]): int(row["Events"]) for row in rows} == told


def test_limits_are_named(open_page: Open) -> None:
    pruned = [
        row for row in open_page("pce_health").of("viz_own") if row.get("Type") == "system_task.prune_old_log_events"
    ]

    assert "hard_limit.exceeded" in json.dumps(pruned)
