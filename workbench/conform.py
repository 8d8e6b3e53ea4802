"""Conformance cases through the workbench's engine: `python -m workbench.conform FILE…`.

A line of a file is one case, a file whose name ends with .json is a capture of a real Splunk, and a folder holds both
(workbench/splunk/engine.md has the forms). Prints a line for each case that fails or
is refused, then the counts by area and basis, and last the counts of all. Exit code 1 if a case failed, 2 if a file
holds something else than cases.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from workbench.command_line import APP, ended
from workbench.splunk.conformance import OUTCOMES, Case, judge, read_cases


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all cases of the files."""
    parser = argparse.ArgumentParser(prog="./build.sh conform", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cases, captures, folders of them")
    options = parser.parse_args(arguments)
    return ended(lambda: _conform([case for file in options.files for case in read_cases(file)]))


def _conform(cases: Sequence[Case]) -> int:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for case in cases:
        outcome, reason = judge(case, APP)
        counts.setdefault((case["area"], case["basis"]), Counter())[outcome] += 1
        if outcome != "passed":
            print(f"{outcome}: {case['id']}: {reason}")
    for (area, basis), counter in sorted(counts.items()):
        print(f"{area}, {basis}: {_line(counter)}")
    total = sum(counts.values(), Counter())
    print(_line(total))
    return 1 if total["failed"] else 0


def _line(counter: Counter[str]) -> str:
    return ", ".join(f"{counter[outcome]} {outcome}" for outcome in OUTCOMES)


if __name__ == "__main__":
    sys.exit(main())
