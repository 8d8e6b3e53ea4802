"""Tells splunkd what happened in a run: one record at its end, one for each problem of the state, and its progress."""

from __future__ import annotations

from typing import Any

from .checkpoint import Checkpoint
from .context import RunContext
from .errors import REMEDIES
from .names import INGEST
from .output import SplunkEvents
from .pce_clock import clock_problem
from .timestamps import DAY, render


class Report:
    """Writes the records of one run, which began when this was made."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._started = context.clock.monotonic()

    def write(self, outcome: dict[str, Any], checkpoint: Checkpoint) -> None:
        """Write a record; `outcome` has its kind, and the error if any."""
        context, now = self._context, self._context.clock.time()
        base = {
            "time": render(int(now * 1000)),
            **outcome,
            "input": context.settings.name,
            "account": context.account.name,
            "pce": context.account.authority,
            "org_id": context.account.org_id,
            "duration_seconds": round(context.clock.monotonic() - self._started, 3),
            **self._progress(checkpoint),
        }
        problem = clock_problem(context.pce.time, context.record.newest)
        if problem and outcome.get("kind") == "run":
            base = {"remedy": REMEDIES["clock"], **base, "clock_problem": problem}
        text = context.record.to_json(base, context.pce.traffic)
        context.output.write(SplunkEvents.of_one(text, f"{now:.3f}", context.account.host, INGEST))

    def _progress(self, checkpoint: Checkpoint) -> dict[str, Any]:
        """How far the input has read, where that is known, and what it knows of the PCE."""
        collections = checkpoint.collections.values()
        lag = backlog = None
        if collections:
            now_ms = self._context.pce_now_ms()
            lag = (now_ms - min(progress.watermark for progress in collections)) / 1000
            has_backlog = any(progress.pending for progress in collections)
            backlog = (now_ms - min(checkpoint.read_to().values())) / 1000 if has_backlog else 0
        retention_ms = checkpoint.facts.retention_ms
        return {
            "lag_seconds": lag,
            "backlog_seconds": backlog,
            "pce_clock_ahead_seconds": checkpoint.clock_offset_ms / 1000,
            "retention_days": None if retention_ms is None else round(retention_ms / DAY, 2),
            "least_severity": checkpoint.facts.least_severity,
        }
