"""A response read as a run reads it, and what splunkd was given, row by row: for the tests of what is read and written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from illumio_pce.array_reader import ArrayReader, Element
from illumio_pce.events import AuditEvent, EventReader, Events
from illumio_pce.output import SplunkEvents


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


def elements_of(chunks: Iterable[bytes]) -> list[tuple[str, bool]]:
    """The elements of an array: the text, and whether it was told apart at sight. Raises NotAnArray."""
    found: list[tuple[str, bool]] = []
    for run in ArrayReader(chunks).batches():
        found += [(run.text, False)] if isinstance(run, Element) else [(text, True) for text in run.texts]
    return found


def events_of(chunks: Iterable[bytes]) -> Events:
    """The events of a response. Raises NotAnArray."""
    reader, found = EventReader(), Events()
    for run in ArrayReader(chunks).batches():
        found += reader.read(run)
    return found


def event_of(text: str, value: object = None) -> AuditEvent:
    """The event of one element that was parsed, or (`value` None) cut out as text."""
    (event,) = EventReader().read(Element(text, value))
    return event
