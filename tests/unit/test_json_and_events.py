"""The event reaches Splunk as the PCE sent it: text is cut, never rewritten."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from illumio_pce.array_reader import Element, NotAnArray
from illumio_pce.events import bulky_last, indexed_text
from illumio_pce.json_text import CLOSED, NOT_CLOSED, Incomplete, end_of_value, members, on_one_line, shapes_of
from illumio_pce.output import SplunkdStream, SplunkEvents
from illumio_pce.xml_text import escape_for_json

from tests.reading import batches_of, elements_of, event_of, events_of, plain_events_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n\t", " : \r\n")])


def chunks_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.lists(JSON, max_size=6), SEPARATORS, st.booleans(), st.integers(1, 40))
def test_every_element_comes_as_it_was_written(
    values: list[Any], separators: tuple[str, str], escaped: bool, size: int
) -> None:
    texts = [json.dumps(value, separators=separators, ensure_ascii=escaped) for value in values]
    texts = [re.sub("[\ud800-\udfff]", "", text) for text in texts]
    body = ("[ " + " ,\n".join(texts) + " ]\n").encode()
    assert [text for text, _ in elements_of(chunks_of(body, size))] == texts


@given(st.lists(JSON, min_size=1, max_size=4), st.data())
def test_a_truncated_array_is_never_accepted(values: list[Any], data: st.DataObject) -> None:
    body = json.dumps(values).encode()
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(NotAnArray):
        elements_of([body[:cut]])


#: What could be mistaken for the border of two events.
BORDERS = st.sampled_from(
    ['},{"href":"/orgs/1/events/', '"}', '{"', "[[", "}]", "\\", '\\"', "\x1f", "\n", "\u2028", "\ufffe"]
)


def event_text(value: Any, href: str = "/orgs/1/events/7", escaped: bool = True) -> str:
    head = {"href": href, "timestamp": "2026-01-01T00:00:00.000Z", "pce_fqdn": "pce.example.com"}
    return json.dumps({**head, "x": value}, separators=(",", ":"), ensure_ascii=escaped)


@given(
    st.lists(JSON | st.lists(BORDERS, max_size=3).map("".join), min_size=1, max_size=8),
    st.sampled_from(["/orgs/1/events/7", "/system_events/8", "/users/9"]),
    st.booleans(),
    st.integers(1, 300),
)
@settings(max_examples=200, deadline=None)
def test_the_fast_reader_gives_what_the_plain_one_gives(values: list[Any], href: str, escaped: bool, size: int) -> None:
    nested = event_text([json.loads(event_text(1)), json.loads(event_text(2))])
    texts = [event_text(values[0], escaped=escaped), nested, event_text(values, href, escaped), "{}", event_text("end")]
    texts += [event_text(value, escaped=escaped) for value in values]
    texts = [re.sub("[\ud800-\udfff]", "", text) for text in texts]
    body = ("[" + ",".join(texts) + "]").encode()
    found = events_of(chunks_of(body, size))
    assert found.texts == texts
    assert found.indexed_texts() == [escape_for_json(on_one_line(text)) for text in texts]
    assert found.have_href == [text != "{}" for text in texts]
    assert [event._replace(clean=False) for event in found] == list(plain_events_of([body]))
    assert all(text.isascii() and not set(text) & set("&<>") for text, clean in zip(texts, found.clean) if clean)


def test_most_events_take_the_fast_path_despite_an_irregular_one() -> None:
    texts = [event_text("x" * 500)] * 500
    texts[250] = event_text("unbalanced }")
    found = elements_of(chunks_of(("[" + ",".join(texts) + "]").encode(), 65_536))
    assert [text for text, _ in found] == texts
    # the odd one is parsed, and what begins in the 64 KiB from there on; and the last, behind which none begins
    step = len(texts[0]) + 1
    parsed = [250, *range(251, 251 + -(-(65_536 - len(texts[250]) - 1) // step)), 499]
    assert [number for number, (_, at_sight) in enumerate(found) if not at_sight] == parsed


@pytest.mark.parametrize(("length", "parsed"), [(65_535, True), (65_537, False), (100_000, False)])
def test_an_irregular_element_is_parsed_up_to_64_kib(length: int, parsed: bool) -> None:
    text = f'{{"a":"{"x" * (length - 8)}"}}'
    assert len(text) == length
    first, second = batches_of(chunks_of(f"[{text},{{}}]".encode(), 10_000))
    assert first == Element(text, {"a": "x" * (length - 8)} if parsed else None)
    assert second == Element("{}", {})


def test_a_multi_megabyte_event_takes_the_fast_path() -> None:
    texts = [event_text(1), event_text([{"href": "/orgs/1/labels/1", "t": "x" * 1000}] * 3000), event_text(2), "{}"]
    found = elements_of(chunks_of(("[" + ",".join(texts) + "]").encode(), 65_536))
    assert found == [(text, number < 2) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    "inside",
    [
        "{",
        "}",
        "[}",
        "{]",
        '"',
        '"{',
        '{"}',
        "}{",
        "a},{b",
        "]}{[",
        r'"\"',
        r'{"a":"\"}',
        "\0",
        "\n",
        "\x10",
        "\x1f",
        "][",
        '"["]"',
    ],
)
def test_anything_but_one_closed_object_is_not_closed(inside: str) -> None:
    text = f"{{{inside}}}"
    assert shapes_of([text]) == [NOT_CLOSED]
    assert shapes_of(["{}", text])[1] == shapes_of([text, "{}"])[0] == NOT_CLOSED
    assert shapes_of([text, text]) == [NOT_CLOSED, NOT_CLOSED]


@pytest.mark.parametrize(
    "inside", ["", '"a":1', '"a":[{}],"b":{}', r'"\""', '"{}"', r'"\\":"\""', '"ä\u2028"', r'"\\"']
)
def test_a_closed_object_is_closed(inside: str) -> None:
    assert all(look >= CLOSED for look in shapes_of([f"{{{inside}}}", "{}", f"{{{inside}}}"]))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html>",
        b"[1,]",
        b"[1 2]",
        b"[1]x",
        b"[1]]",
        b"nul",
        b"[,]",
        b"[tru]",
        b"{1]",
        b"1]",
        b"[1;2]",
        b"[1 x2]",
        b"[[1;2]",
        b"[{]",
    ],
)
def test_text_other_than_an_array_is_rejected(body: bytes) -> None:
    with pytest.raises(NotAnArray):
        elements_of([body])


def test_deep_and_long_numbers_and_bad_utf8_do_not_stop_the_others() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    long_number = "9" * 10_000
    body = f'[{{"a":{deep}}},{{"b":{long_number}}},{{"c":"'.encode() + b'\xff"},{"d":1}]'
    found = [run for run in batches_of(chunks_of(body, 10_000)) if isinstance(run, Element)]
    assert [element.value for element in found[2:]] == [{"c": "\N{REPLACEMENT CHARACTER}"}, {"d": 1}]
    assert found[0].text == f'{{"a":{deep}}}'
    assert found[1].text == f'{{"b":{long_number}}}'


@given(JSON, st.text(alphabet=' ,]}"x\n', max_size=3))
def test_a_value_ends_where_json_says(value: Any, behind: str) -> None:
    text = json.dumps(value)
    if isinstance(value, (int, float)) and behind[:1] in ("x", '"'):
        return
    if isinstance(value, (bool, type(None))) and behind[:1] == "x":
        return
    assert end_of_value(text + behind, 0) == len(text)


def test_an_unfinished_value_is_incomplete() -> None:
    for text in ("", '"abc', '{"a":', "[[1]", '"abc\\"'):
        with pytest.raises(Incomplete):
            end_of_value(text, 0)


@given(st.dictionaries(st.text(), JSON, max_size=6), SEPARATORS)
def test_members_are_found_with_their_bounds(value: Any, separators: tuple[str, str]) -> None:
    text = json.dumps(value, separators=separators)
    found = members(text)
    assert [member.name for member in found] == list(value)
    assert [json.loads(text[member.value : member.end]) for member in found] == list(value.values())


def test_bulky_members_go_last_and_every_text_stays() -> None:
    text = '{"resource_changes": [1.50, 1e3],"href":"/x" , "notifications":[], "n":12345678901234567890,"href":"/y"}'
    assert bulky_last(text) == (
        '{"href":"/x","n":12345678901234567890,"href":"/y","notifications":[],"resource_changes": [1.50, 1e3]}'
    )


def test_only_a_long_event_is_reordered() -> None:
    event = {"resource_changes": ["x" * 4000], "notifications": [], "href": "/orgs/1/events/1", "event_type": "a.b"}
    short = json.dumps(event)
    assert indexed_text(short) == short
    event["resource_changes"] = ["ä" * 4000]
    long = indexed_text(json.dumps(event, ensure_ascii=False))
    assert long.index("event_type") < long.index("resource_changes")
    assert json.loads(long) == event


@given(JSON)
def test_line_breaks_are_removed_without_changing_the_value(value: Any) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    flat = escape_for_json(on_one_line(text))
    assert "\n" not in flat
    assert "\r" not in flat
    assert json.loads(flat) == json.loads(text)


def streamed(
    *texts: str, host: str = "h", stanza: str = "illumio_pce_events://a", index: str = "default"
) -> ET.Element:
    import os
    import threading

    reading, writing = os.pipe()
    received = bytearray()

    def drain() -> None:
        while True:
            piece = os.read(reading, 65_536)
            if not piece:
                return
            received.extend(piece)

    thread = threading.Thread(target=drain)
    thread.start()
    stream = SplunkdStream(writing, stanza, stanza, index)
    each = len(texts)
    stream.write(SplunkEvents(texts, ["1.5"] * each, [host] * each, "st", [False] * each))
    stream.close()
    os.close(writing)
    thread.join()
    os.close(reading)
    return ET.fromstring(bytes(received))


def test_every_character_in_data_and_metadata_keeps_the_stream_well_formed() -> None:
    plane = "".join(chr(number) for number in range(0x10000)) + "\U0001f600\U0010ffff"
    root = streamed(plane, "next", host=plane)
    assert len(root) == 2
    data = root[0].findtext("data") or ""
    valid = [c for c in plane if c in "\t\n" or "\x20" <= c < "\ud800" or "\ue000" <= c <= "\ufffd" or c > "\uffff"]
    assert set(valid) <= set(data)
    assert root[1].findtext("data") == "next"


@given(JSON)
@settings(max_examples=60, deadline=None)
def test_what_splunkd_reads_means_what_the_pce_wrote(value: Any) -> None:
    event = {"href": "/orgs/1/events/1", "timestamp": "2026-01-01T00:00:00Z", "x": value}
    text = json.dumps(event, ensure_ascii=False)
    root = streamed(indexed_text(text))
    assert json.loads(root[0].findtext("data") or "") == event


def test_stream_like_markup_is_escaped() -> None:
    text = '{"a":"</data></event></stream><event><data>forged</data><index>other</index>"}'
    root = streamed(text, index="audit")
    assert [child.tag for child in root] == ["event"]
    assert root[0].findtext("data") == text
    assert root[0].findtext("index") == "audit"


def test_the_default_index_is_left_to_splunkd() -> None:
    assert streamed("x")[0].find("index") is None


@pytest.mark.parametrize(
    ("fqdn", "host"),
    [
        ("pce.example.com", "pce.example.com"),
        ("PCE-1", "PCE-1"),
        ("", None),
        ("a b", None),
        ("x" * 300, None),
        ("pce\nindex=evil", None),
        (["pce"], None),
        (None, None),
    ],
)
def test_host_is_the_pce_only_where_that_is_a_host_name(fqdn: Any, host: Any) -> None:
    event = {"href": "/x", "pce_fqdn": fqdn}
    assert event_of(json.dumps(event), event).host == host
