"""search, further down a pipeline."""

from __future__ import annotations

from dataclasses import replace

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.search_language import Predicate, parse_expanded
from workbench.splunk.spl.values import Event


def parse_predicate(arguments: Arguments) -> Predicate:
    """The command's arguments as a base search, its places counted in the whole search."""
    try:
        predicate = parse_expanded(arguments.rest())
    except Refused as refusal:
        raise refusal.moved(arguments.position) from None
    times = {name: (text, arguments.position + place) for name, (text, place) in predicate.times.items()}
    return replace(predicate, times=times)


@command("search")
def parse_search(arguments: Arguments) -> Runner:
    """Filters rows; a time modifier is refused here, since it would not choose events any more."""
    predicate = parse_predicate(arguments)
    if predicate.times:
        raise Refused("a time modifier behind the first command", arguments.position)

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        return [row for row in rows if predicate.matches(row)]

    return run
