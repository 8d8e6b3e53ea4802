"""fillnull, filldown, strcat: values written into columns."""

from __future__ import annotations

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.fields import all_names
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event
from workbench.splunk.spl.wildcards import select_names


@command("fillnull")
def parse_fillnull(arguments: Arguments) -> Runner:
    """`fillnull [value=0] [fields]`; without fields, those that some row has."""
    value = arguments.options("value").text("value", "0")
    wildcards = arguments.names()

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        names = select_names(wildcards or ["*"], all_names(rows))
        for row in rows:
            for name in names:
                row.setdefault(name, value)
        return rows

    return run


@command("filldown")
def parse_filldown(arguments: Arguments) -> Runner:
    """`filldown fields`: a field that a row lacks is the one of the last row that has it."""
    names = arguments.names()
    if not names or any("*" in name for name in names):
        raise arguments.refuse("plain field names are expected")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        last: Event = {}
        for row in rows:
            last |= {name: row[name] for name in names if name in row}
            row.update(last)
        return rows

    return run


@command("strcat")
def parse_strcat(arguments: Arguments) -> Runner:
    """`strcat [allrequired=f] sources target`; a missing field counts as empty text."""
    required = arguments.options("allrequired").flag("allrequired", default=False)
    parts: list[tuple[bool, str]] = []
    while not arguments.finished:
        quoted = arguments.match(r'(?=")') is not None
        parts.append((quoted, arguments.name()))
    if len(parts) < 2:
        raise arguments.refuse("sources and a target are expected")
    sources, target = parts[:-1], parts[-1][1]

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        for row in rows:
            values = [text if quoted else row.get(text) for quoted, text in sources]
            if any(isinstance(value, list) for value in values):
                raise arguments.refuse("a field with several values is not supported")
            if required and None in values:
                continue
            row[target] = "".join(str(value) for value in values if value is not None)
        return rows

    return run
