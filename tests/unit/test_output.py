"""What is handed to splunkd's pipe: whole, in pieces as the pipe takes them, and never twice."""

from __future__ import annotations

import errno
import os
import time

import pytest
from illumio_pce.errors import PipeClosed
from illumio_pce.output import SplunkdStream, SplunkEvent

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


def event(
    text: str, epoch: str | None = "1.5", host: str = "pce", sourcetype: str = "st", clean: bool = False
) -> SplunkEvent:
    return SplunkEvent(text, epoch, host, sourcetype, clean)


def test_the_stream_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    opened = stream("audit")
    first = opened.write([event("a&b"), event("<c>", None, "h<", 's"')])
    second = opened.write([event("d", "2", "pce")])
    end = f"{END}<index>audit</index><data>"
    expected = (
        f"<stream>{BEGIN}<time>1.5</time><host>pce</host><sourcetype>st</sourcetype>{end}a&amp;b</data></event>\n"
        f'{BEGIN}<host>h&lt;</host><sourcetype>s"</sourcetype>{end}&lt;c&gt;</data></event>\n'
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
def test_no_index_is_the_one_that_splunkd_chooses(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    stream(index).write([event("x")])
    assert b"<index>" not in pipe.taken


def test_a_name_cannot_leave_its_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    SplunkdStream(1, 'a"<\x00', "s&\x01", "i>\x02").write([event("x")])
    assert '<event stanza="a&quot;&lt;\ufffd">' in pipe.taken.decode()
    assert "<source>s&amp;\ufffd</source><index>i&gt;\ufffd</index>" in pipe.taken.decode()


def test_what_xml_cannot_carry_is_replaced_unless_the_text_is_known_to_be_clean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = Pipe(monkeypatch)
    stream().write([event("a\x00", host="h\x00", sourcetype="s\x00"), event("b\x00", clean=True)])
    text = pipe.taken.decode()
    assert "<data>a\ufffd</data>" in text
    assert "<host>h\ufffd</host><sourcetype>s\ufffd</sourcetype>" in text
    assert "<data>b\x00</data>" in text


@pytest.mark.parametrize("most", [1, 7, 4096, 10**9])
def test_a_pipe_that_takes_a_part_gets_the_rest(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch, most)
    pipe.full = 3
    written = stream().write([event("ä" * 1000), event("b" * 1000)])
    assert pipe.taken.decode().count("ä") == 1000
    assert written == len(pipe.taken) == sum(pipe.pieces)
    assert pipe.slept > 0


def test_many_events_go_in_pieces_of_a_quarter_of_a_megabyte(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    events = [event(f"{number:05}" + "x" * 995) for number in range(1000)]
    written = stream().write(events)
    assert written == len(pipe.taken)
    assert max(pipe.pieces) < 256 * 1024 + 2000
    assert len(pipe.pieces) < 10
    starts = [pipe.taken.index(f"<data>{number:05}".encode()) for number in range(1000)]
    assert starts == sorted(starts)


def test_many_hosts_cost_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(monkeypatch)
    opened = stream()
    opened.write(event("x", host=f"h{number}") for number in range(5000))
    opened.write([event("x", host="h1")])
    assert len(opened._members) <= 1001
    assert pipe.taken.count(b"<host>h1</host>") == 2
    assert b"<host>h4999</host>" in pipe.taken


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EINVAL, errno.EBADF, errno.ECONNRESET])
def test_a_pipe_that_is_gone(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Pipe(monkeypatch).breaks = number
    with pytest.raises(PipeClosed):
        stream().write([event("x")])


def test_any_other_error_is_no_closed_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    Pipe(monkeypatch).breaks = errno.ENOSPC
    with pytest.raises(OSError, match=str(errno.ENOSPC)):
        stream().write([event("x")])


def test_only_when_all_is_taken_the_page_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real pipe that is full, and is read from only while the writer waits."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    taken: list[bytes] = []
    monkeypatch.setattr(time, "sleep", lambda _seconds: taken.append(os.read(reading, 50_000)))
    written = SplunkdStream(writing, "a", "a", "default").write([event("x" * 300_000)])
    os.set_blocking(reading, False)
    taken.append(os.read(reading, 10**6))
    assert len(b"".join(taken)) == written
    os.close(reading)
    os.close(writing)
