"""addinfo, convert, rangemap, delta, accum: small additions to each row."""

from __future__ import annotations

import re

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.operators import calculate
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.time_format import format_time
from workbench.splunk.spl.values import Event, is_number_text, number_of, number_text, set_field

_CONVERT_FORMAT = "%m/%d/%Y %H:%M:%S"


@command("addinfo")
def parse_addinfo(arguments: Arguments) -> Runner:
    """The search's own range and time: info_min_time, info_max_time, info_search_time."""
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        low, high = runtime.range.earliest, runtime.range.latest
        info = {
            "info_min_time": f"{low or 0:.3f}",
            "info_max_time": "+Infinity" if high is None else f"{high:.3f}",
            "info_search_time": f"{runtime.now:.3f}",
        }
        for row in rows:
            row.update(info)
        return rows

    return run


@command("convert")
def parse_convert(arguments: Arguments) -> Runner:
    """`convert [timeformat=…] ctime(field) [AS new] …`."""
    template = arguments.options("timeformat").text("timeformat", _CONVERT_FORMAT)
    pairs: list[tuple[str, str]] = []
    while not arguments.finished:
        found = arguments.match(r"ctime\(\s*([^)*]+?)\s*\)")
        if found is None:
            raise arguments.refuse("only ctime(field) is supported")
        pairs.append((found.group(1), arguments.name() if arguments.keyword("as") else found.group(1)))
        arguments.match(",")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        for row in rows:
            for source, target in pairs:
                value = row.get(source)
                if isinstance(value, str) and is_number_text(value):
                    row[target] = format_time(float(value), template)
        return rows

    return run


@command("rangemap")
def parse_rangemap(arguments: Arguments) -> Runner:
    """`rangemap field=x low=0-10 high=11-20 default=none`: names of the ranges in `range`, both ends included."""
    options = arguments.options("field", "default")
    field, default = options.text("field"), options.text("default", "None")
    ranges: list[tuple[str, float, float]] = []
    while not arguments.finished:
        found = arguments.match(r"([A-Za-z]\w*)=(-?[\d.]+)-(-?[\d.]+)")
        if found is None:
            raise arguments.refuse("name=low-high is expected")
        ranges.append((found.group(1), float(found.group(2)), float(found.group(3))))
        arguments.match(",")
    if not field or not ranges:
        raise arguments.refuse("field= and a range are expected")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        for row in rows:
            number = number_of(row[field]) if field in row else None
            names = [name for name, low, high in ranges if number is not None and low <= number <= high]
            set_field(row, "range", names or [default])
        return rows

    return run


@command("delta")
def parse_delta(arguments: Arguments) -> Runner:
    """`delta field [AS new] [p=1]`: the difference to the row p before."""
    back = arguments.options("p").count("p", 1)
    field = arguments.name()
    output = arguments.name() if arguments.keyword("as") else f"delta({field})"
    arguments.finish()

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        numbers = [number_of(row[field]) if field in row else None for row in rows]
        for place, row in enumerate(rows):
            if place >= back:
                set_field(row, output, calculate("-", numbers[place], numbers[place - back]))
        return rows

    return run


@command("accum")
def parse_accum(arguments: Arguments) -> Runner:
    """`accum field [AS new]`: a running total."""
    field = arguments.name()
    output = arguments.name() if arguments.keyword("as") else field
    arguments.finish()

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        total = 0.0
        for row in rows:
            value = row.get(field)
            if isinstance(value, str) and is_number_text(value):
                total += float(value)
                row[output] = number_text(total)
        return rows

    return run


@command("autoregress")
def parse_autoregress(arguments: Arguments) -> Runner:
    """`autoregress field AS new [p=1]`: the value of the row p before."""
    options = arguments.options("p")
    span = re.fullmatch(r"(\d+)(?:-(\d+))?", options.text("p", "1"))
    field = arguments.name()
    output = arguments.name() if arguments.keyword("as") else ""
    arguments.finish()
    if span is None or (span.group(2) and output):
        raise arguments.refuse("p= takes a number, or a range without AS")
    backs = range(int(span.group(1)), int(span.group(2) or span.group(1)) + 1)

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        values = [row.get(field) for row in rows]
        for place, row in enumerate(rows):
            for back in backs:
                value = values[place - back] if place >= back else None
                if value is not None:
                    row[output or f"{field}_p{back}"] = value
        return rows

    return run
