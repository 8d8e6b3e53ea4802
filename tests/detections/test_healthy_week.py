"""A healthy week of a large company: so few alerts that a SOC keeps the detections on.

`python -m tests.detections.week` prints them; `python -m tests.detections.figures` measures them anew, which takes half
an hour. A morning of the week is run here each time, and has to give what was measured.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache

import pytest

from tests.detections.week import MONDAY, MORNING, PACKAGE, alerts_of_the_week, counted
from tools.detections.page import FIGURES
from workbench.detections import saved_searches
from workbench.pce.events.collected import Indexed
from workbench.pce.events.week import healthy_week

DAY = 86_400
MEASURED = json.loads(FIGURES.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _week() -> list[Indexed]:
    return healthy_week(MONDAY)


@pytest.mark.slow
def test_a_morning_of_the_week_raises_what_was_measured() -> None:
    assert counted(alerts_of_the_week(hours=MORNING)) == MEASURED["morning"]


def test_the_week_was_measured_with_every_detection() -> None:
    assert MEASURED["not_measured"] == []
    assert MEASURED["week"].keys() <= saved_searches([PACKAGE]).keys()


def test_a_week_has_few_alerts_and_fewer_that_are_grave() -> None:
    severities: Counter[str] = sum(map(Counter, MEASURED["week"].values()), Counter())

    assert severities.total() <= 200
    assert severities["high"] + severities["critical"] <= 40
    assert severities["critical"] == 0


def test_no_detection_dominates() -> None:
    assert {name: counts for name, counts in MEASURED["week"].items() if sum(counts.values()) > 40} == {}


def test_what_happened_once_and_matters_is_told_nevertheless() -> None:
    """Nobody attacks, but a SOC wants to have seen these."""
    assert {
        "access_spray", "audit_trail_changed", "enforcement_lowered", "identity_provider_changed",
        "policy_boundary_removed", "pce_server_errors", "ven_suspended", "workloads_bulk_removed",
    } <= MEASURED["week"].keys()  # fmt: skip


def test_the_week_is_the_same_each_time() -> None:
    assert _week() == healthy_week(MONDAY)


def test_the_week_has_the_size_of_a_large_company() -> None:
    events = [json.loads(one["_raw"]) for one in _week() if one["sourcetype"] == "illumio:pce:events"]
    people = {one["created_by"]["user"]["username"] for one in events if "user" in one["created_by"]}
    hosts = {one["created_by"]["agent"]["hostname"] for one in events if "agent" in one["created_by"]}

    assert len(people) >= 60
    assert len(hosts) > 6_000
    assert len({one["href"] for one in events}) == len(events) > 30_000


def test_most_of_the_week_is_indexed_in_it() -> None:
    assert all(one["_time"] <= one["_indextime"] < MONDAY + 7 * DAY for one in _week())
