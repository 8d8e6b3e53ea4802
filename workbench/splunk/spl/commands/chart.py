"""chart and timechart: statistics as a table with a row for each value or bin and a column for each series."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.aggregates import sorted_groups
from workbench.splunk.spl.arguments import Arguments, Options
from workbench.splunk.spl.commands.bin import range_span
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.eval import Context
from workbench.splunk.spl.measures import Group, Measure, plain_measures
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.spans import TimeSpan, number_bin, time_span
from workbench.splunk.spl.values import Event, is_number_text, number_of, number_text, values_in

_SERIES_OPTIONS = ("limit", "useother", "usenull", "otherstr", "nullstr")
_TIME_OPTIONS = ("span", "bins", "cont", "fixedrange", "partial", "aligntime")
_MOST_BINS = 50_000


@dataclass(frozen=True)
class _Series:
    """Which columns a split makes."""

    field: str | None
    limit: int
    largest: bool
    other: str
    null: str

    def name_of(self, row: Event) -> list[str]:
        """The series of a row: none where a missing value is left out."""
        if self.field is None:
            return [""]
        values = values_in(row, self.field)
        if not values:
            return [self.null] if self.null else []
        return [f"VALUE{value}" if value.startswith("_") else value for value in values]


def _series(options: Options, field: str | None) -> _Series:
    limit = re.fullmatch(r"(top|bottom)?\s*(\d+)", options.text("limit", "10"))
    if limit is None:
        raise Refused(f"limit={options.text('limit')} is not understood")
    return _Series(
        field,
        int(limit.group(2)),
        limit.group(1) != "bottom",
        options.text("otherstr", "OTHER") if options.flag("useother", default=True) else "",
        options.text("nullstr", "NULL") if options.flag("usenull", default=True) else "",
    )


class _Table:
    """Groups by row and series."""

    def __init__(self, measures: list[Measure], series: _Series, context: Context) -> None:
        self.measures, self.series, self.context = measures, series, context
        self.rows: dict[str, dict[str, list[Event]]] = {}

    def add(self, key: str, row: Event) -> None:
        """Put an event into a row of the table."""
        cells = self.rows.setdefault(key, {})
        for name in self.series.name_of(row):
            cells.setdefault(name, []).append(row)

    def finish(self, keys: list[str], row_field: str) -> list[Event]:
        """The table, a row for each key in the order given."""
        kept = self._kept_series()
        names = [name for name in kept if name]
        folded = {name for cells in self.rows.values() for name in cells} - set(kept)
        return [{row_field: key, **self._cells(self.rows.get(key, {}), names, folded)} for key in keys]

    def _cells(self, cells: dict[str, list[Event]], names: list[str], folded: set[str]) -> Event:
        if self.series.field is None:
            return self._results(cells.get("", []), "")
        found: Event = {}
        for name in names:
            found.update(self._results(cells.get(name, []), name))
        if folded and self.series.other:
            rest = [row for name, rows in cells.items() if name in folded for row in rows]
            found.update(self._results(rest, self.series.other))
        return found

    def _results(self, rows: list[Event], series: str) -> Event:
        group = Group(self.measures)
        for row in rows:
            group.add(row, self.context)
        results = group.results()
        for measure in self.measures:
            if measure.output not in results and (empty := measure.empty()) is not None:
                results[measure.output] = empty
        if self.series.field is None:
            return results
        single = len(self.measures) == 1
        return {series if single else f"{output}: {series}": value for output, value in results.items()}

    def _kept_series(self) -> list[str]:
        """The series with the largest sums; of equal ones the first in text order stays."""
        names = sorted({name for cells in self.rows.values() for name in cells} - {self.series.null})
        nulls = [self.series.null] if self.series.null and self._has_null() else []
        if self.series.limit and len(names) > self.series.limit:
            names.sort(key=self._score, reverse=self.series.largest)
            names = sorted(names[: self.series.limit])
        return names + nulls

    def _has_null(self) -> bool:
        return any(self.series.null in cells for cells in self.rows.values())

    def _score(self, name: str) -> float:
        total = 0.0
        for cells in self.rows.values():
            group = Group(self.measures[:1])
            for row in cells.get(name, []):
                group.add(row, self.context)
            for value in group.results().values():
                total += (number_of(value) or 0.0) if isinstance(value, str) else 0.0
        return total


@command("timechart")
def parse_timechart(arguments: Arguments) -> Runner:
    """`timechart [span=…] statistics [BY field]` over the search's range, empty bins filled."""
    options = arguments.options(*_SERIES_OPTIONS, *_TIME_OPTIONS)
    if not options.flag("partial", default=True):
        raise arguments.refuse("partial=false is not supported")
    measures = plain_measures(arguments)
    field = arguments.name() if arguments.keyword("by") else None
    arguments.finish()
    series = _series(options, field)
    span = options.text("span")
    if span:
        time_span(span)
    continuous, fixed = options.flag("cont", default=True), options.flag("fixedrange", default=True)
    bins = options.count("bins", 100)

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        table = _Table(measures, series, runtime.context)
        rows = [row for row in rows if isinstance(row.get("_time"), str)]
        size = range_span(rows, runtime, span, options.text("aligntime"), bins)
        for row in rows:
            table.add(_bin_of(row, size), row)
        times = sorted((float(key) for key in table.rows), key=float)
        starts = _starts(times, size, runtime, fixed=fixed) if continuous else times
        return table.finish([number_text(start) for start in starts], "_time")

    return run


def _bin_of(row: Event, span: TimeSpan) -> str:
    moment = number_of(row["_time"])
    return number_text(span.start(moment or 0.0))


def _starts(times: list[float], span: TimeSpan, runtime: Runtime, *, fixed: bool) -> list[float]:
    """All bins of the search's range, or with fixedrange=f from the first event to the last."""
    low, high = runtime.range.earliest, runtime.range.latest
    first = low if fixed and low else min(times, default=None)
    if first is None:
        return []
    last = (runtime.now if high is None else high) if fixed else max(times, default=first)
    starts = [span.start(first)]
    while True:
        following = span.next(starts[-1])
        if following > last or (fixed and following >= last):
            return starts
        if len(starts) >= _MOST_BINS:
            raise Refused(f"more than {_MOST_BINS} bins")
        starts.append(following)


@command("chart")
def parse_chart(arguments: Arguments) -> Runner:
    """`chart statistics OVER row BY column`, or `BY row column`; a pair that is missing counts 0."""
    options = arguments.options(*_SERIES_OPTIONS, "span", "cont")
    measures = plain_measures(arguments)
    fields = _chart_fields(arguments)
    series = _series(options, fields[1] if len(fields) > 1 else None)
    span, row_field = options.text("span"), fields[0]
    if "cont" in options:
        raise arguments.refuse("cont= is not supported")

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        table = _Table(measures, series, runtime.context)
        size = time_span(span) if span and row_field == "_time" else None
        for row in rows:
            for value in values_in(row, row_field):
                key = _bin_of(row, size) if size else _number_label(value, span)
                if key is not None:
                    table.add(key, row)
        return table.finish([key for (key,) in sorted_groups([(key,) for key in table.rows])], row_field)

    return run


def _number_label(value: str, span: str) -> str | None:
    if not span:
        return value
    return number_bin(value, span) if is_number_text(value) else None


def _chart_fields(arguments: Arguments) -> list[str]:
    """The field of the rows and, if there is one, that of the columns."""
    fields: list[str] = []
    if arguments.keyword("over"):
        fields.append(arguments.name())
    if arguments.keyword("by"):
        fields.extend(arguments.names())
    arguments.finish()
    if not 1 <= len(fields) <= 2:
        raise arguments.refuse("one field for the rows and at most one for the columns are expected")
    return fields
