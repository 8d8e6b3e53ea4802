"""Throughput: a backlog from the emulated PCE to the end of a pipe, beside the plain collector and the floor."""

from __future__ import annotations

import time

from workbench.pce.events.times import render_ms

from .figures import HEAD, Ratio, Result, middle, row
from .options import Options
from .process import Cost
from .trail import Trail
from .world import a_world, targets_of

#: What a client that knows the trail beforehand asks for at once.
_EVENTS_AT_ONCE = 7500
_DAY_MS = 86_400_000


def measure(options: Options) -> list[Result]:
    """One result for each Python."""
    return [_on(python, options) for python in options.pythons]


def _on(python: str, options: Options) -> Result:
    count = options.events
    start = int(time.time() * 1000) - 2 * _DAY_MS
    trail = Trail(start, _DAY_MS / count, count)
    costs: dict[str, list[Cost]] = {}
    with a_world(python, trail) as world:
        world.pce.rate_limit.per_minute = 10**9  # what is compared knows no limit
        world.add_input("first", start_time=render_ms(int(time.time() * 1000)))
        world.collect("first")  # Python compiles the add-on once
        world.remove_input("first")
        targets = targets_of(trail.windows(_EVENTS_AT_ONCE))
        for number in range(options.repeat):
            world.add_input(f"audit{number}", start_time=render_ms(start))
            costs.setdefault("collector", []).append(world.collect(f"audit{number}"))
            world.remove_input(f"audit{number}")
            costs.setdefault("plain", []).append(world.rival("plain", targets))
            costs.setdefault("floor", []).append(world.rival("floor", targets, inflate=True))
            costs.setdefault("not inflated", []).append(world.rival("floor", targets, inflate=False))
    found = {name: middle(several) for name, several in costs.items()}
    result = Result(f"Throughput of {count:,} events, {options.name_of(python)}", HEAD)
    result.measured = [row(name, cost, count) for name, cost in found.items()]
    ours = found["collector"]
    result.ratios = [
        Ratio("plain collector / collector", found["plain"].cpu / ours.cpu, "goal: 5 or more"),
        Ratio("collector / floor", ours.cpu / found["floor"].cpu, "goal: 4 or less"),
        Ratio("collector / floor that does not decompress", ours.cpu / found["not inflated"].cpu),
        Ratio("largest memory / 150 MiB", ours.rss_mib / 150, "goal: below 1"),
    ]
    return result
