"""The three lookups of the inventory, as their keepers build them from events by the workbench's engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.inventory import Json
from tools.detections.keepers import read_all
from workbench.splunk.conf.lookup_table import BETWEEN
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.saved_search import SavedSearch
from workbench.splunk.schedule.savedsearches_conf import keepers
from workbench.splunk.schedule.scheduler import Run, Scheduler, read_searches
from workbench.splunk.spl.knowledge import NoKnowledge
from workbench.splunk.spl.search import run
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event

PACKAGE = Path(__file__).resolve().parents[1] / "package"
LOOKUPS = ("illumio_pce_workloads", "illumio_pce_labels", "illumio_pce_objects")
HOUR, DAY = 3600, 86400

Rows = dict[str, dict[str, Any]]


def _keepers(of: Sequence[str]) -> dict[str, SavedSearch]:
    """By their ids."""
    shipped = keepers([PACKAGE])
    ids = {one.stanza: one.id for one in read_all() if one.lookup in of}
    return {ids[one.name]: one for one in read_searches({name: {**shipped[name], "disabled": "0"} for name in ids})}


class Lookups:
    """Keepers over events, of which a run sees those that were indexed before it. `of`: the lookups that are built."""

    def __init__(self, events: Iterable[Json] = (), of: Sequence[str] = LOOKUPS) -> None:
        self.knowledge = Knowledge(Confs.load(PACKAGE), 0.0)
        self._events: list[Event] = []
        self._keepers = _keepers(of)
        self.add(events)

    def add(self, events: Iterable[Json]) -> None:
        """More events."""
        store = EventStore(events, self.knowledge)
        self._events += store.iterate(Range())
        self.scheduler = Scheduler(EventStore(self._events, NoKnowledge()), self.knowledge)

    def build(self, at: float) -> None:
        """The keepers of every 15 minutes, at that time (epoch seconds)."""
        self._run(at, [one for one in self._keepers if not one.endswith(("_missing", "_expired"))])

    def mark(self, at: float) -> None:
        """The daily ones, which mark what the newest full snapshot lacks."""
        self._run(at, [one for one in self._keepers if one.endswith("_missing")])

    def expire(self, at: float) -> None:
        """The daily ones, which drop what was deleted long ago."""
        self._run(at, [one for one in self._keepers if one.endswith("_expired")])

    def run(self, begin: float, end: float) -> None:
        """All of them by their schedules."""
        self.scheduler.run(list(self._keepers.values()), begin, end)

    def _run(self, at: float, chosen: Iterable[str]) -> None:
        for one in chosen:
            self.scheduler.results(Run(self._keepers[one], int(at), at))

    def search(self, spl: str, at: float) -> list[Event]:
        """What a search of the inventory's events and lookups finds at that time."""
        return run(f"| {spl}", self._events, knowledge=self.knowledge, now=at)

    def rows(self, name: str) -> Rows:
        """A lookup's rows by their keys, without empty fields; several values are a list."""
        table = self.knowledge.lookup_definition(f"illumio_pce_{name}")
        return {row["_key"]: {field: _cell(cell) for field, cell in row.items() if cell} for row in table.rows}

    def present(self, name: str) -> Rows:
        """Those of objects that the PCE has."""
        return {key: row for key, row in self.rows(name).items() if row["state"] == "present"}


def _cell(cell: str) -> Any:
    return cell.split(BETWEEN) if BETWEEN in cell else cell
