"""The files of an inventory input in the folder where splunkd has it keep its checkpoints (`checkpoint_dir`).

Of each collection: what is known of it (`known`), and while a run is at it, what comes from the PCE (`download`), the
events that are to be written (`events`), and what will be known then (`new`).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from .breadcrumb import path_of
from .inventory_settings import COLLECTIONS

_PARTS = ("known", "download", "events", "new")


def file_of(folder: Path, input_name: str, collection: str, part: str) -> Path:
    """A file of one collection."""
    return path_of(folder, input_name, f"{collection}.{part}")


def forget(folder: Path, input_name: str) -> None:
    """Remove what is kept of an input: it was made anew, or deleted."""
    for collection in COLLECTIONS:
        for part in _PARTS:
            with contextlib.suppress(OSError):
                file_of(folder, input_name, collection, part).unlink(missing_ok=True)
