"""addinfo: the search's own range and time in each row."""

from __future__ import annotations

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event

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
