"""addinfo, accum: the search's own range and time in each row, and a running total."""

from __future__ import annotations

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, counts_as_number, number_text

#: Whether info_max_time tells a latest time that is ahead of the clock. Search Reference, addinfo: "the latest time
#: boundary for the search", which says so; nobody has seen it. Otherwise it is the search's own time.
TELLS_THE_FUTURE = True


@command("addinfo")
def parse_addinfo(arguments: Arguments) -> Runner:
    """The search's own range and time: info_min_time, info_max_time, info_search_time."""
    arguments.finish()

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        low, high = runtime.range.earliest, runtime.range.latest
        if high is not None and not TELLS_THE_FUTURE:
            high = min(high, runtime.now)
        info = {
            "info_min_time": f"{low or 0:.3f}",
            "info_max_time": "+Infinity" if high is None else f"{high:.3f}",
            "info_search_time": f"{runtime.now:.3f}",
        }
        for row in rows:
            row.update(info)
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
            if isinstance(value, str) and counts_as_number(value):
                total += float(value)
                row[output] = number_text(total)
        return rows

    return run
