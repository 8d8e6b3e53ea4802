"""stats and eventstats."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.aggregates import sorted_groups
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.measures import Group, for_rows, group_keys, parse_measures
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event

#: How many rows eventstats takes before it is out of memory (limits.conf, max_mem_usage_mb) and, says Search Reference,
#: stops adding its fields; None = all. How many rows 200 MB are, and what those before get, is said nowhere.
EVENTSTATS_ROWS: int | None = None


def by_fields(arguments: Arguments) -> list[str]:
    """The fields behind BY, none without it."""
    fields = arguments.names() if arguments.keyword("by") else []
    arguments.finish()
    if any("*" in field for field in fields):
        raise arguments.refuse("a wildcard behind BY is not supported")
    return fields


@command("stats")
def parse_stats(arguments: Arguments) -> Runner:
    """One row for each group, or one row without BY, even over nothing."""
    options = arguments.options("dedup_splitvals", "allnum", "partitions", "delim")
    if set(options.values) - {"dedup_splitvals", "partitions"}:
        raise arguments.refuse("allnum= and delim= are not supported")
    unique = options.flag("dedup_splitvals", default=False)
    measures = parse_measures(arguments)
    fields = by_fields(arguments)
    if set(fields) & {measure.output for measure in measures}:
        raise arguments.refuse("a statistic writes a field of BY")

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        context = runtime.context
        wanted = for_rows(measures, rows, fields)
        groups: dict[tuple[str, ...], Group] = {} if fields else {(): Group(wanted)}
        for row in rows:
            for key in group_keys(row, fields, unique=unique):
                group = groups.get(key)
                if group is None:
                    group = groups[key] = Group(wanted)
                group.add(row, context)
        return [{**dict(zip(fields, key)), **groups[key].results()} for key in sorted_groups(list(groups))]

    return run


@command("eventstats")
def parse_eventstats(arguments: Arguments) -> Runner:
    """Adds each group's statistics to its rows; a row without a BY field gets none."""
    options = arguments.options("allnum")
    if options.flag("allnum", default=False):
        raise arguments.refuse("allnum= is not supported")
    measures = parse_measures(arguments)
    fields = by_fields(arguments)

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        context = runtime.context
        groups: dict[tuple[str, ...], Group] = {}
        wanted = for_rows(measures, rows, fields)
        keys = [single_key(row, fields) for row in rows[:EVENTSTATS_ROWS]]
        for row, key in zip(rows, keys):
            if key is not None:
                groups.setdefault(key, Group(wanted)).add(row, context)
        results = {key: group.results() for key, group in groups.items()}
        for row, key in zip(rows, keys):
            if key is not None:
                row.update(results[key])
        return rows

    return run


def single_key(row: Event, fields: list[str]) -> tuple[str, ...] | None:
    """The one group of a row, None where a field is missing. Raises Refused for several values."""
    key: list[str] = []
    for field in fields:
        value = row.get(field)
        if value is None:
            return None
        if isinstance(value, list):
            raise Refused(f"BY {field}, which has several values, is documented for stats only")
        key.append(value)
    return tuple(key)
