"""A benchmark's result: costs side by side, and their ratios against goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from .process import Cost


@dataclass(frozen=True)
class Ratio:
    """One figure without a unit; `goal` says what it should be, in words."""

    name: str
    value: float
    goal: str = ""


@dataclass
class Result:
    """What a benchmark found: `measured` are rows of words for the reader, `ratios` what counts."""

    title: str
    head: Sequence[str]
    measured: list[Sequence[str]] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)

    def text(self) -> str:
        """As a table."""
        rows = [self.head, *self.measured]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        ratios = [f"{one.name}: {one.value:.2f}" + (f"  ({one.goal})" if one.goal else "") for one in self.ratios]
        return "\n".join([self.title, *(f"  {line}" for line in lines), *(f"  {line}" for line in ratios), ""])

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        ratios = {one.name: {"value": round(one.value, 3), "goal": one.goal} for one in self.ratios}
        return {"title": self.title, "ratios": ratios, "measured": [dict(zip(self.head, row)) for row in self.measured]}


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure, but the largest memory."""
    return Cost(
        median(cost.cpu for cost in costs),
        median(cost.wall for cost in costs),
        max(cost.rss_mib for cost in costs),
        costs[0].written,
    )


def row(name: str, cost: Cost, events: int = 0) -> list[str]:
    """A row of `HEAD`."""
    each = f"{cost.cpu / events * 1e6:.1f}" if events else ""
    return [name, f"{cost.cpu:.2f}", each, f"{cost.wall:.2f}", f"{cost.rss_mib:.0f}"]


HEAD = ("", "CPU s", "µs/event", "wall s", "MiB")
