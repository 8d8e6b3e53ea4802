"""Writes events to splunkd as a modular input's stream of XML, and knows what was handed over whole.

splunk-sdk's own writer is not used: it writes ill-formed XML for characters that XML 1.0 cannot carry, so
that one event would break the stream, and is a tenth as fast. Form of the stream: Splunk's "Set up streaming"
(Developing Views and Apps, modular inputs), XML streaming mode.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from .errors import PipeClosed
from .json_text import NOT_XML

#: About this many characters are handed to the pipe at once.
_BATCH = 256 * 1024
_HOSTS = 1000
_PIPE_GONE = frozenset({errno.EPIPE, errno.EINVAL, errno.EBADF, errno.ECONNRESET})


class SplunkEvent(NamedTuple):
    """One event for splunkd; `epoch` is its time as text in seconds (None: splunkd takes the present).

    `clean`: the text is known to hold nothing that XML 1.0 cannot carry.
    """

    text: str
    epoch: str | None
    host: str
    sourcetype: str
    clean: bool = False


class Output(Protocol):
    """Takes a page of events; returns, with the number of bytes, only when all of it was handed over.

    Raises PipeClosed where the other end is gone; how much of the page it took is then unknown.
    """

    def write(self, events: Iterable[SplunkEvent]) -> int:
        """Hand over a page."""


class SplunkdStream:
    """The stream of one input on a file descriptor: `stanza`, `source` and `index` are those of the input."""

    def __init__(self, descriptor: int, stanza: str, source: str, index: str) -> None:
        self._descriptor = descriptor
        quoted = _escape(_xml_only(stanza)).replace('"', "&quot;")
        self._begin = f'<event stanza="{quoted}">'
        chosen = "" if index in ("", "default") else f"<index>{_escape(_xml_only(index))}</index>"
        self._end = f"<source>{_escape(_xml_only(source))}</source>{chosen}<data>"
        self._members: dict[tuple[str, str], str] = {}
        self._opened = False

    def write(self, events: Iterable[SplunkEvent]) -> int:
        """See `Output.write`."""
        written, waiting, size = 0, [], 0
        if not self._opened:
            waiting.append("<stream>")
            self._opened = True
        begin, known = self._begin, self._members
        for text, epoch, host, sourcetype, clean in events:
            members = known.get((host, sourcetype)) or self._members_of(host, sourcetype)
            data = _escape(text if clean else _xml_only(text))
            moment = "" if epoch is None else f"<time>{epoch}</time>"
            xml = f"{begin}{moment}{members}{data}</data></event>\n"
            waiting.append(xml)
            size += len(xml)
            if size >= _BATCH:
                written += self._hand_over("".join(waiting))
                waiting, size = [], 0
        return written + self._hand_over("".join(waiting))

    def close(self) -> None:
        """End the stream, where one was begun."""
        if self._opened:
            self._hand_over("</stream>\n")
            self._opened = False

    def _members_of(self, host: str, sourcetype: str) -> str:
        """The members of an event that hardly ever change, remembered for a few hosts."""
        if len(self._members) > _HOSTS:
            self._members.clear()
        members = (
            f"<host>{_escape(_xml_only(host))}</host>"
            f"<sourcetype>{_escape(_xml_only(sourcetype))}</sourcetype>{self._end}"
        )
        self._members[host, sourcetype] = members
        return members

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


def _xml_only(text: str) -> str:
    """Text in which U+FFFD stands for each character that XML 1.0 cannot carry."""
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _escape(text: str) -> str:
    """Text as XML 1.0 character data (quotes stand for themselves there)."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text
