"""What is handed to splunkd's pipe: whole, in pieces as the pipe takes them, and never twice."""

from __future__ import annotations

import errno
import os
import re
import time

import pytest
from illumio_pce.errors import PipeClosed
from illumio_pce.output import SplunkdStream, SplunkEvents

BEGIN = '<event stanza="illumio_pce_events://a">'
END = "<source>illumio_pce_events://a</source>"


class Pipe:
    """Takes at most `most` bytes at once; `wait` tells for each piece whether it is full at first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int = 10**9) -> None:
        self.taken = b""
        self.pieces: list[int] = []
        self.most = most
        self.full = 0
        self.breaks: int | None = None
        self.slept = 0.0
        monkeypatch.setattr(os, "write", self._write)
        monkeypatch.setattr(time, "sleep", self._sleep)

    def _write(self, descriptor: int, data: memoryview) -> int:
        assert descriptor == 1
        if self.breaks is not None:
            raise OSError(self.breaks, "")
        if self.full:
            self.full -= 1
            raise BlockingIOError
        piece = bytes(data)[: self.most]
        self.taken += piece
        self.pieces.append(len(piece))
        return len(piece)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds


def stream(index: str = "default") -> SplunkdStream:
    return SplunkdStream(1, "illumio_pce_events://a", "illumio_pce_events://a", index)


def events(
    *texts: str, epoch: str = "1.5", host: str = "pce", sourcetype: str = "st", clean: bool = False
) -> SplunkEvents:
    each = len(texts)
    return SplunkEvents(texts, [epoch] * each, [host] * each, sourcetype, [clean] * each)


def test_the_stream_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    opened = stream("audit")
    texts = ["a&b", "<c>", "e>"]
    first = opened.write(SplunkEvents(texts, ["1.5", "1.25", "3"], ["pce", "h<", "pce"], 's"', [False, False, True]))
    second = opened.write(events("d", epoch="2"))
    end = f"{END}<index>audit</index><data>"
    expected = (
        f'<stream>{BEGIN}<time>1.5</time><host>pce</host><sourcetype>s"</sourcetype>{end}a&amp;b</data></event>\n'
        f'{BEGIN}<time>1.25</time><host>h&lt;</host><sourcetype>s"</sourcetype>{end}&lt;c&gt;</data></event>\n'
        f'{BEGIN}<time>3</time><host>pce</host><sourcetype>s"</sourcetype>{end}e></data></event>\n'
    )
    then = f"{BEGIN}<time>2</time><host>pce</host><sourcetype>st</sourcetype>{end}d</data></event>\n"
    assert pipe.taken.decode() == expected + then
    assert (first, second) == (len(expected), len(then))
    opened.close()
    opened.close()
    assert pipe.taken.decode() == f"{expected}{then}</stream>\n"


def test_a_run_without_events_opens_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    stream().close()
    assert pipe.taken == b""


@pytest.mark.parametrize("index", ["", "default"])
def test_without_an_index_splunkd_chooses(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    stream(index).write(events("x"))
    assert b"<index>" not in pipe.taken


def test_a_name_cannot_leave_its_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    SplunkdStream(1, 'a"<\x00', "s&\x01", "i>\x02").write(events("x"))
    assert '<event stanza="a&quot;&lt;\ufffd">' in pipe.taken.decode()
    assert "<source>s&amp;\ufffd</source><index>i&gt;\ufffd</index>" in pipe.taken.decode()


def test_what_xml_cannot_carry_is_replaced_unless_the_text_is_known_to_be_clean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = Pipe(monkeypatch)
    opened = stream()
    opened.write(events("a\x00", host="h\x00", sourcetype="s\x00"))
    opened.write(events("b\x00", clean=True))
    text = pipe.taken.decode()
    assert "<data>a\ufffd</data>" in text
    assert "<host>h\ufffd</host><sourcetype>s\ufffd</sourcetype>" in text
    assert "<data>b\x00</data>" in text


def test_a_single_event_may_hold_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    stream().write(SplunkEvents.of_one("</data>\x00", "1.5", "pce", "st"))
    assert "<time>1.5</time><host>pce</host><sourcetype>st</sourcetype>" in pipe.taken.decode()
    assert "<data>&lt;/data&gt;\ufffd</data>" in pipe.taken.decode()


@pytest.mark.parametrize("most", [1, 7, 4096, 10**9])
def test_a_pipe_that_takes_a_part_gets_the_rest(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch, most)
    pipe.full = 3
    written = stream().write(events("ä" * 1000, "b" * 1000))
    assert pipe.taken.decode().count("ä") == 1000
    assert written == len(pipe.taken) == sum(pipe.pieces)
    assert pipe.slept == pytest.approx(0.03)


def test_many_events_go_in_pieces_of_a_quarter_of_a_megabyte(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    written = stream().write(events(*(f"{number:05}" + "x" * 995 for number in range(1000))))
    assert written == len(pipe.taken)
    # `<stream>`, and texts of 1,000 characters in frames of 159: 263, 263, 263 and the other 211
    assert pipe.pieces == [8, 263 * 1159, 263 * 1159, 263 * 1159, 211 * 1159]
    starts = [pipe.taken.index(f"<data>{number:05}".encode()) for number in range(1000)]
    assert starts == sorted(starts)


@pytest.mark.parametrize("giant", [262_143, 262_144, 600_000])
def test_a_giant_event_is_written_once(giant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    texts = ["a", "b" * giant, "c", "d" * giant, "e"]
    stream().write(events(*texts))
    assert re.findall("<data>([^<]*)</data>", pipe.taken.decode()) == texts


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EINVAL, errno.EBADF, errno.ECONNRESET])
def test_a_closed_pipe(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Pipe(monkeypatch).breaks = number
    with pytest.raises(PipeClosed):
        stream().write(events("x"))


def test_other_errors_are_not_a_closed_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    Pipe(monkeypatch).breaks = errno.ENOSPC
    with pytest.raises(OSError, match=str(errno.ENOSPC)):
        stream().write(events("x"))


def test_a_page_counts_as_written_only_when_all_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real pipe that is full, and is read from only while the writer waits."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    taken: list[bytes] = []
    monkeypatch.setattr(time, "sleep", lambda _seconds: taken.append(os.read(reading, 50_000)))
    written = SplunkdStream(writing, "a", "a", "default").write(events("x" * 300_000))
    os.set_blocking(reading, False)
    taken.append(os.read(reading, 10**6))
    assert len(b"".join(taken)) == written
    os.close(reading)
    os.close(writing)
