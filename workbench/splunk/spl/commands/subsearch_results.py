"""format and return: how a subsearch's rows become text of the outer search."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner
from workbench.splunk.spl.values import Event, values_in

STANDARD = ("(", "(", "AND", ")", "OR", ")")
#: What no rows become.
NOTHING = "NOT ( )"


def format_rows(rows: list[Event], marks: Sequence[str] = STANDARD) -> str:
    """`( ( a="1" AND b="2" ) OR ( a="3" ) )`; fields named search or query give their value as it is.

    The six marks: before all, before a row, between fields, behind a row, between rows, behind all.
    """
    parts = [part for part in (_conjunction(row, marks) for row in rows) if part]
    return f"{marks[0]} {f' {marks[4]} '.join(parts)} {marks[5]}" if parts else NOTHING


def _conjunction(row: Event, marks: Sequence[str]) -> str:
    terms: list[str] = []
    for name in sorted(row):
        values = values_in(row, name)
        if name in ("search", "query"):
            terms.append(values[0])
        elif not name.startswith("_"):
            alternatives = [f"{_quoted(name)}={_quoted(value, always=True)}" for value in values]
            terms.append(alternatives[0] if len(alternatives) == 1 else f"( {' OR '.join(alternatives)} )")
    return f"{marks[1]} {f' {marks[2]} '.join(terms)} {marks[3]}" if terms else ""


def _quoted(text: str, *, always: bool = False) -> str:
    if not always and re.fullmatch(r"[\w.{}:@-]+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@command("format")
def parse_format(arguments: Arguments) -> Runner:
    """The rows as one row with the field `search`; six texts replace the standard marks."""
    marks = []
    while not arguments.finished:
        marks.append(arguments.name())
    if len(marks) not in (0, len(STANDARD)):
        raise arguments.refuse("six texts or none are expected")
    return lambda rows, _runtime: [{"search": format_rows(rows, marks or STANDARD)}]


@command("return")
def parse_return(arguments: Arguments) -> Runner:
    """`return [N] name|$name|alias=name …`: the first N rows (1) as text in the field `search`."""
    bare = arguments.match(r"(\d+)(?=\s)")
    limit = int(bare.group(1)) if bare else 1
    wanted: list[tuple[str, str]] = []
    while not arguments.finished:
        found = arguments.match(r"(?:(\$)|([\w.]+)=)?([\w.{}:@-]+)")
        if found is None:
            raise arguments.refuse("a field is expected")
        dollar, alias, name = found.groups()
        wanted.append((name, "" if dollar else alias or name))
        arguments.match(",")
    return lambda rows, _runtime: _returned(rows[:limit], wanted)


def _returned(rows: list[Event], wanted: list[tuple[str, str]]) -> list[Event]:
    parts = []
    for row in rows:
        terms = [
            value if not label else f"{label}={_quoted(value, always=True)}"
            for name, label in wanted
            for value in values_in(row, name)[:1]
        ]
        parts.append(" ".join(terms) if len(terms) < 2 or len(rows) == 1 else f"({' '.join(terms)})")
    text = " OR ".join(part for part in parts if part)
    return [{"search": f"({text})" if len(parts) > 1 else text}]
