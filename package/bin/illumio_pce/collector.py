"""One run of an input, in order: resume, what is new, the backlog, backfills. See `docs/delivery.md`."""

from __future__ import annotations

from typing import Any

from .checkpoint import Checkpoint
from .context import RunContext
from .delivery import Delivery
from .errors import PceError
from .fetch import Fetcher
from .pce_facts import is_within_a_day
from .present import Present
from .report import Report
from .resume import Resume
from .state import Loaded


class Run:
    """One run of one input."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._report = Report(context)
        self.record = context.record
        self.checkpoint = Checkpoint(context.account.source)

    def collect(self) -> None:
        """Read everything that the PCE has and the input wants, the newest first, until nothing is left.

        Raises PceError, StateError, PipeClosed or StopRequested; what was delivered until then is recorded.
        """
        loaded = self._context.state.load(self._context.clock.time())
        delivery = self._resume(loaded)
        try:
            self._read_all(loaded, delivery)
        except PceError:
            if self.checkpoint.facts.readable:
                self.checkpoint.facts.readable = ()
                delivery.commit()  # so that the next run's first request goes alone
            raise

    def write_record(self, outcome: dict[str, Any]) -> None:
        """Tell splunkd what happened in this run; `outcome` has its kind, and the error if any."""
        self._report.write(outcome, self.checkpoint)

    def mark_unconfirmed(self) -> bool:
        """splunkd closed the pipe, and may never have read what stood in it: the next run sends the latest again.

        Whether that could be noted.
        """
        return self._context.state.mark_unconfirmed()

    def _resume(self, loaded: Loaded) -> Delivery:
        resume = Resume(self._context, loaded)
        self.checkpoint = resume.checkpoint
        resume.prepare()
        missing_keys = {key for backfill in loaded.backfills for key in backfill.keys}
        delivery = Delivery(self._context, resume.checkpoint, missing_keys)
        if resume.problem is not None:
            self.write_record({"kind": "state", **resume.problem.as_outcome()})
        return delivery

    def _read_all(self, loaded: Loaded, delivery: Delivery) -> None:
        context, checkpoint, fetcher = self._context, self.checkpoint, Fetcher(self._context)
        present = Present(context, checkpoint, delivery, fetcher)
        present.read()
        errors: list[PceError] = []
        if any(progress.pending for name, progress in checkpoint.collections.items() if name not in present.failed):
            errors = self._read_backlog(present, delivery, fetcher)
        backfills = [backfill for backfill in loaded.backfills if backfill.collection not in present.failed]
        if backfills:
            from .backfill_sender import send_backfills  # noqa: PLC0415 (few runs have any)

            send_backfills(backfills, context, delivery, fetcher)
        if not present.failed:
            self._compare_collections(delivery, fetcher)
        for error in [*present.failed.values(), *errors]:
            raise error

    def _read_backlog(self, present: Present, delivery: Delivery, fetcher: Fetcher) -> list[PceError]:
        """Read what is old, and each minute what is new; returns why ranges were left to the next run."""
        from .backlog import Backlog  # noqa: PLC0415 (most runs have none)

        backlog = Backlog(self._context, self.checkpoint, delivery, fetcher, present.failed)
        clock, every = self._context.clock, self._context.limits.present_seconds
        read_at = clock.monotonic()
        while backlog.read_step():
            if clock.monotonic() - read_at >= every:
                present.read()
                read_at = clock.monotonic()
                self.write_record({"kind": "progress"})
        return backlog.errors

    def _compare_collections(self, delivery: Delivery, fetcher: Fetcher) -> None:
        """Once a day: whether `/system_events`, which is not collected, holds what the organisation's events lack."""
        now = self._context.clock.time()
        if self._context.settings.include_system_events or is_within_a_day(self.checkpoint.facts.compared_at, now):
            return
        from .comparison import record_comparison  # noqa: PLC0415 (once a day)

        self.checkpoint.facts.compared_at = int(now)
        record_comparison(self._context, delivery, fetcher)
        delivery.commit()
