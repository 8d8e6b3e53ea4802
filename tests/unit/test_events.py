"""How an element of a response becomes an event: what it is known by, its time, its host, its flaw and its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from illumio_pce.config import HOST_NAME
from illumio_pce.events import (
    EXTRACTION_CUTOFF,
    AuditEvent,
    Events,
    accepted,
    bulky_last,
    indexed_text,
    key_of,
)
from illumio_pce.filters import FilterHistory, Filters

from tests.reading import event_of, events_of

HEAD = '{"href":"/orgs/1/events/a","timestamp":"2026-01-31T08:00:00.123Z","pce_fqdn":"pce.example.com"'
AT = (1_769_846_400_123, "1769846400.123")


def read(text: str, form: str) -> AuditEvent:
    """An event `fast` (on the fast path, in front of another event), `parsed`, or cut out as `text`."""
    if form == "fast":
        return next(iter(events_of([f"[{text},{HEAD}}}]".encode()])))
    return event_of(text, json.loads(text) if form == "parsed" else None)


FORMS = pytest.mark.parametrize("form", ["fast", "parsed", "text"])


@FORMS
def test_an_event_in_the_form_of_the_pce(form: str) -> None:
    text = HEAD + ',"event_type":"user.login"}'
    event = read(text, form)
    clean = form == "fast"
    assert event == AuditEvent(text, *AT, key_of("/orgs/1/events/a"), "pce.example.com", True, "", clean)
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
@FORMS
def test_an_event_in_another_form_is_the_same_event(head: str, form: str) -> None:
    event = read(head + "}", form)
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
@FORMS
def test_flaws_of_an_event_are_named(text: str, flaw: str, has_href: bool, form: str) -> None:
    event = read(text, form)
    assert (event.flaw, event.has_href, event.text) == (flaw, has_href, text)
    assert (event.ms is None) is ("href" not in flaw)


def test_equal_events_without_an_href_are_numbered_within_a_response() -> None:
    found = events_of([b"[[1],[1],[2],[1]]"])
    assert found.keys == [key_of("1 [1]"), key_of("2 [1]"), key_of("1 [2]"), key_of("3 [1]")]
    assert event_of("[1]", [1]).key == key_of("1 [1]")


def test_a_fast_batch_reads_like_single_elements() -> None:
    heads = [HEAD.replace("events/a", f"events/{n}").replace("08:00:00.123", time) for n, time in enumerate(
        ["00:00:00.000", "23:59:60.999", "12:34:56.789"]
    )]  # fmt: skip
    texts = [head + ',"x":"' + filler + '"}' for head, filler in zip(heads, ["", "<&>", "\u00e9"])]
    found = events_of([f"[{','.join([*texts, HEAD])}}}]".encode()])
    assert [event._replace(clean=False) for event in found][:3] == [event_of(text) for text in texts]
    assert found.clean == [True, False, False, False]
    assert found.ms[1] == found.ms[0] + 86_400_999 if found.ms[0] is not None and found.ms[1] is not None else False


def test_one_invalid_time_in_a_fast_batch_harms_no_other_event() -> None:
    texts = [HEAD + "}", HEAD.replace("-31T", "-32T") + "}", HEAD + "}", HEAD + "}"]
    found = events_of([f"[{','.join(texts)}]".encode()])
    assert found.flaws == ["", "unreadable timestamp", "", ""]
    assert found.ms == [AT[0], None, AT[0], AT[0]]
    assert found.texts == texts


@pytest.mark.parametrize(("times", "moments"), [([], []), ([3, 1], [3, 1]), ([3, None, 1], [3, 1]), ([None], [])])
def test_moments_are_the_times_of_those_that_have_one(times: list[int | None], moments: list[int]) -> None:
    assert Events(ms=times).moments == moments


def test_a_table_of_events_has_the_rows_it_was_made_of() -> None:
    rows = [event_of(text) for text in (HEAD + "}", "{}", "[]")]
    table = Events.of(rows)
    assert (list(table), len(table), len(Events()), list(Events.of([]))) == (rows, 3, 0, [])
    assert list(table.where([True, False, True])) == [rows[0], rows[2]]
    assert list(table.where([False] * 3)) == []
    assert table.where([True] * 3) is table
    table += Events.of(rows[:1])
    assert list(table) == [*rows, rows[0]]


def test_a_key_is_a_digest_prefix_and_never_zero() -> None:
    # printf abc | sha256sum
    assert key_of("abc") == 0xBA7816BF8F01CFEA
    assert key_of("\ud800") != key_of("\ud801")


def test_only_small_members_are_read_of_an_event_that_is_not_parsed() -> None:
    text = (
        HEAD + ',"severity":"' + "x" * (EXTRACTION_CUTOFF - 3) + '","status":"' + "y" * (EXTRACTION_CUTOFF - 2) + '"}'
    )
    event = read(text, "text")
    assert (event.ms, event.epoch) == AT
    assert set(event.head) == {"href", "timestamp", "pce_fqdn", "severity"}
    assert AuditEvent("[]", None, "", 1).head == {}
    assert AuditEvent("{", None, "", 1).head == {}


@pytest.mark.parametrize("host", ["pce", "a-b.example.com", "10.0.0.1"])
def test_a_host_name_is_taken_in_either_form(host: str) -> None:
    assert HOST_NAME.fullmatch(host)
    text = HEAD.replace("pce.example.com", host) + "}"
    assert read(text, "parsed").host == read(text, "fast").host == host


# --- the text ------------------------------------------------------------------------------------------


def long_text(length: int, filler: str = "x") -> str:
    """An event of so many characters, with its resource changes before its type."""
    begin, end = '{"resource_changes":[],"notifications":[],"event_type":"', '"}'
    return begin + filler * (length - len(begin) - len(end)) + end


@pytest.mark.parametrize("clean", [True, False])
def test_bulky_members_go_last_from_5001_bytes_on(clean: bool) -> None:
    short, long = long_text(5000), long_text(5001)
    assert indexed_text(short, clean) == short
    assert indexed_text(long, clean).startswith('{"event_type"')
    assert len(indexed_text(long, clean)) == 5001
    table = Events.of(AuditEvent(text, None, "", 1, clean=clean) for text in (short, long))
    assert table.indexed_texts() == [short, indexed_text(long)]


def test_bytes_count_and_not_characters() -> None:
    assert indexed_text(long_text(3000, "ä")).startswith('{"event_type"')
    short = long_text(2500, "ä")
    assert len(short.encode()) < 5000
    assert indexed_text(short) == short


@pytest.mark.parametrize("text", ['{"a":"b\nc"}', '{"a":"\u2028\x7f\ufffe"}'])
def test_line_breaks_and_invalid_xml_characters_are_escaped(text: str) -> None:
    shown = indexed_text(text)
    assert "\n" not in shown
    assert "\ufffe" not in shown
    assert json.loads(shown, strict=False) == json.loads(text, strict=False)
    assert Events.of([AuditEvent(text, None, "", 1)]).indexed_texts() == [shown]


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
        ('{"a":1}', '{"a":1}'), ('{ "a": 1 , "notifications":[2] }', '{ "a": 1 , "notifications":[2] }'),
        # what is no object stays as it is
        ("[1]", "[1]"), ("{", "{"),
    ],
)  # fmt: skip
def test_which_members_go_last(text: str, expected: str) -> None:
    assert bulky_last(text) == expected


def test_a_control_character_in_an_event_that_is_not_parsed_whole_hides_nothing_of_it() -> None:
    event = event_of('{"href":"/x","timestamp":"2026-01-31T08:00:00.123Z","event_type":"a\tb"}')
    assert (event.key, event.ms, event.flaw) == (key_of("/x"), AT[0], "")
    assert event.head["event_type"] == "a\tb"


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
