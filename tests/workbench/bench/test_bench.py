"""The benchmarks run, with sizes so small that their figures say nothing: only that they are all told is checked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from workbench.bench import idle, search_time, throughput
from workbench.bench.figures import Result
from workbench.bench.options import Options
from workbench.bench.trail import Trail

OPTIONS = Options(events=200, repeat=1, pythons=[sys.executable], quick=True)


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


def names(results: list[Result]) -> list[str]:
    (result,) = results
    assert all(ratio.name in result.text() for ratio in result.ratios)
    assert all(ratio.value > 0 for ratio in result.ratios)
    return [ratio.name for ratio in result.ratios]


def test_throughput_is_told_beside_the_plain_collector_and_the_floor() -> None:
    assert names(throughput.measure(OPTIONS)) == [
        "plain collector / collector",
        "collector / floor",
        "collector / floor that does not decompress",
        "largest memory / 150 MiB",
    ]


def test_an_idle_poll_asks_the_pce_once() -> None:
    (result,) = idle.measure(OPTIONS)
    values = {ratio.name: ratio.value for ratio in result.ratios}
    assert values["requests to the PCE"] == 1
    assert values["requests to the PCE with system events"] == 2
    assert values["requests to splunkd"] <= 7


def test_search_time_is_counted_for_one_event_and_beside_confs_that_do_less(tmp_path: Path) -> None:
    (alone,) = search_time.measure(OPTIONS)
    assert (len(alone.measured), alone.ratios) == (1, [])
    (tmp_path / "default").mkdir()
    for name in ("transforms", "eventtypes", "tags"):
        (tmp_path / "default" / f"{name}.conf").write_text("")
    (tmp_path / "default" / "props.conf").write_text("[illumio:pce]\nEXTRACT-a = (?<a>x)\nKV_MODE = none\n")
    (both,) = search_time.measure(Options(200, 1, [], quick=True, ta_illumio=tmp_path))
    assert both.measured[1][1:5] == ["1.0", both.measured[1][2], "0.0", "0.0"]
    assert both.ratios[0].value > 1


def test_a_trail_gives_each_event_once_in_the_order_of_the_pce() -> None:
    trail = Trail(1_760_000_000_000, 0.5, 50_000)
    found = list(trail.newest_first(1_760_000_001_000_000, 1_760_000_001_002_000))
    assert [text[:40] for text in found] == [trail.text(number)[:40] for number in range(2005, 1999, -1)]
    assert len(trail.text(10_000)) > 2_000_000
