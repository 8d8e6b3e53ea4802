"""The parts of a soak, each of which ends by itself and gives the rows of its table in the report."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests import histories
from tests.soak import oracle, stream

_CHUNK = 250


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def histories_part(first: int, count: int, until: float) -> Iterator[str]:
    """Histories until there are enough or the time is over; every tenth chunk is also crashed at every effect."""
    met: Counter[str] = Counter()
    played = crashes = 0
    failed: list[str] = []
    while played + crashes < count and time.monotonic() < until and len(failed) < 10:
        for seed in range(first + played, first + played + _CHUNK):
            try:
                met += histories.play(seed)
            except histories.Failed as failure:
                failed.append(str(failure))
        played += _CHUNK
        for seed in range(first + played, first + played + 4):
            try:
                crashed, more = histories.crash_everywhere(seed)
                crashes, met = crashes + crashed, met + more
            except histories.Failed as failure:
                failed.append(str(failure))
        if played % (_CHUNK * 20) == 0:
            say(f"histories: {played} played, {crashes} crashes at an effect, {len(failed)} failed")
    yield f"| histories played to their end | {played} |"
    yield f"| runs killed at an effect, each effect in turn | {crashes} |"
    yield f"| **of these, broken promises** | **{len(failed)}** |"
    yield f"| met in them | {_listed(met)} |"
    yield from (f"\n```\n{text}\n```" for text in failed)


def fuzz_part(seed: int, count: int, until: float) -> Iterator[str]:
    """Fuzzed responses until there are enough or the time is over."""
    met: Counter[str] = Counter()
    done = 0
    while done < count and time.monotonic() < until:
        met += stream.fuzz(seed + done, 5000)
        done += 5000
        if done % 100_000 == 0:
            say(f"fuzzed responses: {done}")
    yield f"| fuzzed responses | {done} ({met['whole']} whole, {met['refused']} refused, {met['events']} events) |"
    yield "| **crashes, ill-formed streams, changed values** | **0** |"


def oracle_part(seed: int, rounds: int, kills: int, events: int, seconds: float) -> Iterator[str]:
    """The oracle over the real process."""
    bulk_every = max(1, rounds * oracle.BULK * 3 // 2 // max(events, 1)) if events else 40
    with tempfile.TemporaryDirectory() as folder:
        report = oracle.watch(
            Path(folder) / "splunk", seed, rounds, kills, bulk_every, seconds, lambda text: say(f"oracle: {text}")
        )
    memory, files = [m for m in report.memory if m], [n for n in report.descriptors if n]
    tenth = max(1, len(memory) // 10)
    yield f"| rounds | {report.rounds}, {report.hours} hours by the PCE's clock |"
    yield f"| events recorded | {report.recorded} |"
    yield f"| **missing, spurious, changed** | **{report.missing}, {report.spurious}, {report.changed}** |"
    yield f"| met | {_listed(report.met)} |"
    first, last = sorted(memory[:tenth])[tenth // 2], sorted(memory[-tenth:])[tenth // 2]
    yield f"| memory of a run (MiB, median) | {first} in the first tenth, {last} in the last; most {max(memory)} |"
    yield f"| open files of a run | most {max(files[:tenth])} in the first tenth, {max(files[-tenth:])} in the last |"
    if not report.held:
        yield f"\n**A promise was broken: seed {seed}.**"


def _listed(met: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(met.items()) if count)


_PARTS: dict[str, Callable[..., Iterator[str]]] = {
    "histories": histories_part,
    "fuzz": fuzz_part,
    "oracle": oracle_part,
}


def run_part(name: str, arguments: tuple[Any, ...]) -> list[str]:
    """One of the parts, in a process of its own."""
    return list(_PARTS[name](*arguments))
