"""Seeded histories: nothing missing, nothing invented; killed at any moment, and at every effect of a run in turn."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import histories

#: Each Python that Splunk brings plays other ones.
FIRST = sys.version_info[1] * 1_000_000
PLAYED, CRASHED = 700, 8
SEEDS = [
    int(line.split()[0])
    for line in Path(__file__).with_name("seeds.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.slow
def test_histories_lose_nothing_and_meet_everything() -> None:
    met: Counter[str] = Counter()
    for seed in range(FIRST, FIRST + PLAYED):
        met += histories.play(seed)
    assert {name for name in histories.EXPECTED if not met[name]} == set()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(FIRST, FIRST + CRASHED))
def test_a_run_that_is_killed_at_each_effect_loses_nothing(seed: int) -> None:
    crashes, met = histories.crash_everywhere(seed)
    assert crashes > 5
    assert met["killed"] >= crashes


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_that_failed_before(seed: int) -> None:
    assert histories.play(seed)["ok"]
    crashes, met = histories.crash_everywhere(seed)
    assert met["killed"] >= crashes > 0


def test_a_collector_that_stores_before_it_writes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from illumio_pce.delivery import Delivery

    def store_first(self, events, late_before):  # type: ignore[no-untyped-def]
        self._remember_delivered(events, self._window, self._time.now_ms(), None)
        self.commit()
        hand_over(self, events, late_before)

    def write(self, events, window, **more):  # type: ignore[no-untyped-def]
        self._window = window
        return original(self, events, window, **more)

    hand_over, original = Delivery._write_out, Delivery.write
    monkeypatch.setattr(Delivery, "_write_out", store_first)
    monkeypatch.setattr(Delivery, "write", write)
    with pytest.raises(histories.Failed, match="missing"):
        for seed in range(10):
            histories.crash_everywhere(seed)
