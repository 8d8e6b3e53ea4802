"""The oracle over some rounds; thousands of rounds and a million events are `./build.sh soak`'s."""

from __future__ import annotations

from pathlib import Path

from tests.soak.oracle import watch


def test_every_recorded_event_and_no_other_arrives_unchanged(tmp_path: Path) -> None:
    report = watch(tmp_path / "splunk", seed=9, rounds=20, bulk_every=15)
    assert (report.missing, report.spurious, report.changed) == (0, 0, 0)
    assert report.recorded > 20_000
    for name in (
        "kills",
        "faults",
        "retries",
        "repeats",
        "late arrivals",
        "cut windows",
        "sent again after restarts",
        "wrong clocks",
    ):
        assert report.met[name], f"{name} never happened, so that this run proves little"
