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
    """Answers for both collections, and notes what it was asked."""

    def __init__(self, system_events: list[AuditEvent], events: list[AuditEvent], *, cut: bool = False) -> None:
        self._answers = {
            "system_events": Page(Events.of(system_events), NOW, 1, cut=False),
            "events": Page(Events.of(events), NOW, 1, cut),
        }
        self.asked: list[tuple[str, Window]] = []

    def ask(self, collection: str, window: Window) -> Page:
        self.asked.append((collection, window))
        return self._answers[collection]


def test_a_day_is_compared_but_for_what_may_still_be_on_its_way() -> None:
    pce = Pce([], [])
    assert compare_collections(pce.ask, lambda _: True, NOW) == {"found": 0, "looked_up": 0, "missing": 0}
    assert pce.asked == [("system_events", Window(9 * DAY, 10 * DAY - 15 * MINUTE))]


def test_each_is_looked_up_in_its_own_millisecond_and_missing_where_another_is_there() -> None:
    pce = Pce([event(1, 5000), event(2, 6000)], [event(2, 6000), event(3, 6000)])
    assert compare_collections(pce.ask, lambda _: True, NOW) == {"found": 2, "looked_up": 2, "missing": 1}
    assert pce.asked[1:] == [("events", Window(5000, 5001)), ("events", Window(6000, 6001))]


def test_what_was_delivered_or_cannot_be_looked_up_is_not() -> None:
    pce = Pce([event(1), event(2), event(3, None), event(4, has_href=False)], [])
    found = compare_collections(pce.ask, lambda one: one.key != 1, NOW)
    assert found == {"found": 4, "looked_up": 1, "missing": 1}


def test_nothing_is_missing_from_a_millisecond_that_no_answer_holds() -> None:
    pce = Pce([event(1)], [event(2)], cut=True)
    assert compare_collections(pce.ask, lambda _: True, NOW) == {"found": 1, "looked_up": 1, "missing": 0}


def test_twenty_are_looked_up_and_no_more() -> None:
    pce = Pce([event(number) for number in range(25)], [])
    assert compare_collections(pce.ask, lambda _: True, NOW) == {"found": 25, "looked_up": 20, "missing": 20}
    assert len(pce.asked) == 21
