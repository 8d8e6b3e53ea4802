"""foreach: a pipeline of eval commands, once for each of several fields or values."""

from __future__ import annotations

import re

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.fields import all_names
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, values_in
from workbench.splunk.spl.wildcards import name_pattern, select_names


@command("foreach", takes_brackets=True)
def parse_foreach(arguments: Arguments) -> Runner:
    """`foreach wildcards [eval … <<FIELD>> … <<MATCHSTR>> …]`, or mode=multivalue with <<ITEM>>."""
    options = arguments.options("mode", "fieldstr", "matchstr", "matchseg1", "matchseg2", "matchseg3", "itemstr")
    if set(options.values) - {"mode"}:
        raise arguments.refuse("names of one's own for the placeholders are not supported")
    mode = options.choice("mode", "multifield", "multivalue")
    wildcards: list[str] = []
    while not arguments.match(r"(?=\[)"):
        wildcards.append(arguments.name())
        arguments.match(",")
    text, position = arguments.enclosed()
    arguments.finish()
    if not re.match(r"\s*eval\s", text) or not wildcards:
        raise arguments.refuse("fields and a pipeline of eval are expected")
    if mode == "multivalue":
        return lambda rows, runtime: [_each_value(row, wildcards[0], text, position, runtime) for row in rows]

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        for name in select_names(wildcards, all_names(rows)):
            rows = runtime.over(_filled(text, name, wildcards), position, rows)
        return rows

    return run


def _filled(text: str, name: str, wildcards: list[str]) -> str:
    segments: tuple[str, ...] = ()
    for wildcard in wildcards:
        found = name_pattern(wildcard).fullmatch(name)
        if found:
            segments = found.groups()
            break
    text = text.replace("<<FIELD>>", name).replace("<<MATCHSTR>>", "".join(segments))
    for number, segment in enumerate(segments, start=1):
        text = text.replace(f"<<MATCHSEG{number}>>", segment)
    return text


def _each_value(row: Event, field: str, text: str, position: int, runtime: Runtime) -> Event:
    for value in values_in(row, field):
        quoted = value if re.fullmatch(r"-?\d+(\.\d+)?", value) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
        filled = re.sub(r'"<<ITEM>>"|<<ITEM>>', lambda _found, item=quoted: item, text)  # type: ignore[misc]
        (row,) = runtime.over(filled, position, [row])
    return row
