"""makemv, mvexpand, mvcombine, nomv: fields with several values."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.pcre import compile_pattern
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, from_texts, set_field, values_in


@command("makemv")
def parse_makemv(arguments: Arguments) -> Runner:
    """`makemv [delim=" "|tokenizer=regex] [allowempty=f] field`."""
    options = arguments.options("delim", "tokenizer", "allowempty", "setsv")
    allow_empty = options.flag("allowempty", default=False)
    field = arguments.name()
    arguments.finish()
    if "setsv" in options or ("delim" in options and "tokenizer" in options):
        raise arguments.refuse("setsv=, or delim= beside tokenizer=, is not supported")
    delimiter = options.text("delim", " ")
    pattern = compile_pattern(options.text("tokenizer")) if "tokenizer" in options else None
    if not delimiter or (pattern and pattern.groups < 1):
        raise arguments.refuse("a delimiter, or a tokenizer with a group, is expected")

    def split(text: str) -> list[str]:
        parts = text.split(delimiter) if pattern is None else [m.group(1) or "" for m in pattern.finditer(text)]
        return parts if allow_empty else [part for part in parts if part]

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        for row in rows:
            value = row.get(field)
            if isinstance(value, list):
                raise Refused(f"makemv of {field}, which has several values already, is not supported")
            if value is not None:
                set_field(row, field, from_texts(split(value)))
        return rows

    return run


@command("mvexpand")
def parse_mvexpand(arguments: Arguments) -> Runner:
    """One row for each value, the other fields copied; a row without the field stays."""
    limit = arguments.options("limit").count("limit", 0)
    field = arguments.name()
    arguments.finish()

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        expanded: list[Event] = []
        for row in rows:
            values = values_in(row, field)
            kept = values[:limit] if limit else values
            expanded.extend([{**row, field: value} for value in kept] if kept else [row])
        return expanded

    return run


@command("mvcombine")
def parse_mvcombine(arguments: Arguments) -> Runner:
    """Rows that are equal in all other fields become one."""
    delimiter = arguments.options("delim").text("delim", " ")
    field = arguments.name()
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        runtime.delimiters[field] = delimiter
        combined: dict[object, Event] = {}
        for row in rows:
            others = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
            values = values_in(row, field)
            others.pop(field, None)
            key = (frozenset(others.items()), bool(values))
            if key in combined and values:
                set_field(combined[key], field, from_texts(values_in(combined[key], field) + values))
            else:
                combined[key if values else (key, len(combined))] = row
        return list(combined.values())

    return run


@command("nomv")
def parse_nomv(arguments: Arguments) -> Runner:
    """The values as one text, joined by a newline, or by the delimiter of mvcombine."""
    field = arguments.name()
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        between = runtime.delimiters.get(field, "\n")
        for row in rows:
            value = row.get(field)
            if isinstance(value, list):
                row[field] = between.join(value)
        return rows

    return run
