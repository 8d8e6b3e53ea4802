"""What time it is for the PCE: the earlier of its `Date` header and this machine's clock, one rule at a time."""

from __future__ import annotations

import time

import pytest
from illumio_pce.pce_clock import PceClock, clock_problem

from tests.simulation import HTTP_DATE, START, SimulatedClock

NOW = int(START * 1000)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FIVE_LENGTHS = [5 * MINUTE, 20 * MINUTE, HOUR, 6 * HOUR, DAY]


def date(ms: int) -> str:
    return time.strftime(HTTP_DATE, time.gmtime(ms // 1000))


def told(header_ms: int) -> tuple[PceClock, int]:
    """A clock that was told this time by a response that took no time; what it made of it."""
    clock = SimulatedClock()
    pce = PceClock(clock)
    return pce, pce.observe(date(header_ms), clock.now, clock.now)


def test_before_any_response_it_is_this_machines_time() -> None:
    pce = PceClock(SimulatedClock())
    assert (pce.now_ms(), pce.latest_ms(), pce.header_now_ms()) == (NOW, NOW, NOW)


@pytest.mark.parametrize("length", FIVE_LENGTHS)
def test_a_date_header_that_is_behind_is_used(length: int) -> None:
    pce, asked_ms = told(NOW - length)
    assert asked_ms == NOW - length
    assert (pce.now_ms(), pce.latest_ms(), pce.header_now_ms()) == (NOW - length, NOW, NOW - length)


@pytest.mark.parametrize("length", [*FIVE_LENGTHS, 3650 * DAY])
def test_a_date_header_that_is_ahead_is_not_used(length: int) -> None:
    pce, asked_ms = told(NOW + length)
    assert asked_ms == NOW
    assert (pce.now_ms(), pce.latest_ms(), pce.header_now_ms()) == (NOW, NOW + length, NOW + length)


@pytest.mark.parametrize(("behind", "counts"), [(DAY + 120_000, True), (DAY + 121_000, False), (20_000 * DAY, False)])
def test_a_date_header_more_than_a_day_behind_is_ignored(behind: int, counts: bool) -> None:
    pce, asked_ms = told(NOW - behind)
    time_ms = NOW - behind if counts else NOW
    assert (asked_ms, pce.now_ms(), pce.header_now_ms(), pce.latest_ms()) == (time_ms, time_ms, time_ms, NOW)


@pytest.mark.parametrize(("ahead", "asked"), [(0, NOW), (-HOUR, NOW - HOUR), (HOUR, NOW)])
def test_the_time_of_the_request_counts(ahead: int, asked: int) -> None:
    """Asked for at START, it came 3 s later, and was looked at after 7 s more."""
    clock = SimulatedClock()
    pce = PceClock(clock)
    clock.now += 10
    assert pce.observe(date(NOW + 3000 + ahead), START, START + 3) == asked
    assert pce.ahead_ms == ahead
    assert pce.now_ms() == NOW + 10_000 + min(0, ahead)


def test_the_offset_is_of_this_machines_clock_as_it_is_wrong() -> None:
    clock = SimulatedClock()
    clock.error = 3600.0
    pce = PceClock(clock)
    assert pce.observe(date(NOW), START, START) == NOW
    assert (pce.ahead_ms, pce.now_ms(), pce.latest_ms()) == (-HOUR, NOW, NOW + HOUR)


@pytest.mark.parametrize("header", [None, "", "soon", "Sat, 99 Jan 2026 08:00:00 GMT"])
def test_without_a_header_the_offset_that_was_seen_last_holds(header: str | None) -> None:
    clock = SimulatedClock()
    pce = PceClock(clock)
    assert pce.observe(header, START, START) == NOW
    pce.observe(date(NOW - 30_000), START, START)
    clock.now += 60
    assert pce.observe(header, START + 60, START + 60) == NOW + 30_000
    assert (pce.ahead_ms, pce.now_ms()) == (-30_000, NOW + 30_000)


# --- which clock cannot be right ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead_ms", "newest_ms", "problem"),
    [
        (0, None, ""),
        (120_000, NOW, ""),
        (-120_000, NOW - HOUR, ""),
        (120_001, None, "The Date header of the PCE's responses is 2 minutes ahead of this machine's clock."),
        (-120_001, None, "The Date header of the PCE's responses is 2 minutes behind this machine's clock."),
        (6 * HOUR, NOW + HOUR, "The Date header of the PCE's responses is 6 hours ahead of this machine's clock."),
        (-300 * DAY, None, "The Date header of the PCE's responses is 300 days behind this machine's clock."),
        (0, NOW + 120_000, ""),
        (0, NOW + 120_001, "New events carry times that are 2 minutes in the future."),
        (60_000, NOW + HOUR, "New events carry times that are 60 minutes in the future."),
        (-60_000, NOW + 60_001, "New events carry times that are 2 minutes in the future."),
    ],
)
def test_implausible_clocks_are_reported(ahead_ms: int, newest_ms: int | None, problem: str) -> None:
    pce = PceClock(SimulatedClock())
    pce.ahead_ms = ahead_ms
    assert clock_problem(pce, newest_ms) == problem
