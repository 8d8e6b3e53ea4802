"""Colours of the dashboards: they can be told apart with deuteranopia, and none is the only sign of something."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from tests.dashboards.conftest import Open
from tests.dashboards.panels import definition
from tools.dashboards.model import shared

#: What a deuteranope sees of a colour in linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.0.
_DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
#: Linear RGB to XYZ relative to white, D65 (IEC 61966-2-1).
_XYZ = ((0.4339, 0.3762, 0.1899), (0.2126, 0.7152, 0.0722), (0.0178, 0.1094, 0.8727))
#: Distance in CIE Lab (CIE76) at which two areas are told apart at a glance.
APART = 20
WORDS = {"act": "act now", "watch": "check", "good": "OK", "plain": " ", "none": " "}


def _linear(colour: str) -> list[float]:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _times(matrix: tuple[tuple[float, ...], ...], vector: list[float]) -> list[float]:
    return [sum(factor * part for factor, part in zip(row, vector)) for row in matrix]


def _lab(linear: list[float]) -> tuple[float, float, float]:
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in _times(_XYZ, linear))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _seen(colour: str) -> tuple[float, float, float]:
    """The colour as a deuteranope sees it, in CIE Lab."""
    return _lab([min(1.0, max(0.0, part)) for part in _times(_DEUTERANOPIA, _linear(colour))])


def _distance(one: str, other: str) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(_seen(one), _seen(other))) ** 0.5)


def _matches(kind: str, name: str) -> dict[str, str]:
    found: list[dict[str, str]] = shared()["visualizations"][kind]["context"][name]
    return {one["match"]: one["value"] for one in found}


def test_red_and_green_are_alike_to_a_deuteranope_and_blue_and_yellow_are_not() -> None:
    assert _distance("#A05030", "#707030") < APART < _distance("#3C8DBC", "#F2B84B")


def test_urgencies_are_told_apart_with_deuteranopia() -> None:
    colours = _matches("splunk.table", "urgencies")
    urgencies = ("critical", "high", "medium", "low", "informational")

    for one, other in combinations(urgencies, 2):
        if {one, other} != {"low", "informational"}:
            assert _distance(colours[one], colours[other]) >= APART, (one, other)


@pytest.mark.parametrize("view", ["access", "workload_protection", "policy_changes", "pce_health", "events"])
def test_series_of_one_chart_are_told_apart_with_deuteranopia(view: str) -> None:
    for name, panel in definition(view)["visualizations"].items():
        colours: dict[str, str] = panel.get("options", {}).get("seriesColorsByField", {})
        for one, other in combinations(colours.values(), 2):
            assert _distance(one, other) >= APART, (name, one, other)


def test_only_a_figure_that_has_a_threshold_is_green_or_red() -> None:
    colours = _matches("splunk.singlevalue", "levels")

    assert set(colours) == set(WORDS)
    # Neutral: blue is the strongest part.
    assert max(_linear(colours["plain"])) == _linear(colours["plain"])[2]
    assert len(set(_linear(colours["none"]))) == 1


@pytest.mark.parametrize("view", ["access", "workload_protection", "policy_changes", "pce_health", "events"])
@pytest.mark.parametrize("day", ["bad", "none"])
def test_a_figure_says_in_a_word_what_its_colour_says(open_page: Open, view: str, day: str) -> None:
    page = open_page(view, day)
    panels: dict[str, dict[str, Any]] = definition(view)["visualizations"]
    for name in (name for name, panel in panels.items() if panel["type"] == "splunk.singlevalue"):
        last = page.of(name)[-1]
        assert last["verdict"] == WORDS[last["level"]], name
        assert (last["level"] == "none") is (day == "none")
        assert panels[name]["options"]["underLabel"] == '> primary | seriesByName("verdict") | lastPoint()'


@pytest.mark.parametrize("view", ["access", "policy_changes", "investigate"])
def test_what_a_filter_by_severity_hides_is_not_called_good(open_page: Open, view: str) -> None:
    chosen = {"kind": "person", "entered": "lars.nygaard@kestrel-freight.example"} if view == "investigate" else {}
    page, filtered = (open_page(view, severity=one, **chosen) for one in (["*", "high"], ["high", "critical"]))
    verdicts = {
        name: [(one.of(name)[-1]["level"], one.of(name)[-1]["verdict"]) for one in (page, filtered)]
        for name, panel in definition(view)["visualizations"].items()
        if panel["type"] == "splunk.singlevalue"
    }

    with_threshold = {name: both for name, both in verdicts.items() if both[0][0] != "plain"}
    assert with_threshold
    assert {both[1] for both in with_threshold.values()} == {("none", "filtered")}
    assert all(both[0][0] in ("act", "watch", "good") for both in with_threshold.values())
    assert all(both[1][0] == "plain" for name, both in verdicts.items() if name not in with_threshold)


def test_states_are_not_filtered_by_the_severity_of_events(open_page: Open) -> None:
    every, one = (open_page("workload_protection", **chosen) for chosen in ({}, {"severity": "critical"}))

    for panel in definition("workload_protection")["visualizations"]:
        assert one.of(panel) == every.of(panel), panel
