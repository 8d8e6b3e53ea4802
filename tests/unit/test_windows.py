"""How ranges of time are cut, one rule at a time; times are small, so that each bound can be counted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from illumio_pce.events import AuditEvent, Events
from illumio_pce.pce import Page, Window
from illumio_pce.timestamps import DAY, HOUR
from illumio_pce.windows import WindowSizer, parts, predicted_windows, split, upper_bound


def response(moments: Sequence[int | None], *, size: int = 1, now_ms: int = 0, latest_ms: int = 0) -> Page:
    """A cut response with events of these times; `size` 0: it was given up."""
    events = Events.of(AuditEvent("", ms, "", 1) for ms in moments)
    return Page(events, now_ms, size, True, latest_ms)


# --- two parts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "page", "middle"),
    [
        (Window(0, 2), response([]), 1),
        (Window(100, 301), response([]), 200),
        # of ten events, seven are in the newer part
        (Window(0, 5000), response(range(1000, 1010)), 1002),
        (Window(0, 5000), response([*range(1009, 999, -1), None]), 1002),
        # few events fill a response that was given up: the cut is at the last of them
        (Window(0, 5000), response(range(1000, 1019), size=0), 1000),
        (Window(0, 5000), response(range(1000, 1020), size=0), 1005),
        # a part is never empty
        (Window(0, 5000), response([5000] * 3), 4999),
        (Window(0, 5000), response([0] * 3), 1),
        (Window(0, None), response([3000] * 3), 3000),
        # without a time it ends a day from now
        (Window(0, None), response([], now_ms=8001), DAY // 2 + 4000),
    ],
)
def test_a_window_is_split_in_two(window: Window, page: Page, middle: int) -> None:
    assert split(window, page) == (Window(window.low, middle), Window(middle, window.high))


@pytest.mark.parametrize("window", [Window(5, 6), Window(5, 5), Window(3000, None)])
def test_a_single_millisecond_is_not_split(window: Window) -> None:
    assert split(window, response([3000])) is None
    assert parts(window, response([3000])) is None


@pytest.mark.parametrize(
    ("window", "page", "expected"),
    [
        (Window(10, 20), response([15]), 20),
        (Window(10, None), response([15, 17, 12]), 18),
        (Window(10, None), response([5, None], now_ms=30), 11),
        # where no event tells a time, a day from now by the later clock: clocks may have been ahead
        (Window(10, None), response([None], now_ms=30, latest_ms=20), DAY + 30),
        (Window(10, None), response([None], now_ms=30, latest_ms=40), DAY + 40),
        (Window(10, None), response([], now_ms=5), DAY + 10),
    ],
)
def test_the_upper_bound_of_a_window(window: Window, page: Page, expected: int) -> None:
    assert upper_bound(window, page) == expected


# --- as many parts as are asked for at once --------------------------------------------------------------


@pytest.mark.parametrize(
    ("high", "middle", "bounds"),
    [
        (10_000, 9000, [0, 7000, 8000, 9000, 10_000]),
        (2500, 1500, [0, 500, 1500, 2500]),
        (3000, 2000, [0, 1000, 2000, 3000]),
        (1000, 400, [0, 400, 1000]),
        (1002, 1001, [0, 999, 1000, 1001, 1002]),
    ],
)
def test_the_older_part_is_cut_at_the_density_of_the_newer(high: int, middle: int, bounds: list[int]) -> None:
    found = parts(Window(0, high), response([middle]))
    assert found == [Window(low, top) for low, top in zip(bounds, bounds[1:])]


def test_the_newest_part_of_an_open_window_stays_open() -> None:
    assert parts(Window(0, None), response([900, 1000])) == [
        Window(0, 698), Window(698, 799), Window(799, 900), Window(900, None),
    ]  # fmt: skip


# --- predicted_windows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivered", "bounds"),
    [
        ([], []),
        ([(2000, 7449)], []),
        ([(2000, 7450)], [2000]),
        ([(3000, 3725), (2000, 3725), (5000, 1), (4000, 7449)], [3000, 5000]),
        # what lies no later than the last bound does not count
        ([(1000, 7450)], []),
        ([(2000, 7450), (2000, 7450), (3000, 7450)], [2000, 3000]),
        ([(2000, 7450), (3000, 7449)], [2000]),
        # together more than a response should have: the bound lies between them
        ([(2000, 5700), (3000, 8000), (4000, 8000)], [2000, 3000, 4000]),
        ([(2000, 2100), (3000, 7449), (4000, 2000)], [2000, 4000]),
        ([(2000, 2100), (3000, 7450), (4000, 1)], [2000, 3000]),
        ([(2000, 1999), (3000, 7501)], [3000]),
        ([(2000, 1999), (3000, 7502)], [2000, 3000]),
        ([(2000, 4000), (2000, 6000)], [2000]),
    ],
)
def test_windows_are_predicted_from_what_was_delivered(delivered: list[tuple[int, int]], bounds: list[int]) -> None:
    lows = [1000, *bounds]
    highs: list[int | None] = [*bounds, None]
    assert predicted_windows(1000, delivered) == [Window(low, high) for low, high in zip(lows, highs)]


# --- how wide a backlog's windows are --------------------------------------------------------------------


def learned(width: int, events: int, size: int = 1) -> int:
    """How wide windows are after one of `width` (ms) had a response like that."""
    found = WindowSizer()
    found.learn(Window(100, 100 + width), Page(Events.of([AuditEvent("", None, "", 1)] * events), 0, size, cut=False))
    return found.ms


@pytest.mark.parametrize(
    ("width", "events", "size", "expected"),
    [
        (HOUR, 3725, 1, 2 * HOUR),
        (HOUR, 14_900, 1, HOUR // 2),
        (HOUR, 1, 8 * 1024 * 1024, 2 * HOUR),
        (HOUR, 1, 32 * 1024 * 1024, HOUR // 2),
        # no more than eight times as wide
        (HOUR, 0, 0, 8 * HOUR),
        (HOUR, 600, 1, 8 * HOUR),
        # a narrow rest of a range does not make windows narrower, unless it was too full
        (10, 3000, 1, HOUR),
        (10, 7450, 1, HOUR),
        (10, 7451, 1, 9),
        (1, 60_000, 1, 1),
        (0, 12_000, 1, 1),
    ],
)
def test_the_next_window_is_sized_to_fill_its_response(width: int, events: int, size: int, expected: int) -> None:
    assert learned(width, events, size) == expected


def test_one_window_is_requested_until_a_response_was_complete_and_then_four() -> None:
    width = WindowSizer()
    assert width.windows(0, 90 * HOUR) == [Window(0, HOUR)]
    assert width.windows(0, 1000) == [Window(0, 1000)]
    width.learn(Window(0, HOUR), response([1] * 7450))
    assert width.windows(HOUR, 90 * HOUR) == [Window(n * HOUR, (n + 1) * HOUR) for n in range(1, 5)]
    assert width.windows(90 * HOUR, 90 * HOUR + 5) == [Window(90 * HOUR, 90 * HOUR + 5)]


def test_windows_in_flight_stay_unchanged() -> None:
    width = WindowSizer()
    width.learn(Window(0, HOUR), response([1] * 7450))
    first = width.windows(0, 90 * HOUR)
    width.learn(first[0], response([1] * 3725))
    then = width.windows(HOUR, 90 * HOUR)
    assert then == [*first[1:], Window(4 * HOUR, 6 * HOUR)]
    # also up to the end of the range, where the next ones would be narrower
    width = WindowSizer()
    width.learn(Window(0, HOUR), response([1] * 7450))
    first = width.windows(0, 4 * HOUR)
    width.learn(first[0], response([1] * 14_900))
    assert width.windows(HOUR, 4 * HOUR) == first[1:]


def test_windows_of_another_range_are_planned_anew() -> None:
    width = WindowSizer()
    width.learn(Window(0, HOUR), response([1] * 7450))
    first = width.windows(0, 90 * HOUR)
    # a range that ends earlier by now, or begins elsewhere, is planned anew
    assert width.windows(2 * HOUR, 7 * HOUR // 2) == [first[2], Window(3 * HOUR, 7 * HOUR // 2)]
    assert width.windows(0, HOUR) == [Window(0, HOUR)]


def test_after_a_cut_response_windows_are_planned_again_one_at_a_time() -> None:
    width = WindowSizer()
    width.learn(Window(0, HOUR), response([1] * 7450))
    window, *_ = width.windows(0, 90 * HOUR)
    width.learn_cut(window, response([1] * 10_000), Window(HOUR - 1000, HOUR))
    assert width.windows(0, 90 * HOUR) == [Window(0, 1000)]


@pytest.mark.parametrize(
    ("middle", "page", "expected"),
    [
        # as wide as the newer part, of which is known how dense it is
        (805, response([1] * 100), 200),
        (505, response([1] * 100), 500),
        # but no wider than half
        (405, response([1] * 100), 500),
        # a few giants: the cut is exact, however wide its older part
        (905, response([1] * 19, size=0), 900),
        (905, response([1] * 20, size=0), 100),
        (1005, response([1] * 100), 1),
    ],
)
def test_after_a_cut_response_windows_shrink_to_the_known_density(middle: int, page: Page, expected: int) -> None:
    width = WindowSizer()
    width.learn_cut(Window(5, 1005), page, Window(middle, 1005))
    assert width.ms == expected


def test_an_open_window_ends_at_the_newest_event() -> None:
    width = WindowSizer()
    width.learn_cut(Window(0, None), response([900, 1000]), Window(801, None))
    assert width.ms == 200


def test_windows_are_never_narrower_than_a_millisecond() -> None:
    width = WindowSizer()
    width.learn_cut(Window(5, 6), response([1] * 100), Window(6, 6))
    assert width.ms == 1
