"""Compares what the PCE has with what is in the index, and has an input collect the difference.

splunkd acknowledges nothing, so only a look into the index shows that an event arrived. Both sides are read in
the same ranges of time; one range is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable

from .backfill import Backfill
from .checkpoint import Checkpoint
from .config import EventsSettings
from .events import AuditEvent, accepted
from .filters import FilterHistory
from .pce import Page, TooLarge, Window
from .store import Document, DocumentStore, Unreadable, content_of
from .timestamps import MINUTE, SECOND, parse_start, render
from .windows import WindowSizer, split

#: What was delivered so lately may not be in the index yet (ms).
INDEXING = 5 * MINUTE

Fetch = Callable[[str, Window], Page]
#: The hrefs of an input's events in the index, between two times (epoch ms, both included).
Index = Callable[[int, int], set[str]]


@dataclass
class Slice:
    """One range of a collection: how many events the PCE has that the input wants, and those not in the index.

    `unnamed` are events without an href, which cannot be looked for; `cut`: a millisecond holds more events than an
    response, and only the newest of them were compared.
    """

    collection: str
    low: int
    high: int
    events: int
    missing: list[AuditEvent]
    unnamed: int = 0
    cut: bool = False

    def backfill(self, input_name: str) -> Backfill:
        """What the input has to collect."""
        return Backfill.new(
            input_name, self.collection, self.low, self.high, frozenset(event.key for event in self.missing)
        )


@dataclass
class Collected:
    """How far an input has read (ms, by collection), and what it wanted then."""

    read_to: dict[str, int]
    filters: FilterHistory


def read_collected(store: DocumentStore, settings: EventsSettings) -> Collected:
    """What the input's checkpoint says. Raises ValueError, which says what to do, where there is none."""
    document: Document | None = store.get(settings.name)
    if document is None or document.get("kind") == "created":
        raise ValueError(f"The input {settings.name} has not collected anything yet: wait for its first run.")
    try:
        checkpoint = Checkpoint.from_text(content_of(document))
    except Unreadable as error:
        raise ValueError(f"The state of the input {settings.name} cannot be read: {error}.") from None
    return Collected(checkpoint.read_to(), checkpoint.filters)


def parse_range(earliest: str, latest: str, now_ms: int) -> tuple[int, int]:
    """The two ends (ms), as `start_time` is written, or `now`. Raises ValueError."""
    low, high = (now_ms if text.strip() == "now" else parse_start(text, now_ms) for text in (earliest, latest))
    if low >= high:
        raise ValueError(f"earliest ({render(low)}) has to lie before latest ({render(high)}).")
    return low, high


def slices(fetch: Fetch, index: Index, collected: Collected, low: int, high: int) -> Iterator[Slice]:
    """Compare a range of time (ms), collection by collection, from its older end on.

    Only up to where the input has read: what it did not come to yet is not missing.
    """
    for collection, read_to in collected.read_to.items():
        at, end, width = low, min(high, read_to - INDEXING), WindowSizer()
        while at < end:
            window = Window(at, min(end, at + width.ms))
            page = _whole(fetch, collection, window)
            parts = split(window, page) if page.cut else None
            if parts is not None:
                width.learn_cut(window, page, parts[1])
                continue
            width.learn(window, page)
            yield _compared(collection, window, page, index, collected.filters)
            at = window.high or end


def _whole(fetch: Fetch, collection: str, window: Window) -> Page:
    try:
        return fetch(collection, window)
    except TooLarge as response:
        return response.page


def _compared(collection: str, window: Window, page: Page, index: Index, filters: FilterHistory) -> Slice:
    high = window.low if window.high is None else window.high
    wanted = [event for event in page.events if accepted(event, filters, page.now_ms)]
    named = [event for event in wanted if event.has_href and event.ms is not None]
    there = index(window.low - 2 * SECOND, high + 2 * SECOND) if named else set()
    missing = {event.key: event for event in named if event.head["href"] not in there}
    return Slice(collection, window.low, high, len(named), list(missing.values()), len(wanted) - len(named), page.cut)
