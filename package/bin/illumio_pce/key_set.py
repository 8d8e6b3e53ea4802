"""A set of 64-bit keys in 11 to 22 bytes each, for what a Python set would take 70."""

from __future__ import annotations

from array import array
from collections.abc import Collection

#: Places at first (256 KiB): a backlog's page of thousands of events makes no larger one.
_SMALLEST = 32_768


class KeySet:
    """Open addressing with linear probing over one array; a key is a whole number from 1 to 2^64 - 1."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _SMALLEST))
        self._used = 0

    def add(self, key: int) -> bool:
        """Add a key; whether it was new."""
        return self.add_each((key,))[0]

    def add_each(self, keys: Collection[int]) -> list[bool]:
        """Add keys; for each whether it was new."""
        while (self._used + len(keys)) * 4 > len(self._slots) * 3:
            self._grow()
        slots = self._slots
        mask = len(slots) - 1
        new = []
        for key in keys:
            at = key & mask
            while (there := slots[at]) and there != key:
                at = (at + 1) & mask
            slots[at] = key
            new.append(not there)
        self._used += sum(new)
        return new

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
        full = [key for key in self._slots if key]
        self._slots = array("Q", bytes(16 * len(self._slots)))
        self._used = 0
        self.add_each(full)
