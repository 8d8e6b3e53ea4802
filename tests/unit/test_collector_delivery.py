"""Nothing is lost and nothing comes twice: the collector against a simulated world (issue's points 1 to 3)."""

from __future__ import annotations

import json

import pytest

from tests.simulation import World


def collected(world: World) -> list[str]:
    assert world.run() == "ok"
    return sorted(world.delivered())


def test_first_run_delivers_what_is_newer_than_the_start_time() -> None:
    world = World()
    world.pce.record(age_ms=2 * 3_600_000)
    wanted = [world.pce.record(age_ms=minutes * 60_000) for minutes in (0, 1, 11, 59)]
    assert collected(world) == sorted(wanted)


def test_second_run_delivers_only_what_is_new() -> None:
    world = World()
    first = world.pce.record()
    assert collected(world) == [first]
    world.clock.now += 60
    second = world.pce.record(age_ms=0)
    assert collected(world) == sorted([first, second])
    assert world.last.record.duplicates == 1


@pytest.mark.parametrize("age_seconds", [6, 60, 599, 600])
def test_an_event_within_the_late_arrival_window_is_delivered(age_seconds: int) -> None:
    world = World()
    world.pce.record()
    collected(world)
    world.clock.now += 5
    late = world.pce.record(age_ms=age_seconds * 1000)
    assert late in collected(world)
    assert world.last.record.late == 1
    assert world.last.record.latest_ms == (age_seconds - 5) * 1000


def test_events_that_share_a_timestamp_are_all_delivered_over_a_cut() -> None:
    world = World()
    wanted = [world.pce.record(age_ms=30_000) for _ in range(4)] + [world.pce.record(age_ms=20_000) for _ in range(4)]
    assert collected(world) == sorted(wanted)


def test_more_events_in_one_millisecond_than_one_response_holds_come_by_an_asynchronous_job() -> None:
    world = World()
    wanted = [world.pce.record(age_ms=30_000) for _ in range(17)] + [world.pce.record(age_ms=500)]
    assert collected(world) == sorted(wanted)
    assert world.pce.jobs


def test_more_events_in_one_second_than_one_response_holds_are_split() -> None:
    world = World()
    wanted = [world.pce.record(age_ms=30_000 + i) for i in range(200)]
    assert collected(world) == sorted(wanted)
    assert not world.pce.jobs


def test_with_the_limit_of_a_real_pce() -> None:
    world = World(max_results=10_000)
    wanted = [world.pce.record(age_ms=30_000 + i // 3) for i in range(25_003)]
    assert collected(world) == sorted(wanted)
    assert collected(world) == sorted(wanted)


@pytest.mark.parametrize("cap", [100, 500])
def test_a_pce_with_an_unannounced_lower_limit_loses_nothing(cap: int) -> None:
    """Something new, a backlog, a crowd in one millisecond, and what is late."""
    world = World(max_results=10_000, settings={"start_time": "-3d"})
    world.pce.cap = cap
    for i in range(1234):
        world.pce.record(age_ms=i * 400)
    for i in range(2345):
        world.pce.record(age_ms=100_000_000 - i * 9000)
    for _ in range(cap + 1):
        world.pce.record(age_ms=50_000_000)
    assert collected(world) == sorted(world.recorded())
    assert world.pce.jobs
    for _ in range(3):
        world.clock.now += 60
        for i in range(601):
            world.pce.record(age_ms=i * 900)
        assert collected(world) == sorted(world.recorded())


@pytest.mark.parametrize(
    ("count", "is_split"), [(0, False), (99, False), (100, True), (101, False), (7400, True), (7401, False)]
)
def test_a_response_with_a_round_number_of_events_is_requested_again_in_parts(count: int, is_split: bool) -> None:
    world = World(max_results=10_000, settings={"start_time": "-600s"})
    for i in range(count):
        world.pce.record(age_ms=i * 81)
    assert collected(world) == sorted(world.recorded())
    asked = [query for path, query in world.requests if path.endswith("/events") and "timestamp[gte]" in query]
    # the newer part, and the older one in one piece or more
    assert len(asked) >= 3 if is_split else len(asked) == 1


def test_an_event_from_the_future_does_not_move_the_watermark_past_the_present() -> None:
    world = World()
    ahead = world.pce.record(age_ms=-3_600_000)
    assert collected(world) == [ahead]
    for _ in range(5):
        world.clock.now += 60
        world.pce.record()
        world.run()
    wanted = sorted(world.recorded())
    assert sorted(world.delivered()) == wanted
    world.clock.now += 2 * 3_600
    assert collected(world) == wanted


def test_clocks_that_differ_lose_nothing() -> None:
    for skew in (-600.0, 600.0):
        world = World()
        world.pce.skew = skew
        for _ in range(20):
            world.pce.record(age_ms=300_000)
            world.pce.record()
            world.clock.now += 47
            assert world.run() == "ok"
        assert sorted(world.delivered()) == sorted(world.recorded())


def test_a_pce_clock_that_is_set_back_loses_nothing_and_repeats_nothing() -> None:
    world = World()
    for step in range(20):
        world.pce.record()
        world.pce.record(age_ms=400_000)
        world.clock.now += 60
        if step == 10:
            world.pce.skew = -300.0
        assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(world.recorded())


def test_what_is_new_comes_before_the_backlog() -> None:
    world = World()
    world.pce.record()
    assert world.run() == "ok"
    world.clock.now += 86_400
    old = [world.pce.record(age_ms=40_000_000 + i * 1000) for i in range(40)]
    new = world.pce.record()
    world.indexed.clear()
    assert world.run() == "ok"
    assert world.delivered()[0] == new
    assert sorted(world.delivered()) == sorted([new, *old])


def test_during_a_backlog_new_events_are_read_and_progress_is_recorded_every_minute() -> None:
    world = World(response_seconds=10.0, max_results=100)
    world.settings["start_time"] = "-7d"
    for i in range(3000):
        world.pce.record(age_ms=600_000_000 - i * 100_000)

    def something_happens() -> None:
        world.pce.record()

    world.on_request = something_happens
    assert world.run() == "ok"
    records = [json.loads(e.text) for e in world.indexed if e.sourcetype == "illumio:pce:ingest"]
    assert len(records) >= 2
    assert all(record["kind"] == "progress" for record in records)
    assert records[0]["backlog_seconds"] > records[-2]["backlog_seconds"] > 0
    assert {world.pce.collections["events"][0].href} < set(world.delivered())


def test_events_without_href_are_told_apart_by_how_many_there_are() -> None:
    world = World()
    text = '{"timestamp":"2025-10-09T08:53:00.000Z","event_type":"user.login","note":"same"}'
    for _ in range(3):
        world.pce.record(text=text, href=None)
    assert collected(world) == [text] * 3
    world.pce.record(text=text, href=None)
    assert collected(world) == [text] * 4


def test_one_bad_event_does_not_stop_the_others() -> None:
    world = World()
    good = world.pce.record()
    world.pce.record(text='{"href":"/orgs/1/events/a","event_type":"x"}', href="/orgs/1/events/a")
    world.pce.record(text='{"href":"/orgs/1/events/b","timestamp":"yesterday"}', href="/orgs/1/events/b")
    world.pce.record(text='"not an object"', href=None)
    world.pce.record(text='{"href":"/orgs/1/events/c","deep":' + "[" * 5000 + "]" * 5000 + "}", href="/orgs/1/events/c")
    assert world.run() == "ok"
    assert sorted(world.delivered())[0] == '"not an object"'
    assert len(world.delivered()) == 5
    assert good in world.delivered()
    assert world.last.record.flaws == {"no timestamp": 2, "unreadable timestamp": 1, "not an object": 1}
    for _ in range(40):
        world.clock.now += 60
        assert world.run() == "ok"
    assert len(world.delivered()) == 5


def test_system_events_are_collected_when_wanted_and_once() -> None:
    world = World()
    world.pce.record()
    failed = world.pce.record(collection="system_events", href="/system_events/1")
    world.pce.record(collection="events", text=world.pce.collections["system_events"][0].text, href="/system_events/1")
    assert world.run() == "ok"
    assert world.delivered().count(failed) == 1
    world.settings["include_system_events"] = "1"
    only_there = world.pce.record(collection="system_events", href="/system_events/2")
    assert world.run() == "ok"
    assert world.delivered().count(failed) == 1
    assert world.delivered().count(only_there) == 1


def test_an_idle_run_makes_one_request_and_advances() -> None:
    world = World()
    world.run()
    before = len(world.requests)
    world.clock.now += 3600
    assert world.run() == "ok"
    world.clock.now += 60
    before = len(world.requests)
    assert world.run() == "ok"
    assert len(world.requests) - before == 1
    window = world.last.record.window
    assert window is not None
    assert abs(window[1] - world.clock.now * 1000) < 2000


def test_a_pce_that_prunes_while_a_backlog_is_read_loses_only_what_it_pruned() -> None:
    world = World(max_results=20)
    world.settings["start_time"] = "-7d"
    for i in range(2000):
        world.pce.record(age_ms=500_000_000 - i * 200_000)
    pruned: set[str] = set()

    def prune_a_little() -> None:
        events = sorted(world.pce.collections["events"], key=lambda event: event.found_at)
        pruned.update(str(event.href) for event in events[:3])
        world.pce.collections["events"] = events[3:]

    everything = world.recorded()
    world.on_request = prune_a_little
    assert world.run() == "ok"
    assert everything - set(world.delivered()) <= pruned
    assert len(world.delivered()) == len(set(world.delivered()))


@pytest.mark.slow
def test_a_busy_poll_waits_for_its_responses_in_parallel() -> None:
    """The parts of a window that was busy before are asked for at once, each part's response is whole.

    None has a round number of events, which might be a limit.
    """
    world = World(response_seconds=2.0, max_results=10_000)
    for _ in range(12):
        for i in range(1893):
            world.pce.record(age_ms=i * 30)
        began, asked = world.clock.now, len(world.requests)
        assert world.run() == "ok"
        world.clock.now += 60
    assert len(world.requests) - asked == 3
    assert world.clock.now - 60 - began == 2
    assert sorted(world.delivered()) == sorted(world.recorded())


@pytest.mark.slow
def test_a_backlog_is_requested_four_responses_at_a_time() -> None:
    world = World(response_seconds=2.0, max_results=10_000)
    world.settings["start_time"] = "-7d"
    for i in range(60_011):
        world.pce.record(age_ms=600_000_000 - i * 9_900)
    began = world.clock.now
    assert world.run() == "ok"
    assert world.clock.now - began < len(world.requests)
    assert sorted(world.delivered()) == sorted(world.recorded())
