"""The searches of the dashboards, run by the workbench's engine over given events with the add-on's confs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.saved_search import SavedSearch, parse_saved_search
from workbench.splunk.schedule.savedsearches_conf import (
    all_searches,
    endpoints,
    saved_searches,
    written_lookup,
)
from workbench.splunk.schedule.scheduler import Run, Scheduler
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.pipeline import split
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.search import run, run_over
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event
from workbench.splunk.splunkd.engine import Report, Results

#: Commands behind `table` that leave its columns as they are.
_KEEPS_COLUMNS = frozenset(["sort", "head", "tail", "reverse", "where", "search", "dedup", "regex"])
_LONGEST_PERIOD = 32 * 86_400


class EventsEngine:
    """An engine (`splunkd.engine`) over events as they were indexed. `now` is its clock, epoch seconds."""

    def __init__(self, addon: Path, events: Iterable[Mapping[str, Any]], now: float) -> None:
        confs = Confs.load(addon)
        self.now = now
        self._addon = addon
        self._knowledge = Knowledge(confs, now)
        self._store = EventStore(events, self._knowledge)
        self._knowledge.endpoints = endpoints([addon])
        self._reports = saved_searches([addon])
        self._found: dict[tuple[str, str, str], Results] = {}
        self._waiting: dict[str, str] = {}
        # The store fills itself while it is searched, and the page asks for several searches at once.
        self._lock = threading.Lock()

    def search(self, spl: str, earliest: str, latest: str) -> Results:
        """The search over the events of the range. Neither they nor the clock change, so it runs once."""
        asked = (spl, earliest, latest)
        for lookup in [name for name in self._waiting if name in spl]:
            self.keep(self._waiting.pop(lookup))
        with self._lock:
            if asked not in self._found:
                rows = run(spl, self._store, knowledge=self._knowledge, now=self.now, earliest=earliest, latest=latest)
                self._found[asked] = self._results(rows, spl)
            return self._found[asked]

    def post_process(self, base: Results, spl: str, earliest: str, latest: str) -> Results:
        """The chain over copies of the base's rows."""
        within = Range(self._bound(earliest), self._bound(latest))
        rows: list[Event] = [dict(row) for row in base.rows]
        pipeline = "|" + spl.strip().removeprefix("|")
        with self._lock:
            found = run_over(pipeline, rows, knowledge=self._knowledge, now=self.now, within=within, store=self._store)
        return self._results(found, pipeline)

    def report(self, name: str) -> Report | None:
        """A saved search of the add-on, and what its last run before now found if it is scheduled."""
        stanza = self._reports.get(name)
        if stanza is None:
            return None
        search = parse_saved_search(name, stanza)
        report = Report(search.search, search.earliest, search.latest)
        if search.cron is None:
            return report
        following = next(iter(search.cron.times(self.now + 1, self.now + _LONGEST_PERIOD)), 0)
        return replace(report, scheduled=True, next_run=float(following), last=self._last_run(search))

    def keep(self, name: str) -> None:
        """Run a keeper, a saved search that writes a lookup, as if it were enabled and due now."""
        keeper = parse_saved_search(name, all_searches([self._addon])[name])
        with self._lock:
            Scheduler(self._store, self._knowledge).results(Run(keeper, int(self.now), self.now))

    def keep_when_read(self, name: str) -> None:
        """The same once a search reads the lookup, since a run takes a while."""
        self._waiting[written_lookup(all_searches([self._addon])[name])] = name

    def write(self, lookup: str, rows: list[dict[str, str]]) -> None:
        """Put rows into a lookup, in place of those it has."""
        with self._lock:
            self._knowledge.lookup_definition(lookup).write(rows, append=False)

    def _last_run(self, search: SavedSearch) -> Results | None:
        times = list(search.cron.times(self.now - _LONGEST_PERIOD, self.now)) if search.cron else []
        if not times:
            return None
        with self._lock:
            rows = Scheduler(self._store, self._knowledge).results(Run(search, times[-1], times[-1]))
        return self._results(rows, search.search)

    def _bound(self, text: str) -> float | None:
        return resolve(text, self.now) if text else None

    def _results(self, rows: list[Event], spl: str) -> Results:
        results = Results.of(rows)
        return replace(results, columns=self._table(spl) or results.columns)

    def _table(self, spl: str) -> list[str]:
        """The columns that a closing `table` names: they are there even where no row has a value."""
        for stage in reversed(split(expand(spl, self._knowledge.macros))):
            if stage.command == "table":
                names = Arguments(stage.command, stage.text, stage.position).names()
                return [] if any("*" in name for name in names) else names
            if stage.command not in _KEEPS_COLUMNS:
                return []
        return []
