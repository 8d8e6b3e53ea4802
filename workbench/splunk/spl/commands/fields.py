"""fields, table, rename, head, tail, reverse: which columns and rows stay."""

from __future__ import annotations

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.eval import parse_expression
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event
from workbench.splunk.spl.wildcards import fill_stars, name_pattern, select_names

_DEFAULT_COUNT = 10


@command("fields")
def parse_fields(arguments: Arguments) -> Runner:
    """`fields [+|-] list`; internal fields stay unless they are removed by name."""
    sign = arguments.match(r"([+-])(?=\s|\w|\"|\*)")
    removes = bool(sign and sign.group(1) == "-")
    wildcards = arguments.names()
    if not wildcards:
        raise arguments.refuse("a field is expected")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        named = set(select_names(wildcards, all_names(rows)))
        if removes:
            return [{name: value for name, value in row.items() if name not in named} for row in rows]
        return [{name: value for name, value in row.items() if name in named or name[:1] == "_"} for row in rows]

    return run


def all_names(rows: list[Event]) -> list[str]:
    """The names of all fields of all rows, in the order in which they appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


@command("table")
def parse_table(arguments: Arguments) -> Runner:
    """The named columns in their order; internal fields only by name."""
    wildcards = arguments.names()
    if not wildcards:
        raise arguments.refuse("a field is expected")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        names = select_names(wildcards, all_names(rows))
        return [{name: row[name] for name in names if name in row} for row in rows]

    return run


@command("rename")
def parse_rename(arguments: Arguments) -> Runner:
    """`rename a AS b, c_* AS d_*`; a missing source clears the target."""
    pairs: list[tuple[str, str]] = []
    while not arguments.finished:
        source = arguments.name()
        if not arguments.keyword("as"):
            raise arguments.refuse("AS is expected")
        target = arguments.name()
        if source.count("*") != target.count("*"):
            raise arguments.refuse("both names need the same number of wildcards")
        pairs.append((source, target))
        if not arguments.match(",") and not arguments.finished:
            raise arguments.refuse("pairs are separated by commas")
    if not pairs:
        raise arguments.refuse("a field is expected")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        names = all_names(rows)
        plain = [pair for source, target in pairs for pair in _plain_pairs(source, target, names)]
        return [_renamed(row, plain) for row in rows]

    return run


def _plain_pairs(source: str, target: str, names: list[str]) -> list[tuple[str, str]]:
    if "*" not in source:
        return [(source, target)]
    matches = [(name, name_pattern(source).fullmatch(name)) for name in names if not name.startswith("_")]
    pairs: list[tuple[str, str]] = []
    for name, found in matches:
        if found:
            pairs.append((name, fill_stars(target, found.groups())))
    return pairs


def _renamed(row: Event, pairs: list[tuple[str, str]]) -> Event:
    for source, target in pairs:
        if source == target:
            continue
        value = row.pop(source, None)
        row.pop(target, None)
        if value is not None:
            row[target] = value
    return row


@command("head")
def parse_head(arguments: Arguments) -> Runner:
    """The first N rows (10), or the rows as long as a condition is true."""
    options = arguments.options("limit", "null", "keeplast")
    keep_null, keep_last = options.flag("null", default=False), options.flag("keeplast", default=False)
    bare = arguments.match(r"(\d+)\s*$")
    limit = options.count("limit", int(bare.group(1)) if bare else _DEFAULT_COUNT)
    if arguments.finished:
        return lambda rows, _runtime: rows[:limit]
    start = arguments.position + arguments.index
    condition = parse_expression(arguments.rest(), start)
    if "limit" in options:
        raise arguments.refuse("a condition beside limit= is not supported")

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        for place, row in enumerate(rows):
            known = condition.test(row, runtime.context)
            if not (known or (known is None and keep_null)):
                return rows[: place + keep_last]
        return rows

    return run


@command("tail")
def parse_tail(arguments: Arguments) -> Runner:
    """The last N rows (10), the last one first."""
    bare = arguments.match(r"(\d+)")
    arguments.finish()
    limit = int(bare.group(1)) if bare else _DEFAULT_COUNT
    return lambda rows, _runtime: rows[::-1][:limit]


@command("reverse")
def parse_reverse(arguments: Arguments) -> Runner:
    """The rows in the opposite order."""
    arguments.finish()
    return lambda rows, _runtime: rows[::-1]
