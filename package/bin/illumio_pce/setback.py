"""What a run does when the PCE's clock is set back: see "When a clock is wrong" in `docs/delivery.md`."""

from __future__ import annotations

from .checkpoint import CLOCK_SLACK, Checkpoint, Progress
from .context import RunContext
from .timestamps import MINUTE, SECOND, render

#: The `Date` header is in whole seconds, and may be written a little later (ms).
HEADER_PRECISION = 2 * SECOND


class ClockSetback:
    """Has what was recorded since a setback read from its new time on, and hrefs remembered for long enough."""

    def __init__(self, context: RunContext, checkpoint: Checkpoint) -> None:
        self._context = context
        self._checkpoint = checkpoint

    def remembered_ms(self) -> int:
        """How long before the newest event hrefs are remembered (ms)."""
        now = self._context.clock.time()
        return self._context.late_ms + CLOCK_SLACK + self._checkpoint.facts.recent_setback_ms(now)

    def follow(self, progress: Progress, read_from: int) -> None:
        """Where the PCE's clock was set back, have what was recorded since read; `read_from` (ms) on was just read.

        Clocks that were ahead together look right until one is set back. Within CLOCK_SLACK all hrefs are still known;
        a larger setback may repeat events whose hrefs were forgotten. From then on for a day they are kept for as long
        as the setback was, so that a header that goes to and fro repeats nothing.
        """
        header_ms = self._context.pce.time.header_now_ms()
        setback_ms = progress.watermark - header_ms
        low = header_ms - self._passed_ms(progress, setback_ms) - self._context.late_ms
        if setback_ms <= CLOCK_SLACK:
            low = max(low, progress.floor)
        if low < read_from - HEADER_PRECISION:
            progress.add_pending(low, read_from)
            progress.floor = min(progress.floor, low)
        if setback_ms > CLOCK_SLACK:
            self._remember(setback_ms, low)

    def _passed_ms(self, progress: Progress, setback_ms: int) -> int:
        """How long ago the watermark was reached (ms); at most the setback where that is not known."""
        since_ms = int((self._context.clock.time() - progress.read_at) * 1000) if progress.read_at else -1
        return since_ms if since_ms >= 0 else max(0, setback_ms)

    def _remember(self, setback_ms: int, low: int) -> None:
        self._context.record.note(
            f"the PCE's clock was set back by {setback_ms // MINUTE} minutes: reading goes back to {render(low)}, "
            "so that some events may come twice"
        )
        facts, now = self._checkpoint.facts, self._context.clock.time()
        facts.setback_ms = max(setback_ms, facts.recent_setback_ms(now))
        facts.set_back_at = int(now)
