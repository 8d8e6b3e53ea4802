"""Reads the events of one response of the PCE, which is a JSON array, as it arrives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .array_reader import ArrayReader, Element
from .events import AuditEvent, Events, head_of, host_of, key_of
from .fast_reader import FastReader
from .text_buffer import TextBuffer
from .timestamps import parse


class EventReader:
    """Reads a response that arrives in `chunks`.

    An event is known by its href, which the API gives once for each event. One without an href is known
    by its text and by which one of its kind it is in the response, so that equal ones are told apart.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._buffer = TextBuffer(chunks)
        self._array = ArrayReader(self._buffer)
        self._fast = FastReader(self._buffer)
        self._without_href: dict[str, int] = {}

    def tables(self) -> Iterator[Events]:
        """The events in order, some at a time. Raises NotAnArray where the response is cut or is something else."""
        return self._array.each(self._take)

    @property
    def unread(self) -> str:
        """The text from the event at which the reading stopped, as far as it has arrived."""
        return self._buffer.unread

    def _take(self) -> Events:
        return self._fast.take() or Events.of([self.read_element(self._array.element())])

    def read_element(self, element: Element) -> AuditEvent:
        """Read an element of any form; whatever is wrong with it is named in its flaw, and it is never refused."""
        value = head_of(element.text) if element.value is None else element.value
        head = value if isinstance(value, dict) else {}
        moment = parse(head.get("timestamp"))
        href = head.get("href")
        if isinstance(href, str) and href:
            identity, flaw = href, ""
        else:
            number = self._without_href[element.text] = self._without_href.get(element.text, 0) + 1
            identity, flaw = f"{number} {element.text}", "no href"
        if not isinstance(value, dict):
            flaw = "not an object"
        elif moment is None:
            flaw = "unreadable timestamp" if "timestamp" in head else "no timestamp"
        fqdn = head.get("pce_fqdn")
        return AuditEvent(
            text=element.text,
            ms=moment.ms if moment else None,
            epoch=moment.epoch if moment else "",
            key=key_of(identity),
            host=host_of(fqdn) if isinstance(fqdn, str) else None,
            has_href=identity is href,
            flaw=flaw,
        )
