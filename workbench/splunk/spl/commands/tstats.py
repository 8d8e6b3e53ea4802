"""tstats over index-time fields: counts that need no search-time field."""

from __future__ import annotations

import re
from dataclasses import replace

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.aggregates import sorted_groups
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.measures import Group, group_keys, plain_measures
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.search_language import TIME_MODIFIERS, parse_expanded
from workbench.splunk.spl.spans import time_span
from workbench.splunk.spl.store import Range
from workbench.splunk.spl.values import Event, number_text

INDEXED_FIELDS = frozenset({"_time", "_indextime", "index", "host", "source", "sourcetype"})


@command("tstats", generates=True)
def parse_tstats(arguments: Arguments) -> Runner:
    """`tstats statistics [WHERE search] [BY fields [span=…]]`; any field but the index-time ones is refused.

    Splunk would return nothing for a search-time field, without an error: a mistake here.
    """
    span = arguments.options("span").text("span")
    measures = plain_measures(arguments, stops=("where", "by", "from"))
    predicate_text = _where(arguments)
    fields = arguments.names() if arguments.keyword("by") else []
    arguments.finish()
    used = [measure.source for measure in measures if measure.source] + fields
    named = re.findall(r"([\w.:{}]+)\s*(?:!?=|[<>]|\s+IN\s*\()", predicate_text)
    unknown = [name for name in [*used, *named] if name not in INDEXED_FIELDS | TIME_MODIFIERS]
    if unknown or any(measure.expression for measure in measures):
        raise arguments.refuse(f"tstats sees index-time fields only, not {', '.join(unknown) or 'eval'}")
    predicate = parse_expanded(predicate_text)
    size = time_span(span) if span else None

    def run(_rows: list[Event], runtime: Runtime) -> list[Event]:
        context = runtime.context
        groups: dict[tuple[str, ...], Group] = {} if fields else {(): Group(measures)}
        for event in runtime.store.select(_range(predicate.times, runtime)):
            if not (predicate.matches(event) and visible(event, predicate.indexes)):
                continue
            indexed = {name: event[name] for name in INDEXED_FIELDS if name in event}
            row = dict(indexed)
            if size and isinstance(row.get("_time"), str):
                row["_time"] = number_text(size.start(float(str(row["_time"]))))
            for key in group_keys(row, fields):
                groups.setdefault(key, Group(measures)).add(indexed, context)
        return [{**dict(zip(fields, key)), **groups[key].results()} for key in sorted_groups(list(groups))]

    return run


def _where(arguments: Arguments) -> str:
    if not arguments.keyword("where"):
        return ""
    found = re.compile(r"(.*?)(?=\sby\s|$)", re.IGNORECASE | re.DOTALL).match(arguments.text, arguments.index)
    text = found.group(1) if found else ""
    arguments.index += len(text)
    return text


def _range(times: dict[str, tuple[str, int]], runtime: Runtime) -> Range:
    told = {name: resolve(text, runtime.now) for name, (text, _) in times.items()}
    wanted = runtime.range
    if "earliest" in told:
        wanted = Range(told["earliest"], told.get("latest", runtime.now), indexed_by=wanted.indexed_by)
    elif "latest" in told:
        raise Refused("latest without earliest is not supported")
    index_times = {name[1:]: told[name] for name in ("_index_earliest", "_index_latest") if name in told}
    return replace(wanted, **index_times)


def visible(event: Event, indexes: list[str]) -> bool:
    """Internal indexes (`_…`) are only searched where the search names one (assumed)."""
    index = event.get("index")
    return not (isinstance(index, str) and index.startswith("_")) or any(name.startswith("_") for name in indexes)
