"""Which documents a state writes, reads and deletes, and in which order."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

import pytest
from illumio_pce.backfill import Backfill
from illumio_pce.breadcrumb import Point
from illumio_pce.checkpoint import Batch, Checkpoint, Progress
from illumio_pce.errors import CollectorError, StateError
from illumio_pce.state import State, created_document

from tests.simulation import START, World


def state(world: World) -> State:
    return State(world, "audit", world, world.lease, world)


def checkpoint(*batches: Batch, watermark: int = 5000) -> Checkpoint:
    return Checkpoint("pce/orgs/1", {"events": Progress(watermark, 1000)}, list(batches), saved_at=7.0)


def beside(number: int, high: int = 2000, keys: tuple[int, ...] = (1, 2)) -> Batch:
    return Batch(1000, high, 0.0, array("Q", keys), f"hrefs.{number}")


def has_run(world: World, *batches: Batch) -> State:
    """The state of a run that has stored this."""
    found = state(world)
    found.load(START)
    found.save(checkpoint(*batches), delivered=True)
    world.trace.clear()
    return found


# --- saving --------------------------------------------------------------------------------------------


def test_a_first_run_is_noted_before_anything_else() -> None:
    world = World()
    loaded = state(world).load(START)
    assert (loaded.checkpoint, loaded.damage, loaded.point, loaded.made_at) == (None, "", None, None)
    assert world.documents == {"audit": created_document("audit", START, loaded.creation)}
    again = [state(world).load(START + seconds) for seconds in (0, 1)]
    assert [(found.made_at, found.creation) for found in again] == [(START, loaded.creation)] * 2


def test_recreated_inputs_of_the_same_name_are_told_apart() -> None:
    creations = {str(created_document("audit", START)["creation"]) for _ in range(50)}
    assert len(creations) == 50
    assert "" not in creations


def test_batches_beside_the_checkpoint_are_written_first_and_once() -> None:
    world = World()
    run = has_run(world, beside(1), Batch(1, 2, 0.0, array("Q", [9])))
    assert set(world.documents) == {"audit", "audit.hrefs.1"}
    assert world.documents["audit.hrefs.1"]["kind"] == "hrefs"
    run.save(checkpoint(beside(1)), delivered=True)
    assert world.trace == ["save begins", "save ends", "breadcrumb"]
    world.trace.clear()
    run.save(checkpoint(beside(1), beside(2)), delivered=True)
    assert world.trace == ["save begins", "save ends", "save begins", "save ends", "breadcrumb"]
    # Each of these checkpoints is another one, and was stored once.
    assert world.read() == Point(
        "pce/orgs/1", {"events": Progress(5000, 1000)}, 7.0, "", 1, "", [(1000, 2000, 0.0, 2)] * 2
    )


def test_each_save_is_counted_and_told_by_the_breadcrumb() -> None:
    world = World()
    run = state(world)
    found = checkpoint()
    found.creation = run.load(START).creation
    for saves in (1, 2, 3):
        found.collections["events"].watermark += 1000
        run.save(found, delivered=False)
        stored = state(world).load(START)
        assert stored.checkpoint is not None
        assert (stored.checkpoint.saves, stored.checkpoint.creation, stored.damage) == (saves, found.creation, "")
        progress = {"events": Progress(5000 + saves * 1000, 1000)}
        assert world.read() == Point("pce/orgs/1", progress, 7.0, found.creation, saves)


def test_a_save_that_the_store_refuses_leaves_the_breadcrumb() -> None:
    world = World()
    run = has_run(world)
    before = world.breadcrumb
    world.writes_refused_after = 0
    with pytest.raises(StateError):
        run.save(checkpoint(), delivered=False)
    assert world.breadcrumb == before


def test_a_run_writes_no_batch_that_an_earlier_run_has_written() -> None:
    world = World()
    has_run(world, beside(1))
    again = state(world)
    loaded = again.load(START).checkpoint
    assert loaded is not None
    world.trace.clear()
    again.save(loaded, delivered=False)
    assert world.trace == ["save begins", "save ends", "breadcrumb"]
    assert "audit.previous" not in world.documents


def test_the_generation_before_is_kept_once_a_run_and_only_where_events_were_delivered() -> None:
    world = World()
    has_run(world)
    first = world.documents["audit"]
    again = state(world)
    again.load(START)
    again.save(checkpoint(watermark=6000), delivered=False)
    assert "audit.previous" not in world.documents
    again.save(checkpoint(watermark=7000), delivered=True)
    assert world.documents["audit.previous"] == {**first, "_key": "audit.previous", "kind": "previous"}
    world.trace.clear()
    again.save(checkpoint(watermark=8000), delivered=True)
    assert world.trace == ["save begins", "save ends", "breadcrumb"]
    assert world.documents["audit.previous"]["content"] == first["content"]


def test_without_the_lease_nothing_is_written() -> None:
    world = World()
    run = has_run(world)

    class Lost:
        def check(self) -> None:
            raise CollectorError("overlap", "lost")

    world.lease = Lost()
    run = state(world)
    run.load(START)
    before = dict(world.documents)
    with pytest.raises(CollectorError, match="lost"):
        run.save(checkpoint(beside(1)), delivered=True)
    assert world.documents == before


def test_a_state_removed_during_a_run_is_not_recreated() -> None:
    world = World()
    run = has_run(world)
    world.documents.clear()
    with pytest.raises(StateError, match="removed while it ran"):
        run.save(checkpoint(beside(1), beside(2)), delivered=True)
    assert world.documents == {}
    assert world.trace[-1] == "delete"


def test_an_input_that_is_deleted_during_its_first_run_leaves_nothing() -> None:
    world = World()
    run = state(world)
    run.load(START)
    world.documents.clear()
    with pytest.raises(StateError, match="removed while it ran"):
        run.save(checkpoint(beside(1)), delivered=True)
    assert world.documents == {}


def test_where_only_the_generation_before_is_left_the_checkpoint_is_made_anew() -> None:
    world = World()
    has_run(world)
    world.documents = {"audit.previous": {**world.documents["audit"], "_key": "audit.previous", "kind": "previous"}}
    run = state(world)
    loaded = run.load(START)
    assert loaded.damage == "the newest generation of the state is missing"
    assert loaded.checkpoint is not None
    run.save(loaded.checkpoint, delivered=False)
    assert world.documents["audit"]["kind"] == "checkpoint"
    del world.documents["audit"]
    with pytest.raises(StateError):
        run.save(loaded.checkpoint, delivered=False)


@pytest.mark.parametrize(("count", "deleted"), [(31, False), (32, True), (33, True)])
def test_obsolete_documents_are_deleted_in_bulk(count: int, deleted: bool) -> None:
    world = World()
    run = has_run(world, *(beside(number) for number in range(count)))
    emptied = checkpoint()
    emptied.obsolete = [f"hrefs.{number}" for number in range(count)]
    run.save(emptied, delivered=False)
    assert (set(world.documents) == {"audit"}) is deleted
    assert (emptied.obsolete == []) is deleted


# --- reading -------------------------------------------------------------------------------------------


def test_needed_key_documents_are_fetched_in_bulk() -> None:
    world = World()
    has_run(world, *(beside(number, 999 if number < 3 else 1000, (number + 1,)) for number in range(70)))
    again = state(world)
    found = again.load(START).checkpoint
    assert found is not None
    assert [len(batch.keys) for batch in found.batches] == [0] * 70
    world.trace.clear()
    assert again.fetch_keys(found) == 0
    assert world.trace == ["load"] * 3
    assert [list(batch.keys) for batch in found.batches] == [[], [], [], *([number + 1] for number in range(3, 70))]
    world.trace.clear()
    assert again.fetch_keys(found) == 0
    assert world.trace == []


def test_batches_whose_keys_are_gone_or_damaged_are_dropped_and_counted() -> None:
    world = World()
    has_run(world, beside(1), beside(2), beside(3), Batch(1000, 2000, 0.0, array("Q", [5])))
    del world.documents["audit.hrefs.1"]
    world.documents["audit.hrefs.3"] = {**world.documents["audit.hrefs.3"], "content": "AAA"}
    again = state(world)
    found = again.load(START).checkpoint
    assert found is not None
    assert again.fetch_keys(found) == 2
    assert [list(batch.keys) for batch in found.batches] == [[1, 2], [5]]


def damaged(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**document, "content": str(document["content"])[:-1]}


def test_both_generations_damaged_are_both_kept_and_named() -> None:
    world = World()
    has_run(world)
    world.breadcrumb = None
    world.documents["audit.previous"] = {**world.documents["audit"], "_key": "audit.previous", "kind": "previous"}
    for key in ("audit", "audit.previous"):
        world.documents[key] = damaged(world.documents[key])
    loaded = state(world).load(START)
    assert (loaded.checkpoint, loaded.point) == (None, None)
    assert loaded.damage == (
        "the newest generation of the state cannot be read: its checksum is wrong; "
        "the previous generation of the state cannot be read: its checksum is wrong"
    )
    kept = [world.documents[f"audit.unreadable.{generation}"] for generation in ("newest", "previous")]
    assert [document["kind"] for document in kept] == ["unreadable"] * 2
    assert world.documents["audit"]["kind"] == "checkpoint"


def test_a_damaged_newest_generation_is_named_alone() -> None:
    world = World()
    has_run(world)
    world.documents["audit.previous"] = {**world.documents["audit"], "_key": "audit.previous", "kind": "previous"}
    world.documents["audit"] = damaged(world.documents["audit"])
    assert state(world).load(START).damage == (
        "the newest generation of the state cannot be read: its checksum is wrong"
    )


def test_damaged_state_without_a_breadcrumb_is_never_noted_as_a_first_run() -> None:
    world = World()
    has_run(world)
    world.breadcrumb = None
    previous = {**damaged(world.documents["audit"]), "_key": "audit.previous", "kind": "previous"}
    world.documents = {"audit.previous": previous}
    assert "previous generation" in state(world).load(START).damage
    assert "audit" not in world.documents


def test_backfills_are_found_in_order_beside_the_checkpoint() -> None:
    world = World()
    has_run(world)
    requests = [Backfill(f"audit.request.{name}", "events", 1, 2, frozenset([3])) for name in ("b", "a")]
    for request in requests:
        world.documents[request.key] = request.document("audit")
    world.documents["other.request.c"] = Backfill("other.request.c", "events").document("other")
    for run in (state(world), state(World(documents={**world.documents, "audit": created_document("audit", START)}))):
        assert run.load(START).backfills == [requests[1], requests[0]]


def test_a_backfill_is_kept_with_its_time_of_sending_and_then_deleted() -> None:
    world = World()
    run = has_run(world)
    sent = Backfill("audit.request.a", "events", 1, 2, frozenset([3]), "", 5.5, "one")
    run.save_backfill(sent)
    assert state(world).load(START).backfills == [sent]
    run.delete_backfill(sent)
    assert set(world.documents) == {"audit"}
