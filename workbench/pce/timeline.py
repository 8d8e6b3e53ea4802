"""Audit events in the order of their time, as the bytes that the API answers."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Timeline:
    """Texts sorted by time (microseconds); of equal times the one added later counts as newer.

    Holds a million events: an entry costs its text and some 50 bytes.
    """

    def __init__(self) -> None:
        self._times = array("q")
        self._texts: list[bytes] = []

    def __len__(self) -> int:
        return len(self._times)

    def add(self, micros: int, text: bytes) -> None:
        """Add one text."""
        at = bisect_right(self._times, micros)
        self._times.insert(at, micros)
        self._texts.insert(at, text)

    def extend(self, entries: Iterable[tuple[int, bytes]]) -> None:
        """Add many (micros, text), in any order."""
        for micros, text in entries:
            self._times.append(micros)
            self._texts.append(text)
        if any(earlier > later for earlier, later in zip(self._times, self._times[1:])):
            order = sorted(range(len(self)), key=self._times.__getitem__)
            self._times = array("q", (self._times[at] for at in order))
            self._texts = [self._texts[at] for at in order]

    def newest_first(self, low: int | None, high: int | None) -> Iterator[bytes]:
        """The texts from `low` to `high`, both ends included; None is no bound."""
        start = 0 if low is None else bisect_left(self._times, low)
        end = len(self) if high is None else bisect_right(self._times, high)
        return (self._texts[at] for at in range(end - 1, start - 1, -1))

    def drop_before(self, micros: int) -> int:
        """Forget what is older than that time; how many that were."""
        end = bisect_left(self._times, micros)
        del self._times[:end]
        del self._texts[:end]
        return end
