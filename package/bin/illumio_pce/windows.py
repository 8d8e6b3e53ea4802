"""How ranges of time are cut so that each response of the PCE is whole.

The PCE has no paging: a response holds at most 10,000 events, the newest, and nothing says what it left out.
So a response as long as that only tells where to cut; its range is asked for again in parts. Neighbouring
parts share their bound, since an event may lie between two milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable

from .pce import Page, Window
from .timestamps import DAY, HOUR
from .transport import CONNECTIONS

#: How many events and bytes a response should have, so that the next one is hardly ever cut; no round number, which
#: might be a limit of the PCE's (`pce.ROUND_NUMBER`).
_TARGET_EVENTS = 7450
_TARGET_BYTES = 16 * 1024 * 1024
#: With more than this predicted_windows it would often be cut.
_MOST_EVENTS = 9500
#: Of a cut response's events, the part that the newer half of its range should hold.
_NEWER_SHARE = 0.7
_FEW_EVENTS = 20


def split(window: Window, cut: Page) -> tuple[Window, Window] | None:
    """The window in two smaller ones, older and newer; None where no bound lies between its ends.

    `cut` is the response that was not whole: its events show how dense the window's newer end is.
    """
    moments = sorted(cut.events.moments, reverse=True)
    high = upper_bound(window, cut)
    if high - window.low <= 1:
        return None
    if moments:
        middle = moments[-1 if _has_giants(cut) else int(len(moments) * _NEWER_SHARE)]
    else:
        middle = (window.low + high) // 2
    middle = min(max(middle, window.low + 1), high - 1)
    return Window(window.low, middle), Window(middle, window.high)


def parts(window: Window, cut: Page) -> list[Window] | None:
    """As `split`, with the older part cut on at the density of the newer one, into what is asked for at once."""
    two = split(window, cut)
    if two is None:
        return None
    older, newer = two
    width = upper_bound(window, cut) - newer.low
    bounds = [older.low, *(b for n in range(CONNECTIONS - 2, -1, -1) if (b := newer.low - n * width) > older.low)]
    return [*(Window(low, high) for low, high in zip(bounds, bounds[1:])), newer]


def predicted_windows(low: int, delivered: Iterable[tuple[int, int]]) -> list[Window]:
    """Windows from `low` (ms) to the newest event, oldest first, each with as many events as a response should have.

    `delivered`: up to when (ms) how many events were delivered; about as many are taken to be there again.
    """
    windows: list[Window] = []
    count, before = 0, low
    for high, number in sorted(delivered):
        if count and count + number > _MOST_EVENTS:
            windows.append(Window(low, before))
            low, count = before, 0
        if high > low:
            count, before = count + number, high
        if count >= _TARGET_EVENTS:
            windows.append(Window(low, high))
            low, count = high, 0
    return [*windows, Window(low, None)]


def upper_bound(window: Window, page: Page) -> int:
    """The upper end of a window (ms); of an open one, just above the newest event of its response.

    Where no event of it tells a time, it ends a day from now: clocks may have been ahead when they were recorded.
    """
    if window.high is not None:
        return window.high
    moments = page.events.moments
    if moments:
        return max([window.low, *moments]) + 1
    return max(page.now_ms, page.latest_ms, window.low) + DAY


def _has_giants(cut: Page) -> bool:
    """Whether so few events filled a response that it pays to cut the window exactly at the last of them."""
    return not cut.size and len(cut.events) < _FEW_EVENTS


class WindowSizer:
    """How wide (ms) the windows of a backlog should be, from how full the last ones were; and which are next."""

    def __init__(self) -> None:
        self.ms = HOUR
        self._planned: list[Window] = []
        self._known = False

    def windows(self, low: int, high: int) -> list[Window]:
        """The next windows of a range (ms), oldest first: one, until a response was whole."""
        planned = [window for window in self._planned if window.low >= low and (window.high or high) <= high]
        if not planned or planned[0].low != low:
            planned = [Window(low, min(high, low + self.ms))]
        while self._known and len(planned) < CONNECTIONS and (begin := planned[-1].high or high) < high:
            planned.append(Window(begin, min(high, begin + self.ms)))
        self._planned = planned
        return planned

    def learn(self, window: Window, page: Page) -> None:
        """Adapt to a whole response."""
        asked = (window.high or window.low) - window.low
        factor = min(_TARGET_EVENTS / max(1, len(page.events)), _TARGET_BYTES / max(1, page.size), 8.0)
        self.ms = max(int(asked * factor), self.ms if factor >= 1 else 1)
        self._known = True

    def learn_cut(self, window: Window, cut: Page, newer: Window) -> None:
        """Adapt to a response that was not whole; `newer`: the newer part of its window after the split.

        How dense the events are is known of that part only, unless giants filled the response.
        """
        high = upper_bound(window, cut)
        width = newer.low - window.low if _has_giants(cut) else min(high - newer.low, (high - window.low) // 2)
        self.ms = max(1, width)
        self._planned, self._known = [], False
