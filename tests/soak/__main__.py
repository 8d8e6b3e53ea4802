"""`./build.sh soak [--minutes N] [--full] [--seed N] [--report FILE]`: the proofs that take longer than the tests may.

Three parts, each bounded: seeded histories in the simulated world, fuzzed responses, and the oracle over the real
process. It stops by itself, and prints a report with seed and commit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.soak.parts import run_part, say

#: What --full does, whatever time it takes.
FULL_HISTORIES, FULL_RESPONSES, FULL_EVENTS, FULL_ROUNDS, FULL_KILLS = 100_000, 1_000_000, 1_000_000, 1000, 1000


def commit() -> str:
    """The commit that is soaked, marked where files differ from it; `unknown` without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def main() -> int:
    """Run the parts side by side; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="./build.sh soak", description=__doc__)
    parser.add_argument("--minutes", type=float, help="stop after so long (15, with --full when all is done)")
    parser.add_argument("--full", action="store_true", help="100,000 histories, a million responses and events; hours")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what chance is made from")
    parser.add_argument("--report", type=Path, help="write the report there as well")
    options = parser.parse_args()
    seed, began = options.seed, time.monotonic()
    seconds = 60 * (options.minutes or (1e6 if options.full else 15)) * 0.9
    say(f"seed {seed}, commit {commit()}; it ends by itself")
    parts: dict[str, tuple[object, ...]] = {
        "histories": (seed, FULL_HISTORIES, began + seconds),
        "oracle": (seed, FULL_ROUNDS, FULL_KILLS, FULL_EVENTS if options.full else 0, seconds),
        "fuzz": (seed, FULL_RESPONSES, began + seconds),
    }
    titles = {
        "histories": "Simulated histories",
        "fuzz": "Fuzzed responses",
        "oracle": "The oracle, over the real process",
    }
    with multiprocessing.get_context("spawn").Pool(len(parts)) as pool:
        running = {name: pool.apply_async(run_part, (name, arguments)) for name, arguments in parts.items()}
        results = {name: result.get() for name, result in running.items()}
    text = report_of(seed, time.monotonic() - began, {titles[name]: lines for name, lines in results.items()})
    print(text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")
    kept = ("broken promises** | **0**", "missing, spurious, changed** | **0, 0, 0**")
    return int(not all(part in text for part in kept))


def report_of(seed: int, seconds: float, parts: dict[str, list[str]]) -> str:
    """The report in Markdown."""
    lines = [
        "# Report of a soak",
        "",
        "Written by `./build.sh soak`. The PCE and splunkd are emulations; the collector is the built add-on.",
        "",
        f"Commit `{commit()}`, seed {seed}, Python {sys.version.split()[0]}, {seconds / 60:.0f} minutes.",
        "",
        "How many changes to the collector its tests notice is counted apart: `tools/mutate.sh`.",
    ]
    for title, rows in parts.items():
        lines += ["", f"## {title}", "", "| | |", "| --- | --- |", *rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
