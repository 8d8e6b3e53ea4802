"""The collector's own account of a run: one event of source type `illumio:pce:ingest` with everything that happened."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .events import Events
from .names import INGEST
from .output import SplunkEvents
from .prefetch import Traffic
from .timestamps import render


@dataclass
class Record:
    """Counts and times of one run. Times are ms of the PCE's clock; the JSON has RFC 3339 and seconds."""

    delivered: int = 0
    duplicates: int = 0
    filtered: int = 0
    late: int = 0
    latest_ms: int = 0
    resent: int = 0
    backfilled: int = 0
    system_events: dict[str, int] = field(default_factory=dict)
    pages: int = 0
    bytes_out: int = 0
    window: tuple[int, int] | None = None
    newest: int | None = None
    oldest: int | None = None
    flaws: dict[str, int] = field(default_factory=dict)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    def count_events(self, events: Events, late_before: int | None) -> None:
        """Count events that are delivered; those from before `late_before` (ms) are late: a run had passed there."""
        self.delivered += len(events)
        for flaw in filter(None, events.flaws):
            self.flaws[flaw] = self.flaws.get(flaw, 0) + 1
        moments = events.moments
        if not moments:
            return
        newest, oldest = max(moments), min(moments)
        self.newest = max(self.newest or newest, newest)
        self.oldest = oldest if self.oldest is None else min(self.oldest, oldest)
        if late_before is not None and oldest < late_before:
            self.late += sum(ms < late_before for ms in moments)
            self.latest_ms = max(self.latest_ms, late_before - oldest)

    def summary(self) -> str:
        """The most important counts, for the log."""
        return (
            f"events={self.delivered} duplicates_dropped={self.duplicates} filtered_out={self.filtered} "
            f"late_arrivals={self.late} pages={self.pages} bytes_written={self.bytes_out}"
        )

    def to_json(self, base: dict[str, Any], traffic: Traffic) -> str:
        """The record's text; `base` comes first."""
        content = {
            **base,
            "window_from": _time(self.window and self.window[0]),
            "window_to": _time(self.window and self.window[1]),
            "requests": traffic.requests,
            "retries": traffic.retries,
            "errors_met": traffic.errors,
            "events": self.delivered,
            "duplicates_dropped": self.duplicates,
            "filtered_out": self.filtered,
            "late_arrivals": self.late,
            "late_by_seconds": self.latest_ms / 1000,
            "resent_after_restart": self.resent,
            "collected_on_request": self.backfilled,
            "system_events_compared": self.system_events or None,
            "pages": self.pages,
            "oldest_event": _time(self.oldest),
            "newest_event": _time(self.newest),
            "bytes_received": traffic.bytes,
            "bytes_written": self.bytes_out,
            "peak_memory_mib": peak_memory_mib(),
            "flawed_events": self.flaws,
            "gaps": [{"from": render(low), "to": render(high)} for low, high in self.gaps],
            "notes": self.notes,
        }
        return json.dumps({name: value for name, value in content.items() if value is not None}, ensure_ascii=True)


def not_started(name: str, category: str, error: str, host: str, now: float) -> SplunkEvents:
    """The record of a run that could not begin (`now`: epoch s), since its configuration or splunkd is not right."""
    content = {
        "time": render(int(now * 1000)),
        "kind": "run",
        "outcome": "failed",
        "input": name,
        "error_category": category,
        "error": error,
        "events": 0,
    }
    return SplunkEvents.of_one(json.dumps(content), f"{now:.3f}", host or "localhost", INGEST)


def peak_memory_mib() -> float | None:
    """The most memory that this process has had; None on systems that do not tell as Linux does."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return round(int(found[1]) / 1024, 1) if found else None


def _time(ms: int | None) -> str | None:
    return None if ms is None else render(ms)
