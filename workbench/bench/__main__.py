"""The benchmarks' command line: `./build.sh bench --help`. What is measured stands in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from . import ahead, growth, idle, pages, scale, search_time, throughput
from .figures import Result
from .options import Options

BENCHMARKS: Mapping[str, Callable[[Options], list[Result]]] = {
    "throughput": throughput.measure,
    "idle": idle.measure,
    "ahead": ahead.measure,
    "growth": growth.measure,
    "search": search_time.measure,
    "scale": scale.measure,
    "pages": pages.measure,
}
#: Not among those that run unless named: they take half an hour.
_LONG = {"scale", "pages"}
#: The environments that `./build.sh test` makes of the Pythons that Splunk brings.
_BUILD = Path(__file__).resolve().parents[2] / ".build"
_SHIPPED_PYTHONS = [_BUILD / f"python{version}/bin/python" for version in ("3.9", "3.13")]


def main() -> int:
    """Run what is asked for, and print its ratios; with --json, write them too."""
    parser = argparse.ArgumentParser(prog="./build.sh bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"any of {', '.join(BENCHMARKS)} (default: all but {', '.join(sorted(_LONG))})",
    )
    parser.add_argument("--events", type=int, help="events in a backlog (default 100,000; with --quick 20,000)")
    parser.add_argument("--repeat", type=int, help="number of runs for the median (default 3; with --quick 1)")
    parser.add_argument("--quick", action="store_true", help="rough results in about a minute")
    parser.add_argument("--python", action="append", help="a Python to use (default: those of Splunk, if installed)")
    parser.add_argument(
        "--ta-illumio", type=Path, metavar="DIR", help="the older add-on, to compare its confs with ours"
    )
    parser.add_argument("--before", type=Path, metavar="DIR", help="an older build of this add-on, for scale")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the ratios to this file")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {min(unknown)}")
    pythons = given.python or [path for path in _SHIPPED_PYTHONS if path.exists()] or [sys.executable]
    options = Options(
        given.events or (20_000 if given.quick else 100_000),
        given.repeat or (1 if given.quick else 3),
        [str(Path(python).absolute()) for python in pythons],
        given.quick,
        given.ta_illumio,
        given.before,
    )
    found = {}
    for name in given.names or [name for name in BENCHMARKS if name not in _LONG]:
        found[name] = [result.as_json() for result in _shown(BENCHMARKS[name](options))]
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _shown(results: list[Result]) -> list[Result]:
    for result in results:
        print(result.text(), flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
