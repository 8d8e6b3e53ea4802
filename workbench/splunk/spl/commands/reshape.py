"""transpose: a table turned."""

from __future__ import annotations

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.fields import all_names
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, values_in


@command("transpose")
def parse_transpose(arguments: Arguments) -> Runner:
    """Rows become columns `row 1`, `row 2` … (5 of them), columns become rows."""
    options = arguments.options("column_name", "header_field", "include_empty")
    bare = arguments.match(r"(\d+)")
    arguments.finish()
    limit = int(bare.group(1)) if bare else 5
    column, header = options.text("column_name", "column"), options.text("header_field")
    if "include_empty" in options:
        raise arguments.refuse("include_empty= is not supported")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        kept = rows[:limit] if limit else rows
        titles = [
            (values_in(row, header) or [f"row {number}"])[0] if header else f"row {number}"
            for number, row in enumerate(kept, start=1)
        ]
        names = [name for name in all_names(rows) if name != header]
        return [
            {column: name, **{title: row[name] for title, row in zip(titles, kept) if name in row}} for name in names
        ]

    return run
