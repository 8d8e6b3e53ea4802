"""What is remembered about a PCE: the form that every version of the add-on has stored, and how long it counts."""

from __future__ import annotations

from typing import Any

import pytest
from illumio_pce.pce_facts import PceFacts, is_within_a_day

KNOWN = PceFacts(
    settings_read_at=1000,
    retention_seconds=86_400,
    least_severity="info",
    readable=("events", "system_events"),
    setback_ms=3_600_000,
    set_back_at=2000,
    compared_at=3000,
)
#: The members of `settings` in a checkpoint of version 2.
STORED: dict[str, Any] = {
    "asked_at": 1000,
    "retention_seconds": 86_400,
    "least_severity": "info",
    "answered": ["events", "system_events"],
    "clock_setback": [3_600_000, 2000],
    "compared_at": 3000,
}


def test_the_stored_form() -> None:
    assert KNOWN.to_json() == STORED
    assert PceFacts.from_json(STORED) == KNOWN


def test_what_is_not_known_is_not_stored() -> None:
    assert PceFacts().to_json() == {}
    assert PceFacts.from_json({}) == PceFacts()


def test_settings_that_could_not_be_read_are_stored_with_none_by_older_versions() -> None:
    facts = PceFacts.from_json({"asked_at": 1000, "retention_seconds": None, "least_severity": None})
    assert facts == PceFacts(settings_read_at=1000)
    assert facts.retention_ms is None


def test_the_retention_in_milliseconds() -> None:
    assert KNOWN.retention_ms == 86_400_000


@pytest.mark.parametrize(
    ("then", "now", "within"),
    [(1000, 87_399, True), (1000, 87_400, False), (87_399, 1000, True), (87_400, 1000, False)],
)
def test_a_day_counts_in_both_directions(then: float, now: float, within: bool) -> None:
    """A time may lie ahead, where a clock was ahead and was corrected."""
    assert is_within_a_day(then, now) is within


@pytest.mark.parametrize(("now", "setback_ms"), [(2000, 3_600_000), (88_399, 3_600_000), (88_400, 0)])
def test_a_setback_counts_for_a_day(now: float, setback_ms: int) -> None:
    assert KNOWN.recent_setback_ms(now) == setback_ms
