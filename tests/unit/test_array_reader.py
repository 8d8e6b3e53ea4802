"""How far the reader of a response looks ahead, what takes the fast path, and where it parses or gives up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
from illumio_pce.array_reader import Element, NotAnArray
from illumio_pce.event_reader import EventReader
from illumio_pce.events import Events, keys_of

from tests.reading import batches_of, elements_of, event_of, events_of

KIB, MIB = 1024, 1024 * 1024
STAMP, FQDN = "2026-01-01T00:00:00.000Z", "pce.example.com"


def event(name: str = "1", fill: str = "", *, fqdn: str = FQDN, root: str = "/orgs/1/events/") -> str:
    """An event as the PCE writes it."""
    return f'{{"href":"{root}{name}","timestamp":"{STAMP}","pce_fqdn":"{fqdn}","x":"{fill}"}}'


def of_length(length: int) -> str:
    """An event of so many characters."""
    return event(fill="x" * (length - len(event())))


def array(*texts: str) -> bytes:
    return f"[{','.join(texts)}]".encode()


def chunks_of(body: bytes, size: int = 64 * KIB) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


class Counted:
    """Chunks that tell how many of them were taken."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk


# --- the fast path -------------------------------------------------------------------------------------


def test_a_fast_batch_has_what_the_heads_say() -> None:
    texts = [event("a", "1"), event("b", "&"), event("c", "\u00e9"), event("d", fqdn="other.example.com"), event()]
    texts = [text.replace("00.000Z", f"0{number}.00{number}Z") for number, text in enumerate(texts)]
    run, last = batches_of([array(*texts)])
    assert run == Events(
        texts=texts[:4],
        ms=[1_767_225_600_000 + 1001 * number for number in range(4)],
        epochs=["1767225600.000", "1767225601.001", "1767225602.002", "1767225603.003"],
        keys=keys_of(f"/orgs/1/events/{name}" for name in "abcd"),
        hosts=[FQDN, FQDN, FQDN, "other.example.com"],
        have_href=[True] * 4,
        flaws=[""] * 4,
        clean=[True, False, False, True],
    )
    assert last == Element(texts[4], json.loads(texts[4]))


@pytest.mark.parametrize("root", ["/orgs/1/events/", "/orgs/987/events/", "/system_events/"])
def test_fast_batch_keys_are_those_of_the_hrefs(root: str) -> None:
    texts = [event(str(number), root=root) for number in range(20)]
    assert events_of([array(*texts)]).keys == [event_of(text).key for text in texts]


def test_a_batch_ends_where_the_href_prefix_changes() -> None:
    texts = [event("1"), event("2"), event("3", root="/system_events/"), event("4", root="/system_events/"), event("5")]
    runs = list(batches_of([array(*texts)]))
    # what lies between the second and the next that begins as it does, the fifth, is no single event
    assert [run.texts if isinstance(run, Events) else run.text for run in runs] == [
        [texts[0]],
        *texts[1:],
    ]


@pytest.mark.parametrize("length", [10, 46, 47, 100, 200])
def test_a_long_pce_name_is_read(length: int) -> None:
    fqdn = ("ppppppppp." * 20)[: length - 1] + "p"
    texts = [event(str(number).zfill(36), fqdn=fqdn) for number in range(4)]
    run, _ = batches_of([array(*texts)])
    assert isinstance(run, Events)
    assert run.hosts == [fqdn] * 3


ODD_HEADS = {
    "no head": '{"href":"/orgs/1/events/odd","x":1}',
    "an escaped name": event(r"a\u0062"),
    "a line break in its name": event("odd\nname"),
    # as many heads as events, though the one before has none: this one has two
    "two heads": event("odd", "\n" + event("two")[24:-2]),
    "a quote in the host": event("odd", fqdn=r"p\"c"),
    "other digits": event("odd").replace(".000Z", ".00Z"),
}


@pytest.mark.parametrize("odd", ODD_HEADS.values(), ids=ODD_HEADS)
@pytest.mark.parametrize("at", [0, 1, 3])
def test_an_irregular_head_is_not_mixed_up_with_its_neighbours(odd: str, at: int) -> None:
    texts = [event(str(number)) for number in range(4)]
    texts[at:at] = ['{"href":"/orgs/1/events/none"}', odd]
    found = events_of([array(*texts)])
    assert found.texts == texts
    assert found.keys == [event_of(text).key for text in texts]
    assert [event._replace(clean=False) for event in found] == [event_of(text) for text in texts]


# --- how far is looked ahead ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1000, 4096, 64 * KIB, 300_000, 700_000])
def test_a_quarter_mebibyte_is_buffered_before_splitting(size: int) -> None:
    body = array(*[of_length(1000)] * 1000)
    chunks = Counted(iter(chunks_of(body, size)))
    run = next(batches_of(chunks))
    assert isinstance(run, Events)
    assert chunks.taken == -(-(256 * KIB + 1) // size)
    # what has arrived, of half a mebibyte at most, and shows to be followed by another event
    within = min(chunks.taken * size - len("["), 512 * KIB)
    assert len(run.texts) == (within - len('{"href":"/orgs/1/events/')) // 1001


def test_buffered_text_is_used_before_more_is_read() -> None:
    body = array(*[of_length(999)] * 2000)
    chunks = Counted(iter(chunks_of(body, 1_000_000)))
    lengths = []
    for run in batches_of(chunks):
        assert isinstance(run, Events)
        lengths.append(1000 * len(run.texts))
        if chunks.taken > 1:
            break
    # twice there was enough; then less than a quarter of a mebibyte was left
    assert len(lengths) == 3
    assert 1_000_000 - lengths[0] > 256 * KIB > 1_000_000 - sum(lengths[:2])


@pytest.mark.parametrize(
    ("length", "at_sight"), [(300 * KIB, True), (MIB, True), (6 * MIB, True), (12 * MIB, False), (20 * MIB, False)]
)
def test_the_fast_path_takes_events_up_to_a_size_limit(length: int, at_sight: bool) -> None:
    texts = [of_length(length), event(), "{}"]
    chunks = chunks_of(array(*texts))
    first, *others = elements_of(chunks)
    assert first[0] == texts[0]
    assert first[1] == at_sight
    assert [text for text, _ in others] == texts[1:]


def test_a_large_event_is_read_in_doubling_steps() -> None:
    body = array(of_length(3 * MIB), *[of_length(1000)] * 3000)
    chunks = Counted(iter(chunks_of(body)))
    run = next(batches_of(chunks))
    assert isinstance(run, Events)
    assert len(run.texts) == 1
    # 5 chunks, so that there are 256 KiB behind the bracket; then 5, 10, 20 and 40 more
    assert chunks.taken == 80


@pytest.mark.parametrize("more", range(0, 30, 4))
def test_the_end_of_a_large_event_is_found_across_chunks(more: int) -> None:
    large = of_length(300 * KIB)
    body = array(large, *[of_length(1000)] * 2000)
    at = len("[") + len(large) + more
    run = next(batches_of([body[:at], body[at:]]))
    assert isinstance(run, Events)
    assert run.texts == [large]


def test_the_last_event_is_not_searched_beyond_the_end() -> None:
    text = of_length(400 * KIB)
    assert elements_of(chunks_of(array(text))) == [(text, False)]


def test_64_kib_after_an_irregular_element_are_parsed() -> None:
    texts = [event(), "[1]", *[of_length(1000)] * 200]
    found = elements_of([array(*texts)])
    assert [text for text, _ in found] == texts
    # The first is at once followed by what is none: it does not show to end before the third.
    parsed = [number for number, (_, at_sight) in enumerate(found) if not at_sight]
    odd = len(texts[0]) + 1
    assert parsed == [0, 1, *range(2, 2 + -(-(64 * KIB - odd - 4) // 1001)), len(texts) - 1]


@pytest.mark.parametrize(
    ("before", "length", "at_sight"),
    [
        (0, 64 * KIB - 2, False),
        (0, 64 * KIB - 1, True),
        # counted from behind the last event on the fast path: from the comma on
        (1, 64 * KIB - 3, False),
        (1, 64 * KIB - 2, True),
        (600, 64 * KIB - 3, False),
        (600, 64 * KIB - 2, True),
    ],
)
def test_the_fast_path_resumes_64_kib_after_an_irregular_element(before: int, length: int, at_sight: bool) -> None:
    odd = of_length(length - 1).replace("xx", "x}x", 1)
    assert len(odd) == length
    texts = [*[of_length(999)] * before, odd, event("2"), event("3"), event("4")]
    found = elements_of(chunks_of(array(*texts)))
    assert [text for text, _ in found] == texts
    assert [seen for _, seen in found] == [*[True] * before, False, at_sight, True, False]


def test_the_parsed_span_is_counted_across_reads() -> None:
    texts = [of_length(999)] * 500
    texts[230] = of_length(998).replace("xx", "x}x", 1)
    found = elements_of(chunks_of(array(*texts), 10_000))
    assert [text for text, _ in found] == texts
    # the comma before the odd one is character 230,000, and so the first on the fast path again begins at 296,001
    assert [number for number, (_, at_sight) in enumerate(found) if not at_sight] == [*range(230, 296), 499]


# --- what is parsed, cut out, or refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "parsed"), [(64 * KIB - 1, True), (64 * KIB, False), (64 * KIB + 1, False), (200 * KIB, False)]
)
@pytest.mark.parametrize("size", [1000, 64 * KIB, MIB])
def test_an_irregular_element_below_64_kib_is_parsed(length: int, parsed: bool, size: int) -> None:
    text = f'{{"a":"{"x" * (length - 8)}"}}'
    first, second, _ = batches_of(chunks_of(array(text, "{}", f'"{"x" * MIB}"'), size))
    assert first == Element(text, {"a": "x" * (length - 8)} if parsed else None)
    assert second == Element("{}", {})


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_number_split_across_chunks_is_read_completely(size: int) -> None:
    texts = ["12345", "-1.5e10", "true", '"12"', "7"]
    assert [text for text, _ in elements_of(chunks_of(array(*texts), size))] == texts


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "9" * 5000])
def test_text_that_python_cannot_parse_is_kept_as_text(text: str) -> None:
    first, _ = batches_of([array(text, "1")])
    assert isinstance(first, Element)
    assert first.text == text


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("[] x", "there is text after the JSON array of the response"),
        ("[1] ]", "there is text after the JSON array of the response"),
        ("[1 2]", "the JSON array of the response is malformed"),
        ("[1;2]", "the JSON array of the response is malformed"),
        ("[,1]", "the response ends in the middle of an element, or holds something that is not JSON"),
        ("[1,]", "the response ends in the middle of an element, or holds something that is not JSON"),
        ("[", "the response ends in the middle of an element, or holds something that is not JSON"),
        ("[1", "the JSON array of the response is malformed"),
        ("[1,", "the response ends in the middle of an element, or holds something that is not JSON"),
        ('[{"a":', "the response ends in the middle of an element, or holds something that is not JSON"),
    ],
)
@pytest.mark.parametrize("size", [1, 1_000_000])
def test_incomplete_arrays_are_rejected_with_the_reason(body: str, what: str, size: int) -> None:
    with pytest.raises(NotAnArray) as refused:
        elements_of(chunks_of(body.encode(), size))
    assert str(refused.value) == what


@pytest.mark.parametrize("body", ["", "{}", '  "[]"'])
def test_text_that_is_not_an_array_is_rejected(body: str) -> None:
    with pytest.raises(NotAnArray) as refused:
        elements_of([body.encode()])
    assert str(refused.value) == "the response is not a JSON array"


def test_invalid_values_are_rejected_whatever_their_length() -> None:
    with pytest.raises(NotAnArray) as refused:
        elements_of([b"[" + b"}" * 70_000])
    assert str(refused.value) == "the JSON array of the response is malformed"


@pytest.mark.parametrize("body", ["[]", " [ ] ", "\r\n[\t]\n"])
@pytest.mark.parametrize("size", [1, 100])
def test_an_empty_array_has_no_elements(body: str, size: int) -> None:
    assert elements_of(chunks_of(body.encode(), size)) == []


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_character_may_be_split_across_chunks(size: int) -> None:
    texts = [event(fill="\u20ac\U0001f6a8"), event("2", "\u00fc"), event("3")]
    assert events_of(chunks_of(array(*texts), size)).texts == texts


def test_invalid_utf_8_becomes_the_replacement_character() -> None:
    assert elements_of([b'["a\xff\xe2\x82","b"', b"]"]) == [('"a\ufffd\ufffd"', False), ('"b"', False)]


def test_a_partial_character_after_the_array_is_noticed() -> None:
    with pytest.raises(NotAnArray, match="there is text after"):
        elements_of([b"[1]\xe2\x82"])


def test_an_endless_element_is_given_up() -> None:
    chunks = Counted(chain([b"["], repeat(b"9" * (64 * KIB))))
    with pytest.raises(NotAnArray, match="larger than any can be"):
        elements_of(chunks, element_limit=MIB)
    # each time twice as much is looked at: 1 MiB is not yet too much
    assert chunks.taken - 1 == 32


def test_unread_text_can_be_inspected() -> None:
    reader = EventReader([array(event("1"), event("2"))[:-1] + b',{"timestamp":"2026'])
    with pytest.raises(NotAnArray):
        list(reader.tables())
    assert reader.unread == '{"timestamp":"2026'


@pytest.mark.parametrize("size", [1, 2, 3, 4, 64 * KIB])
def test_a_leading_byte_order_mark_is_skipped(size: int) -> None:
    assert elements_of(chunks_of(b"\xef\xbb\xbf" + array(event(), '"\ufeff"'), size)) == [
        (event(), False),
        ('"\ufeff"', False),
    ]
    assert elements_of(chunks_of(b"\xef\xbb\xbf[]", size)) == []


@pytest.mark.parametrize(
    "body", [b"\xef\xbb[]", b"\xef\xbb\xbf\xef\xbb\xbf[]", b"\xef\xbb\xbf", b"\xef", b"[]\xef\xbb\xbf"]
)
def test_a_byte_order_mark_elsewhere_is_kept(body: bytes) -> None:
    with pytest.raises(NotAnArray):
        elements_of([body])
