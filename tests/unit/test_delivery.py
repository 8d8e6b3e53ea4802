"""What is done with a response's events: what counts as delivered, in which order it is kept, and what is counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from illumio_pce.checkpoint import Checkpoint, Progress
from illumio_pce.delivery import Delivery
from illumio_pce.errors import PipeClosed, StateError
from illumio_pce.events import AuditEvent, Events, key_of
from illumio_pce.filters import Filters
from illumio_pce.output import SplunkEvents
from illumio_pce.pce import Window
from illumio_pce.pce_clock import PceClock
from illumio_pce.record import Record

from tests.reading import Indexed, rows_of
from tests.simulation import SimulatedClock

NOW = 1_000_000
WINDOW = Window(900_000, None)


class Place:
    """A state and an output that note what they are given, in order."""

    breadcrumb_fails = False

    def __init__(self) -> None:
        self.done: list[str] = []
        self.events: list[Indexed] = []
        self.saved: list[bool] = []
        self.saved_at: list[float] = []

    def save(self, checkpoint: Checkpoint, *, delivered: bool) -> None:
        self.done.append("save")
        self.saved.append(delivered)
        self.saved_at.append(checkpoint.saved_at)

    def write(self, events: SplunkEvents) -> int:
        self.done.append("write")
        taken = rows_of(events)
        self.events += taken
        return sum(len(event.text) for event in taken)


class Case:
    def __init__(self, floor: int = 500_000) -> None:
        self.place, self.record, self.clock = Place(), Record(), SimulatedClock()
        self.clock.now = NOW / 1000
        self.time = PceClock(self.clock)
        self.checkpoint = Checkpoint("pce", {"events": Progress(NOW, floor)})
        self.delivery = self.again()

    def again(self) -> Delivery:
        """The delivery of another run, which has the checkpoint."""
        context: Any = SimpleNamespace(
            state=self.place,
            output=self.place,
            clock=self.clock,
            pce=SimpleNamespace(time=self.time),
            account=SimpleNamespace(host="pce.example.com"),
            record=self.record,
        )
        return Delivery(context, self.checkpoint)


def event(ms: int | None, href: str | None = None, text: str = "{}", **members: Any) -> AuditEvent:
    epoch = "" if ms is None else f"{ms / 1000:.3f}"
    key = key_of(text if href is None else href)
    return AuditEvent(text, ms, epoch, key, has_href=href is not None, **members)


def write(delivery: Delivery, events: list[AuditEvent], window: Window = WINDOW, late_before: int | None = None) -> int:
    return delivery.write(Events.of(events), window, late_before)


def spans(checkpoint: Checkpoint) -> list[tuple[int, int, int]]:
    return [(batch.low, batch.high, len(batch.keys)) for batch in checkpoint.batches]


# --- what is new ---------------------------------------------------------------------------------------


def test_new_events_are_written_remembered_and_counted() -> None:
    case = Case()
    events = [event(950_000, "/a", "{1}"), event(940_000, "/b", "{22}")]
    assert write(case.delivery, events, late_before=945_000) == 2
    assert write(case.delivery, events) == 0
    # The store took a write before anything was handed over.
    assert case.place.done == ["save", "write"]
    assert [one.text for one in case.place.events] == ["{1}", "{22}"]
    assert spans(case.checkpoint) == [(940_000, 950_001, 2)]
    record = case.record
    assert (record.delivered, record.duplicates, record.filtered, record.pages) == (2, 2, 0, 1)
    assert (record.bytes_out, record.late, record.latest_ms) == (7, 1, 5000)
    assert write(case.delivery, [*events, event(950_000, "/c", "{333}")]) == 1
    assert (record.delivered, record.duplicates, record.pages, record.bytes_out) == (3, 4, 2, 12)


def test_a_repeated_href_in_one_response_is_one_event() -> None:
    case = Case()
    assert write(case.delivery, [event(950_000, "/a"), event(950_000, "/a")]) == 1


def test_filtered_events_are_neither_new_nor_duplicates() -> None:
    case = Case()
    case.checkpoint.filters.current = Filters.parse("", "err", "")
    events = [event(950_000, "/a", '{"severity":"err"}'), event(950_000, "/b", '{"severity":"info"}')]
    assert write(case.delivery, events) == 1
    assert write(case.delivery, events) == 0
    assert (case.record.delivered, case.record.filtered, case.record.duplicates) == (1, 2, 1)


def test_the_next_run_recognises_delivered_events() -> None:
    case = Case(floor=920_000)
    write(case.delivery, [event(919_998, "/old")])
    write(case.delivery, [event(920_000, "/edge"), event(950_000, "/new")])
    again = case.again()
    assert write(again, [event(920_000, "/edge"), event(950_000, "/new")]) == 0
    assert write(again, [event(919_998, "/old")]) == 1


# --- what is known by its text alone ---------------------------------------------------------------------


def test_an_event_without_an_href_is_known_only_near_where_it_was_delivered() -> None:
    case = Case()
    assert write(case.delivery, [event(950_000)], Window(949_000, 951_000)) == 1
    assert write(case.delivery, [event(950_000)], Window(949_000, 951_000)) == 0
    assert write(case.delivery, [event(950_000)], Window(949_000, 950_000)) == 0
    assert write(case.delivery, [event(950_001)], Window(950_001, None)) == 0
    assert write(case.delivery, [event(960_000)], Window(950_002, 970_000)) == 1
    assert write(case.delivery, [event(960_000)], Window(900_000, 949_999)) == 1
    # by now it was delivered from three places: one of them is enough
    assert write(case.delivery, [event(950_000)], Window(950_000, 950_001)) == 0


def test_events_with_and_without_an_href_are_deduplicated_side_by_side() -> None:
    case = Case()
    assert write(case.delivery, [event(950_000, "/a"), event(950_000)], Window(949_000, 951_000)) == 2
    assert write(case.delivery, [event(950_000, "/a"), event(950_000)], Window(949_000, 951_000)) == 0
    assert spans(case.checkpoint) == [(950_000, 950_001, 2)]
    assert write(case.delivery, [event(950_000, "/a"), event(960_000)], Window(950_002, 970_000)) == 1


def test_an_event_without_a_time_may_lie_anywhere_in_its_window() -> None:
    case = Case()
    write(case.delivery, [event(None), event(950_000, "/a")], Window(900_000, 960_000))
    assert spans(case.checkpoint) == [(900_000, 960_001, 1), (950_000, 950_001, 1)]
    write(case.delivery, [event(None, text="{1}"), event(980_000, "/b")], Window(970_000, None))
    # the PCE tells its clock in whole seconds
    assert spans(case.checkpoint)[2:] == [(970_000, NOW + 2001, 2)]


@pytest.mark.parametrize(("ahead_ms", "end"), [(-3_600_000, NOW + 2001), (3_600_000, NOW + 3_602_001)])
def test_an_event_without_a_time_may_be_as_late_as_the_later_of_the_two_clocks(ahead_ms: int, end: int) -> None:
    case = Case()
    case.time.ahead_ms = ahead_ms
    write(case.delivery, [event(None, "/a")], Window(300_000, None))
    assert spans(case.checkpoint) == [(300_000, end, 1)]


def test_an_event_that_names_no_time_gets_the_earlier_of_the_two_clocks() -> None:
    case = Case()
    case.time.ahead_ms = -300_000
    write(case.delivery, [event(None, "/a")], Window(300_000, None))
    assert case.place.events[0].epoch == "700.000"


def test_an_event_with_an_href_and_no_time_is_known_wherever_it_is_seen_and_for_as_long() -> None:
    case = Case(floor=920_000)
    write(case.delivery, [event(None, "/a")], Window(910_000, 915_000))
    write(case.delivery, [event(912_000, "/b")], Window(910_000, 915_000))
    case.checkpoint.collections["events"].pending = [(910_000, 915_000)]
    again = case.again()
    assert write(again, [event(None, "/a")], Window(940_000, 950_000)) == 0
    assert spans(case.checkpoint) == [(910_000, NOW, 1), (912_000, 912_001, 1)]
    assert write(again, [event(None, "/c")], Window(910_000, 915_000)) == 1


# --- the future ----------------------------------------------------------------------------------------


def test_events_from_the_future_are_remembered_apart() -> None:
    case = Case()
    write(case.delivery, [event(950_000, "/a"), event(NOW, "/b"), event(NOW + 1, "/c"), event(NOW + 50, "/d")])
    assert spans(case.checkpoint) == [(950_000, NOW + 1, 2), (NOW + 1, NOW + 51, 2)]
    case = Case()
    assert write(case.delivery, [event(NOW + 1, "/c")]) == 1
    assert spans(case.checkpoint) == [(NOW + 1, NOW + 2, 1)]


# --- where windows meet --------------------------------------------------------------------------------


def test_events_at_the_ends_of_a_window_are_remembered_apart() -> None:
    """An event of its last millisecond may lie just before the next window's first, which has that bound."""
    case = Case()
    moments = [949_999, 950_000, 950_001, 959_998, 959_999, 960_000, 960_001]
    write(case.delivery, [event(ms, f"/{ms}") for ms in moments], Window(950_000, 960_000))
    assert spans(case.checkpoint) == [(949_999, 950_001, 2), (950_001, 959_999, 2), (959_999, 960_002, 3)]


@pytest.mark.parametrize(
    ("moments", "apart"), [([950_001, 959_998], 1), ([950_000, 959_998], 2), ([950_001, 959_999], 2)]
)
def test_one_end_of_a_window_is_enough(moments: list[int], apart: int) -> None:
    case = Case()
    write(case.delivery, [event(ms, f"/{ms}") for ms in moments], Window(950_000, 960_000))
    assert len(case.checkpoint.batches) == apart


def test_what_is_older_than_hrefs_are_remembered_for_is_kept_apart() -> None:
    """The newest is from 959,000, and a thousand milliseconds before that may be met again."""
    case = Case()
    moments = [959_000, 958_000, 957_999, 951_000]
    events = Events.of(event(ms, f"/{ms}") for ms in moments)
    case.delivery.write(events, Window(950_000, 960_000), remembered_ms=1000)
    assert spans(case.checkpoint) == [(951_000, 958_000, 2), (958_000, 959_001, 2)]


def test_a_window_into_the_future_has_both_parts() -> None:
    case = Case()
    moments = [950_000, NOW, NOW + 1, NOW + 48, NOW + 49]
    write(case.delivery, [event(ms, f"/{ms}") for ms in moments], Window(950_000, NOW + 50))
    assert spans(case.checkpoint) == [
        (950_000, 950_001, 1), (NOW, NOW + 1, 1), (NOW + 1, NOW + 49, 2), (NOW + 49, NOW + 50, 1)
    ]  # fmt: skip


def test_an_open_window_has_no_end_part() -> None:
    case = Case()
    write(case.delivery, [event(0, "/a"), event(900_000, "/b"), event(NOW, "/c")], Window(900_000, None))
    assert spans(case.checkpoint) == [(0, NOW + 1, 3)]


# --- what splunkd is given ---------------------------------------------------------------------------------


def test_host_and_time_default_to_the_account_and_the_present() -> None:
    case = Case()
    write(case.delivery, [event(950_000, "/a", host="other.example.com"), event(None, "/b")])
    first, second = case.place.events
    assert (first.epoch, first.host, first.sourcetype, first.clean) == (
        "950.000", "other.example.com", "illumio:pce:events", False,
    )  # fmt: skip
    assert (second.epoch, second.host) == ("1000.000", "pce.example.com")


# --- what a reconciliation wants -----------------------------------------------------------------------------


def test_backfilled_events_are_written_and_checked_off_however_they_come() -> None:
    case = Case()
    case.delivery.missing_keys = {key_of("/a"), key_of("/b"), key_of("/c")}
    write(case.delivery, [event(950_000, "/a")])
    assert case.delivery.missing_keys == {key_of("/b"), key_of("/c")}
    case.delivery.resend(Events.of([event(950_000, "/b", "{22}")]))
    case.delivery.resend(Events.of([event(950_000, "/b", "{22}")]))
    assert case.delivery.missing_keys == {key_of("/c")}
    assert (case.record.backfilled, case.record.delivered, case.record.bytes_out) == (2, 3, 10)
    assert case.record.late == 0
    assert spans(case.checkpoint) == [(950_000, 950_001, 1)]


def test_an_event_is_unknown_if_it_is_wanted_and_undelivered() -> None:
    case = Case()
    case.checkpoint.filters.current = Filters.parse("", "err", "")
    write(case.delivery, [event(950_000, "/a", '{"severity":"err"}')])
    assert not case.delivery.is_unknown(event(950_000, "/a", '{"severity":"err"}'))
    assert not case.delivery.is_unknown(event(950_000, "/b", '{"severity":"info"}'))
    assert case.delivery.is_unknown(event(950_000, "/c", '{"severity":"err"}'))


# --- commits -------------------------------------------------------------------------------------------------


def test_a_commit_stores_a_compacted_checkpoint() -> None:
    case = Case()
    case.delivery.commit()
    write(case.delivery, [event(950_000, "/a")])
    case.delivery.commit()
    assert case.place.done == ["save", "write", "save"]
    assert case.place.saved == [False, True]
    assert case.place.saved_at == [case.clock.now] * 2
    case.clock.now += 121
    case.checkpoint.collections["events"].floor = NOW
    case.delivery.commit()
    assert case.checkpoint.batches == []


def test_nothing_is_written_before_the_store_took_a_write() -> None:
    case = Case()

    def refused(checkpoint: Checkpoint, *, delivered: bool) -> None:
        raise StateError("The KV store did not take a write (503).")

    case.place.save = refused  # type: ignore[method-assign]
    for again in (case.delivery.write, lambda events, _window: case.delivery.resend(events)):
        with pytest.raises(StateError):
            again(Events.of([event(950_000, "/a")]), WINDOW)
    assert (case.place.done, case.checkpoint.batches, case.record.delivered) == ([], [], 0)


def test_the_store_is_tried_once_a_run_and_not_where_nothing_is_new() -> None:
    case = Case()
    assert write(case.delivery, []) == 0
    assert case.place.done == []
    for name in ("/a", "/b"):
        write(case.delivery, [event(950_000, name)])
    assert case.place.done == ["save", "write", "write"]
    case.delivery.commit()
    assert case.place.saved == [False, True]
    case.place.done.clear()
    write(case.again(), [event(950_000, "/c")])
    assert case.place.done == ["save", "write"]


def test_a_failed_write_does_not_count_as_delivered() -> None:
    case = Case()

    def gone(events: SplunkEvents) -> int:
        raise PipeClosed

    case.place.write = gone  # type: ignore[method-assign]
    with pytest.raises(PipeClosed):
        write(case.delivery, [event(950_000, "/a")])
    assert (case.checkpoint.batches, case.record.delivered) == ([], 0)


def test_keys_in_documents_of_their_own_take_no_memory() -> None:
    case = Case(floor=920_000)
    for name, ms in (("old", 910_000), ("beside", 910_001), ("new", 950_000)):
        write(case.delivery, [event(ms, f"/{name}{number}") for number in range(4096)])
    write(case.delivery, [event(910_001, "/small")])
    case.delivery.commit()
    found = [(batch.document, batch.count, len(batch.keys)) for batch in case.checkpoint.batches]
    assert found == [("hrefs.1", 4096, 0), ("hrefs.2", 4096, 0), ("hrefs.3", 4096, 4096), (None, 1, 1)]


@pytest.mark.parametrize(
    ("old", "new", "kept"), [(10_000, 10_000, True), (26_000, 10_000, True), (26_001, 10_000, False)]
)
def test_hrefs_that_are_no_longer_needed_are_freed(old: int, new: int, kept: bool) -> None:
    """Up to 16,000 and two for each that is needed: 36,000 here."""
    case = Case(floor=920_000)

    def some(count: int, ms: int, name: str) -> list[AuditEvent]:
        return [event(ms, f"/{name}{number}") for number in range(count)]

    write(case.delivery, some(old, 910_000, "old"))
    write(case.delivery, some(new, 950_000, "new"))
    case.clock.now += 121
    case.delivery.commit()
    assert write(case.delivery, [event(910_000, "/old1")]) == (0 if kept else 1)
    assert write(case.delivery, [event(950_000, "/new1")]) == 0
