"""Growth: what an event costs in backlogs of different size, in a window of many hrefs, and among many inputs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from workbench.pce.events.times import render_ms

from .figures import HEAD, Ratio, Result, row
from .options import Options
from .process import Cost
from .trail import Trail
from .world import a_world

_DAY_MS = 86_400_000
_INPUTS = 50


def measure(options: Options) -> list[Result]:
    """One result for each way to grow, on the first Python."""
    python = options.pythons[0]
    return [_by_size(python, options), _by_window(python, options), _by_inputs(python, options)]


def _by_size(python: str, options: Options) -> Result:
    """Backlogs from 10,000 events to five times as many as asked for; a cut window costs an answer of its own."""
    sizes = [10_000, options.events // 2, options.events * 5]
    found = [(size, _backlog(python, size)) for size in sizes]
    result = Result("Backlogs of different size", HEAD, [row(f"{size:,} events", cost, size) for size, cost in found])
    (_, smallest), (middle_size, middle), (largest_size, largest) = found
    each = (middle.cpu - smallest.cpu) / (middle_size - sizes[0])
    result.ratios = [
        Ratio(
            "cost of each further event, late / early in a backlog",
            (largest.cpu - middle.cpu) / (largest_size - middle_size) / each,
            "goal: about 1",
        ),
        Ratio("memory of the largest / of the middle one", largest.rss_mib / middle.rss_mib, "goal: about 1"),
    ]
    return result


def _backlog(python: str, size: int) -> Cost:
    start = int(time.time() * 1000) - 2 * _DAY_MS
    with a_world(python, Trail(start, _DAY_MS / size, size)) as world:
        world.pce.rate_limit.per_minute = 10**9
        world.add_input(start_time=render_ms(start))
        return world.collect()


def _by_window(python: str, options: Options) -> Result:
    """A late-arrival window of a day: each poll reads it whole, and knows all of it."""
    sizes = [options.events // 10, options.events // 2]
    found = []
    for size in sizes:
        now = int(time.time() * 1000)
        with a_world(python, Trail(now - 3_600_000, 3_600_000 / size, size, giants=False)) as world:
            world.pce.rate_limit.per_minute = 10**9
            world.add_input(start_time=render_ms(now - 3_600_000), late_arrival_window="7200")
            world.collect()
            found.append((size, world.collect()))
    result = Result("A poll that knows all of its window", HEAD, [row(f"{s:,} hrefs", c, s) for s, c in found])
    (small, few), (large, many) = found
    result.ratios = [
        Ratio("cost of each known event, many / few", many.cpu / large / (few.cpu / small), "goal: 1 or less"),
        Ratio("largest memory / 150 MiB", many.rss_mib / 150, "goal: below 1"),
    ]
    return result


def _by_inputs(python: str, options: Options) -> Result:
    count = 5 if options.quick else _INPUTS
    with a_world(python) as world:
        world.pce.rate_limit.per_minute = 10**9
        names = [f"input{number}" for number in range(count)]
        for name in names:
            world.add_input(name)
        world.collect(names[0])
        alone = world.collect(names[0])
        with ThreadPoolExecutor(count) as pool:
            together = list(pool.map(world.collect, names))
    cpu = sum(cost.cpu for cost in together) / count
    wall = max(cost.wall for cost in together)
    among = Cost(cpu, wall, max(cost.rss_mib for cost in together), 0)
    rows: list[Sequence[str]] = [row("one input", alone), row(f"each of {count} at once", among)]
    return Result(
        "Inputs at once", HEAD, rows, [Ratio("CPU of a run among many / alone", cpu / alone.cpu, "goal: about 1")]
    )
