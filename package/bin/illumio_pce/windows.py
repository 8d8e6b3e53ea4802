"""How ranges of time are cut so that each answer of the PCE is whole.

The PCE has no paging: an answer holds at most 10,000 events, the newest, and nothing says what it left out.
So an answer as long as that only tells where to cut; its range is asked for again in parts. Neighbouring
parts share their bound, since an event may lie between two milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable

from .pce import Page, Window
from .timestamps import HOUR

#: How many events and bytes an answer should have, so that the next one is hardly ever cut.
_TARGET_EVENTS = 6000
_TARGET_BYTES = 16 * 1024 * 1024
#: Of a cut answer's events, the part that the newer half of its range should hold.
_NEWER_SHARE = 0.7
_FEW_EVENTS = 20


def split(window: Window, cut: Page) -> tuple[Window, Window] | None:
    """The window in two smaller ones, older and newer; None where no bound lies between its ends.

    `cut` is the answer that was not whole: its events show how dense the window's newer end is.
    """
    moments = sorted(_moments(cut), reverse=True)
    high = top(window, cut)
    if high - window.low <= 1:
        return None
    if moments:
        middle = moments[-1 if _has_giants(cut) else int(len(moments) * _NEWER_SHARE)]
    else:
        middle = (window.low + high) // 2
    middle = min(max(middle, window.low + 1), high - 1)
    return Window(window.low, middle), Window(middle, window.high)


def top(window: Window, page: Page) -> int:
    """The upper end of a window (ms); of an open one, just above the newest event of its answer."""
    if window.high is not None:
        return window.high
    return max(max(_moments(page), default=page.now_ms), window.low) + 1


def _moments(page: Page) -> Iterable[int]:
    return (event.moment.ms for event in page.events if event.moment is not None)


def _has_giants(cut: Page) -> bool:
    """Whether so few events filled an answer that it pays to cut the window exactly at the last of them."""
    return not cut.size and len(cut.events) < _FEW_EVENTS


class Width:
    """How wide (ms) the next window of a backlog should be, from how full the last one was."""

    def __init__(self) -> None:
        self.ms = HOUR

    def learn(self, window: Window, page: Page) -> None:
        """Adapt to a whole answer."""
        asked = max(1, (window.high or window.low) - window.low)
        factor = min(_TARGET_EVENTS / max(1, len(page.events)), _TARGET_BYTES / max(1, page.size), 8.0)
        self.ms = max(1, int(max(asked, self.ms if factor >= 1 else 0) * factor))

    def learn_cut(self, window: Window, cut: Page, older: Window) -> None:
        """Adapt to an answer that was not whole; `older` is the older part of its window after the split."""
        self.ms = max(1, (older.high or older.low) - older.low)
        if not _has_giants(cut):
            self.ms = max(1, min(self.ms, ((window.high or window.low) - window.low) // 2))
