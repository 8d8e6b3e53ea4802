"""The collector through arbitrary interleavings of arrivals, faults, crashes and restarts: delivered = recorded."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.simulation import World, cut_short, half_a_body, page_of_html, reset, status

LATE_ARRIVAL_WINDOW = 600
FAULTS = [status(429), status(500), status(503), cut_short, half_a_body, page_of_html, reset]
LASTING = [status(401), status(403)]


class CollectorMachine(RuleBasedStateMachine):
    """Where nothing crashed, nothing may come twice; whatever happened, nothing may be missing at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(max_results=4)
        self.crashed = False
        self.world.run()

    @rule(age=st.integers(0, LATE_ARRIVAL_WINDOW * 1000), count=st.integers(1, 9))
    def events_turn_up_late(self, age: int, count: int) -> None:
        for _ in range(count):
            self.world.pce.record(age_ms=age)

    @rule(ages=st.lists(st.integers(0, 20_000), min_size=1, max_size=12))
    def events_turn_up(self, ages: list[int]) -> None:
        for age in ages:
            self.world.pce.record(age_ms=age)

    @rule(ahead=st.integers(1, 7_200_000))
    def an_event_from_the_future_turns_up(self, ahead: int) -> None:
        self.world.pce.record(age_ms=-ahead)

    @rule(text=st.sampled_from(['{"timestamp":null,"a":%d}', '{"event_type":"x","a":%d}', "[%d]", "%d", '"<event>%d"']))
    def an_event_that_is_none_turns_up(self, text: str) -> None:
        # Equal ones are told apart only within one response: see docs/delivery.md.
        self.world.pce.record(text=text % self.world.pce.minted, href=None)

    @rule(seconds=st.sampled_from([1, 30, 60, 300, 900, 5000, 100_000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.now += seconds

    @rule()
    def a_run(self) -> None:
        self.world.run()

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=6), last=st.sampled_from([None, *LASTING]))
    def a_run_with_faults(self, faults: list, last: object) -> None:  # type: ignore[type-arg]
        self.world.faults = list(faults) + ([last] if last else [])
        self.world.run()
        self.world.faults = []

    @rule(effect=st.integers(1, 60))
    def a_run_that_is_killed(self, effect: int) -> None:
        self.world.crash_at = effect
        self.crashed |= self.world.run() == "killed"

    @rule(effect=st.integers(1, 60))
    def a_run_that_is_stopped(self, effect: int) -> None:
        self.world.stop_at = effect
        self.world.run()

    @rule(seconds=st.integers(0, 110))
    def splunkd_crashes_and_loses_what_it_had_in_memory(self, seconds: int) -> None:
        self.world.crash_splunkd(seconds)
        self.crashed = True
        self.world.run()  # as splunkd does when it starts

    @rule(events=st.integers(0, 12))
    def a_run_whose_pipe_closes(self, events: int) -> None:
        self.world.pipe_closes_after = events
        self.crashed |= self.world.run() == "pipe closed"

    @rule()
    def a_run_without_its_store(self) -> None:
        self.world.store_is_down = True
        self.world.run()
        self.world.store_is_down = False

    @invariant()
    def nothing_is_invented_and_without_crashes_nothing_repeated(self) -> None:
        delivered = Counter(self.world.delivered())
        assert set(delivered) <= self.world.recorded()
        if not self.crashed:
            recorded = Counter(
                event.href or event.text for events in self.world.pce.collections.values() for event in events
            )
            assert all(count <= recorded[identity] for identity, count in delivered.items())

    def teardown(self) -> None:
        """A calm phase: after it, everything that was recorded is there, and a fresh event passes."""
        assert self.world.run() == "ok"
        self.world.clock.now += 61
        fresh = self.world.pce.record()
        assert self.world.run() == "ok"
        assert fresh in self.world.delivered()
        missing = self.world.recorded() - set(self.world.delivered())
        assert not missing


CollectorMachine.TestCase.settings = settings(
    max_examples=int(os.environ.get("HISTORIES", "150")),
    stateful_step_count=30,
    deadline=None,
    derandomize="HISTORIES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
TestCollector = pytest.mark.slow(CollectorMachine.TestCase)
