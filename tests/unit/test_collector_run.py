"""What a run asks for, when, and what it says of itself, in figures that can be counted by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from illumio_pce.breadcrumb import Point
from illumio_pce.checkpoint import Progress
from illumio_pce.store import sealed
from illumio_pce.timestamps import DAY, HOUR, MINUTE, SECOND, parse

from tests.simulation import START, SimulatedResponse, World, reset, status

NOW = int(START * 1000)
#: The late-arrival window of the simulated input (ms).
LATE = 10 * MINUTE


def ms(text: str | None) -> int | None:
    moment = parse(text)
    return None if moment is None else moment.ms


def windows(world: World, collection: str = "events") -> list[tuple[int | None, int | None]]:
    """The ranges that were asked for (ms after START)."""
    asked = [
        (ms(query["timestamp[gte]"]), ms(query.get("timestamp[lte]")))
        for path, query in world.requests
        if path.endswith(f"/{collection}") and "timestamp[gte]" in query
    ]
    return [(None if low is None else low - NOW, None if high is None else high - NOW) for low, high in asked]


def record_of(world: World) -> dict[str, Any]:
    world.last.write_record({"kind": "run", "outcome": "ok"})
    value = json.loads(world.indexed[-1].text)
    value.pop("peak_memory_mib", None)
    return dict(value)


def change_state(world: World, **members: Any) -> None:
    """Other members in the stored checkpoint."""
    content = json.loads(str(world.documents["audit"]["content"]))
    world.documents["audit"] = sealed(world.documents["audit"], json.dumps({**content, **members}))


def settled() -> World:
    """A world that ran once, at START, and found one event, which was recorded just then."""
    world = World()
    world.pce.record()
    assert world.run() == "ok"
    world.requests.clear()
    return world


# --- what is asked for -----------------------------------------------------------------------------------


def test_the_first_run_asks_from_the_start_time_on() -> None:
    world = World(settings={"start_time": "-600s"})
    world.run()
    assert windows(world)[:1] == [(-600_000, None)]
    (progress,) = world.last.checkpoint.collections.values()
    assert (progress.watermark, progress.floor, progress.pending) == (NOW, NOW - 600_000, [])


@pytest.mark.parametrize("seconds", [60, 900])
def test_a_run_asks_for_the_whole_late_arrival_window(seconds: int) -> None:
    world = settled()
    world.clock.now += seconds
    assert world.run() == "ok"
    assert windows(world) == [(-LATE, None)]
    (progress,) = world.last.checkpoint.collections.values()
    now = NOW + seconds * 1000
    # 15 minutes more are remembered, for clocks that are set back
    # before the newest event
    assert (progress.watermark, progress.newest) == (now, NOW)
    assert progress.floor == NOW - LATE - 15 * MINUTE


def test_on_a_quiet_pce_a_run_reads_from_just_above_the_newest_event() -> None:
    """Should the PCE's clock and this machine's both be ahead, what is recorded next is later than that at least."""
    world = World()
    world.pce.record(age_ms=1_900_000)
    world.pce.record(age_ms=1_800_000)
    for _ in range(3):
        assert world.run() == "ok"
        world.clock.now += 60
    assert windows(world)[-2:] == [(-1_799_999, None)] * 2
    (progress,) = world.last.checkpoint.collections.values()
    assert (progress.newest, progress.floor) == (NOW - 1_800_000, NOW - 1_800_000 - LATE - 15 * MINUTE)


def test_reading_does_not_resume_at_an_event_from_the_future() -> None:
    world = World()
    world.pce.record(age_ms=-HOUR)
    assert world.run() == "ok"
    (progress,) = world.last.checkpoint.collections.values()
    assert (progress.watermark, progress.newest) == (NOW, NOW)


def test_after_a_longer_pause_older_events_become_backlog() -> None:
    world = settled()
    world.clock.now += 901
    assert world.run() == "ok"
    assert windows(world) == [(301_000, None), (-LATE, 301_000)]


def test_nothing_from_before_the_start_time_is_asked_for() -> None:
    world = World(settings={"start_time": "-100s"})
    for _ in range(3):
        assert world.run() == "ok"
        world.clock.now += 60
    assert [low for low, _ in windows(world)] == [-100_000] * 3


def test_system_events_that_are_switched_on_begin_where_the_other_events_are() -> None:
    """Many are in both collections: since the start time they would all come again."""
    world = World(max_results=1000)
    for age_ms in range(0, HOUR, MINUTE):
        href = world.pce.record(age_ms)
        world.pce.record(age_ms, "system_events", href=href)
    assert world.run() == "ok"
    world.clock.now += 60
    late = world.pce.record(300_000, "system_events", href="/system_events/1")
    world.settings["include_system_events"] = "1"
    world.requests.clear()
    assert world.run() == "ok"
    assert windows(world)[0] == windows(world, "system_events")[0] == (-600_000, None)
    assert len(world.delivered()) == len(set(world.delivered())) == 61
    assert world.delivered()[-1] == late
    (note,) = world.last.record.notes
    assert note.startswith("system_events: collected from 2025-10-09T08:43:20.000Z on; to collect what only it has")
    world.clock.now += 60
    assert world.run() == "ok"
    assert world.last.record.notes == []


def test_system_events_that_are_switched_on_have_the_same_backlog() -> None:
    world = World()
    assert world.run() == "ok"
    progress = {"watermark": NOW, "floor": NOW - HOUR, "pending": [[NOW - HOUR, NOW - LATE]], "newest": NOW}
    change_state(world, collections={"events": progress})
    both = world.pce.record(1_200_000)
    world.pce.record(1_200_000, "system_events", href=both)
    alone = world.pce.record(1_800_000, "system_events", href="/system_events/1")
    world.settings["include_system_events"] = "1"
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted([both, alone])


def test_an_account_with_another_source_starts_over_and_says_so() -> None:
    world = settled()
    world.pce.settings = {"audit_event_retention_seconds": 86_400}
    world.clock.now += 3600
    change_state(world, source="other.example.com/orgs/9", clock_offset_ms=77_000)
    assert world.run() == "ok"
    assert "the account pointed to other.example.com/orgs/9 before" in world.last.record.notes[0]
    assert windows(world)[0] == (3_000_000, None)
    assert world.last.checkpoint.source == "pce.example.com:8443/orgs/1"
    assert world.last.checkpoint.clock_offset_ms == 0
    assert world.last.checkpoint.facts.retention_seconds == 86_400


def test_what_was_not_read_of_the_former_source_is_a_gap() -> None:
    """It may be the same PCE under another name: an hour before the change reading begins anew."""
    world = settled()
    spans = [[NOW - 2 * HOUR, NOW - HOUR], [NOW - 30 * MINUTE, NOW - 20 * MINUTE]]
    progress = {"watermark": NOW, "floor": NOW - 2 * HOUR, "pending": spans, "newest": NOW}
    change_state(world, source="other.example.com/orgs/9", collections={"events": progress, "system_events": progress})
    world.clock.now += 7200
    assert world.run() == "ok"
    assert world.last.record.gaps == [*((low, high) for low, high in spans), (NOW, NOW + HOUR)]
    world.clock.now += 60
    assert world.run() == "ok"
    assert world.last.record.gaps == []


def test_what_the_new_source_reads_again_is_no_gap() -> None:
    world = settled()
    spans = [[NOW - 2 * HOUR, NOW - 10 * MINUTE]]
    progress = {"watermark": NOW, "floor": NOW - 2 * HOUR, "pending": spans, "newest": NOW}
    change_state(world, source="other.example.com/orgs/9", collections={"events": progress})
    assert world.run() == "ok"
    assert world.last.record.gaps == [(NOW - 2 * HOUR, NOW - HOUR)]


def test_filters_changed_with_the_account_apply_from_the_start_time() -> None:
    world = World(settings={"severities": "err"})
    assert world.run() == "ok"
    world.clock.now += 60
    wanted = world.pce.record(age_ms=3_000_000, severity="info")
    change_state(world, source="other.example.com/orgs/9")
    world.settings["severities"] = ""
    assert world.run() == "ok"
    assert world.delivered() == [wanted]


def test_changed_filters_apply_from_the_watermark_on() -> None:
    world = World(settings={"severities": "err", "include_system_events": "1"})
    assert world.run() == "ok"
    assert world.last.record.notes == []
    world.clock.now += 60
    early, late = ({"watermark": NOW - before, "floor": NOW - HOUR, "pending": []} for before in (HOUR // 2, 0))
    change_state(world, collections={"events": early, "system_events": late})
    world.settings["severities"] = ""
    assert world.run() == "ok"
    assert world.last.record.notes == [
        "the input's filters were changed; the new ones apply to events from 2025-10-09T08:53:20.000Z on"
    ]


def test_the_clock_offset_of_another_pce_is_forgotten() -> None:
    world = settled()
    change_state(world, source="other.example.com/orgs/9", clock_offset_ms=77_000)
    world.faults = [reset] * 50
    assert world.run() == "connection"
    assert record_of(world)["pce_clock_ahead_seconds"] == 0


def test_a_cut_response_does_not_move_the_watermark_past_its_request() -> None:
    """Each response takes three seconds; what turns up meanwhile belongs to the next run."""
    world = settled()
    world.clock.now += 60
    for second in range(12):
        world.pce.record(age_ms=second * 1000)
    world.response_seconds = 3.0
    assert world.run() == "ok"
    assert len(windows(world)) > 2
    (progress,) = world.last.checkpoint.collections.values()
    assert progress.watermark == NOW + 60_000


def test_without_state_reading_resumes_a_late_arrival_window_before_the_breadcrumb() -> None:
    world = settled()
    world.documents.clear()
    world.breadcrumb = Point(
        "pce.example.com:8443/orgs/1", {"events": Progress(NOW - HOUR, 0, newest=NOW - HOUR)}, START
    ).to_text()
    assert world.run() == "ok"
    # what is new comes first
    assert windows(world) == [(-LATE, None), (-HOUR - LATE, -LATE)]
    assert world.last.record.notes[1:] == [
        "events: reading goes on from 2025-10-09T07:43:20.000Z, so that some may come twice"
    ]


def test_without_state_and_breadcrumb_everything_is_requested() -> None:
    """A PCE keeps events for no longer than 200 days."""
    world = settled()
    world.documents.clear()
    world.breadcrumb = "{"
    assert world.run() == "ok"
    assert windows(world)[1][0] == -200 * DAY


def test_pending_ranges_are_read_oldest_first() -> None:
    world = settled()
    change_state(
        world, collections={"events": {"watermark": NOW, "floor": NOW - HOUR, "pending": [[1000, 2000], [5000, 6000]]}}
    )
    assert world.run() == "ok"
    assert windows(world) == [(-LATE, None), (1000 - NOW, 2000 - NOW), (5000 - NOW, 6000 - NOW)]
    assert json.loads(str(world.documents["audit"]["content"]))["collections"]["events"]["pending"] == []


def test_a_crowded_newest_millisecond_does_not_block() -> None:
    """It is left to a job, and what comes behind it is asked for at once."""
    world = World(settings={"start_time": "-600s"})
    for _ in range(17):
        world.pce.record(age_ms=3000)
    assert world.run() == "ok"
    assert (-2999, None) in windows(world)
    (progress,) = world.last.checkpoint.collections.values()
    assert (progress.watermark, progress.pending) == (NOW, [])
    assert set(world.delivered()) == world.recorded()


def test_the_watermark_advances_when_the_last_window_is_left_to_a_job() -> None:
    """The crowd is as old as the start time, so that its window is the oldest, which is asked for last."""
    world = World(settings={"start_time": "-10s"})
    for _ in range(17):
        world.pce.record(age_ms=10_000)
    for age in (1000, 2000, 3000, 4000):
        world.pce.record(age_ms=age)
    job = world.pce._job
    world.pce._job = lambda path: world.pce._json({"status": "failed"})  # type: ignore[method-assign]
    assert world.run() == "job"
    (progress,) = world.last.checkpoint.collections.values()
    assert progress.watermark == NOW
    assert progress.pending == [(-10_000 + NOW, -9999 + NOW)]
    world.pce._job = job  # type: ignore[method-assign]
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(world.recorded())


def test_more_untimed_events_than_one_response_holds_are_read() -> None:
    """The PCE finds them when they were recorded: a response does not tell where to cut."""
    world = World(settings={"start_time": "-600s"})
    for number in range(17):
        href = f"/orgs/1/events/none-{number}"
        world.pce.record(text=json.dumps({"href": href, "timestamp": None}), href=href)
        world.clock.now += 1
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    (progress,) = world.last.checkpoint.collections.values()
    assert (progress.watermark, progress.pending) == (NOW + 17_000, [])


def test_new_events_are_read_every_minute_during_a_backlog() -> None:
    """A response takes ten seconds: the next request for what is new comes a minute after the response to the last."""
    world = World(settings={"start_time": "-7d"}, response_seconds=10.0, max_results=100)
    for i in range(3000):
        world.pce.record(age_ms=600_000_000 - i * 100_000)
    moments: list[float] = []

    def look() -> None:
        if "timestamp[lte]" not in world.requests[-1][1] and "timestamp[gte]" in world.requests[-1][1]:
            moments.append(world.clock.now)
            world.pce.record()

    world.on_request = look
    assert world.run() == "ok"
    assert len(moments) > 5
    assert {later - earlier for earlier, later in zip(moments[1:], moments[2:])} == {70.0}
    assert set(world.delivered()) == world.recorded()


# --- the PCE's settings ------------------------------------------------------------------------------------


def asked_for_settings(world: World) -> int:
    return sum(path.endswith("settings/events") for path, _ in world.requests)


def test_the_settings_are_asked_for_again_after_a_day() -> None:
    world = settled()
    for seconds, times in ((86_399, 0), (86_400, 1), (86_401, 1)):
        world.clock.now = START + seconds
        world.run()
        assert asked_for_settings(world) == times


@pytest.mark.parametrize(
    ("response", "retention", "severity"),
    [
        ({"audit_event_retention_seconds": 1, "audit_event_min_severity": "err"}, 1, "err"),
        ({"audit_event_retention_seconds": 0, "audit_event_min_severity": "x" * 40}, None, None),
        ({"audit_event_retention_seconds": "1", "audit_event_min_severity": "x" * 39}, None, "x" * 39),
        ({"audit_event_retention_seconds": -5, "audit_event_min_severity": 3}, None, None),
        ({}, None, None),
    ],
)
def test_invalid_pce_settings_are_ignored(response: dict[str, Any], retention: Any, severity: Any) -> None:
    world = World()
    world.pce.settings = response
    world.run()
    facts = world.last.checkpoint.facts
    assert (facts.retention_seconds, facts.least_severity) == (retention, severity)
    assert facts.settings_read_at == START


@pytest.mark.parametrize(("retention", "told"), [(3599, True), (3600, False)])
def test_a_start_time_beyond_the_retention_is_noted(retention: int, told: bool) -> None:
    world = World(settings={"start_time": "-1h"})
    world.pce.settings = {"audit_event_retention_seconds": retention}
    world.run()
    assert any("lies before the PCE's retention (0 days)" in note for note in world.last.record.notes) is told


@pytest.mark.parametrize(("away", "gap"), [(DAY - LATE, None), (DAY - LATE + SECOND, SECOND)])
def test_what_the_pce_has_pruned_meanwhile_is_a_gap(away: int, gap: int | None) -> None:
    world = World()
    world.pce.settings = {"audit_event_retention_seconds": 86_400}
    world.run()
    world.clock.now += away / 1000
    world.run()
    low = NOW - LATE
    assert world.last.record.gaps == ([] if gap is None else [(low, low + gap)])


def test_an_unread_range_is_not_a_gap() -> None:
    world = World(settings={"start_time": "-3d"})
    world.pce.settings = {"audit_event_retention_seconds": 86_400}
    assert world.run() == "ok"
    assert world.last.record.gaps == []


# --- what it says of itself ----------------------------------------------------------------------------------


def test_the_record_of_a_run() -> None:
    """The first run asked four requests, of 2 s each; its watermark is 2 s after START, by this machine's clock.

    The PCE's is 7 s ahead. Nothing was seen by then, so that reading still begins an hour before that.
    """
    world = World(response_seconds=2.0)
    world.pce.skew = 7.0
    world.pce.settings = {"audit_event_retention_seconds": 90 * 86_400, "audit_event_min_severity": "info"}
    world.run()
    world.pce.record(age_ms=61_000)
    world.clock.now += 60
    assert world.run() == "ok"
    value = record_of(world)
    (recorded,) = world.pce.collections["events"]
    assert (value.pop("bytes_received"), value.pop("bytes_written")) == (len(f"[{recorded.text}]"), len(recorded.text))
    assert value == {
        "time": "2025-10-09T08:54:30.000Z", "kind": "run", "outcome": "ok", "input": "audit", "account": "lab",
        "pce": "pce.example.com:8443", "org_id": 1, "duration_seconds": 2.0, "lag_seconds": 2.0, "backlog_seconds": 0,
        "pce_clock_ahead_seconds": 7.0, "retention_days": 90.0, "least_severity": "info",
        "window_from": "2025-10-09T07:53:22.001Z", "window_to": "2025-10-09T08:54:28.000Z", "requests": 1,
        "retries": 0, "errors_met": {}, "events": 1, "duplicates_dropped": 0, "filtered_out": 0, "late_arrivals": 1,
        "late_by_seconds": 48.0, "resent_after_restart": 0, "collected_on_request": 0, "pages": 1,
        "oldest_event": "2025-10-09T08:52:34.000Z", "newest_event": "2025-10-09T08:52:34.000Z", "flawed_events": {},
        "gaps": [], "notes": [],
    }  # fmt: skip


def test_the_record_of_a_run_that_has_a_backlog_left() -> None:
    world = settled()
    world.clock.now += 7200
    world.response_seconds = 1.0
    world.faults = [lambda response: response, status(403)]
    assert world.run() == "forbidden"
    value = record_of(world)
    assert value["backlog_seconds"] == 7200 + LATE / 1000 + 2
    assert value["lag_seconds"] == 2.0
    assert value["errors_met"] == {"forbidden": 1}


def test_the_record_has_the_lag_and_backlog_of_the_slower_collection() -> None:
    world = World(settings={"include_system_events": "1"})
    assert world.run() == "ok"
    marks = {"events": (NOW - 60_000, [[NOW - HOUR, NOW - MINUTE]]), "system_events": (NOW - 30_000, [])}
    change_state(world, collections={n: {"watermark": w, "floor": 0, "pending": p} for n, (w, p) in marks.items()})
    world.faults = [status(403)]
    assert world.run() == "forbidden"
    value = record_of(world)
    assert (value["lag_seconds"], value["backlog_seconds"]) == (60, 3600)


def test_the_record_has_seconds_to_the_millisecond_and_days_to_the_hundredth() -> None:
    world = World(response_seconds=0.40163)
    world.pce.settings = {"audit_event_retention_seconds": 200_000}
    assert world.run() == "ok"
    value = record_of(world)
    # four requests, one behind the other: settings, what is new, what is old, system events
    assert (value["duration_seconds"], value["retention_days"]) == (1.607, 2.31)


def test_the_record_before_anything_is_known() -> None:
    world = World()
    world.store_is_down = True
    assert world.run() == "state"
    value = record_of(world)
    assert value["events"] == 0
    assert not {"lag_seconds", "backlog_seconds", "retention_days"} & set(value)


# --- asynchronous jobs -----------------------------------------------------------------------------------------


def crowded(count: int = 17, age_ms: int = 7_000_000, **settings: Any) -> World:
    """A world with more events in one millisecond of a backlog than a response holds."""
    world = World(settings={"start_time": "-3h"}, **settings)
    for _ in range(count):
        world.pce.record(age_ms=age_ms)
    return world


@pytest.mark.parametrize("polls", [0, 3])
def test_a_job_is_polled_every_five_seconds(polls: int) -> None:
    """There are two, since windows share their bound."""
    world = crowded()
    world.pce.job_polls = polls
    assert world.run() == "ok"
    assert len(set(world.delivered())) == 17
    assert world.clock.now - START == 2 * 5 * polls


def test_a_job_that_does_not_end_times_out_after_ten_minutes_without_blocking() -> None:
    world = crowded()
    world.pce.job_polls = 10**6
    old = world.pce.record(age_ms=9_000_000)
    between = world.pce.record(age_ms=6_000_000)
    assert world.run() == "job"
    assert {old, between} <= set(world.delivered())
    # two jobs, since windows share their bound
    assert 1200 < world.clock.now - START <= 1210
    assert world.last.checkpoint.collections["events"].pending == [(NOW - 7_000_001, NOW - 6_999_999)]
    world.pce.job_polls = 0
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()


def test_a_failed_job_is_deferred_to_the_next_run() -> None:
    world = crowded()
    job = world.pce._job
    world.pce._job = lambda path: world.pce._json({"status": "failed"})  # type: ignore[method-assign]
    between = world.pce.record(age_ms=6_000_000)
    assert world.run() == "job"
    assert world.delivered() == [between]
    world.pce._job = job  # type: ignore[method-assign]
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()


@pytest.mark.parametrize(("held", "ending"), [(4, "job"), (5, "ok")])
def test_a_job_with_fewer_events_than_the_direct_response_is_rejected(held: int, ending: str) -> None:
    """A response holds five here."""
    world = crowded()

    def shorter() -> None:
        if "datafiles" in world.requests[-1][0]:
            world.faults = [lambda response: few(response, held)]

    world.on_request = shorter
    assert world.run() == ending
    pending = world.last.checkpoint.collections["events"].pending
    assert bool(pending) is (ending == "job")


def few(response: SimulatedResponse, count: int) -> SimulatedResponse:
    return SimulatedResponse(response.status, response.headers, json.dumps(json.loads(response.body)[:count]).encode())


@pytest.mark.slow
@pytest.mark.parametrize(("count", "filler", "pages"), [(5001, 1, 2), (5000, 1, 2), (4999, 1, 1), (7, 2_000_000, 2)])
def test_a_datafile_is_written_and_stored_page_by_page(count: int, filler: int, pages: int) -> None:
    """5,000 events or 8 MiB; the last page may be empty, and is not written then."""
    world = World(settings={"start_time": "-3h"}, max_results=5)
    for _ in range(count):
        world.pce.record(age_ms=7_000_000, filler="x" * filler)
    assert world.run() == "ok"
    assert world.trace.count("write begins") == (pages if count != 5000 else 1)
    assert len(set(world.delivered())) == count


def test_a_run_is_stopped_between_two_pages_of_a_datafile() -> None:
    world = World(settings={"start_time": "-3h"}, max_results=5)
    for _ in range(10_500):
        world.pce.record(age_ms=7_000_000)
    write = world.write

    def stop_soon(events: Any) -> int:
        world.stop.request()
        return write(events)

    world.write = stop_soon  # type: ignore[method-assign]
    assert world.run() == "stopped"
    assert len(world.delivered()) == 5000
    world.write = write  # type: ignore[method-assign]
    assert world.run() == "ok"
    assert len(world.delivered()) == len(set(world.delivered())) == 10_500


def test_a_failed_job_does_not_block_the_other_collection() -> None:
    world = crowded()
    world.settings["include_system_events"] = "1"
    world.pce._job = lambda path: world.pce._json({"status": "failed"})  # type: ignore[method-assign]
    beside = world.pce.record(age_ms=7_000_000, collection="system_events", href="/system_events/1")
    assert world.run() == "job"
    assert world.delivered() == [beside]


# --- the end of a run --------------------------------------------------------------------------------------------


def test_after_a_closed_pipe_the_next_run_resends() -> None:
    world = World()
    world.pce.record()
    world.run()
    before = dict(world.documents)
    world.store_is_down = True
    world.last.mark_unconfirmed()
    world.store_is_down = False
    assert world.documents == before
    world.run()
    assert world.last.record.resent == 1
    assert len(world.delivered()) == 2
    world.run()
    assert len(world.delivered()) == 2


def test_a_page_without_anything_new_is_not_stored_by_itself() -> None:
    """A poll of several responses costs one write of the state where it found nothing."""
    world = World(max_results=100_000)
    for i in range(9001):
        world.pce.record(age_ms=i * 30)
    assert world.run() == "ok"
    world.clock.now += 60
    world.requests.clear()
    assert world.run() == "ok"
    assert len(windows(world)) == 2
    assert world.trace.count("save begins") == 1


def test_the_record_tells_the_range_that_was_read_of_both_collections() -> None:
    world = World(settings={"start_time": "-300s", "include_system_events": "1"}, response_seconds=3.0)
    world.run()
    assert world.last.record.window == (NOW - 297_000, NOW + 6000)
