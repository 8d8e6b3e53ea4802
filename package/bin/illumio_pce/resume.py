"""Prepares a run to go on where the last one ended: from its checkpoint, or from what is known without one."""

from __future__ import annotations

import secrets
from dataclasses import replace

from .breadcrumb import Point
from .checkpoint import Checkpoint, Progress
from .context import RunContext
from .errors import CollectorError
from .pce_facts import PceFacts, is_within_a_day
from .state import Loaded
from .timestamps import DAY, parse_start, render

#: The longest retention that a PCE can be set to (ms): what is older cannot be had.
LONGEST_RETENTION = 200 * DAY


class Resume:
    """Prepares the checkpoint of one run from what the state holds: known at once, complete after `prepare`."""

    def __init__(self, context: RunContext, loaded: Loaded) -> None:
        self._context = context
        self._loaded = loaded
        self._record = context.record
        self.checkpoint = loaded.checkpoint or Checkpoint(context.account.source)
        self._left: dict[str, Progress] = {}

    def prepare(self) -> None:
        """Make the checkpoint ready. Raises PceError (`refused_key`), StateError or StopRequested."""
        context, loaded, checkpoint = self._context, self._loaded, self.checkpoint
        if loaded.damage:
            self._record.note(loaded.damage)
        checkpoint.creation = loaded.creation or checkpoint.creation or secrets.token_hex(8)
        if loaded.point is not None:
            self._resume_from(loaded.point)
        if checkpoint.source != context.account.source:
            self._switch_source()
        context.pce.time.ahead_ms = checkpoint.clock_offset_ms
        self._refresh_pce_settings()
        now_ms = context.pce_now_ms()
        self._choose_collections(now_ms)
        context.pce.allow_prefetch(checkpoint.facts.readable)
        self._apply_filters(now_ms)
        self._resend_unconfirmed()
        lost = context.state.fetch_keys(checkpoint)
        if lost:
            self._record.note(f"{lost} documents of delivered hrefs cannot be read: their events may come twice")

    @property
    def problem(self) -> CollectorError | None:
        """What has to be reported, since the state was lost or is older than it should be."""
        loaded = self._loaded
        if loaded.is_old:
            return CollectorError("state_restored", loaded.damage)
        if loaded.checkpoint is None and loaded.damage:
            return CollectorError("state_lost", loaded.damage)
        return None

    def _resume_from(self, point: Point) -> None:
        """Go on where the breadcrumb says that reading was, since the store has nothing, or an older checkpoint.

        The hrefs of an older checkpoint still count. What splunkd may have had in memory at the last save is sent again
        as ever: a power cut can cost the store its last writes, and splunkd its memory with them.
        """
        checkpoint = self.checkpoint
        if point.source != checkpoint.source:
            checkpoint.batches, checkpoint.facts = [], PceFacts()
        checkpoint.source, checkpoint.collections = point.source, point.collections
        checkpoint.creation = point.creation or checkpoint.creation
        checkpoint.saves, checkpoint.saved_at, checkpoint.splunkd_boot_id = point.saves, point.at, point.splunkd_boot_id
        unconfirmed = point.unconfirmed_batches()
        checkpoint.mark_resent_with(unconfirmed)
        checkpoint.batches += unconfirmed
        for name, progress in point.collections.items():
            self._record.note(f"{name}: reading goes on from {self._next(progress)}, so that some may come twice")

    def _switch_source(self) -> None:
        checkpoint, source = self.checkpoint, self._context.account.source
        self._record.note(f"the account pointed to {checkpoint.source} before; {source} starts at start_time")
        self._left = checkpoint.collections
        checkpoint.source, checkpoint.collections, checkpoint.facts = source, {}, PceFacts()
        checkpoint.clock_offset_ms = 0

    def _report_left_out(self, start_ms: int) -> None:
        """What was not read of the former source, perhaps the same PCE, is a gap up to where the new one starts."""
        unread = {
            span for progress in self._left.values() for span in [*progress.pending, (progress.watermark, start_ms)]
        }
        self._record.gaps += [(low, min(high, start_ms)) for low, high in sorted(unread) if low < start_ms]

    def _refresh_pce_settings(self) -> None:
        """Read the PCE's event settings once a day, where the key may."""
        facts, now = self.checkpoint.facts, self._context.clock.time()
        if is_within_a_day(facts.settings_read_at, now):
            return
        with self._context.stop.interruptible():
            settings = self._context.pce.event_settings() or {}
        retention = settings.get("audit_event_retention_seconds")
        severity = settings.get("audit_event_min_severity")
        facts.settings_read_at = int(self._context.clock.time())
        facts.retention_seconds = retention if isinstance(retention, int) and retention > 0 else None
        facts.least_severity = severity if isinstance(severity, str) and len(severity) < 40 else None

    # --- where each collection begins --------------------------------------------------------------

    def _choose_collections(self, now_ms: int) -> None:
        """Go on with those that the input wants, and begin with those that are new."""
        start_ms = self._start_ms(now_ms)
        self._report_left_out(min(start_ms, now_ms))
        wanted = ["events", "system_events"] if self._context.settings.include_system_events else ["events"]
        known = self.checkpoint.collections
        self.checkpoint.collections = {
            name: known.get(name) or self._added_progress(name) or self._first_progress(start_ms, now_ms)
            for name in wanted
        }

    def _start_ms(self, now_ms: int) -> int:
        """Where a collection begins that was not read before (ms)."""
        loaded = self._loaded
        # Runs that fail before anything is stored do not move a start that counts from when the input was created.
        age_ms = 0 if loaded.made_at is None else int((self._context.clock.time() - loaded.made_at) * 1000)
        start_ms = parse_start(self._context.settings.start_time, now_ms - age_ms)
        if loaded.checkpoint is None and loaded.damage and loaded.point is None:
            self._record.note("no state could be read: everything that the PCE still has is sent again")
            return min(start_ms, now_ms - LONGEST_RETENTION)
        return start_ms

    def _added_progress(self, name: str) -> Progress | None:
        """Where a collection begins that is switched on later: where the other one is, since many events are in both.

        None on the first run.
        """
        other = self.checkpoint.collections.get("events")
        if other is None:
            return None
        self._record.note(
            f"{name}: collected from {self._next(other)} on; to collect what only it has from before, run "
            "illumiopcereconcile with collect=true"
        )
        return replace(other, pending=list(other.pending))

    def _next(self, progress: Progress) -> str:
        """The oldest time from which on events are still read."""
        return render(min([progress.read_from(self._context.late_ms), *(low for low, _ in progress.pending)]))

    def _first_progress(self, start_ms: int, now_ms: int) -> Progress:
        start_ms = min(start_ms, now_ms)
        retention_ms = self.checkpoint.facts.retention_ms
        if retention_ms is not None and start_ms < now_ms - retention_ms:
            self._record.note(f"start_time lies before the PCE's retention ({retention_ms // DAY} days)")
        return Progress(watermark=start_ms, floor=start_ms, newest=start_ms)

    # --- what is wanted, and what is sent again ----------------------------------------------------

    def _apply_filters(self, now_ms: int) -> None:
        history, filters = self.checkpoint.filters, self._context.settings.filters
        if self._loaded.checkpoint is None:
            history.current = filters
            return
        since = max((progress.watermark for progress in self.checkpoint.collections.values()), default=now_ms)
        if history.change(filters, since):
            self._record.note(f"the input's filters were changed; the new ones apply to events from {render(since)} on")

    def _resend_unconfirmed(self) -> None:
        """splunkd loses its memory when it crashes: what was committed shortly before its end is read again."""
        for batch in self.checkpoint.take_unconfirmed(self._context.splunkd_boot_id):
            self._record.resent += batch.count
            for progress in self.checkpoint.collections.values():
                progress.add_pending(batch.low, batch.high)
        if self._record.resent:
            self._record.note("splunkd was restarted and may have lost the latest events; they are sent again")
