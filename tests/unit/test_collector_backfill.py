"""What could be missed without anybody noticing: system events that are not collected, and what a reconciliation names."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from illumio_pce.backfill import Backfill
from illumio_pce.events import key_of

from tests.simulation import World, status


def world_with_system_events(only_there: int, in_both: int) -> World:
    world = World(max_results=10_000)
    for number in range(in_both):
        href = f"/system_events/both-{number}"
        world.pce.record(age_ms=7_200_000 + number, collection="system_events", href=href)
        world.pce.record(age_ms=7_200_000 + number, href=href)
    for number in range(only_there):
        href = f"/system_events/only-{number}"
        world.pce.record(age_ms=7_300_000 + number, collection="system_events", href=href)
    return world


@pytest.mark.parametrize(
    ("only_there", "in_both", "expected"),
    [
        (0, 5, {"found": 5, "looked_up": 5, "missing": 0}),
        (3, 5, {"found": 8, "looked_up": 8, "missing": 3}),
        (0, 0, {"found": 0, "looked_up": 0, "missing": 0}),
        (50, 0, {"found": 50, "looked_up": 20, "missing": 20}),
    ],
)
def test_the_collections_are_compared(only_there: int, in_both: int, expected: dict[str, int]) -> None:
    world = world_with_system_events(only_there, in_both)
    assert world.run() == "ok"
    assert world.last.record.system_events == expected
    assert any("/system_events only" in note for note in world.last.record.notes) is bool(only_there)


def test_they_are_compared_once_a_day_and_not_where_both_are_collected() -> None:
    world = world_with_system_events(1, 0)
    began = world.clock.now
    for seconds, times in ((0, 1), (3600, 1), (86_399, 1), (86_400, 2)):
        world.clock.now = began + seconds
        world.run()
        assert sum(path.endswith("/system_events") for path, _ in world.requests) == times
    world = world_with_system_events(1, 0)
    world.settings["include_system_events"] = "1"
    world.run()
    assert world.last.record.system_events == {}


@pytest.mark.parametrize(("code", "ending"), [(403, "ok"), (404, "ok"), (401, "refused_key")])
def test_a_key_that_may_not_compare_fails_no_run(code: int, ending: str) -> None:
    world = world_with_system_events(1, 0)
    world.settings["start_time"] = "-60s"

    def refuse_system_events() -> None:
        world.faults = [status(code)] if world.requests[-1][0].endswith("/system_events") else []

    world.on_request = refuse_system_events
    assert world.run() == ending
    assert world.last.record.system_events == {}


def test_what_was_delivered_or_is_not_wanted_is_not_looked_up() -> None:
    world = World()
    world.settings["severities"] = "err"
    world.pce.record(age_ms=1_000_000, collection="system_events", href="/system_events/1", severity="info")
    world.pce.record(age_ms=1_000_000, collection="system_events", href="/system_events/2", severity="err")
    world.pce.record(age_ms=1_000_000, href="/system_events/2", severity="err")
    world.run()
    assert world.last.record.system_events == {"found": 2, "looked_up": 0, "missing": 0}


# --- requests ------------------------------------------------------------------------------------------


def request(world: World, hrefs: list[str], low: int, high: int, collection: str = "events") -> None:
    requested = Backfill.new("audit", collection, low, high, frozenset(map(key_of, hrefs)))
    world.documents[requested.key] = json.loads(json.dumps(requested.document("audit")))


def world_with_history() -> tuple[World, list[str]]:
    world = World(max_results=5)
    world.settings["start_time"] = "-2d"
    hrefs = [world.pce.record(age_ms=100_000_000 + n * 1000) for n in range(30)]
    assert world.run() == "ok"
    world.clock.now += 3600
    return world, hrefs


def test_exactly_the_backfill_is_sent_and_then_removed() -> None:
    world, hrefs = world_with_history()
    now = world.pce.now_ms()
    request(world, hrefs[3:9], now - 200_000_000, now)
    world.indexed.clear()
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(hrefs[3:9])
    assert (world.last.record.backfilled, world.last.record.notes) == (6, [])
    for seconds, kept in ((60, True), (60, True), (1, False)):
        world.clock.now += seconds
        assert world.run() == "ok"
        assert len(world.delivered()) == 6
        assert any("request" in key for key in world.documents) is kept


def test_an_unreadable_backfill_is_noted_and_removed() -> None:
    world, hrefs = world_with_history()
    world.documents["audit.request.x"] = {
        "_key": "audit.request.x",
        "input": "audit",
        "kind": "request",
        "content": "{",
    }
    request(world, hrefs[:1], 0, world.pce.now_ms())
    world.indexed.clear()
    assert world.run() == "ok"
    assert world.delivered() == hrefs[:1]
    assert world.last.record.notes == ["a backfill request of a reconciliation cannot be read: its checksum is wrong"]
    assert "audit.request.x" not in world.documents


def test_a_backfill_that_splunkd_lost_is_resent() -> None:
    world, hrefs = world_with_history()
    request(world, hrefs[3:9], 0, world.pce.now_ms())
    assert world.run() == "ok"
    world.clock.now += 100
    world.crash_splunkd(110, 5000)
    assert world.run() == "ok"
    assert set(world.delivered()) == set(hrefs)
    assert world.last.record.backfilled == 6


def test_backfill_events_that_left_the_pce_are_noted() -> None:
    world, hrefs = world_with_history()
    request(world, [hrefs[0], "/orgs/1/events/pruned"], 0, world.pce.now_ms())
    world.indexed.clear()
    assert world.run() == "ok"
    assert world.delivered() == [hrefs[0]]
    assert any(note.startswith("1 events") for note in world.last.record.notes)


def test_a_backfill_is_sent_before_the_comparison_fails() -> None:
    world, hrefs = world_with_history()
    world.clock.now += 86_400
    request(world, hrefs[3:9], 0, world.pce.now_ms())
    world.indexed.clear()

    def refuse_system_events() -> None:
        world.faults = [status(401)] if world.requests[-1][0].endswith("/system_events") else []

    world.on_request = refuse_system_events
    assert world.run() == "refused_key"
    assert sorted(world.delivered()) == sorted(hrefs[3:9])


def test_a_backfill_job_times_out_after_ten_minutes() -> None:
    world = World()
    hrefs = [world.pce.record(age_ms=300_000) for _ in range(17)]
    world.pce.record(age_ms=299_000)  # the newest is asked for by each run, and they are not
    assert world.run() == "ok"
    world.clock.now += 3600
    assert world.run() == "ok"
    began = world.clock.now
    request(world, hrefs[:1], 0, world.pce.now_ms())
    world.pce.job_polls = 10**6
    assert world.run() == "job"
    assert 600 < world.clock.now - began <= 605
    world.pce.job_polls = 2
    assert world.run() == "ok"
    assert world.delivered().count(hrefs[0]) == 2


@pytest.mark.parametrize("effect", range(1, 45))
def test_a_killed_run_forgets_no_backfill(effect: int) -> None:
    world, hrefs = world_with_history()
    request(world, hrefs[:4], 0, world.pce.now_ms() - 90_000_000)
    request(world, hrefs[10:14], 0, world.pce.now_ms())
    world.indexed.clear()
    world.crash_at = effect
    world.run()
    assert world.run() == "ok"
    count = Counter(world.delivered())
    assert set(hrefs[:4] + hrefs[10:14]) == set(count)
    assert max(count.values()) <= 2
