"""A file that says when a PCE in Illumio's cloud last answered that it has no health to read, so it is asked daily.

Each refusal leaves an event in the PCE's audit trail. What cannot be read counts as never, and what cannot be written
is left alone.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from .breadcrumb import path_of
from .pce_facts import is_within_a_day


class HealthMark:
    """The mark of one input in the folder where splunkd has it keep its checkpoints, for one `source`."""

    def __init__(self, folder: Path, input_name: str, source: str = "") -> None:
        self._path = path_of(folder, input_name, "no_health")
        self._source = source

    def is_set(self, now: float) -> bool:
        """Whether this PCE had no health to read within the last day (`now`: epoch s)."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return found["source"] == self._source and is_within_a_day(float(found["at"]), now)
        except (OSError, ValueError, TypeError, KeyError):
            return False

    def set(self, now: float) -> None:
        """Record that this PCE has no health to read (`now`: epoch s)."""
        with contextlib.suppress(OSError):
            self._path.write_text(json.dumps({"source": self._source, "at": now}), encoding="utf-8")

    def clear(self) -> None:
        """Remove the mark: the input was made anew, or deleted."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
