"""bin: values into bins of time or of numbers."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.spans import TimeSpan, default_time_span, number_bin, time_span
from workbench.splunk.spl.values import Event, is_number_text, number_of, number_text

_DEFAULT_BINS = 100


@command("bin")
def parse_bin(arguments: Arguments) -> Runner:
    """`bin field [span=…] [AS new]`; without a span only _time, over the search's range."""
    options = arguments.options("span", "bins", "aligntime")
    field = arguments.name()
    output = arguments.name() if arguments.keyword("as") else field
    arguments.finish()
    span, align, bins = options.text("span"), options.text("aligntime"), options.count("bins", _DEFAULT_BINS)
    if field != "_time" and (not span or align):
        raise arguments.refuse("bins of a field other than _time are only supported with span")
    if field == "_time" and span:
        time_span(span)

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        times = range_span(rows, runtime, span, align, bins) if field == "_time" and rows else None
        for row in rows:
            value = row.get(field)
            if isinstance(value, list):
                raise Refused(f"bin of {field}, which has several values, is documented nowhere")
            if value is not None and is_number_text(value):
                row[output] = number_bin(value, span) if times is None else _start(times, value)
        return rows

    return run


def _start(span: TimeSpan, value: str) -> str:
    return number_text(span.start(float(value)))


def range_span(rows: list[Event], runtime: Runtime, span: str, align: str, bins: int) -> TimeSpan:
    """The bins that a span asks for, or those that the range of the search, else of the rows, leads to."""
    if align in ("earliest", "latest"):
        bound = runtime.range.earliest if align == "earliest" else runtime.range.latest
        if bound is None:
            raise Refused(f"aligntime={align} without a time range")
        align = ""
        found = time_span(span)
        return TimeSpan(found.count, found.unit, bound)
    if span:
        return time_span(span, align, runtime.now)
    low, high = runtime.range.earliest, runtime.range.latest
    times = [number for row in rows for number in [number_of(row.get("_time"))] if number is not None]
    if low is None or low == 0:
        low = min(times, default=runtime.now)
    return default_time_span((runtime.now if high is None else high) - low, bins)
