"""How a run can end: killed at any effect, stopped, its pipe closed, its state out of reach."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from illumio_pce.checkpoint import Checkpoint

from tests.simulation import START, World

PAGE = 5


def busy_world() -> World:
    """Something new, something old, a tie that needs a job, and an event from the future."""
    world = World(max_results=PAGE)
    world.pce.record()
    assert world.run() == "ok"
    world.clock.now += 7200
    for i in range(12):
        world.pce.record(age_ms=3_000_000 + i * 60_000)
    for _ in range(7):
        world.pce.record(age_ms=2_000_000)
    for i in range(6):
        world.pce.record(age_ms=i * 1000)
    world.pce.record(age_ms=-900_000)
    return world


def effects_of(world: World) -> int:
    assert world.run() == "ok"
    return world.effects


EFFECTS = effects_of(busy_world())


def repeated(world: World) -> int:
    return sum(count - 1 for count in Counter(world.delivered()).values())


@pytest.mark.parametrize("effect", range(1, EFFECTS + 1))
def test_killed_at_any_effect_nothing_is_missing_and_at_most_a_page_is_repeated(effect: int) -> None:
    world = busy_world()
    world.crash_at = effect
    assert world.run() == "killed"
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    # A datafile's page may be larger than a response.
    assert repeated(world) <= 7


@pytest.mark.parametrize("effect", range(1, EFFECTS + 1))
def test_stopped_at_any_effect_nothing_is_missing_and_nothing_is_repeated(effect: int) -> None:
    world = busy_world()
    world.stop_at = effect
    assert world.run() in ("stopped", "ok")
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(world.recorded())


@pytest.mark.parametrize("lost", [0, 1, 5, 26])
@pytest.mark.parametrize("taken", range(0, 27))
def test_a_pipe_that_closes_loses_nothing_and_repeats_at_most_what_the_run_wrote(taken: int, lost: int) -> None:
    """`lost`: so many of the events that went into the pipe were never read from it, although they were committed."""
    world = busy_world()
    world.pipe_closes_after, world.lost_in_pipe = taken, lost
    ending = world.run()
    assert ending == "pipe closed" or taken >= 26
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert repeated(world) <= taken


def test_nothing_is_stored_before_it_was_written() -> None:
    world = busy_world()
    world.run()
    steps = [step for step in world.trace if step != "send" and step != "load"]
    for before, after in zip(steps, steps[1:]):
        if before == "write ends":
            assert after == "save begins"
        if before == "write begins":
            assert after == "write ends"


def test_a_run_without_its_store_ends_with_a_clear_error_and_delivers_once_it_is_back() -> None:
    world = World()
    wanted = [world.pce.record() for _ in range(3)]
    world.store_is_down = True
    assert world.run() == "state"
    assert world.delivered() == []
    world.store_is_down = False
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(wanted)


def test_what_was_committed_shortly_before_a_restart_of_splunkd_is_resent_once() -> None:
    world = World()
    early = world.pce.record()
    world.run()
    world.clock.now += 300
    lost = [world.pce.record(age_ms=i) for i in range(3)]
    world.run()
    world.clock.now += 100
    world.restart_splunkd()
    world.clock.now += 30
    for _ in range(3):
        assert world.run() == "ok"
        world.clock.now += 60
    count = Counter(world.delivered())
    assert count[early] == 1
    assert [count[href] for href in lost] == [2, 2, 2]


def test_the_record_says_what_is_sent_again() -> None:
    world = World()
    world.pce.record()
    world.run()
    world.clock.now += 10
    world.restart_splunkd()
    world.run()
    assert world.last.record.resent == 1
    assert any("sent again" in note for note in world.last.record.notes)


def test_a_backlog_that_was_committed_shortly_before_splunkd_started_is_sent_again_too() -> None:
    world = World()
    world.settings["start_time"] = "-3d"
    for i in range(60):
        world.pce.record(age_ms=200_000_000 + i * 50_000)
    assert world.run() == "ok"
    world.clock.now += 119
    world.restart_splunkd()
    world.clock.now += 20
    assert world.run() == "ok"
    assert set(Counter(world.delivered()).values()) == {2}
    world.clock.now += 60
    assert world.run() == "ok"
    assert set(Counter(world.delivered()).values()) == {2}


def test_an_unreadable_checkpoint_is_kept_named_and_replaced_by_the_one_before_it() -> None:
    world = World()
    world.pce.record()
    world.run()
    world.clock.now += 60
    world.pce.record()
    world.run()
    damaged = {**world.documents["audit"], "content": str(world.documents["audit"]["content"])[:-20]}
    world.documents["audit"] = damaged
    world.clock.now += 60
    world.pce.record()
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert repeated(world) <= 1
    assert "checksum" in world.last.record.notes[0]
    assert world.documents["audit.unreadable.newest"]["content"] == damaged["content"]


def test_without_any_readable_checkpoint_everything_is_sent_again() -> None:
    world = World()
    world.settings["start_time"] = "-1h"
    world.pce.record()
    world.run()
    world.clock.now += 10 * 3600
    world.pce.record(age_ms=9 * 3_600_000)
    for key in list(world.documents):
        world.documents[key] = {**world.documents[key], "content": "{"}
    world.breadcrumb = None
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert any("sent again" in note for note in world.last.record.notes)


def test_a_checkpoint_of_a_newer_version_is_not_used() -> None:
    world = World()
    world.pce.record()
    world.run()
    content = json.loads(str(world.documents["audit"]["content"]))
    content["version"] = 99
    from illumio_pce.store import checksum

    text = json.dumps(content)
    world.documents["audit"] = {**world.documents["audit"], "content": text, "sha256": checksum(text)}
    assert world.run() == "ok"
    assert "version 99" in world.last.record.notes[0]


def test_missing_key_documents_cost_repeats_but_no_events() -> None:
    world = World(max_results=10_000)
    for i in range(9000):
        world.pce.record(age_ms=i * 10)
    assert world.run() == "ok"
    beside = [key for key in world.documents if ".hrefs." in key]
    assert beside
    for key in beside:
        del world.documents[key]
    world.clock.now += 200
    world.pce.record()
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert any("may come twice" in note for note in world.last.record.notes)


@pytest.mark.slow
def test_the_state_stays_small() -> None:
    world = World(max_results=10_000)
    world.settings.update(start_time="-30d", late_arrival_window="600")
    for i in range(60_000):
        world.pce.record(age_ms=100_000 + i * 40_000)
    for i in range(20_000):
        world.pce.record(age_ms=i * 20)
    assert world.run() == "ok"
    sizes = {key: len(json.dumps(document)) for key, document in world.documents.items()}
    assert sizes["audit"] < 1024 * 1024
    for key, _document in world.documents.items():
        if ".hrefs." in key:
            keys = Checkpoint.from_text(str(world.documents["audit"]["content"])).batches
            count = next(b.count for b in keys if key.endswith(f".{b.document}"))
            assert sizes[key] <= 16 * count
    world.clock.now += 1000
    for _ in range(40):
        world.pce.record()
        world.clock.now += 60
        assert world.run() == "ok"
    assert len(world.documents) <= 4 + 32
    assert len(json.dumps(world.documents["audit"])) < 20_000


def test_repeatedly_killed_runs_still_finish() -> None:
    world = World()
    world.settings["start_time"] = "-7d"
    for i in range(300):
        world.pce.record(age_ms=500_000_000 - i * 1_000_000)
    delivered = []
    world.crash_at = 60
    while world.run() == "killed":
        delivered.append(len(world.delivered()))
        world.crash_at = 60
        assert len(delivered) < 30
    # the first run looks for where events begin, and each later one gets on
    assert delivered == sorted(set(delivered))
    assert set(world.delivered()) == world.recorded()
    assert world.clock.now == START
