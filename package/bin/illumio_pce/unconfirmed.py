"""A marker file: splunkd may not have read what was delivered last, so the next run sends it again.

It is written when the pipe to splunkd is closed. The KV store cannot keep this: it is gone when splunkd is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from .breadcrumb import path_of


class Mark(Protocol):
    """Something that is set or not. What cannot be read counts as not set, and what cannot be written is left alone."""

    def is_set(self) -> bool:
        """Whether it is set."""

    def set(self) -> bool:
        """Set it; whether that worked."""

    def clear(self) -> bool:
        """Remove it; whether it is gone."""


class UnconfirmedMark:
    """The mark of one input in the folder where splunkd has a modular input keep its checkpoints."""

    def __init__(self, folder: Path, input_name: str) -> None:
        self._path = path_of(folder, input_name, "unconfirmed")

    def is_set(self) -> bool:
        """See `Mark.is_set`."""
        try:
            return self._path.exists()
        except OSError:
            return False

    def set(self) -> bool:
        """See `Mark.set`."""
        try:
            self._path.touch()
        except OSError:
            return False
        return True

    def clear(self) -> bool:
        """See `Mark.clear`."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return True
