"""Writes events to splunkd as a modular input's stream of XML, and knows what was handed over whole.

splunk-sdk's own writer is not used: it writes ill-formed XML for characters that XML 1.0 cannot carry, so
that one event would break the stream, and is a tenth as fast. Form of the stream: Splunk's "Set up streaming"
(Developing Views and Apps, modular inputs), XML streaming mode.
"""

from __future__ import annotations

import errno
import os
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

from .errors import PipeClosed
from .xml_text import escape

#: About this many characters are handed to the pipe at once.
_BATCH = 256 * 1024
_END = "</data></event>\n"
_PIPE_GONE = frozenset({errno.EPIPE, errno.EINVAL, errno.EBADF, errno.ECONNRESET})


class SplunkEvents(NamedTuple):
    """Events for splunkd, a list for each thing that it has to know; `epochs` are times as text in seconds.

    `clean`: whether a text is known to hold nothing that XML wants to be written in another way.
    """

    texts: Sequence[str]
    epochs: Sequence[str]
    hosts: Sequence[str]
    sourcetype: str
    clean: Sequence[bool]

    @classmethod
    def at(cls, texts: Sequence[str], epoch: str, hosts: Sequence[str], sourcetype: str) -> SplunkEvents:
        """Events of one time."""
        count = len(texts)
        return cls(texts=texts, epochs=[epoch] * count, hosts=hosts, sourcetype=sourcetype, clean=[False] * count)

    @classmethod
    def of_one(cls, text: str, epoch: str, host: str, sourcetype: str) -> SplunkEvents:
        """A single event."""
        return cls.at([text], epoch, [host], sourcetype)


class Output(Protocol):
    """Takes a page of events; returns, with the number of bytes, only when all of it was handed over.

    Raises PipeClosed where the other end is gone; how much of the page it took is then unknown.
    """

    def write(self, events: SplunkEvents) -> int:
        """Hand over a page."""


class SplunkdStream:
    """The stream of one input on a file descriptor: `stanza`, `source` and `index` are those of the input."""

    def __init__(self, descriptor: int, stanza: str, source: str, index: str) -> None:
        self._descriptor = descriptor
        quoted = escape(stanza).replace('"', "&quot;")
        self._begin = f'<event stanza="{quoted}"><time>'
        chosen = "" if index in ("", "default") else f"<index>{escape(index)}</index>"
        self._others = f"<source>{escape(source)}</source>{chosen}<data>"
        self._opened = False

    def write(self, events: SplunkEvents) -> int:
        """See `Output.write`."""
        written = 0
        if not self._opened:
            written += self._hand_over("<stream>")
            self._opened = True
        others = f"</host><sourcetype>{escape(events.sourcetype)}</sourcetype>{self._others}"
        of_host = {host: f"</time><host>{escape(host)}{others}" for host in set(events.hosts)}
        members = [of_host[host] for host in events.hosts]
        data = events.texts
        if not all(events.clean):
            data = [text if clean else escape(text) for text, clean in zip(events.texts, events.clean)]
        pieces = [self._begin, "", "", "", _END] * len(data)
        pieces[1::5], pieces[2::5], pieces[3::5] = events.epochs, members, data
        for first, end in _parts(data):
            written += self._hand_over("".join(pieces[5 * first : 5 * end]))
        return written

    def close(self) -> None:
        """End the stream, where one was begun."""
        if self._opened:
            self._hand_over("</stream>\n")
            self._opened = False

    def _hand_over(self, text: str) -> int:
        data = memoryview(text.encode("utf-8"))
        at = 0
        try:
            # A pipe may take a part only, and a buffered writer loses the rest when a signal arrives.
            while at < len(data):
                try:
                    at += os.write(self._descriptor, data[at:])
                except BlockingIOError:
                    time.sleep(0.01)
        except OSError as error:
            if error.errno in _PIPE_GONE:
                raise PipeClosed from None
            raise
        return at


def _parts(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the parts begin and end that have at least `_BATCH` characters each; the last may have fewer."""
    sums = [0, *accumulate(map(len, texts))]
    first = 0
    while first < len(texts):
        end = min(bisect_left(sums, sums[first] + _BATCH, first + 1), len(texts))
        yield first, end
        first = end
