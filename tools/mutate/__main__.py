"""`python -m tools.mutate`: changes the collector a little, place by place, and sees whether a test fails.

Of the modules that decide what is new, delivered and committed, one place at a time is changed: a comparison, a
Boolean, an arithmetic sign, a number, a condition, a statement left out, two statements exchanged. A mutant that
lives is a test that is missing, code that nobody needs, or a change that makes no difference: those stand in
`tests/mutants-reviewed.csv`, each with the reason. 1 where another one lives, or where that list names one that
does not exist.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from tools.mutate import trial
from tools.mutate.mutants import Mutant, mutants_of

MODULES = (
    "array_reader", "backfill", "backfill_sender", "backlog", "breadcrumb", "checkpoint", "collector", "comparison",
    "delivery", "event_reader", "events", "fast_reader", "fetch", "filters", "json_text", "key_set", "lease", "output",
    "pce_facts", "prefetch", "present", "record", "report", "resume", "setback", "state", "store", "text_buffer",
    "timestamps", "windows", "xml_text",
)  # fmt: skip
REVIEWED = trial.REPOSITORY / "tests" / "mutants-reviewed.csv"
COLUMNS = ("module", "function", "was", "became", "reason")
#: The survivors of the last run, in the form of the list of reviewed ones.
ALIVE = trial.REPOSITORY / ".build" / "mutants-alive.csv"

Key = tuple[str, str, str, str]


def read(path: Path) -> dict[Key, str]:
    """Mutants by name, each with the reason why it may live."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {(row["module"], row["function"], row["was"], row["became"]): row["reason"] for row in rows}


def main() -> int:
    """Try mutants, and print the survivors and the count."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=__doc__)
    parser.add_argument("--count", type=int, default=0, help="so many, by chance (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", choices=MODULES, action="append", help="of this module alone")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no other after so long")
    parser.add_argument("--again", action="store_true", help="only those that lived in the last run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tests", type=Path, nargs="+", help="only these files of tests (default: unit and stateful)")
    parser.add_argument("--quick", type=float, default=1e9, metavar="S", help="only tests of at most S seconds each")
    options = parser.parse_args()
    reviewed = read(REVIEWED)
    every = [m for name in MODULES for m in mutants_of(name, (trial.PACKAGE / f"{name}.py").read_text("utf-8"))]
    unknown = set(reviewed) - {mutant.key for mutant in every}
    for key in sorted(unknown):
        print(f"reviewed, and not there any more: {key}")
    chosen = [mutant for mutant in every if mutant.module in (options.module or MODULES)]
    if options.again:
        alive_before = read(ALIVE)
        chosen = [mutant for mutant in chosen if mutant.key in alive_before]
    if options.count:
        chosen = random.Random(options.seed).sample(chosen, min(options.count, len(chosen)))  # noqa: S311
    found = trial.make_map(options.tests or trial.every_file())
    trial.warm_up()
    until = time.monotonic() + options.minutes * 60
    in_time = trial.outcomes(takewhile(lambda _: time.monotonic() < until, chosen), found, options.jobs, options.quick)
    alive = try_all(in_time, len(chosen), reviewed)
    return int(bool(alive or unknown))


def try_all(outcomes: Iterable[tuple[Mutant, str]], count: int, reviewed: dict[Key, str]) -> list[Mutant]:
    """Try them; those that live and were not reviewed."""
    began, ends = time.monotonic(), Counter[str]()
    by_module: dict[str, Counter[str]] = {}
    alive: list[Mutant] = []
    for mutant, end in outcomes:
        outcome = "reviewed" if end == "alive" and mutant.key in reviewed else end
        ends[outcome] += 1
        by_module.setdefault(mutant.module, Counter())[outcome] += 1
        if outcome == "alive":
            alive.append(mutant)
            print(f"alive  {mutant}", flush=True)
        if sum(ends.values()) % 100 == 0:
            print(f"{sum(ends.values())} of {count}: {_told(ends)}", file=sys.stderr, flush=True)
    for module, ended in sorted(by_module.items()):
        print(f"{module:14} {_told(ended)}")
    print(f"all            {_told(ends)} ({(time.monotonic() - began) / 60:.0f} minutes)")
    with ALIVE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows([*mutant.key, ""] for mutant in sorted(alive, key=lambda one: (one.module, one.line)))
    return alive


def _told(ends: Counter[str]) -> str:
    tried = sum(ends.values())
    dead = ends["failed"] + ends["endless"]
    return (
        f"{tried} tried, {dead} died ({dead / tried:.1%}; {ends['endless']} of them without end), "
        f"{ends['reviewed']} live and are reviewed, {ends['alive']} live"
    )


if __name__ == "__main__":
    sys.exit(main())
