"""The commands, one module for each or for a few that belong together."""

from __future__ import annotations

from workbench.splunk.spl.commands import (
    annotate,
    bin,  # noqa: A004 - the command's name
    chart,
    combine,
    dedup,
    eval_command,
    fields,
    fill,
    foreach,
    lookup,
    makeresults,
    reshape,
    rest,
    rex,
    search_command,
    several,
    sort,
    spath,
    stats,
    streamstats,
    subsearch_results,
    top,
    tstats,
)
from workbench.splunk.spl.commands.registry import find, names, parse

__all__ = [
    "annotate",
    "bin",
    "chart",
    "combine",
    "dedup",
    "eval_command",
    "fields",
    "fill",
    "find",
    "foreach",
    "lookup",
    "makeresults",
    "names",
    "parse",
    "reshape",
    "rest",
    "rex",
    "search_command",
    "several",
    "sort",
    "spath",
    "stats",
    "streamstats",
    "subsearch_results",
    "top",
    "tstats",
]
