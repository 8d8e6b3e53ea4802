"""Rows that wait on disk, so that many of them need little memory."""

from __future__ import annotations

import json
import tempfile
import zlib
from array import array
from functools import lru_cache

from workbench.splunk.spl.values import Event

#: How many rows of all shelves together are kept in memory: some 100 MB.
_RECENT = 8_000


class Shelf:
    """A list of rows in a temporary file, which goes with it. Rows are added, and read by their place."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the shelf is there
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, row: Event) -> None:
        """Put a row behind the others. Raises OSError where the disk is full."""
        data = zlib.compress(json.dumps(row).encode("ascii"), 1)
        self._file.seek(self._ends[-1])
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def recent(self, place: int) -> Event:
        """The row at a place, from memory where it was asked for lately. Copy it before changing it."""
        return _recent(self, place)

    def __getitem__(self, place: int) -> Event:
        begin, end = self._ends[place], self._ends[place + 1]
        self._file.seek(begin)
        row: Event = json.loads(zlib.decompress(self._file.read(end - begin)))
        return row


@lru_cache(maxsize=_RECENT)
def _recent(shelf: Shelf, place: int) -> Event:
    return shelf[place]
