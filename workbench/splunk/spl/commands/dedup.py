"""dedup."""

from __future__ import annotations

from collections import Counter

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.commands.sort import sort_keys
from workbench.splunk.spl.ordering import sort_rows
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, values_in


@command("dedup")
def parse_dedup(arguments: Arguments) -> Runner:
    """`dedup [N] fields [keepevents] [keepempty] [consecutive] [sortby …]`."""
    options = arguments.options("keepevents", "keepempty", "consecutive")
    keep_events = options.flag("keepevents", default=False)
    keep_empty = options.flag("keepempty", default=False)
    consecutive = options.flag("consecutive", default=False)
    bare = arguments.match(r"(\d+)(?=\s)")
    limit = int(bare.group(1)) if bare else 1
    fields = arguments.names(stops=("sortby",))
    keys = sort_keys(arguments) if arguments.keyword("sortby") else []
    arguments.finish()
    if not fields or limit < 1 or any("*" in field for field in fields):
        raise arguments.refuse("a count of at least 1 and plain field names are expected")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        kept: list[Event] = []
        counts: Counter[tuple[tuple[str, ...], ...]] = Counter()
        previous: tuple[tuple[str, ...], ...] | None = None
        # "You can sort the fields, which determines which event is retained."
        for row in sort_rows(rows, keys) if keys else rows:
            # Several values have to be the same, all of them, in the same order.
            key = tuple(tuple(values_in(row, field)) for field in fields)
            if not all(key):
                if keep_empty:
                    kept.append(row)
                continue
            if consecutive and key != previous:
                counts.clear()
            previous = key
            counts[key] += 1
            if counts[key] <= limit:
                kept.append(row)
            elif keep_events:
                kept.append({name: value for name, value in row.items() if name not in fields})
        return kept

    return run
