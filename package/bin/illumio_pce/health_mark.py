"""A file that says what a health input knows of its PCE.

It says when a PCE in Illumio's cloud last answered that it has no health to read, so that it is asked daily: each
refusal leaves an event in the PCE's audit trail. And it has the PCE's FQDN, which names it while its health cannot be
read. What cannot be read counts as absent, and what cannot be written is left alone.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from .breadcrumb import path_of
from .config import HOST_NAME
from .pce_facts import is_within_a_day


class HealthMark:
    """The mark of one input in the folder where splunkd has it keep its checkpoints, for one `source`."""

    def __init__(self, folder: Path, input_name: str, source: str = "") -> None:
        self._path = path_of(folder, input_name, "no_health")
        self._source = source

    def is_set(self, now: float) -> bool:
        """Whether this PCE had no health to read within the last day (`now`: epoch s)."""
        at = self._read().get("at")
        return isinstance(at, (int, float)) and is_within_a_day(float(at), now)

    def set(self, now: float) -> None:
        """Record that this PCE has no health to read (`now`: epoch s)."""
        self._write({**self._read(), "at": now})

    @property
    def fqdn(self) -> str:
        """The PCE's FQDN, as its health said last; empty where that is not known."""
        fqdn = self._read().get("fqdn")
        return fqdn if isinstance(fqdn, str) and HOST_NAME.fullmatch(fqdn) else ""

    def remember(self, fqdn: str) -> None:
        """Record the PCE's FQDN; empty where its health is that of several."""
        if fqdn != self.fqdn:
            self._write({**self._read(), "fqdn": fqdn})

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return dict(found) if found["source"] == self._source else {}
        except (OSError, ValueError, TypeError, KeyError):
            return {}

    def _write(self, value: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._path.write_text(json.dumps({**value, "source": self._source}), encoding="utf-8")

    def clear(self) -> None:
        """Remove the mark: the input was made anew, or deleted."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
