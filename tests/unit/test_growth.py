"""Many batches, many hrefs: what is done for each page, and what is stored, does not grow with what was done before."""

from __future__ import annotations

from array import array

import pytest
from illumio_pce.checkpoint import LARGE_BATCH, Batch, Checkpoint, Progress
from illumio_pce.events import key_of
from illumio_pce.store import checksum
from illumio_pce.timestamps import parse

from tests.simulation import START, World

#: The KV store takes documents of 16 MB (limits.conf and MongoDB's own limit).
KV_STORE_LIMIT = 16 * 1024 * 1024


def busy_checkpoint(batches: int, keys: int) -> Checkpoint:
    """That many pages of a backlog, delivered within the last two minutes; a second of events each."""
    checkpoint = Checkpoint("pce.example.com/orgs/1", {"events": Progress(watermark=10**10, floor=10**10)})
    for number in range(batches):
        page = array("Q", range(number * keys + 1, (number + 1) * keys + 1))
        checkpoint.batches.append(Batch(number * 1000, number * 1000 + 999, START - 100, page))
    return checkpoint


@pytest.mark.parametrize("batches", [100, 1000])
def test_each_batch_is_compared_with_one_range_of_each_kind(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = busy_checkpoint(batches, 1)
    compared: list[Batch] = []
    overlaps = Batch.overlaps

    def counted(batch: Batch, low: int, high: int) -> bool:
        compared.append(batch)
        return overlaps(batch, low, high)

    monkeypatch.setattr(Batch, "overlaps", counted)
    checkpoint.compact(START)
    assert len(checkpoint.batches) == batches
    assert len(compared) <= 2 * batches


@pytest.mark.parametrize(
    ("low", "high", "kept"), [(0, 4999, False), (0, 5000, True), (5999, 9000, True), (7000, 7500, False)]
)
def test_neighbours_of_an_unconfirmed_batch_are_remembered(low: int, high: int, kept: bool) -> None:
    """Two unconfirmed batches, from 5,000 to 6,000 and from 8,000 to 9,000 ms, and a settled one."""
    checkpoint = busy_checkpoint(0, 0)
    for begin in (8000, 5000):
        checkpoint.batches.append(Batch(begin, begin + 1000, START - 1, array("Q", [begin])))
    checkpoint.batches.insert(1, Batch(low, high, START - 1000, array("Q", [1])))
    checkpoint.compact(START)
    assert any(1 in batch.keys for batch in checkpoint.batches) is kept


def test_the_main_document_is_small_however_many_pages_were_delivered_lately() -> None:
    checkpoint = busy_checkpoint(1000, 4000)
    checkpoint.compact(START)
    assert len(checkpoint.to_text()) < KV_STORE_LIMIT / 8
    assert sum(batch.count for batch in Checkpoint.from_text(checkpoint.to_text()).batches) == 4_000_000


def a_world_with_large_batches() -> World:
    world = World(max_results=100_000)
    for page in range(3):
        for i in range(5001):
            world.pce.record(age_ms=page * 200_000 + i)
    world.settings["late_arrival_window"] = "3600"
    assert world.run() == "ok"
    for _ in range(2):
        world.clock.now += 10
        for i in range(4501):
            world.pce.record(age_ms=i)
        assert world.run() == "ok"
    assert sum(".hrefs." in key for key in world.documents) == 3
    return world


@pytest.mark.slow
def test_href_documents_are_read_in_bulk() -> None:
    world = a_world_with_large_batches()
    assert world.run() == "ok"
    assert world.trace.count("load") == 2
    assert len(world.delivered()) == len(world.recorded())


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_only_events_with_unreadable_hrefs_are_repeated(damage: str) -> None:
    world = a_world_with_large_batches()
    key = max(key for key in world.documents if ".hrefs." in key)
    document = world.documents.pop(key)
    if damage == "changed":
        world.documents[key] = {**document, "content": "AAAA", "sha256": checksum("BBBB")}
    assert world.run() == "ok"
    assert len(world.delivered()) == len(world.recorded()) + 4501
    assert set(world.delivered()) == world.recorded()
    assert any("may come twice" in note for note in world.last.record.notes)


def test_of_a_backlog_only_the_newest_hrefs_are_kept() -> None:
    """Reading goes on at its newest event, and the 25 minutes before that are remembered.

    How many there were of the last two minutes is kept: splunkd may still lose those, and they are sent again.
    """
    world = World(max_results=10_000, settings={"start_time": "-30d"})
    for burst in range(3):
        for i in range(5001):
            world.pce.record(age_ms=(burst + 1) * 500_000_000 - i)
    assert world.run() == "ok"
    batches = world.last.checkpoint.batches
    assert sum(batch.count for batch in batches) == 15_003
    kept = [key for batch in batches for key in batch.keys]
    assert set(kept) == {key_of(str(event.href)) for event in world.pce.collections["events"][:5001]}
    world.crash_splunkd(100)
    assert world.run() == "ok"
    assert world.last.record.resent == 15_003
    assert set(world.delivered()) == world.recorded()
    assert world.run() == "ok"
    assert len(world.delivered()) == len(world.recorded())


def test_a_page_of_a_backlog_is_stored_with_one_write() -> None:
    """Thousands of events, one a second: only the hrefs of the last 25 minutes have to be stored."""
    world = World(max_results=10_000, settings={"start_time": "-1d"})
    for second in range(30_000):
        world.pce.record(age_ms=80_000_000 - 1000 * second - second % 7)
    assert world.run() == "ok"
    assert max(batch.count for batch in world.last.checkpoint.batches) > LARGE_BATCH
    after = [" ".join(world.trace[at + 1 : at + 5]) for at, effect in enumerate(world.trace) if effect == "write ends"]
    assert len(after) > 4
    stored = "save begins save ends breadcrumb "
    assert [effects for effects in after if not effects.startswith(stored) or "save" in effects[len(stored) :]] == []


def test_a_quiet_pce_has_its_backlog_read_once() -> None:
    """Nothing was recorded lately: what is new is looked for each minute, from where the backlog ends."""
    world = World(max_results=50, response_seconds=10.0, settings={"start_time": "-7d"})
    for i in range(3000):
        world.pce.record(age_ms=600_000_000 - i * 100_000)
    assert world.run() == "ok"
    # Windows that touch have one bound in common.
    assert world.last.record.duplicates < 20
    assert sorted(world.delivered()) == sorted(world.recorded())
    world.requests.clear()
    world.clock.now += 60
    assert world.run() == "ok"
    newest = max(event.found_at for event in world.pce.collections["events"])
    assert [parse(query["timestamp[gte]"]).ms for _, query in world.requests] == [newest + 1]  # type: ignore[union-attr]
    assert world.last.record.duplicates == 0


def requests_for(bursts: int) -> int:
    """How often the PCE is asked for a backlog of so many bursts, each more than a response holds, far apart."""
    world = World(max_results=50, settings={"start_time": "-30d"})
    for burst in range(bursts):
        for i in range(60):
            world.pce.record(age_ms=2_500_000_000 - burst * 20_000_000 - i * 7)
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(world.recorded())
    return len(world.requests)


@pytest.mark.slow
def test_a_window_that_is_cut_costs_the_same_however_many_were_cut_before() -> None:
    assert requests_for(60) < 6.5 * requests_for(10)
