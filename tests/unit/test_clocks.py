"""Clocks that are wrong: the `Date` header alone, the header and the events' times, or this machine's clock.

Nothing may be missing, and what comes twice has to be told by the note of the run that repeats it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.simulation import START, SimulatedResponse, World

NOW = int(START * 1000)
MINUTE, HOUR = 60_000, 3_600_000
#: Five and 20 minutes, an hour, six hours and a day (s).
LENGTHS = [300.0, 1200.0, 3600.0, 21_600.0, 86_400.0]
CLOCKS = ["header", "header and events", "this machine"]
#: None, half of the late-arrival window, and the whole of it (ms).
LATE = [0, 300_000, 600_000]


@dataclass
class Case:
    """A world with a clock that can be set, and which of its runs repeated how many events, and said so."""

    clock: str
    late_ms: int
    world: World = field(default_factory=lambda: World(max_results=50))
    repeats: list[tuple[int, bool]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def set(self, seconds: float) -> None:
        """The clock is so far ahead from now on."""
        pce = self.world.pce
        pce.header_skew = seconds if self.clock == "header" else 0.0
        pce.skew = seconds if self.clock == "header and events" else 0.0
        self.world.clock.error = seconds if self.clock == "this machine" else 0.0

    def turn_up(self) -> None:
        """An event that was just recorded, and one that is late."""
        self.world.pce.record()
        if self.late_ms:
            self.world.pce.record(age_ms=self.late_ms)

    def run(self, seconds: float = 60.0) -> None:
        """Events turn up in the middle of the next seconds and at their end; then a run."""
        before = sum(self._counts().values())
        known = len(self._counts())
        for _ in range(2):
            self.world.clock.now += seconds / 2
            self.turn_up()
        assert self.world.run() == "ok"
        notes = self.world.last.record.notes
        counts = self._counts()
        repeated = sum(counts.values()) - before - (len(counts) - known)
        if repeated:
            self.repeats.append((repeated, any("come twice" in note or "sent again" in note for note in notes)))
        self.notes += notes
        self.problems.append(str(record_of(self.world).get("clock_problem", "")))

    def batches(self) -> None:
        """An hour and a half: closely spaced runs, rare ones, closely spaced ones."""
        for seconds in [60.0] * 3 + [600.0] * 8 + [60.0] * 2:
            self.run(seconds)

    def _counts(self) -> Counter[str]:
        return Counter(self.world.delivered())

    def check(self) -> None:
        """Nothing is missing, and each repeat was told."""
        assert set(self.world.delivered()) == self.world.recorded()
        assert all(told for _, told in self.repeats), self.repeats


def record_of(world: World) -> dict[str, Any]:
    """The record of a run as it would be written now; it is not."""
    texts: list[str] = []
    write = world.write
    world.write = lambda events: texts.extend(events.texts) or 0  # type: ignore[func-returns-value,method-assign]
    world.last.write_record({"kind": "run", "outcome": "ok"})
    world.write = write  # type: ignore[method-assign]
    return dict(json.loads(texts[0]))


@pytest.mark.parametrize("late_ms", LATE)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_that_goes_wrong_and_is_corrected(clock: str, length: float, sign: int, late_ms: int) -> None:
    case = Case(clock, late_ms)
    case.batches()
    case.set(sign * length)
    case.batches()
    case.set(0.0)
    case.batches()
    case.check()
    # Only where the header is set back by more than 15 minutes are hrefs forgotten that would be needed.
    is_set_back = clock != "this machine" and sign < 0 and length > 900
    assert bool(case.repeats) <= is_set_back
    assert any("was set back" in note for note in case.notes) is is_set_back


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_that_is_wrong_from_the_first_run_on(clock: str, length: float, sign: int) -> None:
    case = Case(clock, 600_000)
    case.set(sign * length)
    case.batches()
    case.set(0.0)
    case.batches()
    case.check()
    # The earlier of the two clocks is never set back here.
    assert case.repeats == []


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_that_is_set_from_too_early_to_too_late_and_back(clock: str, length: float) -> None:
    case = Case(clock, 600_000)
    for sign in (-1, 1, -1, 0):
        case.set(sign * length)
        case.batches()
    case.check()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("clock", CLOCKS)
def test_over_restarts_of_splunkd_while_a_clock_is_wrong(clock: str, length: float, sign: int) -> None:
    """It crashes before the clock is set, while it is wrong, and after it was corrected, with two minutes in memory."""
    case = Case(clock, 600_000)
    for seconds in (0.0, sign * length, 0.0):
        case.set(seconds)
        for _ in range(3):
            case.run()
        case.world.crash_splunkd(119)
        for _ in range(3):
            case.run()
        # A clock that is set just before a crash of splunkd hides what splunkd lost: docs/delivery.md.
        case.world.clock.now += 121
    case.check()


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("clock", ["header", "header and events"])
def test_an_oscillating_date_header_repeats_events_once_at_most(clock: str, length: float) -> None:
    """As of a load balancer with two members, one of which has a wrong clock."""
    case = Case(clock, 0)
    case.batches()
    for number in range(12):
        case.set(-length if number % 2 == 0 else 0.0)
        case.run()
    case.check()
    assert len(case.repeats) <= 1


def test_hrefs_are_kept_longer_for_a_day_after_a_setback_and_no_longer() -> None:
    case = Case("header", 0)
    case.batches()
    case.set(-3600.0)
    case.run()
    # The watermark was a minute old, and the header is in whole seconds.
    facts = case.world.last.checkpoint.facts
    at = int(case.world.clock.now)
    assert (facts.setback_ms, facts.set_back_at) == (59 * MINUTE, at)
    assert [facts.recent_setback_ms(at + passed) for passed in (86_399, 86_400)] == [59 * MINUTE, 0]


def test_a_clock_setback_is_noted_with_its_size_and_where_reading_resumes() -> None:
    """At START + 60 s the header says an hour less; from ten minutes before that of the last run on it is read again."""
    world = World()
    world.pce.record(age_ms=10_000)
    assert world.run() == "ok"
    world.clock.now += 60
    world.pce.header_skew = -3600.0
    world.requests.clear()
    assert world.run() == "ok"
    assert world.last.record.notes == [
        "the PCE's clock was set back by 59 minutes: reading goes back to 2025-10-09T07:43:20.000Z, "
        "so that some events may come twice"
    ]
    lows = [query["timestamp[gte]"] for _, query in world.requests]
    assert lows == ["2025-10-09T08:43:20.000Z", "2025-10-09T07:43:20.000Z"]
    world.clock.now += 60
    assert world.run() == "ok"
    assert world.last.record.notes == []


@pytest.mark.parametrize(("back", "noted"), [(959.0, False), (962.0, True)])
def test_a_setback_within_a_quarter_of_an_hour_is_not_noted(back: float, noted: bool) -> None:
    """A minute passed since the watermark, which therefore lies 899 or 902 seconds ahead of the header."""
    world = World()
    world.pce.record()
    assert world.run() == "ok"
    world.clock.now += 60
    world.pce.header_skew = -back
    assert world.run() == "ok"
    assert any("was set back" in note for note in world.last.record.notes) is noted


@pytest.mark.parametrize("back", [60.0, 300.0, 840.0])
def test_a_small_setback_loses_and_repeats_nothing(back: float) -> None:
    """What turned up between the last run and the setback's first one is as late as the window allows."""
    world = World(settings={"start_time": "-2h"})
    for age in range(0, 3600, 60):
        world.pce.record(age_ms=age * 1000)
    assert world.run() == "ok"
    world.pce.skew = -back
    for _ in range(60):
        world.clock.now += 1
        world.pce.record(age_ms=600_000)
    for _ in range(2):
        assert world.run() == "ok"
        world.clock.now += 60
    assert sorted(world.delivered()) == sorted(world.recorded())
    assert world.last.record.notes == []


def test_a_header_that_is_a_second_late_costs_no_request() -> None:
    world = World()
    world.pce.record()
    assert world.run() == "ok"
    for skew in (-0.5, 0.5, -1.0, 0.0, -1.5):
        world.clock.now += 60
        world.pce.header_skew = skew
        world.requests.clear()
        assert world.run() == "ok"
        assert len(world.requests) == 1


# --- both clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", LENGTHS)
def test_with_both_clocks_ahead_events_in_order_are_read(length: float) -> None:
    """The events' times are right. What is late cannot be told then; once one clock is right, it is."""
    case = Case("header", 0)
    case.batches()
    case.world.clock.error = length
    case.world.pce.header_skew = length
    case.batches()
    case.world.clock.error = case.world.pce.header_skew = 0.0
    case.batches()
    case.check()


def test_without_a_date_header_the_last_known_offset_applies() -> None:
    world = World()
    world.pce.skew = -3600.0
    world.pce.record()
    assert world.run() == "ok"
    stored = json.loads(str(world.documents["audit"]["content"]))
    assert stored["clock_offset_ms"] == -HOUR
    world.clock.now += 60
    wanted = world.pce.record()
    world.faults = [lambda response: SimulatedResponse(response.status, {}, response.body)]
    assert world.run() == "ok"
    assert world.last.checkpoint.collections["events"].watermark == NOW + MINUTE - HOUR
    assert wanted in world.delivered()
    assert json.loads(str(world.documents["audit"]["content"]))["clock_offset_ms"] == -HOUR


# --- what is said of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "seconds", "problem"),
    [
        ("header", 0.0, None),
        ("header", 120.0, None),
        ("header", 122.0, "The Date header of the PCE's responses is 2 minutes ahead of this machine's clock."),
        ("header", -3700.0, "The Date header of the PCE's responses is 61 minutes behind this machine's clock."),
        (
            "header and events",
            21_600.0,
            "The Date header of the PCE's responses is 6 hours ahead of this machine's clock.",
        ),
        ("this machine", -300.0, "The Date header of the PCE's responses is 5 minutes ahead of this machine's clock."),
        ("this machine", 86_400.0, "The Date header of the PCE's responses is 24 hours behind this machine's clock."),
    ],
)
def test_the_record_of_a_run_names_clocks_that_differ_and_the_remedy(
    clock: str, seconds: float, problem: str | None
) -> None:
    case = Case(clock, 0)
    case.set(seconds)
    case.run()
    record = record_of(case.world)
    assert record.get("clock_problem") == problem
    assert ("remedy" in record) is (problem is not None)
    if problem:
        assert "by NTP" in record["remedy"]


def test_the_record_of_a_run_names_events_from_the_future() -> None:
    world = World()
    world.pce.record(age_ms=-3 * HOUR)
    assert world.run() == "ok"
    assert record_of(world)["clock_problem"] == "New events carry times that are 3 hours in the future."
    # They are new once.
    world.clock.now += 60
    assert world.run() == "ok"
    assert "clock_problem" not in record_of(world)


def test_the_remedy_of_an_error_comes_before_that_of_the_clocks_and_only_a_runs_record_names_them() -> None:
    world = World()
    world.pce.header_skew = 3600.0
    assert world.run() == "ok"
    world.last.write_record({"kind": "run", "outcome": "failed", "remedy": "Look elsewhere."})
    world.last.write_record({"kind": "progress"})
    failed, progress = (json.loads(event.text) for event in world.indexed[-2:])
    assert failed["remedy"] == "Look elsewhere."
    assert "60 minutes ahead" in failed["clock_problem"]
    assert "clock_problem" not in progress
