"""What the saved searches cost at the size of a large PCE: rows, not seconds.

For each search, how many events a run reads (those that the index cannot leave out, index_part.py), and how many rows
are left for the search head: behind the commands that indexers run by themselves (Search Reference, Command types), or,
where the next command is one of statistics, its groups. Both are counted over days of 10,000 and 100,000 generated
events. A day of a million is not generated: its rows are those of 100,000, times ten, which the smaller day checks.

Counted for every run are events of a whole day, times the days of the run's range. Searches that a subsearch narrows
count as if it did not, and lookups of keepers as if they are up to date: `_KEPT_SECONDS` are read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.pce.events.generate import generate
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.saved_search import SavedSearch, parse_saved_search
from workbench.splunk.schedule.savedsearches_conf import keepers
from workbench.splunk.spl.arguments import bracketed
from workbench.splunk.spl.knowledge import NoKnowledge
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.pipeline import Stage, split
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.search import run
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event

from .figures import Ratio, Result
from .index_part import index_test
from .options import Options
from .world import ADDON

SIZES = (10_000, 100_000)
LARGEST = 1_000_000
MIDNIGHT = 1_760_313_600.0
DAY = 86_400.0
#: A keeper runs each hour and reads ten minutes again.
_KEPT_SECONDS = 4_200
_AT_ONCE = 10_000
#: Search Reference 9.2, Command types: distributable streaming. A lookup with local=true is not.
_BY_INDEXERS = frozenset(
    {
        "addinfo", "eval", "fields", "fillnull", "foreach", "lookup", "makemv", "mvexpand", "nomv", "regex", "rename",
        "rex", "search", "spath", "where",
    }
)  # fmt: skip
STATISTICS = frozenset({"chart", "stats", "timechart", "top"})
_TIMES = re.compile(r"(?<!\w)(_index_)?(earliest|latest)=(\S+)")
_PCES = ("pce-north.kestrel-freight.example", "pce-south.kestrel-freight.example")


@dataclass(frozen=True)
class _Reading:
    """A base search within a search: its text, the days of its range, and the commands behind it."""

    base: str
    days: float
    behind: tuple[Stage, ...]


@dataclass(frozen=True)
class Load:
    """Of a search: its runs in a day, and of one run the events that it reads and the rows left for the search head."""

    runs: int
    read: float
    left: float


def day_of(events: int) -> list[tuple[int, str]]:
    """A day's audit events of a PCE (epoch ms, JSON): routine with the rhythm of day and night, and incidents."""
    start = int(MIDNIGHT * 1000)
    return [(event.ms, event.text) for event in generate(start, start + int(DAY * 1000), events, seed=11)]


def loads(addon: Path, events: int) -> dict[str, Load]:
    """What each saved search of an add-on costs on a day of so many events."""
    confs = Confs.load(addon)
    macros = {name: stanza.texts() for name, stanza in confs.stanzas("macros").items()}
    searches = {
        name: parse_saved_search(name, {**stanza, "disabled": "0"})
        for name, stanza in {**saved_searches([addon]), **keepers([addon])}.items()
    }
    readings = {name: list(_readings(search, macros)) for name, search in searches.items()}
    counts = _counts({one for each in readings.values() for one in each}, confs, events)
    return {
        name: Load(
            len(list(search.cron.times(MIDNIGHT, MIDNIGHT + DAY))) if search.cron else 0,
            sum(counts[one][0] * one.days for one in readings[name]),
            sum(counts[one][1] * one.days for one in readings[name]),
        )
        for name, search in searches.items()
    }


def measure(options: Options) -> list[Result]:
    """A table of all searches, beside that of an older build if there is one."""
    sizes = SIZES[:1] if options.quick else SIZES
    folders = [("this add-on", ADDON), ("before", options.before)]
    return [_table(name, {size: loads(folder, size) for size in sizes}) for name, folder in folders if folder]


def _table(name: str, found: dict[int, dict[str, Load]]) -> Result:
    """The last column of each kind is what the largest day gives for `LARGEST` events."""
    largest = max(found)
    sizes = [f"{size:,}" for size in (*found, LARGEST)]
    head = ["one run of", "runs", *(f"reads, {size}" for size in sizes), *(f"left, {size}" for size in sizes)]
    result = Result(f"Rows of saved searches, {name}", head)
    for search, load in found[largest].items():
        read, left = ([getattr(found[size][search], kind) for size in found] for kind in ("read", "left"))
        counts = [*read, load.read * LARGEST / largest, *left, load.left * LARGEST / largest]
        result.measured.append([search, str(load.runs), *(f"{count:,.0f}" for count in counts)])
    for size, of_size in found.items():
        read_times, left_rows = _per_event(of_size, size)
        result.ratios += [
            Ratio(f"{size:,} events: how often all runs of a day read an event", read_times),
            Ratio(f"{size:,} events: rows left for the search head in a day, for each event", left_rows),
        ]
    return result


def _per_event(found: dict[str, Load], size: int) -> tuple[float, float]:
    """All runs of a day: how often each event is read, and how many rows are left for each."""
    return (
        sum(load.runs * load.read for load in found.values()) / size,
        sum(load.runs * load.left for load in found.values()) / size,
    )


def _readings(search: SavedSearch, macros: dict[str, dict[str, str]]) -> Iterator[_Reading]:
    now = MIDNIGHT + DAY
    begin, end = search.index_earliest or search.earliest, search.index_latest or search.latest
    seconds = min(resolve(end, now), now) - resolve(begin, now)
    yield from _within(split(expand(search.search, macros)), seconds)


def _within(stages: list[Stage], seconds: float) -> Iterator[_Reading]:
    """The base search of a pipeline, and those of its subsearches."""
    first, *behind = stages
    if first.command == "search":
        yield _Reading(_TIMES.sub("", plain(first.text)), _seconds_of(first.text, seconds) / DAY, tuple(behind))
    for stage in stages:
        for _, _, inner in bracketed(stage.text):
            yield from _within(split(inner, implied_search=False), seconds)


def _seconds_of(base: str, seconds: float) -> float:
    """How much of time a base search covers: its index times, if it tells any, or its own, or the search's."""
    if any("inputlookup" in inner for _, _, inner in bracketed(base)):
        return _KEPT_SECONDS
    told = {(bool(index), end): value for index, end, value in _TIMES.findall(plain(base))}
    now = MIDNIGHT + DAY
    for index in (True, False):
        if (index, "earliest") in told:
            end = min(now, resolve(told.get((index, "latest"), "now"), now))
            return end - resolve(told[index, "earliest"], now)
    return seconds


def _counts(readings: set[_Reading], confs: Confs, events: int) -> dict[_Reading, tuple[int, int]]:
    """Of each reading, how many of a day's events it reads, and how many rows are left of them."""
    found = dict.fromkeys(readings, (0, 0))
    knowledge = Knowledge(confs, MIDNIGHT + DAY)
    for part in parts_of_day(confs, events):
        whole = EventStore(part, knowledge)
        enriched = whole.select(Range())
        for one in readings:
            test = index_test(one.base)
            read = [event for event in enriched if test(event)]
            # A subsearch looks at all events.
            store = whole if any(_brackets_of(one)) else EventStore(read, NoKnowledge())
            so_far, left = found[one]
            found[one] = so_far + len(read), _and_left(left, one, store, knowledge)
    return found


def _brackets_of(one: _Reading) -> Iterator[tuple[int, int, str]]:
    return (bracket for stage in one.behind for bracket in bracketed(stage.text))


def parts_of_day(confs: Confs, events: int) -> Iterator[list[Event]]:
    """The audit events of a day as they are indexed, some thousands at a time."""
    reader = Reader(confs, MIDNIGHT + DAY)
    day = day_of(events)
    for begin in range(0, len(day), _AT_ONCE):
        yield reader.records(
            {
                "_raw": text, "_time": ms / 1000, "_indextime": ms / 1000 + 60, "sourcetype": "illumio:pce:events",
                "source": "illumio_pce_events://north", "host": _PCES[0],
            }
            for ms, text in day[begin : begin + _AT_ONCE]
        )  # fmt: skip


def _and_left(left: int, one: _Reading, store: EventStore, knowledge: Knowledge) -> int:
    """The rows left, with those of a part of the day. Groups are of the whole day or of any part: the most of them."""
    stages = list(takewhile(runs_on_indexers, one.behind))
    following = one.behind[len(stages) : len(stages) + 1]
    grouped = [stage for stage in following if stage.command in STATISTICS]
    text = " | ".join([f"search {one.base}", *(f"{stage.command}{stage.text}" for stage in [*stages, *grouped])])
    now = MIDNIGHT + DAY
    rows = len(run(text, store, knowledge=knowledge, now=now, earliest=MIDNIGHT, latest=now + DAY))
    return max(left, rows) if grouped else left + rows


def runs_on_indexers(stage: Stage) -> bool:
    """Whether indexers run a command by themselves."""
    return stage.command in _BY_INDEXERS and not re.match(r"\s*local\s*=\s*t", stage.text)


def plain(text: str, instead: str = "") -> str:
    """The text without its subsearches, or with something instead of each; behind NOT with a word that no event has."""
    for begin, end, _ in reversed(bracketed(text)):
        negated = text[:begin].rstrip().endswith("NOT")
        text = text[:begin] + (instead or ('"-"' if negated else "")) + text[end:]
    return text
