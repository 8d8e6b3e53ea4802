"""What a checkpoint keeps, forgets and joins, one rule at a time. Times are small and counted by hand."""

from __future__ import annotations

import json
from array import array

import pytest
from illumio_pce.checkpoint import Batch, Checkpoint, Progress, batch_of
from illumio_pce.filters import Filters
from illumio_pce.store import Unreadable

MINUTE = 60_000
#: An hour after everything else in these tests, so that nothing is unconfirmed.
LATER = 3600.0


def batch(low: int, high: int, committed_at: float = 0.0, keys: int = 1, document: str | None = None) -> Batch:
    return Batch(low, high, committed_at, array("Q", range(1, keys + 1)), document)


def checkpoint(*batches: Batch, floor: int = 1000, watermark: int = 5000, **members: object) -> Checkpoint:
    return Checkpoint("pce/orgs/1", {"events": Progress(watermark, floor)}, list(batches), **members)  # type: ignore[arg-type]


# --- batches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "touched"),
    [(0, 9, False), (0, 10, True), (20, 30, True), (21, 30, False), (12, 13, True), (0, 99, True)],
)
def test_a_batch_touches_a_range_up_to_both_ends(low: int, high: int, touched: bool) -> None:
    assert batch(10, 20).overlaps(low, high) is touched


def test_a_batch_reaches_to_the_end_of_its_last_millisecond() -> None:
    found = batch_of([7, 8, 9], [30, 10, 20], 5.5)
    assert (found.low, found.high, found.committed_at, list(found.keys), found.count) == (10, 31, 5.5, [7, 8, 9], 3)


def test_a_batch_says_how_many_events_it_stands_for_wherever_its_keys_are() -> None:
    beside, without = Batch(1, 2, 3.0, array("Q"), "hrefs.1", 5000), Batch(3, 4, 5.0, array("Q"), count=7000)
    text = checkpoint(beside, batch(1, 2, keys=3), without).to_text()
    assert [one.count for one in Checkpoint.from_text(text).batches] == [5000, 3, 7000]
    written = json.loads(text)["batches"]
    assert written[0] == {"low": 1, "high": 2, "at": 3.0, "document": "hrefs.1", "count": 5000}
    assert written[2] == {"low": 3, "high": 4, "at": 5.0, "keys": "", "count": 7000}


def test_a_batch_that_was_stored_without_a_number_has_as_many_events_as_keys() -> None:
    value = json.loads(checkpoint(batch(1, 2, keys=3)).to_text())
    del value["batches"][0]["count"]
    assert [one.count for one in Checkpoint.from_text(json.dumps(value)).batches] == [3]


# --- how far it was read -------------------------------------------------------------------------------


def test_read_to_is_the_oldest_gap() -> None:
    found = Checkpoint("pce", {"events": Progress(900, 0, [(300, 400), (500, 600)]), "system_events": Progress(800, 0)})
    assert found.read_to() == {"events": 300, "system_events": 800}


@pytest.mark.parametrize(
    ("newest", "floor", "low"),
    [
        (9000, 0, 8000),
        (8001, 0, 8000),
        (8000, 0, 8000),
        (7999, 0, 8000),
        # should all clocks be ahead of the events': from just above the newest of them on
        (7998, 0, 7999),
        (7000, 0, 7001),
        (7000, 7500, 7500),
        (9000, 8500, 8500),
    ],
)
def test_reading_begins_a_late_arrival_window_back_or_just_above_the_newest_event_and_never_below_the_floor(
    newest: int, floor: int, low: int
) -> None:
    assert Progress(9000, floor, newest=newest).read_from(1000) == low


@pytest.mark.parametrize(
    ("pending", "low"),
    [([], 7001), ([(100, 6000)], 7001), ([(7500, 7600), (7700, 7800)], 7800), ([(7000, 8500)], 8000)],
)
def test_pending_ranges_are_left_to_the_backlog(pending: list[tuple[int, int]], low: int) -> None:
    """Else each look at what is new would read a backlog in which nothing was seen yet."""
    assert Progress(9000, 0, pending, newest=7000).read_from(1000) == low


@pytest.mark.parametrize(
    ("moments", "newest", "floor"),
    [
        ([], 7000, 6500),
        ([6500, 6900], 7000, 6500),
        ([7001, 8000, 7500], 8000, 7500),
        ([9000], 9000, 8500),
        # what is from the future is not where reading goes on
        ([9001], 7000, 6500),
        ([9001, 7100], 7100, 6600),
    ],
)
def test_the_floor_follows_the_newest_event(moments: list[int], newest: int, floor: int) -> None:
    progress = Progress(9000, 0, newest=7000)
    progress.note_seen(moments, 500)
    assert (progress.newest, progress.floor) == (newest, floor)


def test_the_floor_is_never_lowered_by_what_is_seen() -> None:
    progress = Progress(9000, 6800, newest=7000)
    progress.note_seen([7100], 500)
    assert progress.floor == 6800


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([(50, 60), (10, 20)], [(10, 20), (50, 60)]),
        ([(10, 20), (20, 30)], [(10, 30)]),
        ([(10, 20), (21, 30)], [(10, 20), (21, 30)]),
        ([(10, 40), (20, 30)], [(10, 40)]),
        ([(10, 20), (30, 40), (15, 35)], [(10, 40)]),
        ([(10, 20), (30, 40), (35, 50)], [(10, 20), (30, 50)]),
        ([(10, 20), (30, 50), (35, 40)], [(10, 20), (30, 50)]),
    ],
)
def test_ranges_are_joined_where_they_touch(ranges: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    progress = Progress(0, 0)
    for low, high in ranges:
        progress.add_pending(low, high)
    assert progress.pending == expected


@pytest.mark.parametrize(
    ("low", "high", "pending", "needed"),
    [
        (0, 999, [], False),
        (0, 1000, [], True),
        (0, 999, [(500, 600)], True),
        (0, 499, [(500, 600)], False),
        (0, 500, [(500, 600)], True),
        (600, 700, [(500, 600)], True),
        (601, 700, [(500, 600)], False),
        (610, 640, [(500, 600), (650, 700)], False),
        (610, 650, [(500, 600), (650, 700)], True),
        (590, 640, [(500, 600), (650, 700)], True),
        (5, 10, [(5, 10), (20, 30)], True),
    ],
)
def test_a_batch_is_needed_while_it_may_be_read_again(
    low: int, high: int, pending: list[tuple[int, int]], needed: bool
) -> None:
    found = Checkpoint("pce", {"events": Progress(5000, 1000, pending)})
    assert found.needed(batch(low, high)) is needed


def test_a_batch_is_needed_if_one_of_the_collections_needs_it() -> None:
    found = Checkpoint("pce", {"events": Progress(5000, 1000), "system_events": Progress(5000, 100)})
    assert found.needed(batch(0, 100))
    assert not found.needed(batch(0, 99))


# --- what splunkd may have lost --------------------------------------------------------------------------


def test_a_restarted_splunkd_may_have_lost_the_last_two_minutes() -> None:
    safe, edge, latest = batch(1, 2, 879.9), batch(3, 4, 880.0, document="hrefs.3"), batch(5, 6, 1000.0)
    found = checkpoint(safe, edge, latest, splunkd_boot_id="one", saved_at=1000.0, obsolete=["hrefs.1"])
    assert found.unconfirmed() == [edge, latest]
    assert found.take_unconfirmed("one") == []
    assert found.batches == [safe, edge, latest]
    assert found.take_unconfirmed("two") == [edge, latest]
    assert (found.batches, found.splunkd_boot_id, found.obsolete) == ([safe], "two", ["hrefs.1", "hrefs.3"])
    assert found.take_unconfirmed("two") == []


# --- what is forgotten -----------------------------------------------------------------------------------


def test_confirmed_batches_that_are_not_needed_are_dropped() -> None:
    needed, old, beside = batch(900, 1000), batch(900, 999), batch(800, 999, document="hrefs.7")
    found = checkpoint(needed, old, beside)
    found.compact(LATER)
    assert (found.batches, found.obsolete, found.saved_at) == ([needed], ["hrefs.7"], LATER)


def test_unconfirmed_batches_and_their_neighbours_are_kept() -> None:
    unconfirmed = batch(500, 600, committed_at=LATER - 120)
    beside, apart = batch(600, 700), batch(601, 700)
    found = checkpoint(unconfirmed, beside, apart)
    found.compact(LATER)
    assert found.batches == [unconfirmed, beside]
    found.compact(LATER + 0.1)
    assert found.batches == []


def kept_keys(found: Checkpoint) -> list[tuple[int, int]]:
    return [(one.count, len(one.keys)) for one in found.batches]


def test_keys_that_cannot_be_met_again_are_dropped() -> None:
    """Not even while splunkd may still lose it: then it is sent again, whatever its keys."""
    old, needed = batch(100, 200, LATER - 120, 5000, "hrefs.3"), batch(990, 1000, LATER, 3)
    found = checkpoint(old, needed, obsolete=["hrefs.1"])
    found.compact(LATER)
    assert kept_keys(found) == [(5000, 0), (3, 3)]
    assert (old.document, found.obsolete) == (None, ["hrefs.1", "hrefs.3"])
    found.compact(LATER + 0.1)
    assert (found.batches, found.obsolete) == ([needed], ["hrefs.1", "hrefs.3"])


@pytest.mark.parametrize(
    ("other", "kept"),
    [
        (batch(10, 99, LATER), False),
        (batch(10, 100, LATER), True),
        (batch(10, 300, LATER), True),
        (batch(150, 160, LATER), True),
        (batch(200, 300, LATER), True),
        (batch(201, 300, LATER), False),
        (batch(100, 200, LATER - 120.1), False),
    ],
)
def test_keys_are_kept_beside_a_batch_that_may_be_resent(other: Batch, kept: bool) -> None:
    found = checkpoint(batch(100, 200, LATER, 5), other, batch(500, 600, LATER))
    found.compact(LATER)
    assert len(found.batches[0].keys) == (5 if kept else 0)


def test_earlier_filters_are_forgotten_once_no_event_from_their_time_is_read_again() -> None:
    for pending, floor, kept in (
        ([], 1000, True), ([], 1001, False), ([(1000, 1100)], 5000, True), ([(1001, 1100)], 5000, False),
        ([(1000, 1100), (3000, 3100)], 5000, True),
        # a floor below what is pending counts too
        ([(3000, 4000)], 1000, True), ([(3000, 4000)], 1001, False),
    ):  # fmt: skip
        found = Checkpoint("pce", {"system_events": Progress(9000, 8000), "events": Progress(9000, floor, pending)})
        found.filters.change(Filters.parse("user.*", "", ""), 1000)
        found.compact(LATER)
        assert bool(found.filters.earlier) is kept
    nothing = Checkpoint("pce")
    nothing.filters.change(Filters.parse("user.*", "", ""), 0)
    nothing.compact(LATER)
    assert nothing.filters.earlier


# --- where keys are stored -------------------------------------------------------------------------------


def test_a_large_batch_is_stored_beside_the_main_document() -> None:
    small, large, larger = (batch(2000, 3000, LATER, keys) for keys in (4095, 4096, 4097))
    found = checkpoint(small, large, larger, next_document=5)
    found.compact(LATER)
    assert [one.document for one in found.batches] == [None, "hrefs.5", "hrefs.6"]
    assert found.next_document == 7
    found.compact(LATER)
    assert [one.document for one in found.batches] == [None, "hrefs.5", "hrefs.6"]


def test_the_main_document_holds_a_limited_number_of_keys() -> None:
    """131,072 of them: 64 batches of 2,048 keys, and not one key more."""
    batches = [batch(2000, 3000, LATER, 2048) for _ in range(64)]
    found = checkpoint(
        batch(2000, 3000, LATER, 4096), *batches, batch(2000, 3000, LATER, 1), batch(2000, 3000, LATER, 5)
    )
    found.compact(LATER)
    assert [one.document for one in found.batches] == ["hrefs.1", *[None] * 64, "hrefs.2", "hrefs.3"]


# --- what is joined ----------------------------------------------------------------------------------------


def test_small_confirmed_batches_of_one_minute_are_merged() -> None:
    first = Batch(30 * MINUTE, 30 * MINUTE + 5, 10.0, array("Q", [1]))
    second = Batch(29 * MINUTE, 30 * MINUTE + 59_999, 30.0, array("Q", [2, 3]))
    third = Batch(30 * MINUTE + 2, 30 * MINUTE + 4, 20.0, array("Q", [4]))
    other = Batch(31 * MINUTE, 31 * MINUTE, 20.0, array("Q", [5]))
    found = checkpoint(first, second, third, other, floor=30 * MINUTE, watermark=46 * MINUTE)
    found.compact(LATER)
    joined, apart = found.batches
    assert (joined.low, joined.high, joined.committed_at) == (29 * MINUTE, 30 * MINUTE + 59_999, 30.0)
    assert (list(joined.keys), joined.count, list(apart.keys)) == ([1, 2, 3, 4], 4, [5])


@pytest.mark.parametrize(
    ("second", "joined"),
    [
        (batch(100 * MINUTE, 101 * MINUTE), True),
        # a sixteenth of what is remembered: two minutes here
        (batch(100 * MINUTE, 102 * MINUTE - 1), True),
        (batch(100 * MINUTE, 102 * MINUTE), False),
        (batch(100 * MINUTE, 101 * MINUTE, LATER - 120), False),
        (batch(100 * MINUTE, 101 * MINUTE, LATER - 120.1), True),
        (batch(100 * MINUTE, 101 * MINUTE, document="hrefs.1"), False),
    ],
)
def test_which_batches_are_merged(second: Batch, joined: bool) -> None:
    found = checkpoint(batch(100 * MINUTE, 100 * MINUTE), second, floor=90 * MINUTE, watermark=122 * MINUTE)
    found.compact(LATER)
    assert len(found.batches) == (1 if joined else 2)


def test_batches_from_the_future_are_not_merged() -> None:
    for high, joined in ((122 * MINUTE, True), (122 * MINUTE + 1, False)):
        found = checkpoint(
            batch(122 * MINUTE, 122 * MINUTE), batch(high, high), floor=90 * MINUTE, watermark=122 * MINUTE
        )
        found.compact(LATER)
        assert len(found.batches) == (1 if joined else 2)


def test_the_ranges_of_all_collections_count() -> None:
    one, two = batch(100 * MINUTE, 100 * MINUTE), batch(100 * MINUTE, 101 * MINUTE + 30_000)
    found = checkpoint(one, two, floor=100 * MINUTE, watermark=110 * MINUTE)
    found.collections["system_events"] = Progress(122 * MINUTE, 90 * MINUTE)
    found.compact(LATER)
    assert len(found.batches) == 1


def test_a_batch_that_became_large_is_not_merged_further() -> None:
    found = checkpoint(*(batch(1000, 1000, keys=keys) for keys in (4095, 1, 2, 3)))
    found.compact(LATER)
    assert [len(one.keys) for one in found.batches] == [4096, 5]


# --- its form ----------------------------------------------------------------------------------------------


def test_a_checkpoint_of_version_1_was_stored_when_its_last_batch_was() -> None:
    value = json.loads(checkpoint(batch(1, 2, 10.0), batch(1, 2, 30.0), batch(1, 2, 20.0)).to_text())
    old = {name: part for name, part in value.items() if name not in ("splunkd", "saved_at")}
    found = Checkpoint.from_text(json.dumps({**old, "version": 1}))
    assert (found.splunkd_boot_id, found.saved_at) == ("", 30.0)
    assert Checkpoint.from_text(json.dumps({**old, "version": 1, "batches": []})).saved_at == 0


def test_progress_survives_a_round_trip() -> None:
    text = Checkpoint("pce", {"events": Progress(9000, 1000, [(10, 20), (30, 40)], 8500, 7.25)}).to_text()
    assert json.loads(text)["collections"] == {
        "events": {"watermark": 9000, "floor": 1000, "pending": [[10, 20], [30, 40]], "newest": 8500, "read_at": 7.25}
    }
    assert Checkpoint.from_text(text).collections == {"events": Progress(9000, 1000, [(10, 20), (30, 40)], 8500, 7.25)}


def test_missing_progress_fields_default_to_the_watermark() -> None:
    value = json.loads(Checkpoint("pce", {"events": Progress(9000, 1000, [(10, 20)], 8500, 7.5)}, saves=5).to_text())
    for name in ("newest", "read_at"):
        del value["collections"]["events"][name]
    del value["creation"], value["saves"]
    found = Checkpoint.from_text(json.dumps(value))
    assert found.collections == {"events": Progress(9000, 1000, [(10, 20)], 9000, 0)}
    assert (found.creation, found.saves) == ("", 0)


@pytest.mark.parametrize("version", [0, 3, "2", None])
def test_another_version_is_named(version: object) -> None:
    value = json.loads(checkpoint().to_text())
    with pytest.raises(Unreadable, match=f"version {version}, and this add-on reads versions 1 to 2"):
        Checkpoint.from_text(json.dumps({**value, "version": version}))


def test_a_new_checkpoint_is_empty() -> None:
    assert json.loads(Checkpoint("pce").to_text()) == {
        "version": 2, "source": "pce", "collections": {}, "batches": [], "earlier_filters": [], "settings": {},
        "filters": {"event_types": [], "severities": [], "statuses": []}, "clock_offset_ms": 0, "splunkd": "",
        "saved_at": 0, "creation": "", "saves": 0, "next_document": 1, "obsolete": [],
    }  # fmt: skip
