"""What the stand-in for splunkd indexed, as a search sees it: with the confs' rules.

The stand-in stores events as the input wrote them; the rules run here, when somebody searches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.splunk.conf.index_time import Receiver
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run
from workbench.splunk.spl.values import Event
from workbench.splunk.splunkd.index import Event as IndexedEvent


def search(
    spl: str,
    indexed: Iterable[IndexedEvent],
    addon: Path,
    now: float,
    earliest: str | None = None,
    latest: str | None = None,
) -> list[Event]:
    """The rows that a search finds, over all time unless told. `now` is its clock, epoch seconds. Raises Refused."""
    confs = Confs.load(addon)
    events = received(indexed, addon, now)
    return run(spl, events, knowledge=Knowledge(confs, now), now=now, earliest=earliest, latest=latest)


def received(indexed: Iterable[IndexedEvent], addon: Path, now: float) -> list[Event]:
    """The events behind the rules of index time."""
    return list(_received(indexed, Receiver(Confs.load(addon), now)))


def _received(indexed: Iterable[IndexedEvent], receiver: Receiver) -> Iterator[Event]:
    for event in indexed:
        for found in receiver.receive(event.raw, event.sourcetype, event.source, event.host, event.index):
            yield {**found, "_indextime": str(int(event.indextime))}
