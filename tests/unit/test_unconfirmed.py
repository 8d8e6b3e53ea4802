"""The mark that splunkd may not have read what was delivered last: a file, since the KV store is gone with splunkd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from illumio_pce.checkpoint import Checkpoint, Progress
from illumio_pce.errors import StateError
from illumio_pce.state import State
from illumio_pce.unconfirmed import UnconfirmedMark

from tests.simulation import START, World

# --- the file ------------------------------------------------------------------------------------------


def test_the_mark_is_a_file_of_the_input_that_outlives_a_run(tmp_path: Path) -> None:
    def mark(name: str = "an/input: with blanks") -> UnconfirmedMark:
        return UnconfirmedMark(tmp_path, name)

    assert not mark().is_set()
    assert mark().set()
    assert mark().set()
    assert mark().is_set()
    assert not mark("another").is_set()
    assert [path.name for path in tmp_path.iterdir()] == ["input_an%2Finput%3A%20with%20blanks.unconfirmed"]
    assert mark().clear()
    assert not mark().is_set()
    assert mark().clear()


def test_where_no_file_can_be_written_it_is_not_set(tmp_path: Path) -> None:
    mark = UnconfirmedMark(tmp_path / "missing", "audit")
    assert not mark.set()
    assert not mark.is_set()
    assert mark.clear()


def test_a_file_that_cannot_be_removed_stays_set(tmp_path: Path) -> None:
    (tmp_path / "input_audit.unconfirmed").mkdir()
    mark = UnconfirmedMark(tmp_path, "audit")
    assert mark.is_set()
    assert not mark.clear()
    assert mark.is_set()


def test_a_file_that_cannot_be_looked_at_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path) -> bool:
        raise PermissionError(self)

    mark = UnconfirmedMark(tmp_path, "audit")
    mark.set()
    monkeypatch.setattr(Path, "exists", refused)
    assert not mark.is_set()


# --- the state ------------------------------------------------------------------------------------------


def stored(world: World) -> State:
    """A state that was loaded after another run had stored a checkpoint under the same start of splunkd."""
    first = State(world, "audit", world, world.lease, world)
    first.load(START)
    first.save(Checkpoint("pce", {"events": Progress(5000, 1000)}, splunkd_boot_id="one"), delivered=True)
    return State(world, "audit", world, world.lease, world)


def boot_id_in(state: State) -> str:
    checkpoint = state.load(START).checkpoint
    assert checkpoint is not None
    return checkpoint.splunkd_boot_id


def test_while_the_mark_is_set_the_latest_is_resent() -> None:
    world = World()
    state = stored(world)
    assert boot_id_in(state) == "one"
    before = dict(world.documents)
    state.mark_unconfirmed()
    assert world.documents == before
    assert [boot_id_in(state) for _ in range(2)] == ["", ""]
    assert world.unconfirmed


def test_the_mark_is_cleared_by_the_first_successful_save() -> None:
    world = World()
    state = stored(world)
    state.mark_unconfirmed()
    checkpoint = state.load(START).checkpoint
    assert checkpoint is not None
    world.writes_refused_after = 0
    with pytest.raises(StateError):
        state.save(checkpoint, delivered=False)
    assert world.unconfirmed
    world.writes_refused_after = None
    state.save(checkpoint, delivered=False)
    assert not world.unconfirmed


def test_a_mark_set_in_the_same_run_stays() -> None:
    world = World()
    state = stored(world)
    state.mark_unconfirmed()
    checkpoint = state.load(START).checkpoint
    assert checkpoint is not None
    state.save(checkpoint, delivered=False)
    state.mark_unconfirmed()
    state.save(checkpoint, delivered=False)
    assert world.unconfirmed


def test_a_mark_that_cannot_be_removed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    state = stored(world)
    state.mark_unconfirmed()
    checkpoint = state.load(START).checkpoint
    assert checkpoint is not None
    with monkeypatch.context() as patched:
        patched.setattr(world, "clear", lambda: False)
        state.save(checkpoint, delivered=False)
    assert world.unconfirmed
    state.save(checkpoint, delivered=False)
    assert not world.unconfirmed


# --- runs -----------------------------------------------------------------------------------------------


def world_with_a_minute_of_events(lost: int) -> World:
    """One event five minutes ago, and three in the run whose pipe was closed, with so many of them unread."""
    world = World(max_results=50)
    world.pce.record()
    assert world.run() == "ok"
    world.clock.now += 300
    for second in range(3):
        world.pce.record(age_ms=second * 1000)
    world.pipe_closes_after, world.lost_in_pipe = 3, lost
    # A fourth, for which the pipe is closed.
    world.pce.record()
    assert world.run() == "pipe closed"
    return world


@pytest.mark.parametrize("lost", [0, 1, 3])
@pytest.mark.parametrize("seconds", [1, 119, 5000])
def test_what_was_in_a_closed_pipe_is_resent_by_the_next_run(lost: int, seconds: int) -> None:
    world = world_with_a_minute_of_events(lost)
    first = world.delivered()[0]
    world.clock.now += seconds
    assert world.run() == "ok"
    assert set(world.delivered()) == world.recorded()
    assert world.delivered().count(first) == 1
    count = len(world.delivered())
    for _ in range(2):
        world.clock.now += 60
        assert world.run() == "ok"
    assert len(world.delivered()) == count


def test_what_was_stored_before_the_pipe_closed_is_resent_too() -> None:
    """The run stored what it had written, and splunkd had not read that."""
    world = World()
    href = world.pce.record()
    assert world.run() == "ok"
    world.indexed.clear()
    world.store_is_down = True
    world.last.mark_unconfirmed()
    world.store_is_down = False
    assert world.run() == "ok"
    assert world.delivered() == [href]
    assert world.last.record.resent == 1
    assert not world.unconfirmed


def test_the_mark_survives_runs_that_cannot_store_anything() -> None:
    world = World()
    href = world.pce.record()
    assert world.run() == "ok"
    world.indexed.clear()
    world.last.mark_unconfirmed()
    for _ in range(3):
        world.writes_refused_after = 0
        assert world.run() == "state"
    assert (world.delivered(), world.unconfirmed) == ([], True)
    assert world.run() == "ok"
    assert world.delivered() == [href]


def test_the_mark_counts_even_if_the_state_was_lost() -> None:
    """The breadcrumb tells where the events lie that splunkd may not have read."""
    world = World(settings={"start_time": "-3d"})
    wanted = [world.pce.record(age_ms=200_000_000 + number) for number in range(3)]
    assert world.run() == "ok"
    world.indexed.clear()
    world.last.mark_unconfirmed()
    world.documents.clear()
    assert world.run() == "ok"
    assert sorted(world.delivered()) == wanted
    kinds = [json.loads(event.text)["kind"] for event in world.indexed if event.sourcetype == "illumio:pce:ingest"]
    assert kinds == ["state"]
