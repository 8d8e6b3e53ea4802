"""How an element of an answer becomes an event: what it is known by, its time, its host, its flaw and its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from illumio_pce.array_reader import _FIRST_EVENT, Element
from illumio_pce.config import HOST_NAME
from illumio_pce.events import EXTRACTION_CUTOFF, AuditEvent, EventReader, accepted, bulky_last, key_of
from illumio_pce.filters import FilterHistory, Filters

HEAD = '{"href":"/orgs/1/events/a","timestamp":"2026-01-31T08:00:00.123Z","pce_fqdn":"pce.example.com"'
AT = (1_769_846_400_123, "1769846400.123")


def read(text: str, *, plain: bool = False, parsed: bool = True) -> AuditEvent:
    """An event of an element that was told apart at sight (`plain`), or not; parsed, or cut out as text."""
    if not plain:
        return EventReader().read([Element(text, json.loads(text) if parsed else None)])[0]
    at_sight = _FIRST_EVENT.match(text)
    return EventReader().read([Element(text, None, at_sight.groups() if at_sight else ("", None, None, None))])[0]


@pytest.mark.parametrize("plain", [True, False])
def test_an_event_in_the_form_of_the_pce(plain: bool) -> None:
    text = HEAD + ',"event_type":"user.login"}'
    event = read(text, plain=plain)
    assert event == AuditEvent(text, *AT, key_of("/orgs/1/events/a"), "pce.example.com", True, "", plain)
    assert event.head == {
        "href": "/orgs/1/events/a", "timestamp": "2026-01-31T08:00:00.123Z", "pce_fqdn": "pce.example.com",
        "event_type": "user.login",
    }  # fmt: skip


@pytest.mark.parametrize(
    "head",
    [
        '{"href":"/orgs/1/events/a","timestamp":"2026-01-31T08:00:00.123Z","pce_fqdn":"a b"',
        '{"timestamp":"2026-01-31T08:00:00.123Z","href":"/orgs/1/events/a","pce_fqdn":"a b"',
        '{"href":"\\/orgs\\/1\\/events\\/a","timestamp":"2026-01-31T08:00:00.123Z"',
        '{"href":"/orgs/1/events/a","timestamp":"2026-01-31T10:00:00.123+02:00","pce_fqdn":7',
    ],
)
def test_an_event_in_another_form_is_the_same_event(head: str) -> None:
    event = read(head + "}", plain=True)
    assert (event.key, event.ms, event.epoch, event.has_href) == (key_of("/orgs/1/events/a"), *AT, True)
    assert (event.host, event.flaw) == (None, "")


@pytest.mark.parametrize(
    ("text", "flaw", "has_href"),
    [
        ('{"href":"/x","timestamp":"2026-13-31T08:00:00.123Z","pce_fqdn":"pce"}', "unreadable timestamp", True),
        ('{"href":"/x","timestamp":null}', "unreadable timestamp", True),
        ('{"href":"/x"}', "no timestamp", True),
        ('{"timestamp":"2026-01-31T08:00:00.123Z"}', "no href", False),
        ('{"href":"","timestamp":"2026-01-31T08:00:00.123Z"}', "no href", False),
        ('{"href":7,"timestamp":"2026-01-31T08:00:00.123Z"}', "no href", False),
        ("{}", "no timestamp", False),
        ("[]", "not an object", False),
        ('"x"', "not an object", False),
        ("null", "not an object", False),
    ],
)
@pytest.mark.parametrize("form", ["plain", "parsed", "not parsed"])
def test_what_is_wrong_with_an_event_is_named(text: str, flaw: str, has_href: bool, form: str) -> None:
    event = read(text, plain=form == "plain", parsed=form == "parsed")
    assert (event.flaw, event.has_href, event.text) == (flaw, has_href, text)
    assert (event.ms is None) is ("href" not in flaw)


def test_equal_events_without_an_href_are_told_apart_by_their_number_in_an_answer() -> None:
    elements = [Element(text, json.loads(text)) for text in ("[1]", "[1]", "[2]", "[1]")]
    reader = EventReader()
    keys = [event.key for event in [*reader.read(elements[:2]), *reader.read(elements[2:])]]
    assert keys == [key_of("1 [1]"), key_of("2 [1]"), key_of("1 [2]"), key_of("3 [1]")]
    assert EventReader().read(elements[:1])[0].key == key_of("1 [1]")


def test_a_key_is_the_beginning_of_a_digest_and_never_nought() -> None:
    # printf abc | sha256sum
    assert key_of("abc") == 0xBA7816BF8F01CFEA
    assert key_of("\ud800") != key_of("\ud801")


def test_only_small_members_are_read_of_an_event_that_is_not_parsed() -> None:
    text = (
        HEAD + ',"severity":"' + "x" * (EXTRACTION_CUTOFF - 3) + '","status":"' + "y" * (EXTRACTION_CUTOFF - 2) + '"}'
    )
    event = read(text, parsed=False)
    assert (event.ms, event.epoch) == AT
    assert set(event.head) == {"href", "timestamp", "pce_fqdn", "severity"}
    assert AuditEvent("[]", None, "", 1).head == {}
    assert AuditEvent("{", None, "", 1).head == {}


@pytest.mark.parametrize("host", ["pce", "a-b.example.com", "10.0.0.1"])
def test_a_host_name_is_taken_in_either_form(host: str) -> None:
    assert HOST_NAME.fullmatch(host)
    text = HEAD.replace("pce.example.com", host) + "}"
    assert read(text).host == read(text, plain=True).host == host


# --- the text ------------------------------------------------------------------------------------------


def long_event(length: int, filler: str = "x", plain: bool = True) -> AuditEvent:
    """An event of so many characters, with its resource changes before its type."""
    bulky = '"resource_changes":[],"notifications":[]'
    text = f'{{{bulky},"event_type":"' + "%s" + '"}'
    text %= filler * (length - len(text) + 2)
    assert len(text) == length
    return AuditEvent(text, None, "", 1, plain=plain)


@pytest.mark.parametrize("plain", [True, False])
def test_bulky_members_go_last_from_5001_bytes_on(plain: bool) -> None:
    short, long = long_event(5000, plain=plain), long_event(5001, plain=plain)
    assert short.indexed_text() == short.text
    assert long.indexed_text().startswith('{"event_type"')
    assert len(long.indexed_text()) == 5001


def test_bytes_count_and_not_characters() -> None:
    event = long_event(3000, "ä")
    assert event.indexed_text().startswith('{"event_type"')
    short = long_event(2500, "ä")
    assert len(short.text.encode()) < 5000
    assert short.indexed_text() == short.text


@pytest.mark.parametrize(("plain", "text"), [(False, '{"a":"b\nc"}'), (True, '{"a":"\u2028\x7f\ufffe"}')])
def test_line_breaks_and_what_xml_cannot_carry_are_written_out(plain: bool, text: str) -> None:
    shown = AuditEvent(text, None, "", 1, plain=plain).indexed_text()
    assert "\n" not in shown
    assert "\ufffe" not in shown
    assert json.loads(shown, strict=False) == json.loads(text, strict=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the PCE's own order, in which nothing follows the notifications but what is small
        ('{"a":1,"resource_changes":[1],"notifications":[2],"b":3}',
         '{"a":1,"notifications":[2],"b":3,"resource_changes":[1]}'),
        ('{"a":1,"resource_changes":[1],"notifications":[2]}', '{"a":1,"notifications":[2],"resource_changes":[1]}'),
        ('{"a":1,"resource_changes":[1],"c":4,"notifications":[2],"b":3}',
         '{"a":1,"notifications":[2],"b":3,"resource_changes":[1],"c":4}'),
        # one of the two lies within another member, or in a string
        ('{"a":{"x":1,"resource_changes":[1]},"notifications":[2],"b":3}',
         '{"a":{"x":1,"resource_changes":[1]},"b":3,"notifications":[2]}'),
        ('{"a":",\\"resource_changes\\":","notifications":[2],"b":3}',
         '{"a":",\\"resource_changes\\":","b":3,"notifications":[2]}'),
        ('{"a":1,"resource_changes":[{"x":1,"notifications":[2]}],"b":3}',
         '{"a":1,"b":3,"resource_changes":[{"x":1,"notifications":[2]}]}'),
        # already in order, or one only
        ('{"a":1,"notifications":[2],"resource_changes":[1]}', '{"a":1,"notifications":[2],"resource_changes":[1]}'),
        ('{"resource_changes":[1],"a":1}', '{"a":1,"resource_changes":[1]}'),
        ('{"notifications":[1],"a":1}', '{"a":1,"notifications":[1]}'),
        ('{"a":1}', '{"a":1}'),
        # what is no object stays as it is
        ("[1]", "[1]"), ("{", "{"),
    ],
)  # fmt: skip
def test_which_members_go_last(text: str, expected: str) -> None:
    assert bulky_last(text) == expected


# --- what is wanted --------------------------------------------------------------------------------------


def test_an_event_without_a_time_counts_as_written_now() -> None:
    filters = FilterHistory(Filters.parse("", "err", ""))
    filters.change(Filters(), 1000)
    info: dict[str, Any] = {"text": '{"severity":"info"}', "epoch": "", "key": 1}
    assert not accepted(AuditEvent(ms=None, **info), filters, 1000)
    assert accepted(AuditEvent(ms=None, **info), filters, 1001)
    assert not accepted(AuditEvent(ms=1000, **info), filters, 5000)
    assert accepted(AuditEvent(ms=1001, **info), filters, 0)
    assert accepted(AuditEvent(ms=1000, **info), FilterHistory(), 0)
