"""A set of 64-bit keys in 16 bytes each or less, for what a Python set would take 70."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

_SMALLEST = 1024


class KeySet:
    """Open addressing with linear probing over one array; a key is a whole number from 1 to 2^64 - 1."""

    def __init__(self, keys: Iterable[int] = ()) -> None:
        self._slots = array("Q", bytes(8 * _SMALLEST))
        self._used = 0
        for key in keys:
            self.add(key)

    def add(self, key: int) -> bool:
        """Add a key; whether it was new."""
        slots = self._slots
        mask = len(slots) - 1
        at = key & mask
        while slots[at]:
            if slots[at] == key:
                return False
            at = (at + 1) & mask
        slots[at] = key
        self._used += 1
        if self._used * 4 > len(slots) * 3:
            self._grow()
        return True

    def __contains__(self, key: int) -> bool:
        slots = self._slots
        mask = len(slots) - 1
        at = key & mask
        while slots[at]:
            if slots[at] == key:
                return True
            at = (at + 1) & mask
        return False

    def __len__(self) -> int:
        return self._used

    def _grow(self) -> None:
        full = self._slots
        self._slots = array("Q", bytes(16 * len(full)))
        self._used = 0
        for key in full:
            if key:
                self.add(key)
