"""The scheduler: which runs start when, which of them alert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.saved_search import SavedSearch, parse_saved_search
from workbench.splunk.spl import search as spl_search
from workbench.splunk.spl.knowledge import Knowledge
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event

# limits.conf [scheduler] defaults.
_LIMITS = {"max_per_result_alerts": 500, "max_action_results": 50_000}

Busy = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Run:
    """One run: its scheduled time and its actual start, epoch seconds."""

    search: SavedSearch
    time: int
    started: float


@dataclass(frozen=True)
class Alert:
    """An alert that triggered; `time` is the run's scheduled time, `rows` what its actions receive."""

    search: SavedSearch
    time: int
    started: float
    rows: list[Event]

    @property
    def severity(self) -> int:
        """1 debug to 6 fatal."""
        return self.search.severity

    @property
    def tracked(self) -> bool:
        """Whether it is listed under triggered alerts. Refused where that depends on alert actions."""
        if self.search.track == "auto":
            if self.search.trigger.counttype == "always":
                return False
            raise Refused("alert.track = auto depends on the tracking settings of alert actions")
        return self.search.track in ("1", "true")

    @property
    def expires(self) -> float | None:
        """When it leaves the list of triggered alerts, epoch seconds; None where it is not tracked."""
        return self.started + self.search.expires if self.tracked else None


def planned_runs(search: SavedSearch, start: float, end: float, busy: Busy) -> list[Run]:
    """The runs whose scheduled time t is start <= t < end. While busy ([from, to)) none can start.

    Real-time scheduling drops a run that has not started by its next scheduled time; continuous
    scheduling never does.
    """
    if search.cron is None:
        return []
    runs: list[Run] = []
    following = list(search.cron.times(start, end + 32 * 86400))
    times = [moment for moment in following if moment < end]
    for place, moment in enumerate(times):
        started = _first_free(moment, busy)
        next_time = following[place + 1] if place + 1 < len(following) else float("inf")
        if search.continuous or started < next_time:
            runs.append(Run(search, moment, started))
    return runs


def _first_free(moment: float, busy: Busy) -> float:
    for begin, end in sorted((float(pair[0]), float(pair[1])) for pair in busy):
        if begin <= moment < end:
            moment = end
    return moment


@dataclass(frozen=True)
class News:
    """A shortcut for searches that tell only of what is new.

    A run of a search by index time finds nothing unless something that it reads was indexed `within` so many seconds
    before it. The searches of the names `timely` tell also of what is due, and always run.
    """

    within: float
    timely: frozenset[str] = frozenset()


@dataclass
class Scheduler:
    """Runs saved searches over events that arrive while time passes.

    `limits` are settings of limits.conf [scheduler]. `on_run` is called before each run, e.g. to show progress.
    """

    store: EventStore
    knowledge: Knowledge
    limits: Mapping[str, str] = field(default_factory=dict)
    on_run: Callable[[Run], None] = lambda _run: None
    news: News | None = None
    _suppressed: dict[tuple[str, ...], float] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _prepared: dict[str, spl_search.Prepared] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.limits) - set(_LIMITS)
        if unknown:
            raise Refused(f"[scheduler] {min(unknown)} is not supported", "limits.conf [scheduler]")

    def run(self, searches: Sequence[SavedSearch], start: float, end: float, busy: Busy = ()) -> list[Alert]:
        """All alerts of the runs scheduled from start until before end, in the order of their starts."""
        return list(self.alerts(searches, start, end, busy))

    def alerts(self, searches: Sequence[SavedSearch], start: float, end: float, busy: Busy = ()) -> Iterator[Alert]:
        """The same one by one, each as soon as its run is over."""
        runs = [run for search in searches for run in planned_runs(search, start, end, busy)]
        runs.sort(key=lambda run: (run.started, run.time, run.search.rank, run.search.name))
        for run in runs:
            yield from self._alerts(run)

    def results(self, run: Run) -> list[Event]:
        """The rows of one run: relative times count from the scheduled time, later events are not there yet."""
        search = run.search

        def bound(text: str) -> float | None:
            return resolve(text, run.time) if text else None

        within = Range(
            index_earliest=bound(search.index_earliest), index_latest=bound(search.index_latest), indexed_by=run.started
        )
        prepared = self._prepared.get(search.search)
        if prepared is None:
            prepared = spl_search.Prepared(search.search, self.store, self.knowledge)
            self._prepared[search.search] = prepared
        if self.news and search.index_earliest and search.name not in self.news.timely:
            recent = Range(index_earliest=run.time - self.news.within, index_latest=run.started)
            if not prepared.reads(recent):
                return []
        return prepared.run(run.time, search.earliest, search.latest, within)[: search.max_count]

    def _alerts(self, run: Run) -> list[Alert]:
        self.on_run(run)
        try:
            rows = self.results(run)
            return self._triggered(run, rows)
        except Refused as refusal:
            raise Refused(f"{run.search.name}: {refusal.message}", refusal.position) from refusal

    def _triggered(self, run: Run, rows: list[Event]) -> list[Alert]:
        if run.search.report:
            return []
        trigger, name = run.search.trigger, run.search.name
        previous, self._counts[name] = self._counts.get(name), trigger.count(rows)

        def condition(text: str, results: list[Event]) -> list[Event]:
            return spl_search.run_over(text, results, knowledge=self.knowledge, now=run.time)

        if not trigger.fires(rows, previous, condition):
            return []
        if run.search.digest:
            kept = rows[: self._limit("max_action_results")]
            return [] if self._silent(run, ()) else [Alert(run.search, run.time, run.started, kept)]
        alerts: list[Alert] = []
        most = self._limit("max_per_result_alerts") or len(rows)
        for row in rows:
            if len(alerts) < most and not self._silent(run, _key(run.search, row)):
                alerts.append(Alert(run.search, run.time, run.started, [row]))
        return alerts

    def _limit(self, name: str) -> int:
        return int(self.limits.get(name, _LIMITS[name]))

    def _silent(self, run: Run, values: tuple[str, ...]) -> bool:
        """Whether throttling holds this alert back; if not, it begins now. What is held back does not prolong it."""
        suppression = run.search.suppression
        if suppression is None:
            return False
        owner, group = run.search.owner, suppression.group
        key = ("group", owner, group) if group else ("search", owner, run.search.name, *values)
        if run.started < self._suppressed.get(key, float("-inf")):
            return True
        self._suppressed[key] = run.started + suppression.seconds
        return False


def _key(search: SavedSearch, row: Event) -> tuple[str, ...]:
    """The combination of all suppress fields' values."""
    values: list[str] = []
    for name in search.suppression.fields if search.suppression else ():
        value = row.get(name)
        if not isinstance(value, str):
            raise Refused(f"suppressing by {name}, which is missing or has several values, is documented nowhere")
        values.append(value)
    return tuple(values)


def read_searches(
    stanzas: Mapping[str, Mapping[str, str]], owners: Mapping[str, str] | None = None
) -> list[SavedSearch]:
    """All stanzas of savedsearches.conf; searches without an owner belong to `nobody`."""
    return [parse_saved_search(name, stanza, (owners or {}).get(name, "nobody")) for name, stanza in stanzas.items()]
