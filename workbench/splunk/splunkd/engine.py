"""What the stand-in for Splunk Web asks of whoever searches for its pages. Search itself is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Results:
    """The rows that a search found, and its columns in their order."""

    rows: Sequence[Row] = ()
    columns: Sequence[str] = ()

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Results:
        """Results whose columns are the rows' own, each behind the one that it follows in its row."""
        columns: list[str] = []
        for row in rows:
            place = 0
            for name in row:
                if name not in columns:
                    columns.insert(place, name)
                place = columns.index(name) + 1
        return cls(rows, columns)


@dataclass(frozen=True)
class Report:
    """A saved search; `last` is what its last scheduled run found, None without a schedule or a run."""

    search: str
    earliest: str = ""
    latest: str = ""
    scheduled: bool = False
    next_run: float = 0.0
    last: Results | None = None


class Engine(Protocol):
    """Searches for the pages. Each method may raise Refused, which the page then shows."""

    def search(self, spl: str, earliest: str, latest: str) -> Results:
        """What the search finds; earliest and latest as the page gave them."""

    def post_process(self, base: Results, spl: str, earliest: str, latest: str) -> Results:
        """What a chained search makes of the results of its base, which stay as they are."""

    def report(self, name: str) -> Report | None:
        """The saved search of that name."""


class NothingFound:
    """The engine that finds nothing."""

    def search(self, spl: str, earliest: str, latest: str) -> Results:
        """Nothing."""
        return Results()

    def post_process(self, base: Results, spl: str, earliest: str, latest: str) -> Results:
        """Nothing."""
        return Results()

    def report(self, name: str) -> Report | None:
        """None."""
        return None
