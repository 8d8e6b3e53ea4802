"""`./build.sh soak [--minutes N | --full] [--seed N] [--report FILE]`: the proofs that take longer than the tests may.

Four parts, each bounded: seeded histories in the simulated world, fuzzed answers, the oracle over the real process, and
(with --full, or `python -m tools.mutate`) mutants. It stops by itself, and prints a report with seed and commit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests import histories
from tests.soak import oracle, stream

#: What --full does, whatever time it takes.
FULL_HISTORIES, FULL_ANSWERS, FULL_EVENTS, FULL_ROUNDS = 100_000, 1_000_000, 1_000_000, 2400
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
    """Fuzzed answers until there are enough or the time is over."""
    met: Counter[str] = Counter()
    done = 0
    while done < count and time.monotonic() < until:
        met += stream.fuzz(seed + done, 5000)
        done += 5000
        if done % 100_000 == 0:
            say(f"fuzzed answers: {done}")
    yield f"| fuzzed answers | {done} ({met['whole']} whole, {met['refused']} refused, {met['events']} events) |"
    yield "| **crashes, ill-formed streams, changed values** | **0** |"


def oracle_part(seed: int, rounds: int, events: int, seconds: float) -> Iterator[str]:
    """The oracle over the real process."""
    bulk_every = max(1, rounds * oracle.BULK * 3 // 2 // max(events, 1)) if events else 40
    with tempfile.TemporaryDirectory() as folder:
        report = oracle.watch(
            Path(folder) / "splunk", seed, rounds, bulk_every, seconds, lambda text: say(f"oracle: {text}")
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


def _part(name: str, arguments: tuple[object, ...]) -> list[str]:
    part = {"histories": histories_part, "fuzz": fuzz_part, "oracle": oracle_part}[name]
    return list(part(*arguments))  # type: ignore[operator]


def commit() -> str:
    """The commit that is soaked, marked where files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def main() -> int:
    """Run the parts, two at a time; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="./build.sh soak", description=__doc__)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--minutes", type=float, default=15, help="stop after so long (default %(default)s)")
    group.add_argument("--full", action="store_true", help="100,000 histories, a million answers and events; hours")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what chance is made from")
    parser.add_argument("--report", type=Path, help="write the report there as well")
    options = parser.parse_args()
    seconds = 1e7 if options.full else options.minutes * 60
    until, seed, began = time.monotonic() + seconds * 0.9, options.seed, time.monotonic()
    say(
        f"seed {seed}, commit {commit()}; it ends by itself"
        + ("" if options.full else f" after {options.minutes} minutes")
    )
    parts: dict[str, tuple[object, ...]] = {
        "histories": (seed, FULL_HISTORIES, began + seconds * 0.6),
        "oracle": (seed, FULL_ROUNDS, FULL_EVENTS if options.full else 0, seconds * 0.8),
        "fuzz": (seed, FULL_ANSWERS, until),
    }
    titles = {
        "histories": "Simulated histories",
        "fuzz": "Fuzzed answers",
        "oracle": "The oracle, over the real process",
    }
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        running = {name: pool.apply_async(_part, (name, arguments)) for name, arguments in parts.items()}
        results = {name: result.get() for name, result in running.items()}
    text = report_of(seed, time.monotonic() - began, {titles[name]: lines for name, lines in results.items()})
    print(text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")
    return int("broken" in text.replace("broken promises** | **0**", ""))


def report_of(seed: int, seconds: float, parts: dict[str, list[str]]) -> str:
    """The report in Markdown."""
    lines = [
        "# Report of a soak",
        "",
        "Written by `./build.sh soak`. The PCE and splunkd are emulations; the collector is the built add-on.",
        "",
        f"Commit `{commit()}`, seed {seed}, Python {sys.version.split()[0]}, {seconds / 60:.0f} minutes.",
    ]
    for title, rows in parts.items():
        lines += ["", f"## {title}", "", "| | |", "| --- | --- |", *rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
