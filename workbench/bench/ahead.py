"""Asking ahead: a PCE that takes two seconds for each answer, a busy poll and a backlog."""

from __future__ import annotations

import time

from workbench.pce.events.times import render_ms

from .figures import HEAD, Ratio, Result, row
from .options import Options
from .trail import Trail
from .world import a_world

_SECONDS = 2.0
_HOUR_MS = 3_600_000
#: In the late-arrival window of ten minutes: three answers' worth.
_STEP_MS = 30


def measure(options: Options) -> list[Result]:
    """One result, on the first Python."""
    python = options.pythons[0]
    now = int(time.time() * 1000)
    trail = Trail(now - _HOUR_MS, _STEP_MS, _HOUR_MS // _STEP_MS, giants=False)
    with a_world(python, trail) as world:
        world.add_input(start_time=render_ms(now - 600_000))
        world.collect()
        quick = world.collect()
        world.slow.seconds = _SECONDS
        before = len(world.server.requests)
        busy = world.collect()
        answers = len(world.server.requests) - before
        world.add_input("backlog", start_time=render_ms(now - _HOUR_MS))
        before = len(world.server.requests)
        backlog = world.collect("backlog")
        many = len(world.server.requests) - before
    result = Result(f"A PCE that takes {_SECONDS:g} s for each answer, {options.name_of(python)}", HEAD)
    result.measured = [row("busy poll, quick PCE", quick), row(f"busy poll, {answers} answers", busy)]
    result.measured.append(row(f"backlog, {many} answers", backlog))
    waited = (busy.wall - quick.wall) / _SECONDS
    result.ratios = [
        Ratio(
            "waits of a busy poll, in answers of the PCE",
            waited,
            f"goal: 1 for {answers} asked",
        ),
        Ratio("time of a backlog / of its answers one after another", backlog.wall / (many * _SECONDS), "below 1"),
    ]
    return [result]
