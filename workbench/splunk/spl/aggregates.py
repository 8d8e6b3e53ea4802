"""Statistical functions of stats, chart, timechart, eventstats and streamstats.

Source: Search Reference 10.0, Statistical and charting functions. Each value of a field with several values
counts. Arithmetic functions skip text; so do max and min where there is a number (measured on a Splunk 10.4.2).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from functools import partial
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.ordering import natural
from workbench.splunk.spl.values import FieldValue, counts_as_number, is_number_text, number_text

# stats list() keeps this many values.
LIST_LIMIT = 100


class Aggregate(ABC):
    """Takes in values, one event after the other, and gives a result at any time."""

    # The result where an event has no value, e.g. in an empty bin; None = no field.
    empty: str | None = None

    @abstractmethod
    def add(self, values: list[str], time: float | None) -> None:
        """Take in the values of one event, and the event's time."""

    @abstractmethod
    def result(self) -> FieldValue | None:
        """The result so far, None where there is none."""


class _Count(Aggregate):
    """How many values."""

    empty = "0"

    def __init__(self) -> None:
        self.count = 0

    def add(self, values: list[str], time: float | None) -> None:
        self.count += len(values)

    def result(self) -> FieldValue | None:
        return str(self.count)


class _Distinct(Aggregate):
    """How many different values; they are compared as text."""

    empty = "0"

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def add(self, values: list[str], time: float | None) -> None:
        self.seen.update(values)

    def result(self) -> FieldValue | None:
        return str(len(self.seen))


class _Sum(Aggregate):
    """The sum of the numbers."""

    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0
        self.lost = 0.0

    def add(self, values: list[str], time: float | None) -> None:
        for text in values:
            if counts_as_number(text):
                self._add(float(text))

    def _add(self, number: float) -> None:
        """Neumaier's summation, so that 0.1 + 0.2 is 0.3."""
        total = self.total + number
        larger, smaller = (self.total, number) if abs(self.total) >= abs(number) else (number, self.total)
        self.lost += (larger - total) + smaller
        self.total = total
        self.count += 1

    def result(self) -> FieldValue | None:
        return number_text(self.total + self.lost) if self.count else None


class _Mean(_Sum):
    """The arithmetic mean of the numbers."""

    def result(self) -> FieldValue | None:
        return number_text((self.total + self.lost) / self.count) if self.count else None


class _SumOfSquares(_Sum):
    """The sum of the squares of the numbers."""

    def add(self, values: list[str], time: float | None) -> None:
        for text in values:
            if counts_as_number(text):
                self._add(float(text) ** 2)


class _Numbers(Aggregate):
    """A function of all numbers."""

    def __init__(self, calculate: Callable[[list[float]], float]) -> None:
        self.numbers: list[float] = []
        self.calculate = calculate

    def add(self, values: list[str], time: float | None) -> None:
        self.numbers.extend(float(text) for text in values if counts_as_number(text))

    def result(self) -> FieldValue | None:
        return number_text(self.calculate(self.numbers)) if self.numbers else None


def _variance(sample: int) -> Callable[[list[float]], float]:
    def calculate(numbers: list[float]) -> float:
        count = len(numbers)
        if count - sample <= 0:
            return 0.0
        mean = math.fsum(numbers) / count
        return math.fsum((number - mean) ** 2 for number in numbers) / (count - sample)

    return calculate


def _deviation(sample: int) -> Callable[[list[float]], float]:
    variance = _variance(sample)
    return lambda numbers: math.sqrt(variance(numbers))


def _percentile(percent: float) -> Callable[[list[float]], float]:
    """Linear interpolation between ranks, as the page's example computes it."""

    def calculate(numbers: list[float]) -> float:
        ordered = sorted(numbers)
        rank = percent / 100 * (len(ordered) - 1)
        low = math.floor(rank)
        if low + 1 >= len(ordered):
            return ordered[-1]
        return ordered[low] + (rank - low) * (ordered[low + 1] - ordered[low])

    return calculate


def _median(numbers: list[float]) -> float:
    """The middle value; of two in the middle their mean, rounded up to a whole number (measured on whole ones)."""
    ordered, half = sorted(numbers), len(numbers) // 2
    if len(numbers) % 2:
        return ordered[half]
    low, high = ordered[half - 1 : half + 1]
    if not low.is_integer() or not high.is_integer() or low < 0:
        raise Refused("the median of an even number of values is known for whole numbers from 0 on only")
    return math.ceil((low + high) / 2)


class _Extreme(Aggregate):
    """The largest or smallest number, where there is none the last or first text of the alphabet."""

    def __init__(self, choose: Callable[..., str]) -> None:
        self.choose = choose
        self.number: str | None = None
        self.text: str | None = None

    def add(self, values: list[str], time: float | None) -> None:
        for text in values:
            if counts_as_number(text):
                self.number = text if self.number is None else self.choose(self.number, text, key=float)
            else:
                self.text = text if self.text is None else self.choose(self.text, text)

    def result(self) -> FieldValue | None:
        return self.text if self.number is None else self.number


class _Mode(Aggregate):
    """The most frequent value."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, values: list[str], time: float | None) -> None:
        self.counts.update(values)

    def result(self) -> FieldValue | None:
        if not self.counts:
            return None
        (best, times), *others = self.counts.most_common(2)
        if others and others[0][1] == times:
            raise Refused("which of two equally frequent values mode() takes is documented nowhere")
        return best


class _Values(Aggregate):
    """All different values in lexicographic order."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def add(self, values: list[str], time: float | None) -> None:
        self.seen.update(values)

    def result(self) -> FieldValue | None:
        return _several(sorted(self.seen))


class _Listing(Aggregate):
    """The first values in the order of the events."""

    def __init__(self) -> None:
        self.values: list[str] = []

    def add(self, values: list[str], time: float | None) -> None:
        self.values.extend(values[: LIST_LIMIT - len(self.values)])

    def result(self) -> FieldValue | None:
        return _several(list(self.values))


def _several(texts: list[str]) -> FieldValue | None:
    return texts if len(texts) > 1 else texts[0] if texts else None


class _Seen(Aggregate):
    """The value of the event that was seen first or last."""

    def __init__(self, *, last: bool) -> None:
        self.last = last
        self.value: FieldValue | None = None

    def add(self, values: list[str], time: float | None) -> None:
        if values and (self.last or self.value is None):
            self.value = _several(values)

    def result(self) -> FieldValue | None:
        return self.value


class _Timed(Aggregate):
    """The value of the oldest or newest event that has the field."""

    def __init__(self, *, newest: bool) -> None:
        self.newest = newest
        self.time: float | None = None
        self.value: FieldValue | None = None

    def add(self, values: list[str], time: float | None) -> None:
        if not values:
            return
        if time is None:
            raise Refused("earliest() and latest() need _time")
        if self.time is None or (time > self.time if self.newest else time < self.time):
            self.time, self.value = time, _several(values)

    def result(self) -> FieldValue | None:
        return self.value


_MAKERS: dict[str, Callable[[], Aggregate]] = {
    "count": _Count,
    "dc": _Distinct,
    "sum": _Sum,
    "avg": _Mean,
    "sumsq": _SumOfSquares,
    "max": lambda: _Extreme(max),
    "min": lambda: _Extreme(min),
    "range": lambda: _Numbers(lambda numbers: max(numbers) - min(numbers)),
    "median": lambda: _Numbers(_median),
    "stdev": lambda: _Numbers(_deviation(1)),
    "stdevp": lambda: _Numbers(_deviation(0)),
    "var": lambda: _Numbers(_variance(1)),
    "varp": lambda: _Numbers(_variance(0)),
    "mode": _Mode,
    "values": _Values,
    "list": _Listing,
    "first": lambda: _Seen(last=False),
    "last": lambda: _Seen(last=True),
    "earliest": lambda: _Timed(newest=False),
    "latest": lambda: _Timed(newest=True),
}
_ALIASES = {"mean": "avg"}


def maker(name: str) -> tuple[str, Callable[[], Aggregate]]:
    """The function's canonical name, and what makes one. Raises Refused for an unknown name."""
    name = _ALIASES.get(name.lower(), name.lower())
    if name in _MAKERS:
        return name, _MAKERS[name]
    for prefix in ("perc", "exactperc", "p"):
        percent = name[len(prefix) :]
        if name.startswith(prefix) and is_number_text(percent) and 0 <= float(percent) <= 100:
            return f"perc{percent}", partial(_Numbers, _percentile(float(percent)))
    raise Refused(f"unknown statistical function {name}()")


def names() -> list[str]:
    """All functions with a fixed name; percentiles come on top."""
    return sorted([*_MAKERS, *_ALIASES])


def sorted_groups(keys: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Groups in the order in which stats returns them."""
    return sorted(keys, key=lambda key: tuple(natural(part) for part in key))
