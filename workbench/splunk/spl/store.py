"""The events that searches run over, ready to be asked for a range of time."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from workbench.splunk.spl.knowledge import Knowledge, NoKnowledge
from workbench.splunk.spl.shelf import Shelf
from workbench.splunk.spl.values import Event, number_text, values_in

_ALWAYS = float("-inf")
_NEVER = float("inf")


@dataclass(frozen=True)
class Range:
    """Half-open ranges of event time and index time, epoch seconds; None = no bound.

    `indexed_by`: what was indexed later than this is not there yet.
    """

    earliest: float | None = None
    latest: float | None = None
    index_earliest: float | None = None
    index_latest: float | None = None
    indexed_by: float | None = None


class EventStore:
    """Events with their search-time fields, which are computed once, when an event is first asked for.

    With `on_disk` they are computed as the events come, and wait in a temporary file: of each event the memory holds
    a few numbers.
    """

    def __init__(self, events: Iterable[Mapping[str, Any]], knowledge: Knowledge, *, on_disk: bool = False) -> None:
        self._knowledge = knowledge
        self._shelf = Shelf() if on_disk else None
        self._events: list[Event] = []
        times, indexed = array("d"), array("d")
        #: The source types of its events, as they arrived.
        self.sourcetypes: set[str] = set()
        for event in map(_normalized, events):
            self.sourcetypes.update(values_in(event, "sourcetype"))
            times.append(_number(event.get("_time")))
            indexed.append(_number(event.get("_indextime", event.get("_time"))))
            if self._shelf is not None:
                self._shelf.append(knowledge.enrich(event))
            else:
                self._events.append(event)
        self._enriched: list[Event | None] = [None] * len(self._events)
        # Newest first; of one time the event that came first.
        self._order = array("Q", sorted(range(len(times)), key=lambda place: -times[place]))
        self._negative_times = array("d", (-times[place] for place in self._order))
        self._indexed = indexed
        self._by_index = array("Q", sorted(range(len(times)), key=self._indexed.__getitem__))
        self._index_times = array("d", (self._indexed[place] for place in self._by_index))
        self._times = times

    @property
    def on_disk(self) -> bool:
        """Whether they wait on disk."""
        return self._shelf is not None

    @property
    def first_time(self) -> float | None:
        """The oldest event's time, None without events."""
        known = [time for time in self._times if time != _ALWAYS]
        return min(known, default=None)

    def select(self, wanted: Range) -> list[Event]:
        """The events of the range, newest first. They are the store's own: copy before changing one."""
        return [self._event(place) for place in self._places(wanted)]

    def iterate(self, wanted: Range) -> Iterator[Event]:
        """The same, one after another, for whoever needs each of them once."""
        return map(self._event if self._shelf is None else self._shelf.__getitem__, self._places(wanted))

    def holds(self, wanted: Range) -> bool:
        """Whether there is any event in the range."""
        return bool(self._places(wanted))

    def narrowed(self, keep: Callable[[Event], bool]) -> EventStore:
        """A store of those of its events, with their fields, that `keep` is true of."""
        return EventStore((e for e in self.iterate(Range()) if keep(e)), NoKnowledge(), on_disk=self.on_disk)

    def _places(self, wanted: Range) -> Sequence[int]:
        low, high = _bound(wanted.earliest, _ALWAYS), _bound(wanted.latest, _NEVER)
        index_low = _bound(wanted.index_earliest, _ALWAYS)
        index_high = _bound(wanted.index_latest, _NEVER)
        by_time = self._order[bisect_right(self._negative_times, -high) : bisect_right(self._negative_times, -low)]
        newest_first: Sequence[int] = by_time
        if wanted.index_earliest is not None:
            start, end = bisect_left(self._index_times, index_low), bisect_left(self._index_times, index_high)
            if end - start < len(by_time):
                rank = sorted(self._by_index[start:end])
                newest_first = sorted(rank, key=lambda place: -self._times[place])
        limit = _bound(wanted.indexed_by, _NEVER)
        return array(
            "Q",
            (
                place
                for place in newest_first
                if low <= self._times[place] < high
                and index_low <= self._indexed[place] < index_high
                and self._indexed[place] <= limit
            ),
        )

    def _event(self, place: int) -> Event:
        if self._shelf is not None:
            return self._shelf.recent(place)
        enriched = self._enriched[place]
        if enriched is None:
            enriched = self._enriched[place] = self._knowledge.enrich(self._events[place])
        return enriched


def _bound(value: float | None, default: float) -> float:
    return default if value is None else value


def _number(value: Any) -> float:
    return _ALWAYS if value is None else float(value)


def _normalized(event: Mapping[str, Any]) -> Event:
    """The event with its numbers as text."""
    return {
        name: value if isinstance(value, (str, list)) else number_text(float(value))
        for name, value in event.items()
        if value is not None
    }
