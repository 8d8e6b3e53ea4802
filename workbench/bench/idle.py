"""The idle poll: a run that finds nothing new, from process start to exit, beside one that only imports and asks.

The requests to splunkd and to the PCE are listed: what each of them costs the two is not part of the figure.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.pce import Request

from .figures import HEAD, Ratio, Result, middle, row
from .options import Options
from .world import a_world


def measure(options: Options) -> list[Result]:
    """One result for each Python."""
    return [_on(python, options) for python in options.pythons]


def _on(python: str, options: Options) -> Result:
    with a_world(python) as world:
        world.add_input()
        world.add_input("system", include_system_events="1")
        for name in ("audit", "system"):
            world.collect(name)
        before = len(world.server.requests)
        rest = world.lab.splunkd.rest
        first = len(rest.asked)
        world.collect()
        asked = [line.replace("/servicesNS/nobody/TA_illumio_pce", "") for line in rest.asked[first:]]
        to_pce = world.server.requests[before:]
        pairs = [(world.collect(), world.rival("idle", ["/api/v2/noop"])) for _ in range(options.repeat * 3)]
        before = len(world.server.requests)
        world.collect("system")
        with_system_events = len(world.server.requests) - before
    ours, least = middle([pair[0] for pair in pairs]), middle([pair[1] for pair in pairs])
    result = Result(
        f"Idle poll, {options.name_of(python)}", HEAD, [row("collector", ours), row("imports + 1 GET", least)]
    )
    result.measured += [[line, "", "", "", ""] for line in _listed(to_pce, asked)]
    result.ratios = [
        Ratio("CPU of an idle poll / of imports and one request", ours.cpu / least.cpu, "goal: below 1.5"),
        Ratio("memory of an idle poll / of imports and one request", ours.rss_mib / least.rss_mib, "goal: below 1.5"),
        Ratio("requests to the PCE", len(to_pce), "goal: 1"),
        Ratio("requests to the PCE with system events", with_system_events, "goal: 2"),
        Ratio("requests to splunkd", len(asked), "as few as can be"),
    ]
    return result


def _listed(to_pce: list[Request], asked: list[str]) -> Iterator[str]:
    yield from (f"PCE: {request.method} {request.path}" for request in to_pce)
    yield from (f"splunkd: {line}" for line in asked)
