"""A KV store that holds an older state than it took last: restored from a backup, or it did not keep what it took.

And one that takes nothing. The breadcrumb and the number of saves tell; see `State.load`.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from illumio_pce.breadcrumb import Point
from illumio_pce.checkpoint import Batch, Checkpoint, Progress
from illumio_pce.state import STATE_GONE, STATE_OLDER, Loaded, State, created_document
from illumio_pce.store import sealed

from tests.simulation import START, World

#: The late-arrival window of the simulated input (s).
LATE = 600


def repeated(world: World) -> Counter[str]:
    """What came more than once, and how often more."""
    return Counter(world.delivered()) - Counter(set(world.delivered()))


def kinds(world: World) -> list[tuple[str, str]]:
    """The records beside those of runs: kind, and category of the error."""
    records = [json.loads(event.text) for event in world.indexed if event.sourcetype == "illumio:pce:ingest"]
    return [(record["kind"], record["error_category"]) for record in records]


# --- which of the two is older --------------------------------------------------------------------------


def point(saves: int, creation: str = "a") -> Point:
    return Point("pce", {"events": Progress(9000, 1000)}, 9.0, creation, saves)


def loaded(world: World, checkpoint: Checkpoint | None) -> Loaded:
    if checkpoint is not None:
        world.documents["audit"] = sealed(
            {"_key": "audit", "input": "audit", "kind": "checkpoint"}, checkpoint.to_text()
        )
    return State(world, "audit", world, world.lease, world).load(START)


@pytest.mark.parametrize(
    ("saves", "creation", "told", "is_old"),
    [
        (5, "a", point(6), True),
        (5, "a", point(5), False),
        (6, "a", point(5), False),
        # an input that was made anew has nothing to do with the former one of its name
        (5, "b", point(6), False),
        # stored by an add-on that did not count: older than any that did
        (0, "", point(1), True),
        # a breadcrumb of the first version does not tell how often
        (5, "a", point(0, ""), False),
        (0, "", point(0, ""), False),
        (5, "a", None, False),
    ],
)
def test_a_checkpoint_is_compared_with_the_breadcrumb(
    saves: int, creation: str, told: Point | None, is_old: bool
) -> None:
    world = World(breadcrumb=told.to_text() if told else None)
    found = loaded(world, Checkpoint("pce", {"events": Progress(5000, 1000)}, creation=creation, saves=saves))
    assert found.checkpoint is not None
    assert (found.is_old, found.point, found.damage) == (
        is_old,
        told if is_old else None,
        STATE_OLDER if is_old else "",
    )
    assert (found.checkpoint.saves, found.creation) == (saves, creation)


@pytest.mark.parametrize(
    ("creation", "told", "is_old"),
    [("a", point(1), True), ("b", point(1), False), ("a", point(0, ""), False), ("a", None, False)],
)
def test_an_input_without_a_checkpoint_is_compared_too(creation: str, told: Point | None, is_old: bool) -> None:
    world = World(breadcrumb=told.to_text() if told else None)
    world.documents["audit"] = created_document("audit", START - 5, creation)
    found = loaded(world, None)
    assert (found.checkpoint, found.creation, found.made_at) == (None, creation, START - 5)
    assert (found.is_old, found.point, found.damage) == (
        is_old,
        told if is_old else None,
        STATE_OLDER if is_old else "",
    )


def test_an_unreadable_breadcrumb_does_not_invalidate_a_checkpoint() -> None:
    found = loaded(World(breadcrumb="{"), Checkpoint("pce", saves=3, creation="a"))
    assert (found.is_old, found.point, found.damage) == (False, None, "")


def test_the_previous_generation_resumes_from_the_breadcrumb_too() -> None:
    world = World(breadcrumb=point(6).to_text())
    document = sealed(
        {"_key": "audit.previous", "input": "audit", "kind": "previous"},
        Checkpoint("pce", creation="a", saves=5).to_text(),
    )
    world.documents = {"audit.previous": document}
    found = loaded(world, None)
    assert (found.is_old, found.point) == (True, point(6))
    assert found.damage == "the newest generation of the state is missing"


def test_a_breadcrumb_keeps_unconfirmed_batches() -> None:
    safe = Batch(10, 20, 879.9, array("Q", [1]))
    unconfirmed = [Batch(30, 40, 880.0, array("Q", [2, 3])), Batch(35, 50, 1000.0, array("Q"), count=7000)]
    checkpoint = Checkpoint(
        "pce", {"events": Progress(60, 5, [(1, 2)], 50, 999.5)}, [safe, *unconfirmed], saved_at=1000.0, creation="a", saves=4,
        splunkd_boot_id="one",
    )  # fmt: skip
    told = Point.from_text(Point.of(checkpoint).to_text())
    assert told == Point(
        "pce", {"events": Progress(60, 5, [(1, 2)], 50, 999.5)}, 1000.0, "a", 4, "one",
        [(30, 40, 880.0, 2), (35, 50, 1000.0, 7000)],
    )  # fmt: skip
    found = [
        (batch.low, batch.high, batch.committed_at, batch.count, len(batch.keys))
        for batch in told.unconfirmed_batches()
    ]
    assert found == [(30, 40, 880.0, 2, 0), (35, 50, 1000.0, 7000, 0)]


# --- restored from a backup -------------------------------------------------------------------------------


def world_and_backup(hours: float, **members: Any) -> tuple[World, Mapping[str, Any]]:
    """A backup that was made after a while, and how many hours of events went by since; the last run was just now."""
    world = World(max_results=50, **members)
    for _ in range(30):
        world.pce.record()
        world.pce.record(age_ms=300_000)
        assert world.run() == "ok"
        world.clock.now += 60
    backup = dict(world.documents)
    for _ in range(int(hours * 12)):
        for age in (0, 100_000, 200_000, 300_000):
            world.pce.record(age_ms=age)
        world.clock.now += 300
        assert world.run() == "ok"
    return world, backup


@pytest.mark.parametrize("keeps_newer", [False, True])
@pytest.mark.parametrize("hours", [1, 24])
def test_a_restored_backup_repeats_the_late_arrival_window_at_most(hours: int, keeps_newer: bool) -> None:
    """`keeps_newer`: only what stands in the backup is put back, and documents made since stay."""
    world, backup = world_and_backup(hours)
    assert not repeated(world)
    recent = {
        str(event.href)
        for event in world.pce.collections["events"]
        if event.found_at >= world.pce.now_ms() - (LATE + 60) * 1000
    }
    world.documents = {**(world.documents if keeps_newer else {}), **backup}
    fresh = world.pce.record()
    assert world.run() == "ok"
    assert fresh in world.delivered()
    assert set(world.delivered()) == world.recorded()
    assert set(repeated(world)) <= recent
    assert set(repeated(world).values()) <= {1}
    notes = world.last.record.notes
    assert notes[0] == STATE_OLDER
    assert notes[1].startswith("events: reading goes on from ")
    assert kinds(world) == [("state", "state_restored")]
    before = len(world.delivered())
    for _ in range(3):
        world.clock.now += 60
        assert world.run() == "ok"
    assert (len(world.delivered()), world.last.record.notes, len(kinds(world))) == (before, [], 1)


def test_a_backup_that_is_restored_with_a_restart_of_splunkd_repeats_what_a_restart_does() -> None:
    world, backup = world_and_backup(1)
    last = {str(event.href) for event in world.pce.collections["events"][-4:]}
    recent = {
        str(event.href) for event in world.pce.collections["events"] if event.found_at >= world.pce.now_ms() - 660_000
    }
    world.documents = dict(backup)
    world.restart_splunkd()
    assert world.run() == "ok"
    assert last <= set(repeated(world)) <= recent
    assert world.last.record.resent == 4


def test_a_restored_backup_from_before_the_first_run_goes_on_as_well() -> None:
    world = World(settings={"start_time": "-3d"})
    old = world.pce.record(age_ms=200_000_000)
    assert world.run() == "ok"
    creation = world.last.checkpoint.creation
    world.clock.now += 3600
    fresh = world.pce.record()
    world.documents = {"audit": created_document("audit", START, creation)}
    assert world.run() == "ok"
    assert Counter(world.delivered()) == {old: 1, fresh: 1}
    assert world.last.checkpoint.creation == creation
    assert kinds(world) == [("state", "state_restored")]


def test_what_the_backup_refers_to_and_was_deleted_since_costs_repeats_and_no_event() -> None:
    """Hrefs of a busy time stand in documents of their own, which are deleted once they are not needed."""
    world = World(max_results=10_000)
    for i in range(5001):
        world.pce.record(age_ms=i * 100)
    assert world.run() == "ok"
    backup = {key: value for key, value in world.documents.items() if ".hrefs." not in key}
    assert len(backup) < len(world.documents)
    world.clock.now += 180  # splunkd has long indexed them
    world.pce.record()
    assert world.run() == "ok"
    world.documents = backup
    world.pce.record()
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert any("cannot be read: their events may come twice" in note for note in world.last.record.notes)


def test_a_backup_from_when_the_account_led_elsewhere_goes_on_where_it_leads_now() -> None:
    world, _ = world_and_backup(0.5)
    content = json.loads(str(world.documents["audit"]["content"]))
    content.update(source="other.example.com/orgs/9", saves=3)
    world.documents = {"audit": sealed(world.documents["audit"], json.dumps(content))}
    world.pce.record()
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert len(repeated(world)) <= 4 * 2 + 6
    assert world.last.checkpoint.source == "pce.example.com:8443/orgs/1"
    assert not any("the account led to" in note for note in world.last.record.notes)


def test_a_recreated_input_has_its_own_identity() -> None:
    """The file of the former one may still lie there, if it could not be removed."""
    world, _ = world_and_backup(1)
    former = world.read()
    world.documents = {"audit": dict(created_document("audit", world.clock.now))}
    world.settings["start_time"] = "-10s"
    fresh = world.pce.record()
    world.indexed.clear()
    assert world.run() == "ok"
    assert (world.delivered(), world.last.record.notes, kinds(world)) == ([fresh], [], [])
    told = world.read()
    assert former is not None
    assert told is not None
    assert told.creation == world.last.checkpoint.creation != former.creation
    assert told.saves < former.saves
    world.clock.now += 60
    assert world.run() == "ok"
    assert world.last.record.notes == []


# --- taken and not kept -----------------------------------------------------------------------------------


def busy_world() -> World:
    """Something new, and something old, for several pages; an hour ago a run found one event."""
    world = World(settings={"start_time": "-1h"})
    world.pce.record()
    assert world.run() == "ok"
    world.clock.now += 3600
    for i in range(17):
        world.pce.record(age_ms=1_000_000 + i * 100_000)
    for i in range(8):
        world.pce.record(age_ms=i * 1000)
    return world


def writes_of_a_run() -> int:
    world = busy_world()
    assert world.run() == "ok"
    return world.trace.count("save begins")


WRITES = writes_of_a_run()


@pytest.mark.parametrize("kept", range(0, WRITES + 1))
def test_what_the_store_took_and_did_not_keep_costs_the_late_arrival_window_at_most(kept: int) -> None:
    world = busy_world()
    world.writes_kept = kept
    assert world.run() == "ok"
    assert not repeated(world)
    recent = {str(event.href) for event in world.pce.collections["events"][-8:]}
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert set(repeated(world)) <= recent
    was_lost = kept < WRITES
    assert kinds(world) == [("state", "state_restored")] * was_lost
    assert (STATE_OLDER in world.last.record.notes) is was_lost


def test_a_store_that_keeps_nothing_is_reported_by_each_run_without_blocking() -> None:
    world = busy_world()
    for number in range(5):
        world.writes_kept = 0
        fresh = world.pce.record()
        assert world.run() == "ok"
        assert fresh in world.delivered()
        assert len(kinds(world)) == number
        world.clock.now += 60
    assert set(world.delivered()) == world.recorded()
    # What lay further back than the late-arrival window came once.
    once = {str(event.href) for event in world.pce.collections["events"][:18]}
    assert not once & set(repeated(world))


@pytest.mark.parametrize("down", [0, 5000])
@pytest.mark.parametrize("in_memory", [1, 60, 119])
@pytest.mark.parametrize("kept", range(0, WRITES + 1))
def test_a_power_cut_that_costs_the_store_its_last_writes_and_splunkd_its_memory_loses_nothing(
    kept: int, in_memory: int, down: int
) -> None:
    world = busy_world()
    world.writes_kept = kept
    assert world.run() == "ok"
    world.clock.now += 0.5
    world.crash_splunkd(in_memory, down)
    for _ in range(2):
        assert world.run() == "ok"
        world.clock.now += 60
    assert set(world.delivered()) == world.recorded()


@pytest.mark.parametrize("crash_first", [True, False])
@pytest.mark.parametrize("lost", ["all", "newest", "both generations"])
def test_lost_or_damaged_state_and_a_crash_of_splunkd_in_the_same_two_minutes_lose_nothing(
    lost: str, crash_first: bool
) -> None:
    world = busy_world()
    assert world.run() == "ok"
    world.clock.now += 20
    if crash_first:
        world.crash_splunkd(119)
    keys = {"all": list(world.documents), "newest": ["audit"], "both generations": ["audit", "audit.previous"]}[lost]
    for key in keys:
        world.documents[key] = {**world.documents[key], "content": "{"}
    if lost == "all":
        world.documents.clear()
    assert world.run() == "ok"
    assert (world.last.record.notes[0] == STATE_GONE) is (lost == "all")
    if not crash_first:
        world.clock.now += 20
        world.crash_splunkd(119)
        assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()


# --- not taken -------------------------------------------------------------------------------------------


def test_a_store_that_takes_no_writes_from_the_start_has_nothing_delivered() -> None:
    world = World()
    wanted = world.pce.record()
    for _ in range(5):
        world.writes_refused_after = 0
        assert world.run() == "state"
        world.clock.now += 60
    assert world.delivered() == []
    assert world.run() == "ok"
    assert world.delivered() == [wanted]


@pytest.mark.parametrize("has_backlog", [False, True])
def test_a_store_that_takes_no_writes_any_more_has_nothing_delivered_however_many_runs(has_backlog: bool) -> None:
    world = busy_world() if has_backlog else World()
    if not has_backlog:
        assert world.run() == "ok"
        world.pce.record()
    before = world.delivered()
    for _ in range(10):
        world.writes_refused_after = 0
        assert world.run() == "state"
        world.clock.now += 60
    assert world.delivered() == before
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(world.recorded())


@pytest.mark.parametrize("taken", range(1, WRITES + 1))
def test_a_store_that_takes_no_writes_after_some_has_a_page_repeated_at_most(taken: int) -> None:
    world = busy_world()
    world.writes_refused_after = taken
    assert world.run() == ("state" if taken < WRITES else "ok")
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    # A response holds five events.
    assert sum(repeated(world).values()) <= 5 * (taken < WRITES)


def test_a_store_that_takes_one_write_in_each_run_has_a_page_repeated_by_each() -> None:
    world = busy_world()
    for _ in range(4):
        world.writes_refused_after = 1
        assert world.run() == "state"
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert 0 < sum(repeated(world).values()) <= 4 * 5
