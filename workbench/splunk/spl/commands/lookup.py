"""lookup, inputlookup, outputlookup."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.splunk.conf.lookup_table import BETWEEN
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.fields import all_names
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.knowledge import Lookup
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.search_language import parse_expanded
from workbench.splunk.spl.values import Event, set_field, values_in

#: How many documents of a collection inputlookup reads; None = all. limits.conf.spec, [kvstore] max_rows_per_query:
#: 50,000 for a query, cut without a word; whether inputlookup is one query is not said, and people read more with it.
MOST_DOCUMENTS: int | None = None
#: Collections that cannot be read just now, such as while the KV store elects. Search Reference, inputlookup: that is a
#: warning, or with strict=true the search fails.
UNREADABLE: frozenset[str] = frozenset()
#: Whether OUTPUTNEW looks nothing up for a row that has one of its fields. Search Reference, lookup: rows that have the
#: output fields are left out, and of several fields that may mean one or all.
ONE_IS_ENOUGH = False
#: Whether a lookup by several fields, of which a row lacks one, goes by the others. Nobody knows.
GOES_BY_WHAT_IS_THERE = False


def _pairs(arguments: Arguments) -> list[tuple[str, str]]:
    """`column [AS field]` up to OUTPUT: columns of the table with fields of the event."""
    pairs: list[tuple[str, str]] = []
    while not arguments.finished and not arguments.match(r"(?=output(?:new)?(?:\s|$))"):
        column = arguments.name()
        pairs.append((column, arguments.name() if arguments.keyword("as") else column))
        arguments.match(",")
    return pairs


@command("lookup")
def parse_lookup(arguments: Arguments) -> Runner:
    """`lookup table column [AS field] … [OUTPUT|OUTPUTNEW column [AS field] …]`."""
    local = arguments.options("local", "update").flag("local", default=False)
    table = arguments.name()
    inputs = _pairs(arguments)
    only_new = arguments.keyword("outputnew")
    named = only_new or arguments.keyword("output")
    outputs = _pairs(arguments) if named else []
    arguments.finish()
    if not inputs or (named and not outputs):
        raise arguments.refuse("a field of the table is expected")

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        definition = runtime.knowledge.lookup_definition(table)
        if definition.local_only and not local:
            raise Refused(f"lookup {table} is not on the indexers (replicate): local=true is missing")
        writes = outputs or _other_columns(definition, inputs)
        _require_columns(definition, table, [column for column, _ in [*inputs, *writes]])
        for row in rows:
            _look_up(row, definition, inputs, writes, only_new=only_new)
        return rows

    return run


def _other_columns(definition: Lookup, inputs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    used = {column for column, _ in inputs}
    return [(column, column) for column in definition.fields if column not in used]


def _require_columns(definition: Lookup, table: str, columns: list[str]) -> None:
    missing = [column for column in columns if column not in definition.fields]
    if missing:
        raise Refused(f"lookup {table} has no column {missing[0]}")


def _look_up(
    row: Event, definition: Lookup, inputs: list[tuple[str, str]], writes: list[tuple[str, str]], *, only_new: bool
) -> None:
    if only_new and ONE_IS_ENOUGH and any(field in row for _, field in writes):
        return
    wanted: dict[str, str] = {}
    for column, field in inputs:
        value = row.get(field)
        if isinstance(value, list):
            raise Refused(f"lookup by {field}, which has several values, is not supported")
        if value is not None:
            wanted[column] = value
        elif not GOES_BY_WHAT_IS_THERE:
            return
    if not wanted:
        return
    found = definition.find(wanted)
    for column, field in writes:
        values = [value for match in found for value in _values(match.get(column, ""))]
        if not (only_new and field in row):
            # OUTPUT clears the field where nothing matches (assumed for the command).
            set_field(row, field, values)


@command("inputlookup", generates=True)
def parse_inputlookup(arguments: Arguments) -> Runner:
    """`inputlookup [append=f] [strict=f] [start=0] [max=…] table [WHERE search]`."""
    options = arguments.options("append", "start", "max", "strict", stop="where")
    append, start = options.flag("append", default=False), options.count("start", 0)
    strict = options.flag("strict", default=False)
    limit = options.count("max", 1_000_000_000)
    table = arguments.name()
    predicate = parse_expanded(arguments.rest()) if arguments.keyword("where") else None
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        definition = runtime.knowledge.lookup_definition(table)
        if table in UNREADABLE:
            if strict:
                raise Refused(f"inputlookup {table} fails, and the search with it")
            return rows if append else []
        most = MOST_DOCUMENTS if definition.local_only else None
        found = [_as_event(row) for row in definition.rows[:most]]
        kept = [row for row in found if predicate is None or predicate.matches(row)]
        return (rows if append else []) + kept[start : start + limit]

    return run


def _as_event(row: Mapping[str, str]) -> Event:
    """A table's row; an empty cell is no value."""
    return {name: cell if BETWEEN not in cell else _values(cell) for name, cell in row.items() if cell != ""}


def _values(cell: str) -> list[str]:
    return cell.split(BETWEEN) if cell else []


@command("outputlookup")
def parse_outputlookup(arguments: Arguments) -> Runner:
    """Writes the rows into a table, which later searches read; the rows pass on."""
    options = arguments.options("append", "create_empty", "override_if_empty", "max", "key_field", "createinapp")
    if "max" in options:
        raise arguments.refuse("max= is not supported")
    key_field = options.text("key_field") if "key_field" in options else ""
    append, override = options.flag("append", default=bool(key_field)), options.flag("override_if_empty", default=True)
    table = arguments.name()
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        if not rows and (append or not override):
            return rows
        definition = runtime.knowledge.lookup_definition(table)
        known = append or definition.local_only
        names = [*definition.fields, key_field] if known else [name for name in all_names(rows) if name[:1] != "_"]
        new = [{name: _cell(row, name) for name in names if name} for row in rows]
        definition.write(new, append=append, key_field=key_field)
        return rows

    return run


def _cell(row: Event, name: str) -> str:
    return BETWEEN.join(values_in(row, name))
