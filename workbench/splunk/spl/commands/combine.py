"""append, appendcols, appendpipe, join: rows of a subsearch beside or below the rows so far."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, values_in

# limits.conf [join] subsearch_maxout, [searchresults] maxresultrows.
_SUBSEARCH_ROWS = 50_000


@command("append", takes_brackets=True)
def parse_append(arguments: Arguments) -> Runner:
    """`append [maxtime=60] [subsearch]`: the subsearch's rows behind the others; here no search takes any time."""
    arguments.options("maxtime").count("maxtime", 60)
    text, position = arguments.enclosed()
    arguments.finish()
    return lambda rows, runtime: rows + runtime.subsearch(text, position)[:_SUBSEARCH_ROWS]


@command("appendcols", takes_brackets=True)
def parse_appendcols(arguments: Arguments) -> Runner:
    """The first row of the subsearch is merged into the first row, and so on."""
    override = arguments.options("override").flag("override", default=False)
    text, position = arguments.enclosed()
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        others = runtime.subsearch(text, position)[:_SUBSEARCH_ROWS]
        merged = list(zip(rows, others))
        beside = [{**row, **other} if override else {**other, **row} for row, other in merged]
        return beside + rows[len(merged) :] + others[len(merged) :]

    return run


@command("appendpipe", takes_brackets=True)
def parse_appendpipe(arguments: Arguments) -> Runner:
    """What the inner pipeline makes of the rows so far, behind them."""
    options = arguments.options("run_in_preview")
    options.flag("run_in_preview", default=True)
    text, position = arguments.enclosed()
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        return rows + runtime.over(text, position, [dict(row) for row in rows])

    return run


@command("join", takes_brackets=True)
def parse_join(arguments: Arguments) -> Runner:
    """`join [type=inner|left] [max=1] [overwrite=t] fields [subsearch]`; values compare exactly."""
    options = arguments.options("type", "max", "overwrite", "usetime", "earlier")
    if "usetime" in options or "earlier" in options:
        raise arguments.refuse("usetime= and earlier= are not supported")
    outer = options.choice("type", "inner", "left", "outer") != "inner"
    limit, overwrite = options.count("max", 1), options.flag("overwrite", default=True)
    fields: list[str] = []
    while not arguments.match(r"(?=\[)"):
        fields.append(arguments.name())
        arguments.match(",")
    text, position = arguments.enclosed()
    arguments.finish()
    if not fields:
        raise arguments.refuse("a field to join by is expected")

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        partners: dict[tuple[str, ...], list[Event]] = {}
        for other in runtime.subsearch(text, position)[:_SUBSEARCH_ROWS]:
            key = _key(other, fields)
            if key is not None:
                partners.setdefault(key, []).append(other)
        joined: list[Event] = []
        for row in rows:
            key = _key(row, fields)
            found = partners.get(key, []) if key is not None else []
            kept = found[:limit] if limit else found
            joined.extend({**row, **other} if overwrite else {**other, **row} for other in kept)
            if not kept and outer:
                joined.append(row)
        return joined

    return run


def _key(row: Event, fields: list[str]) -> tuple[str, ...] | None:
    values = [values_in(row, field) for field in fields]
    if any(len(value) > 1 for value in values):
        raise Refused("join by a field with several values is not supported")
    return tuple(value[0] for value in values) if all(values) else None
