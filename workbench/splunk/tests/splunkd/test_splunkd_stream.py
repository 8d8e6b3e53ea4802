"""The modular input's stream: what is an event, what breaks the stream, and what is refused."""

from __future__ import annotations

import pytest

from workbench.splunk.splunkd.stream import StreamEvent, StreamParser


def parse(*pieces: bytes) -> tuple[list[StreamEvent], StreamParser, bool]:
    events: list[StreamEvent] = []
    parser = StreamParser(events.append)
    for piece in pieces:
        parser.feed(piece)
    return events, parser, parser.close()


WHOLE = (
    b'<stream><event stanza="s://one"><time>1767225600.125</time><host>pce.example.com</host>'
    b"<source>s://one</source><sourcetype>t</sourcetype><index>audit</index>"
    b"<data>a &lt;b&gt; &amp; &#233;\n c</data></event></stream>\n"
)


def test_a_whole_event_has_its_members_and_its_text_as_written() -> None:
    events, parser, whole = parse(WHOLE)
    assert events == [
        StreamEvent("a <b> & é\n c", 1767225600.125, "s://one", "pce.example.com", "s://one", "t", "audit")
    ]
    assert whole and parser.error is None


def test_pieces_of_any_size_give_the_same_events() -> None:
    events, _, whole = parse(*(WHOLE[at : at + 1] for at in range(len(WHOLE))))
    assert [event.data for event in events] == ["a <b> & é\n c"]
    assert whole


def test_an_event_counts_only_once_it_has_ended() -> None:
    events: list[StreamEvent] = []
    parser = StreamParser(events.append)
    parser.feed(b"<stream><event><data>one</data></event><event><data>tw")
    assert [event.data for event in events] == ["one"]
    assert not parser.close()
    assert [event.data for event in events] == ["one"]
    assert parser.error is None


def test_an_event_of_five_megabytes_is_whole() -> None:
    text = b"0123456789" * 500_000
    events, _, _ = parse(b"<stream><event><data>", text[:3_000_000], text[3_000_000:], b"</data></event></stream>")
    assert len(events[0].data) == 5_000_000


def test_a_control_character_ends_the_stream_at_its_byte() -> None:
    good, bad = b"<stream><event><data>1</data></event>", b"<event><data>\x01</data></event>"
    events, parser, whole = parse(good + bad + b"<event><data>3</data></event></stream>")
    assert [event.data for event in events] == ["1"]
    assert parser.error is not None
    assert parser.error.offset == len(good) + len(b"<event><data>")
    assert not whole


def test_after_an_error_nothing_more_is_taken() -> None:
    events, parser, _ = parse(b"<stream>&", b"<event><data>2</data></event>")
    assert events == []
    assert parser.bytes == len(b"<stream>&<event><data>2</data></event>")


@pytest.mark.parametrize(
    ("stream", "named"),
    [
        (b"<events>", "<events>"),
        (b"<stream><event><text>", "<text>"),
        (b"<stream><event><data><b>", "<b>"),
        (b"<stream>log line", "log line"),
        (b"<stream><event>x", "'x'"),
        (b'<stream><event colour="red">', "colour"),
        (b"<stream><event><time>soon</time><data>x</data></event>", "soon"),
        (b"<stream><event><time>1</time></event>", "<data>"),
        (b"<stream><event><data>1</data><data>2</data>", "second <data>"),
        (b'<stream><event unbroken="1"><data>1</data></event>', "unbroken"),
        (b'<!DOCTYPE stream [<!ENTITY a "b">]><stream>', "document type"),
    ],
)
def test_what_the_description_does_not_have_is_refused_by_name(stream: bytes, named: str) -> None:
    events, parser, _ = parse(stream)
    assert events == []
    assert parser.error is not None
    assert named in parser.error.message


def test_an_unbroken_event_with_its_end_in_it_is_whole() -> None:
    events, _, _ = parse(b'<stream><event unbroken="1"><data>x</data><done/></event></stream>')
    assert [event.data for event in events] == ["x"]


def test_empty_output_is_a_complete_stream() -> None:
    events, parser, whole = parse()
    assert (events, parser.error, whole) == ([], None, True)
