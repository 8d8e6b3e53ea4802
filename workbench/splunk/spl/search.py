"""A search from its text to its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from itertools import islice, takewhile
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl import commands
from workbench.splunk.spl.arguments import Arguments, bracketed
from workbench.splunk.spl.commands.search_command import parse_predicate
from workbench.splunk.spl.commands.subsearch_results import NOTHING, format_rows
from workbench.splunk.spl.commands.tstats import visible
from workbench.splunk.spl.knowledge import Knowledge, NoKnowledge
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.pipeline import Stage, split
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.runtime import SUBSEARCH_LIMIT, Runner, Runtime
from workbench.splunk.spl.search_language import Predicate
from workbench.splunk.spl.store import EventStore, Range
from workbench.splunk.spl.values import Event


def run(
    spl_text: str,
    events: Iterable[Mapping[str, Any]] | EventStore,
    *,
    knowledge: Knowledge | None = None,
    now: float,
    earliest: str | float | None = None,
    latest: str | float | None = None,
    within: Range | None = None,
) -> list[Event]:
    """The search's rows over the events.

    `now` is the search's clock in epoch seconds (UTC); `earliest` and `latest` are its range, as epoch seconds or
    as Splunk's relative times. `within` narrows by index time too. Raises Refused, with the offset into the search
    after its macros are expanded, for whatever is not known.
    """
    known = knowledge or NoKnowledge()
    store = events if isinstance(events, EventStore) else EventStore(events, known)
    outer = replace(within or Range(), earliest=_bound(earliest, now), latest=_bound(latest, now))
    runtime = Runtime(store, known, now, picker=outer, range=outer, run_pipeline=_run_inner)
    return _run_stages(split(expand(spl_text, known.macros)), runtime, None)


def stream(
    spl_text: str,
    store: EventStore,
    *,
    knowledge: Knowledge,
    now: float,
    earliest: float | None = None,
    latest: float | None = None,
) -> Iterator[Event]:
    """The rows as `run` gives them, one after another, without holding more of them than the search has to.

    Commands that look at one row at a time are run as the events come; of the rows for the commands behind them,
    only fields are kept that those name. Raises Refused as `run` does.
    """
    outer = Range(earliest=earliest, latest=latest)
    runtime = Runtime(store, knowledge, now, picker=outer, range=outer, run_pipeline=_run_inner)
    first, *rest = split(expand(spl_text, knowledge.macros))
    if first.command != "search":
        yield from _run_stages([first, *rest], runtime, None)
        return
    rows = _found_events(_with_subsearches(first, runtime), runtime)
    by_row = list(takewhile(_looks_at_one_row, rest))
    for stage in by_row:
        rows = _row_by_row(stage, runtime, rows)
    rest = rest[len(by_row) :]
    if not rest:
        yield from _with_columns(rows)
        return
    keep = _needed(rest)
    kept = [row if keep is None else {name: value for name, value in row.items() if keep(name)} for row in rows]
    yield from _run_stages(rest, runtime, kept)


_ROW_BY_ROW = frozenset(
    {"eval", "fields", "lookup", "makemv", "nomv", "regex", "rename", "rex", "search", "spath", "table", "where"}
)
_NAMING = frozenset({"bin", "dedup", "eventstats", "head", "sort", "streamstats", "tail"})
_DROPPING_THE_REST = frozenset({"chart", "rare", "stats", "timechart", "top"})
_AT_ONCE = 200
_SOURCE_TYPE = re.compile(r"(?<!\w)sourcetype=\"([\w:]+)\"")
_APPENDS = re.compile(r"\bappend\s*=\s*(?:t|true|1)\b")


def _looks_at_one_row(stage: Stage) -> bool:
    """Whether it makes of each row what it makes of it among others; wildcards may not."""
    return stage.command in _ROW_BY_ROW and not set("*[") & set(stage.text)


# What keeps an event's times, and what would not be the same in another run.
_KEEPING_TIMES = frozenset({"eval", "lookup", "regex", "rex", "search", "where"})
_OF_ITS_TIME = re.compile(r"\b(?:now|time|random)\s*\(|\b_(?:index)?time\s*=(?!=)|\binfo_|earliest|latest")


# A lookup that other searches may write meanwhile has it, since it is a collection's.
_LOCAL = re.compile(r"\s*local\s*=")


def _is_the_same_each_time(stage: Stage) -> bool:
    """Whether it makes of each row the same, whenever it runs and among whichever rows."""
    if stage.command == "lookup" and _LOCAL.match(stage.text):
        return False
    by_itself = stage.command in _KEEPING_TIMES and _looks_at_one_row(stage)
    return by_itself and not _OF_ITS_TIME.search(stage.text)


def _row_by_row(stage: Stage, runtime: Runtime, rows: Iterator[Event]) -> Iterator[Event]:
    while batch := list(islice(rows, _AT_ONCE)):
        yield from _run_stage(stage, runtime, batch, first=False)


def _needed(stages: list[Stage]) -> Callable[[str], bool] | None:
    """Whether a field can matter to these commands; None where that is not plain."""
    named = ""
    for stage in stages:
        named += f" {stage.text}"
        if set("*[") & set(stage.text):
            return None
        if stage.command in _DROPPING_THE_REST:
            return lambda name: name == "_time" or name in named
        if stage.command not in _NAMING:
            return None
    return None


class Prepared:
    """A search that is read once, to run again and again over the same events; its subsearches too.

    Raises Refused as `check` does.
    """

    def __init__(self, spl_text: str, store: EventStore, knowledge: Knowledge, *, implied_search: bool = True) -> None:
        stages = split(expand(spl_text, knowledge.macros), implied_search=implied_search)
        _check(stages)
        self._stages = _merged(stages)
        self._knowledge, self._whole = knowledge, store
        self._barren = all(map(_makes_nothing, self._stages[1:]))
        # Whatever a subsearch tells, nothing is found.
        self._idle = self._barren and _lacks_its_source_type(self._stages, store)
        self._base: Predicate | None = None
        if not self._idle:
            self._prepare(store)

    def _prepare(self, store: EventStore) -> None:
        knowledge = self._knowledge
        self._inner = {
            text: Prepared(text, store, knowledge, implied_search=False)
            for stage in self._stages
            if stage.command == "append" or not commands.find(stage).takes_brackets
            for _, _, text in bracketed(stage.text)
        }
        first, *rest = self._stages
        narrow = first.command == "search" and not any(_generates(stage) for stage in rest)
        self._base = _base(_without_brackets(first)) if narrow and _narrows(first.text) else None
        self._store = store.narrowed(partial(_found, self._base)) if self._base else store
        self._rest = rest
        self._open = "[" in _unquoted(first.text)  # a subsearch may tell another range
        if self._base and not self._base.times and not self._open:
            self._run_once(list(takewhile(_is_the_same_each_time, rest)))

    def _run_once(self, stages: list[Stage]) -> None:
        """What makes the same of an event in every run is done now, with all events."""
        runtime = Runtime(self._store, self._knowledge, 0.0, picker=Range(), range=Range(), run_pipeline=_run_inner)
        rows: Iterator[Event] = map(dict, self._store.iterate(Range()))
        for stage in stages:
            rows = _row_by_row(stage, runtime, rows)
        self._store = EventStore(rows, NoKnowledge(), on_disk=self._store.on_disk)
        self._rest = self._rest[len(stages) :]

    def reads(self, wanted: Range) -> bool:
        """Whether it reads any event of the range, as far as its base search tells."""
        if self._idle:
            return False
        return self._base is None or self._store.holds(wanted)

    def run(self, now: float, earliest: str, latest: str, within: Range) -> list[Event]:
        """The rows, as those of the function `run`."""
        return self._run(now, replace(within, earliest=_bound(earliest, now), latest=_bound(latest, now)))

    def _run(self, now: float, outer: Range) -> list[Event]:
        if self._idle:
            return []
        runtime = Runtime(self._store, self._knowledge, now, picker=outer, range=outer, run_pipeline=self._run_inner)
        if self._base is None:
            return _run_stages(self._stages, runtime, None)
        runtime.range = _inline_range(self._base, runtime)
        if self._barren and not self._open and not self._store.holds(runtime.range):
            return []
        rows = self._found(runtime)
        return [] if self._barren and not rows else _run_stages(self._rest, runtime, rows)

    def _found(self, runtime: Runtime) -> list[Event]:
        first = self._stages[0]
        if self._open:
            told = _with_subsearches(first, runtime)
            # What a subsearch without rows inserts, which no event satisfies.
            return [] if NOTHING in told.text else _search_events(told, runtime)
        # The narrowed store holds nothing but what the base search matches.
        return [dict(event) for event in self._store.select(runtime.range)]

    def _run_inner(self, text: str, position: int, runtime: Runtime, rows: list[Event] | None) -> list[Event]:
        inner = self._inner.get(text) if rows is None else None
        if inner is None:
            return _run_inner(text, position, replace(runtime, store=self._whole), rows)
        try:
            return inner._run(runtime.now, runtime.picker)
        except Refused as refusal:
            raise refusal.moved(position) from None


def _lacks_its_source_type(stages: list[Stage], store: EventStore) -> bool:
    """Whether a search that adds to a lookup asks for one source type, and no event has it."""
    first, *rest = stages
    if first.command != "search" or not any(stage.command == "outputlookup" for stage in rest):
        return False
    text = _told_without(first.text)
    named = _SOURCE_TYPE.findall(text)
    alone = len(named) == 1 and not re.search(r"(?:OR|NOT)\s+sourcetype=|\bsourcetype=\S+\s+OR\b", text)
    return alone and named[0] not in store.sourcetypes


def _merged(stages: list[Stage]) -> list[Stage]:
    """A `search` behind the base search as a part of it (Search Manual, Built-in optimization, predicate merge)."""
    first, *rest = stages
    if first.command == "search" and rest and rest[0].command == "search":
        return [replace(first, text=f"( {first.text} ) ( {rest[0].text} )"), *rest[1:]]
    return stages


def _generates(stage: Stage) -> bool:
    """Whether it makes rows without being given any, and stands first."""
    return commands.find(stage).generates and not _APPENDS.search(stage.text)


def _narrows(text: str) -> bool:
    """Whether what stands beside the subsearches has to be true of every event that is found."""
    plain = _unquoted(_told_without(text, "[]"))
    within: list[bool] = []
    for word in re.findall(r"\bNOT\s*\(|[()[]", plain):
        if word == "[" and any(within):
            return False
        if word == ")":
            within.pop()
        elif word != "[":
            within.append(word != "(")
    return not re.search(r"\b(?:OR|NOT)\s*\[|\][\s)]*OR\b", plain)


def _without_brackets(stage: Stage) -> Stage:
    return replace(stage, text=_told_without(stage.text))


def _told_without(text: str, instead: str = "") -> str:
    """The text without its subsearches; as long as it was, since refusals point into it."""
    for start, end, _ in bracketed(text):
        text = text[:start] + instead.ljust(end - start) + text[end:]
    return text


# Commands that make no row where they are given none, nor write any; stats does not either, if it goes by fields, nor
# outputlookup, if it adds to a lookup.
_WITHOUT_ROWS_OF_THEIR_OWN = frozenset(
    {
        "addinfo", "dedup", "eval", "eventstats", "fields", "fillnull", "head", "lookup", "makemv", "mvexpand", "nomv",
        "regex", "rename", "rex", "search", "sort", "spath", "streamstats", "table", "tail", "where",
    }
)  # fmt: skip


def _makes_nothing(stage: Stage) -> bool:
    by_fields = stage.command == "stats" and re.search(r"\sby\s", _unquoted(stage.text), re.IGNORECASE) is not None
    adds = stage.command == "outputlookup" and re.search(r"\bappend=(?:t|true|1)\b", stage.text, re.IGNORECASE)
    return by_fields or bool(adds) or stage.command in _WITHOUT_ROWS_OF_THEIR_OWN


def run_over(
    spl_text: str,
    rows: list[Event],
    *,
    knowledge: Knowledge | None = None,
    now: float,
    within: Range | None = None,
    store: EventStore | None = None,
) -> list[Event]:
    """What a pipeline that begins with a command's name makes of rows: an alert condition, a chained search.

    `within` is the range of the search that made the rows; `store` has the events for subsearches. The rows may
    be changed.
    """
    known, outer = knowledge or NoKnowledge(), within or Range()
    events = store or EventStore((), known)
    runtime = Runtime(events, known, now, picker=outer, range=outer, run_pipeline=_run_inner)
    return _run_stages(split(expand(spl_text, known.macros), implied_search=False), runtime, rows)


def check(spl_text: str, knowledge: Knowledge | None = None) -> None:
    """Parse a search without running it. Raises Refused as `run` would, as far as no data is needed."""
    known = knowledge or NoKnowledge()
    _check(split(expand(spl_text, known.macros)))


def _check(stages: list[Stage]) -> None:
    for number, stage in enumerate(stages):
        command = commands.find(stage)
        if "[" in _unquoted(stage.text) and not command.takes_brackets:
            continue
        _base(stage) if number == 0 and stage.command == "search" else _parsed(stage)


def _bound(value: str | float | None, now: float) -> float | None:
    if value is None or value == "":
        return None
    return resolve(value, now) if isinstance(value, str) else float(value)


def _run_inner(text: str, position: int, runtime: Runtime, rows: list[Event] | None) -> list[Event]:
    """A pipeline in brackets: over given rows, or as a search of its own."""
    try:
        return _run_stages(list(_inner_stages(text)), runtime, rows)
    except Refused as refusal:
        raise refusal.moved(position) from None


@lru_cache(maxsize=1024)
def _inner_stages(text: str) -> tuple[Stage, ...]:
    """The commands of a pipeline in brackets: foreach runs the same ones for every event."""
    return tuple(split(text, implied_search=False))


def _run_stages(stages: list[Stage], runtime: Runtime, rows: list[Event] | None) -> list[Event]:
    found = rows
    for number, stage in enumerate(stages):
        first = rows is None and number == 0
        if _without_columns(found):
            raise Refused("whether there is a row where no row has a field is not known; add a count", stage.position)
        if first and stage.command == "search":
            found = _search_events(_with_subsearches(stage, runtime), runtime)
            continue
        if first and not commands.find(stage).generates:
            raise Refused(f"{stage.command} cannot be the first command", stage.position)
        found = _run_stage(stage, runtime, found, first=first)
    return [] if _without_columns(found) else found or []


def _with_columns(rows: Iterator[Event]) -> Iterator[Event]:
    """The rows, none of them if none has a field."""
    bare, seen = 0, False
    for row in rows:
        seen = seen or bool(row)
        if not seen:
            bare += 1
            continue
        yield from ({} for _ in range(bare))
        bare = 0
        yield row


def _without_columns(rows: list[Event] | None) -> bool:
    """Whether there are rows, and none with a field: a real Splunk shows none of them (measured)."""
    return bool(rows) and not any(rows or ())


def _run_stage(stage: Stage, runtime: Runtime, rows: list[Event] | None, *, first: bool) -> list[Event]:
    command = commands.find(stage)
    if command.generates and not first and not _APPENDS.search(stage.text):
        raise Refused(f"{stage.command} has to be the first command", stage.position)
    runner = _parsed(stage if command.takes_brackets else _with_subsearches(stage, runtime))
    try:
        return runner(rows or [], runtime)
    except Refused as refusal:
        raise refusal.at(stage.position) from None


@lru_cache(maxsize=4096)
def _parsed(stage: Stage) -> Runner:
    return commands.parse(stage)


@lru_cache(maxsize=1024)
def _base(stage: Stage) -> Predicate:
    return parse_predicate(Arguments(stage.command, stage.text, stage.position))


def _search_events(stage: Stage, runtime: Runtime) -> list[Event]:
    """The base search: events of the range that match, newest first, each a copy."""
    return list(_found_events(stage, runtime))


def _found_events(stage: Stage, runtime: Runtime) -> Iterator[Event]:
    predicate = _base(stage)
    runtime.range = _inline_range(predicate, runtime)
    return (dict(event) for event in runtime.store.iterate(runtime.range) if _found(predicate, event))


def _found(predicate: Predicate, event: Event) -> bool:
    return predicate.matches(event) and visible(event, predicate.indexes)


def _inline_time(text: str, position: int, now: float) -> float:
    try:
        return resolve(text, now)
    except Refused as refusal:
        raise refusal.at(position) from None


def _inline_range(predicate: Predicate, runtime: Runtime) -> Range:
    """An inline earliest beats the outer range wholly: without an inline latest the search ends now.

    Index-time modifiers only narrow what the event-time range allows.
    """
    times = {name: _inline_time(text, position, runtime.now) for name, (text, position) in predicate.times.items()}
    wanted = runtime.range
    if "earliest" in times:
        wanted = replace(wanted, earliest=times["earliest"], latest=times.get("latest", runtime.now))
    elif "latest" in times:
        raise Refused("latest= without earliest= is not supported", predicate.times["latest"][1])
    if "_index_earliest" in times:
        wanted = replace(wanted, index_earliest=times["_index_earliest"])
    if "_index_latest" in times:
        wanted = replace(wanted, index_latest=times["_index_latest"])
    return wanted


def _with_subsearches(stage: Stage, runtime: Runtime) -> Stage:
    """The stage with each subsearch in square brackets replaced by the text that its rows make."""
    pieces, start = [], 0
    for begin, end, inner in bracketed(stage.text):
        pieces += [stage.text[start:begin], _subsearch_text(inner, stage.position + begin + 1, runtime)]
        start = end
    return replace(stage, text="".join(pieces) + stage.text[start:]) if pieces else stage


#: Whether what a subsearch returns may tell the range of the search around it. Search Reference, return, and Search
#: Manual, time modifiers, where `return earliest latest` does so; nobody has seen it for index times.
SUBSEARCHES_TELL_RANGES = True
_TIMES = re.compile(r"(?<!\w)(?:_index_)?(?:earliest|latest)=\S+")


def _subsearch_text(text: str, position: int, runtime: Runtime) -> str:
    told = _inserted(text, position, runtime)
    return told if SUBSEARCHES_TELL_RANGES else _TIMES.sub("", told)


def _inserted(text: str, position: int, runtime: Runtime) -> str:
    rows = runtime.subsearch(text, position)[:SUBSEARCH_LIMIT]
    explicit = split(text, implied_search=False)[-1].command in ("return", "format")
    if explicit and rows:
        return str(rows[0].get("search", ""))
    return format_rows(rows)


def _unquoted(text: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"', "", text)
