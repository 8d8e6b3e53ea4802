"""streamstats: statistics of what a row has seen so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.commands.stats import by_fields, single_key
from workbench.splunk.spl.measures import Group, Measure, plain_measures
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, number_of

_LARGEST_WINDOW = 10_000
_REFUSED = ("allnum", "reset_before", "reset_after")

#: How many rows a streamstats without window= looks back on; None = all. Search Reference, streamstats: "the default of
#: 10,000 events set by the max_stream_window"; its examples, and people who number rows with it, say all.
MOST_ROWS: int | None = None


@dataclass(frozen=True)
class _Settings:
    measures: list[Measure]
    fields: list[str]
    current: bool
    window: int
    shared: bool
    seconds: int | None
    on_change: bool


@command("streamstats")
def parse_streamstats(arguments: Arguments) -> Runner:
    """Options: current, window, global, time_window, reset_on_change."""
    options = arguments.options("current", "window", "global", "time_window", "reset_on_change", *_REFUSED)
    for name in (name for name in _REFUSED if name in options):
        raise arguments.refuse(f"{name}= is not supported")
    window = options.count("window", 0)
    if window > _LARGEST_WINDOW:
        raise arguments.refuse(f"window is at most {_LARGEST_WINDOW}")
    settings = _Settings(
        plain_measures(arguments),
        by_fields(arguments),
        options.flag("current", default=True),
        window,
        options.flag("global", default=True),
        options.seconds("time_window"),
        options.flag("reset_on_change", default=False),
    )
    return lambda rows, runtime: _Stream(settings, runtime).run(rows)


class _Stream:
    """One run over the rows."""

    def __init__(self, settings: _Settings, runtime: Runtime) -> None:
        self.settings = settings
        self.context = runtime.context
        self.groups: dict[tuple[str, ...], Group] = {}
        self.recent: deque[tuple[tuple[str, ...], Event]] = deque()
        # Of a window of time alone, the rows that are in it by their group.
        self.timed: dict[tuple[str, ...], deque[Event]] = {}
        self.last_key: tuple[str, ...] | None = None

    def run(self, rows: list[Event]) -> list[Event]:
        if self.settings.seconds is not None:
            _require_order(rows)
        for row in rows:
            key = single_key(row, self.settings.fields)
            if key is not None:
                self._step(row, key)
        return rows

    def _step(self, row: Event, key: tuple[str, ...]) -> None:
        settings = self.settings
        if settings.on_change and self.last_key is not None and key != self.last_key:
            for kept in (self.groups, self.recent, self.timed):
                kept.clear()
        self.last_key = key
        row.update(self._results(dict(row), key))

    def _results(self, row: Event, key: tuple[str, ...]) -> Event:
        settings = self.settings
        if not settings.window and settings.seconds is None and MOST_ROWS is None:
            return self._added(row, self.groups.setdefault(key, Group(settings.measures)))
        if not settings.window and MOST_ROWS is None:
            return self._timed(row, key)
        return self._windowed(row, key)

    def _timed(self, row: Event, key: tuple[str, ...]) -> Event:
        """A window of time: what a group has seen is counted anew only where something has left it."""
        settings, recent, now = self.settings, self.timed.setdefault(key, deque()), _time(row)
        group = self.groups.get(key)
        while recent and abs(now - _time(recent[0])) >= (settings.seconds or 0):
            recent.popleft()
            group = None
        if group is None:
            group = self.groups[key] = Group(settings.measures)
            for seen in recent:
                group.add(seen, self.context)
        recent.append(row)
        return self._added(row, group)

    def _added(self, row: Event, group: Group) -> Event:
        """The results with a row, or before it without `current`; the group has it from then on."""
        before = None if self.settings.current else group.results()
        group.add(row, self.context)
        return group.results() if before is None else before

    def _windowed(self, row: Event, key: tuple[str, ...]) -> Event:
        settings = self.settings
        if settings.current:
            self.recent.append((key, row))
        self._forget(row, key)
        group = Group(settings.measures)
        for other, seen in self.recent:
            if other == key:
                group.add(seen, self.context)
        if not settings.current:
            self.recent.append((key, row))
        return group.results()

    def _forget(self, row: Event, key: tuple[str, ...]) -> None:
        """Drop what has left the window: of all rows, or with global=f of the row's own group."""
        settings = self.settings
        if settings.seconds is not None:
            now = _time(row)
            self.recent = deque(pair for pair in self.recent if abs(now - _time(pair[1])) < settings.seconds)
        if not settings.window:
            while MOST_ROWS is not None and len(self.recent) > MOST_ROWS:
                self.recent.popleft()
            return
        if settings.shared:
            while len(self.recent) > settings.window:
                self.recent.popleft()
            return
        places = [place for place, (other, _) in enumerate(self.recent) if other == key]
        drop = set(places[: max(0, len(places) - settings.window)])
        self.recent = deque(pair for place, pair in enumerate(self.recent) if place not in drop)


def _time(row: Event) -> float:
    number = number_of(row.get("_time"))
    if number is None:
        raise Refused("time_window needs _time")
    return number


def _require_order(rows: list[Event]) -> None:
    """Rows sorted by _time, either way (measured)."""
    times = [_time(row) for row in rows]
    if times not in (sorted(times), sorted(times, reverse=True)):
        raise Refused("time_window over rows that are not sorted by _time is not supported")
