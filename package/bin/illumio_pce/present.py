"""Reads what is new: of each collection the whole late-arrival window, up to the newest event."""

from __future__ import annotations

from typing import NamedTuple

from .checkpoint import Checkpoint, Progress
from .context import RunContext
from .delivery import Delivery
from .errors import PceError
from .fetch import Fetcher
from .pce import Page, Window
from .setback import ClockSetback
from .timestamps import MINUTE
from .windows import parts, predicted_windows, upper_bound

#: What lies further back than the late-arrival window and so much more (ms) becomes backlog.
_BACKLOG_AFTER = 5 * MINUTE


class _Plan(NamedTuple):
    """What is to be read of a collection's newest events: windows from `low` (ms) on, oldest first."""

    name: str
    progress: Progress
    low: int
    windows: list[Window]


class Present:
    """Reads the newest events of all collections, as often as it is asked to.

    `failed`: why collections are left to the next run.
    """

    def __init__(self, context: RunContext, checkpoint: Checkpoint, delivery: Delivery, fetcher: Fetcher) -> None:
        self._context = context
        self._checkpoint = checkpoint
        self._delivery = delivery
        self._fetcher = fetcher
        self._setback = ClockSetback(context, checkpoint)
        self._gaps_known_ms = (
            int(checkpoint.saved_at * 1000) + checkpoint.clock_offset_ms if checkpoint.saved_at else None
        )
        self.failed: dict[str, PceError] = {}

    def read(self) -> None:
        """Read what is new of each collection, and store how far that is. One that fails holds up no other.

        Raises PceError where the others would fail too.
        """
        collections = self._checkpoint.collections.items()
        plans = [self._plan(name, progress) for name, progress in collections if name not in self.failed]
        self._gaps_known_ms = self._context.pce_now_ms()
        for number, plan in enumerate(plans, 1):
            later = [(other.name, window) for other in plans[number:] for window in reversed(other.windows)]
            try:
                self._read_new(plan, later)
            except PceError as error:
                if error.ends_the_run:
                    raise
                self.failed[plan.name] = error

    def _plan(self, name: str, progress: Progress) -> _Plan:
        now_ms, late_ms = self._context.pce_now_ms(), self._context.late_ms
        low = progress.read_from(late_ms)
        self._report_gaps(progress, now_ms)
        if now_ms - progress.watermark > late_ms + _BACKLOG_AFTER:
            progress.add_pending(low, max(low, now_ms - late_ms))
            low = max(low, now_ms - late_ms)
        delivered = [(batch.high, batch.count) for batch in self._checkpoint.batches]
        return _Plan(name, progress, low, predicted_windows(low, delivered))

    def _report_gaps(self, progress: Progress, now_ms: int) -> None:
        """What the PCE has pruned unread since this was last looked at, in this run or before, cannot be had."""
        retention_ms = self._checkpoint.facts.retention_ms
        if retention_ms is None or self._gaps_known_ms is None:
            return
        unread = Progress(0, 0, progress.pending)
        if progress.pending or progress.watermark > progress.floor:
            unread.add_pending(max(progress.watermark - self._context.late_ms, progress.floor), now_ms)
        pruned_from, pruned_to = self._gaps_known_ms - retention_ms, now_ms - retention_ms
        gaps = [(max(low, pruned_from), min(high, pruned_to)) for low, high in unread.pending]
        self._context.record.gaps += [(low, high) for low, high in gaps if low < high]

    def _read_new(self, plan: _Plan, later: list[tuple[str, Window]]) -> None:
        """Read the windows of a plan, the newest first; `later` is needed after them."""
        requested_ms: list[int] = []
        newest_ms = plan.progress.newest
        windows = plan.windows
        while windows:
            window = windows.pop()
            upcoming = [*((plan.name, other) for other in reversed(windows)), *later]
            page = self._fetcher.page(plan.name, window, upcoming)
            requested_ms.append(page.now_ms)
            newest_ms = max([newest_ms, *page.events.moments])
            if page.cut:
                windows += self._parts(window, page, plan.progress)
            elif self._delivery.write(page.events, window, late_before=plan.progress.watermark) and windows:
                self._delivery.commit()
        self._advance(plan, min(requested_ms), newest_ms)
        self._delivery.commit()

    def _parts(self, window: Window, page: Page, progress: Progress) -> list[Window]:
        """A window whose response was cut, in parts; what cannot be split in time is left to an asynchronous job."""
        found = parts(window, page)
        if found is not None:
            return found
        high = upper_bound(window, page)
        progress.add_pending(window.low, high)
        return [Window(high, None)] if window.high is None else []

    def _advance(self, plan: _Plan, requested_ms: int, newest_ms: int) -> None:
        """Everything was read: the watermark becomes the time of the first request, and never more."""
        context, progress, facts = self._context, plan.progress, self._checkpoint.facts
        window = context.record.window
        context.record.window = (min(plan.low, window[0]) if window else plan.low, requested_ms)
        facts.readable = tuple(sorted({plan.name, *facts.readable}))
        self._setback.follow(progress, plan.low)
        progress.watermark = requested_ms
        progress.newest = min(progress.newest, requested_ms)
        progress.note_seen([min(newest_ms, requested_ms)], self._setback.remembered_ms())
        progress.read_at = context.clock.time() - (context.pce_now_ms() - requested_ms) / 1000
        self._checkpoint.clock_offset_ms = context.pce.time.ahead_ms
