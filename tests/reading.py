"""A response read as a run reads it, and what splunkd was given, row by row: for the tests of what is read and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from illumio_pce.array_reader import ELEMENT_LIMIT, ArrayReader, Element
from illumio_pce.event_reader import EventReader
from illumio_pce.events import AuditEvent, Events
from illumio_pce.fast_reader import FastReader
from illumio_pce.output import SplunkEvents
from illumio_pce.text_buffer import TextBuffer


class Indexed(NamedTuple):
    """One event as splunkd was given it."""

    text: str
    epoch: str
    host: str
    sourcetype: str
    clean: bool


def rows_of(events: SplunkEvents) -> list[Indexed]:
    """The events of a page, one by one."""
    columns = zip(events.texts, events.epochs, events.hosts, events.clean)
    return [Indexed(text, epoch, host, events.sourcetype, clean) for text, epoch, host, clean in columns]


def batches_of(chunks: Iterable[bytes], element_limit: int = ELEMENT_LIMIT) -> Iterator[Events | Element]:
    """What is read at a time: events by the fast reader, or one element."""
    buffer = TextBuffer(chunks)
    array, fast = ArrayReader(buffer, element_limit), FastReader(buffer)
    return array.each(lambda: fast.take() or array.element())


def elements_of(chunks: Iterable[bytes], element_limit: int = ELEMENT_LIMIT) -> list[tuple[str, bool]]:
    """The elements of an array: the text, and whether the fast reader took it. Raises NotAnArray."""
    found: list[tuple[str, bool]] = []
    for batch in batches_of(chunks, element_limit):
        found += [(batch.text, False)] if isinstance(batch, Element) else [(text, True) for text in batch.texts]
    return found


def events_of(chunks: Iterable[bytes]) -> Events:
    """The events of a response. Raises NotAnArray."""
    found = Events()
    for events in EventReader(chunks).tables():
        found += events
    return found


def plain_events_of(chunks: Iterable[bytes]) -> Events:
    """The same by the plain reader alone, which is the specification of the fast one. Raises NotAnArray."""
    array, reader = ArrayReader(TextBuffer(chunks)), EventReader([])
    return Events.of(array.each(lambda: reader.read_element(array.element())))


def event_of(text: str, value: object = None) -> AuditEvent:
    """The event of one element that was parsed, or (`value` None) cut out as text."""
    return EventReader([]).read_element(Element(text, value))
