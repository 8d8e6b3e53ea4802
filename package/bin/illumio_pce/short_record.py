"""The record of a run that reads how things are, as inputs of health and of inventory do.

Its members are those of the events input's records (`record.py`), as far as such a run has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .config import Account
from .names import INGEST
from .output import SplunkEvents
from .prefetch import Traffic
from .timestamps import SECOND, render


@dataclass
class ShortRecord:
    """What a run counts. `notes`: what a reader should know of it."""

    delivered: int = 0
    bytes_out: int = 0
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """The most important counts, for the log."""
        return f"events={self.delivered} bytes_written={self.bytes_out}"

    def figures(self) -> Mapping[str, Any]:
        """What this kind of run counts besides."""
        return {}

    def event(
        self, outcome: Mapping[str, Any], source: str, account: Account, traffic: Traffic, now: float, seconds: float
    ) -> SplunkEvents:
        """The record's event. `source`: of the input's events. `now`: epoch s. `seconds`: how long the run took."""
        content = {
            "time": render(int(now * SECOND)),
            **outcome,
            "input": source,
            "account": account.name,
            "pce": account.authority,
            "org_id": account.org_id,
            "duration_seconds": round(seconds, 3),
            "requests": traffic.requests,
            "retries": traffic.retries,
            "errors_met": traffic.errors,
            "events": self.delivered,
            "bytes_received": traffic.bytes,
            "bytes_written": self.bytes_out,
            **self.figures(),
            "notes": self.notes,
        }
        text = json.dumps(content, separators=(",", ":"))
        return SplunkEvents.of_one(text, f"{now:.3f}", account.host, INGEST)
