"""What a reconciliation wants to be collected: when it is due, when it is done, and how its events are found."""

from __future__ import annotations

import json
from array import array
from typing import Any

import pytest
from illumio_pce.backfill import Backfill
from illumio_pce.backfill_sender import pages_of
from illumio_pce.checkpoint import keys_to_text
from illumio_pce.events import AuditEvent, Events
from illumio_pce.pce import Page, Window
from illumio_pce.store import sealed


@pytest.mark.parametrize(
    ("sent_at", "splunkd", "now", "due", "done"),
    [
        (0.0, "", 0.0, True, False),
        (1000.0, "one", 1000.0, False, False),
        (1000.0, "one", 1120.0, False, False),
        (1000.0, "one", 1120.1, False, True),
        (1000.0, "two", 9000.0, True, False),
    ],
)
def test_a_backfill_is_sent_once_per_splunkd_start_until_confirmed(
    sent_at: float, splunkd: str, now: float, due: bool, done: bool
) -> None:
    backfill = Backfill("k", "events", 1, 2, frozenset([3]), "", sent_at, splunkd)
    assert backfill.is_due("one") is due
    assert backfill.is_done("one", now) is done


def test_a_backfill_is_read_back() -> None:
    backfill = Backfill("k", "system_events", 1, 2, frozenset([3, 1, 2]), "", 5.5, "one")
    assert Backfill.of(json.loads(json.dumps(backfill.document("audit")))) == backfill
    first, second = (Backfill.new("audit", "events", 1, 2, frozenset([3])) for _ in range(2))
    assert first.key != second.key
    assert first.key.startswith("audit.request.")


def test_a_new_backfill_was_not_sent_yet() -> None:
    new = Backfill.new("audit", "events", 1, 2, frozenset([3]))
    stored = dict(new.document("audit"))
    del stored["sent_at"], stored["splunkd"]
    for backfill in (new, Backfill.of(stored)):
        assert (backfill.sent_at, backfill.splunkd_boot_id, backfill.problem) == (0, "", "")
        assert backfill.is_due("")


def document(**changed: Any) -> dict[str, Any]:
    value = {"version": 1, "collection": "events", "low": 1, "high": 2, "keys": keys_to_text(array("Q", [3]))}
    return dict(sealed({"_key": "k"}, json.dumps({**value, **changed})))


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (document(version=2), "another version"),
        (document(version=0), "another version"),
        (document(collection="others"), "another version"),
        (document(keys="?"), "."),
        (document(low=None), "."),
        ({"_key": "k"}, "checksum"),
        ({**document(), "content": "{"}, "checksum"),
        ({**document(), "sent_at": "soon"}, "."),
    ],
)
def test_an_unreadable_backfill_has_a_problem_and_is_done(found: dict[str, Any], problem: str) -> None:
    backfill = Backfill.of(found)
    assert (backfill.key, backfill.keys) == ("k", frozenset())
    assert problem in backfill.problem + "."
    assert backfill.problem
    assert backfill.is_done("one", 0.0)


def event(ms: int, key: int) -> AuditEvent:
    return AuditEvent("{}", ms, "", key)


EVENTS = [event(ms, ms) for ms in range(100, 120)]


def fetch(limit: int) -> Any:
    def response(collection: str, window: Window) -> Page:
        assert collection == "events"
        assert window.high is not None
        found = [one for one in EVENTS if one.ms is not None and window.low <= one.ms <= window.high][::-1]
        return Page(Events.of(found[:limit]), 0, 1, len(found) > limit)

    return response


def everything(collection: str, window: Window) -> list[Events]:
    raise AssertionError


def test_the_named_events_come_and_no_others() -> None:
    backfill = Backfill("k", "events", 100, 200, frozenset([103, 104, 110, 999]))
    (page,) = pages_of(backfill, fetch(50), everything, {103, 110, 115})
    assert {one.key for one in page} == {103, 110}
    assert list(pages_of(backfill, fetch(50), everything, {115})) == []


def test_a_cut_response_is_requested_again_in_parts() -> None:
    backfill = Backfill("k", "events", 100, 119, frozenset(range(200)))
    wanted = set(range(200))
    found = []
    for page in pages_of(backfill, fetch(6), everything, wanted):
        found += [one.key for one in page]
        wanted -= {one.key for one in page}
    assert sorted(found) == list(range(100, 120))


def test_an_overfull_millisecond_is_fetched_by_a_job() -> None:
    crowd = [event(100, key) for key in (1, 2, 3, 3)]
    asked: list[tuple[str, Window]] = []

    def all_of(collection: str, window: Window) -> list[Events]:
        asked.append((collection, window))
        return [Events.of(crowd[:2]), Events.of(crowd[2:])]

    backfill = Backfill("k", "events", 100, 101, frozenset([1, 2, 3]))
    (page,) = pages_of(backfill, lambda *_: Page(Events.of(crowd[:1]), 0, 1, cut=True), all_of, {1, 2, 3})
    assert [one.key for one in page] == [1, 2, 3]
    assert asked == [("events", Window(100, 101))]
