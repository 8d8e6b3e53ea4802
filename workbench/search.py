"""Search events without Splunk: `python -m workbench.search 'SPL' FILE…`.

The files' events go through the built add-on's index-time and search-time confs, and the search runs over them.
One JSON object a result on standard output. An emulation: what it does not know it refuses, with exit code 2 and
a message with the place on standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from workbench.command_line import APP, Parser, are_long, ended, load_confs, moment, told_events
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.search import check, stream
from workbench.splunk.spl.store import EventStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one search; the exit code."""
    options = _parser().parsed(arguments)
    return ended(lambda: _search(options), lambda refusal: _explained(options, refusal))


def _parser() -> Parser:
    parser = Parser("./build.sh search", __doc__)
    parser.add_argument("spl", help="the search, e.g. 'tag=authentication action=failure | stats count by user'")
    parser.add_files()
    parser.add_time("--earliest", help="start of the time range, inclusive: -24h@h, epoch seconds, ISO 8601")
    parser.add_time("--latest", help="end of the time range, exclusive")
    parser.add_time("--now", default="now", help="the search's clock (default: the current time)")
    return parser


def _search(options: argparse.Namespace) -> int:
    now = moment(options.now, "--now") or 0.0
    earliest, latest = (moment(getattr(options, name), f"--{name}", now) for name in ("earliest", "latest"))
    confs = load_confs(options.app or [APP])
    knowledge = Knowledge(confs, now)
    check(options.spl, knowledge)
    events = EventStore(told_events(options, confs, now), knowledge, on_disk=are_long(options.files))
    for row in stream(options.spl, events, knowledge=knowledge, now=now, earliest=earliest, latest=latest):
        print(json.dumps(row, ensure_ascii=False))
    return 0


def _explained(options: argparse.Namespace, refusal: Refused) -> str:
    """The refusal; one of the search with its place, in what was typed where no macro stands behind it."""
    if not isinstance(refusal.position, int):
        return str(refusal)
    rest = _written_out(options)[refusal.position :]
    if options.spl.endswith(rest):
        refusal, note = Refused(refusal.message, len(options.spl) - len(rest)), ""
    else:
        note = " (counted with the macros written out)"
    return f"{refusal}: {repr(rest[:40]) if rest else 'the end of the search'}{note}"


def _written_out(options: argparse.Namespace) -> str:
    """The search with its macros expanded, into which refusals point."""
    try:
        return expand(options.spl, Knowledge(load_confs(options.app or [APP])).macros)
    except Refused:
        return str(options.spl)


if __name__ == "__main__":
    sys.exit(main())
