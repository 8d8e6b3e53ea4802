"""The files of an inventory input in the folder where splunkd has it keep its checkpoints (`checkpoint_dir`).

Of each collection: what is known of it (`known`), and while a run is at it, what comes from the PCE (`download`), the
events that are to be written (`events`), and what will be known then (`new`).
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from .breadcrumb import path_of
from .inventory_settings import COLLECTIONS


class Files(NamedTuple):
    """The files of one collection; see above."""

    known: Path
    download: Path
    events: Path
    new: Path

    @classmethod
    def of(cls, folder: Path, input_name: str, collection: str) -> Files:
        """The files of a collection, in the folder of an input."""
        return cls(*(path_of(folder, input_name, f"{collection}.{part}") for part in cls._fields))

    def remove(self, *, known: bool) -> None:
        """Remove what a run left; with `known`, everything. What cannot be removed is written over, some day."""
        for path in (*self[1:], *self[: int(known)]):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def forget(folder: Path, input_name: str) -> None:
    """Remove what is kept of an input: it was made anew, or deleted."""
    for collection in COLLECTIONS:
        Files.of(folder, input_name, collection).remove(known=True)
