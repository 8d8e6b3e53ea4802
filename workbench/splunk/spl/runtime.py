"""What a running search carries from command to command."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable

from workbench.splunk.spl.eval import Context
from workbench.splunk.spl.knowledge import Knowledge
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event

# limits.conf [subsearch] maxout.
SUBSEARCH_LIMIT = 10_000


@dataclass
class Runtime:
    """A search's clock (epoch seconds, UTC), its time range, its events and its confs.

    `picker` is the range given from outside, which subsearches get; `range` is the one in force.
    """

    store: EventStore
    knowledge: Knowledge
    now: float
    picker: Range
    range: Range
    run_pipeline: Callable[[str, int, Any, list[Event] | None], list[Event]]
    # The delimiter that mvcombine leaves with a field, for nomv.
    delimiters: dict[str, str] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        """What eval expressions need."""
        return Context(now=self.now, macros=self.knowledge.macros)

    def subsearch(self, text: str, position: int) -> list[Event]:
        """The rows of a subsearch, over the range given from outside."""
        return self.run_pipeline(text, position, replace(self, range=self.picker, delimiters={}), None)

    def over(self, text: str, position: int, rows: list[Event]) -> list[Event]:
        """The rows that a pipeline makes of rows that are there already."""
        return self.run_pipeline(text, position, self, rows)


Runner = Callable[[list[Event], Runtime], list[Event]]
"""A command, ready to run: rows in, rows out. It may change the rows that it is given, not lists inside."""
