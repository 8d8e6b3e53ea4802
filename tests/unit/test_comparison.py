"""Which system events are looked up among the organisation's own, where, and what counts as missing there."""

from __future__ import annotations

from illumio_pce.comparison import compare_collections
from illumio_pce.events import AuditEvent, Events
from illumio_pce.pce import Page, Window
from illumio_pce.timestamps import DAY, MINUTE

NOW = 10 * DAY


def event(key: int, ms: int | None = 5000, *, has_href: bool = True) -> AuditEvent:
    return AuditEvent("{}", ms, "", key, has_href=has_href)


class Pce:
    """Responses for both collections, and notes what it was asked."""

    def __init__(self, system_events: list[AuditEvent], events: list[AuditEvent], *, cut: bool = False) -> None:
        self._answers = {
            "system_events": Page(Events.of(system_events), NOW, 1, cut=False),
            "events": Page(Events.of(events), NOW, 1, cut),
        }
        self.asked: list[tuple[str, Window]] = []

    def fetch(self, collection: str, window: Window) -> Page:
        self.asked.append((collection, window))
        return self._answers[collection]


def test_a_day_without_its_youngest_events_is_compared() -> None:
    pce = Pce([], [])
    assert compare_collections(pce.fetch, lambda _: True, NOW) == {"found": 0, "looked_up": 0, "missing": 0}
    assert pce.asked == [("system_events", Window(9 * DAY, 10 * DAY - 15 * MINUTE))]


def test_each_event_is_looked_up_in_its_own_millisecond() -> None:
    pce = Pce([event(1, 5000), event(2, 6000)], [event(2, 6000), event(3, 6000)])
    assert compare_collections(pce.fetch, lambda _: True, NOW) == {"found": 2, "looked_up": 2, "missing": 1}
    assert pce.asked[1:] == [("events", Window(5000, 5001)), ("events", Window(6000, 6001))]


def test_delivered_and_nameless_events_are_not_looked_up() -> None:
    pce = Pce([event(1), event(2), event(3, None), event(4, has_href=False)], [])
    found = compare_collections(pce.fetch, lambda one: one.key != 1, NOW)
    assert found == {"found": 4, "looked_up": 1, "missing": 1}


def test_an_overfull_millisecond_counts_as_complete() -> None:
    pce = Pce([event(1)], [event(2)], cut=True)
    assert compare_collections(pce.fetch, lambda _: True, NOW) == {"found": 1, "looked_up": 1, "missing": 0}


def test_at_most_twenty_events_are_looked_up() -> None:
    pce = Pce([event(number) for number in range(25)], [])
    assert compare_collections(pce.fetch, lambda _: True, NOW) == {"found": 25, "looked_up": 20, "missing": 20}
    assert len(pce.asked) == 21
