"""A mark outside of the KV store: splunkd may not have read the latest that was delivered, so it is to be sent again.

It lies beside the breadcrumb. A run sets it when splunkd has gone, and with it the way to the KV store.
"""

from __future__ import annotations

from pathlib import Path

from .breadcrumb import path_of


class UnconfirmedMark:
    """The mark of one input in a folder. Nothing is raised where the folder cannot be used; False says so."""

    def __init__(self, folder: Path, input_name: str) -> None:
        self._path = path_of(folder, input_name, "unconfirmed")

    def set(self) -> bool:
        """Set it; whether it is set."""
        try:
            self._path.touch()
        except OSError:
            return False
        return True

    def is_set(self) -> bool:
        """Whether it is set."""
        try:
            return self._path.exists()
        except OSError:
            return False

    def clear(self) -> bool:
        """Remove it; whether it is gone."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return True
