"""xyseries, untable, transpose, addtotals, addcoltotals: tables turned and summed up."""

from __future__ import annotations

from workbench.splunk.spl.aggregates import maker
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.fields import all_names
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, is_number_text, values_in
from workbench.splunk.spl.wildcards import select_names


@command("xyseries")
def parse_xyseries(arguments: Arguments) -> Runner:
    """`xyseries x series value [value …]`: one row for each x, a column for each series."""
    names = arguments.names()
    if len(names) < 3:
        raise arguments.refuse("three fields are expected")
    across, series, *data = names

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        table: dict[str, Event] = {}
        for row in rows:
            for key in values_in(row, across):
                cells = table.setdefault(key, {across: key})
                for name in values_in(row, series):
                    for field in data:
                        if field in row:
                            cells[name if len(data) == 1 else f"{field}: {name}"] = row[field]
        return list(table.values())

    return run


@command("untable")
def parse_untable(arguments: Arguments) -> Runner:
    """`untable x series value`: one row for each cell."""
    names = arguments.names()
    if len(names) != 3:
        raise arguments.refuse("three fields are expected")
    across, series, data = names

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        columns = [name for name in all_names(rows) if name != across]
        return [
            {across: row[across], series: name, data: row[name]}
            for row in rows
            if across in row
            for name in columns
            if name in row
        ]

    return run


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


def _sum(texts: list[str]) -> str | None:
    total = maker("sum")[1]()
    total.add(texts, None)
    result = total.result()
    return result if isinstance(result, str) else None


@command("addtotals addcoltotals")
def parse_addtotals(arguments: Arguments) -> Runner:
    """Sums across each row (`Total`), and with col=t, or addcoltotals, a last row with sums of the columns."""
    options = arguments.options("row", "col", "fieldname", "labelfield", "label")
    columns_only = arguments.command == "addcoltotals"
    across = options.flag("row", default=not columns_only)
    down = options.flag("col", default=columns_only)
    total, label = options.text("fieldname", "Total"), options.text("label", "Total")
    label_field = options.text("labelfield")
    wildcards = arguments.names() or ["*"]

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        names = select_names(wildcards, all_names(rows))
        if across:
            for row in rows:
                texts = [text for name in names for text in values_in(row, name) if is_number_text(text)]
                row[total] = _sum(texts) or "0"
            names = [*names, total]
        if down:
            sums = {name: _sum([text for row in rows for text in values_in(row, name)]) for name in names}
            last: Event = {name: value for name, value in sums.items() if value is not None}
            rows = [*rows, {**last, label_field: label} if label_field else last]
        return rows

    return run
