"""Search events without Splunk: `python -m workbench.search 'SPL' FILE…`.

The files' events go through the built add-on's index-time and search-time confs, and the search runs over them.
One JSON object a result on standard output. An emulation: what it does not know it refuses, with exit code 2 and
a message with the place on standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from workbench.conf.reader import Confs
from workbench.conf.search_time import Knowledge
from workbench.event_files import DEFAULT_SOURCETYPE, Reader
from workbench.refusal import Refused
from workbench.spl.macros import expand
from workbench.spl.relative_time import resolve
from workbench.spl.search import run

APP = Path(__file__).resolve().parents[1] / "output" / "TA_illumio_pce"
REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one search; the exit code."""
    options = _parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
    try:
        _search(options)
    except Refused as refusal:
        print(f"refused: {refusal}{_excerpt(options, refusal)}", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:
        # Whoever reads the rows has enough of them; nothing is left to flush at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return REFUSED
    return 0


def _joined(arguments: Sequence[str]) -> list[str]:
    """`--earliest -24h` as one word, since argparse would take `-24h` for an option."""
    words: list[str] = []
    for word in arguments:
        if words and words[-1] in ("--earliest", "--latest", "--now"):
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./build.sh search", description=__doc__)
    parser.add_argument("spl", help="the search, e.g. 'tag=authentication action=failure | stats count by user'")
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="events: lines, an API answer, or JSON lines"
    )
    parser.add_argument("--sourcetype", default=DEFAULT_SOURCETYPE, help="how lines are received (%(default)s)")
    parser.add_argument("--earliest", help="begin of the time range, inclusive: -24h@h, epoch seconds, ISO 8601")
    parser.add_argument("--latest", help="end of the time range, exclusive")
    parser.add_argument("--now", default="now", help="the search's clock (this moment)")
    parser.add_argument("--app", type=Path, action="append", help=f"the add-on's folder ({APP.name}, as built)")
    return parser


def _search(options: argparse.Namespace) -> None:
    now = _bound(options, "now", float(int(time.time()))) or 0.0
    confs = _confs(options)
    knowledge = Knowledge(confs, now)
    events = Reader(confs, now, options.sourcetype).read(options.files)
    earliest, latest = (_bound(options, name, now) for name in ("earliest", "latest"))
    rows = run(options.spl, events, knowledge=knowledge, now=now, earliest=earliest, latest=latest)
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))


def _bound(options: argparse.Namespace, name: str, now: float) -> float | None:
    """A time on the command line as epoch seconds."""
    text = getattr(options, name)
    try:
        return resolve(text, now) if text else None
    except Refused as refusal:
        raise Refused(refusal.message, f"--{name}") from None


def _confs(options: argparse.Namespace) -> Confs:
    folders = options.app or [APP]
    for folder in folders:
        if not (folder / "default").is_dir():
            raise Refused("no add-on there; ./build.sh builds it", str(folder))
    return Confs.load(*folders)


def _excerpt(options: argparse.Namespace, refusal: Refused) -> str:
    """The part of the search, its macros expanded, that a refusal points to."""
    if not isinstance(refusal.position, int):
        return ""
    try:
        text = expand(options.spl, Knowledge(_confs(options)).macros)
    except Refused:
        text = options.spl
    part = text[refusal.position : refusal.position + 40]
    return f": {part!r}" if part else ": the end of the search"


if __name__ == "__main__":
    sys.exit(main())
