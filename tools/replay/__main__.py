"""Replay our CIM cases against a Splunk that has the add-on: `./build.sh replay https://HOST:8089`.

Sends the events of tests/cim/samples in JSON, CEF and LEEF, waits until they are found, and compares their fields. They
stay in the index. Or write the same cases as sample files of pytest-splunk-addon: `--samples DIR`.
Nobody has run this against a real Splunk yet: it is tested with a stand-in.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from tools.replay import sample_files
from tools.replay.cases import Case, cases, differences
from tools.replay.splunk_api import SplunkApi

_PAUSE = 3.0
_UNVERIFIED = (
    "Splunk's certificate cannot be verified. Set SPLUNK_CA_FILE to the certificate of its authority, and use the host "
    "name that it was made for; the one that Splunk ships with names none, so give the management port another."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay, or write; 1 where a case reads otherwise."""
    parser = argparse.ArgumentParser(prog="./build.sh replay", description=__doc__)
    parser.add_argument("url", nargs="?", help="Splunk's management port; SPLUNK_TOKEN, or SPLUNK_USER and _PASSWORD")
    parser.add_argument("--index", default="main", help="where the events go (%(default)s)")
    parser.add_argument("--wait", type=float, default=120.0, help="how long to wait for them, in seconds (%(default)s)")
    parser.add_argument("--samples", type=Path, metavar="DIR", help="write sample files there instead")
    options = parser.parse_args(arguments)
    if options.samples:
        print("\n".join(str(path) for path in sample_files.write(options.samples)))
        return 0
    if not options.url:
        parser.error("say which Splunk, or --samples DIR")
    try:
        return _replay(SplunkApi(options.url, os.environ), options.index, options.wait)
    except requests.exceptions.SSLError as error:
        print(f"{_UNVERIFIED} ({error})", file=sys.stderr)
    except requests.RequestException as error:
        print(f"Splunk cannot be asked: {error}", file=sys.stderr)
    return 2


def _replay(splunk: SplunkApi, index: str, wait: float) -> int:
    run = f"illumio_pce_replay:{uuid.uuid4().hex[:12]}"
    sent = {f"{run}:{case.format}:{case.name}": case for case in cases()}
    for source, case in sent.items():
        splunk.send(case.line, index, source, "illumio:pce:syslog")
    print(f"sent {len(sent)} events to index {index}, source {run}:*")
    found = _found(splunk, index, run, sent, wait)
    wrong = 0
    for source, case in sent.items():
        problems = differences(case, found[source]) if source in found else ["not found"]
        wrong += bool(problems)
        for problem in problems:
            print(f"{case.format} {case.name}: {problem}")
    print(f"{len(sent) - wrong} of {len(sent)} read as they should")
    return 1 if wrong else 0


def _found(splunk: SplunkApi, index: str, run: str, sent: dict[str, Case], wait: float) -> dict[str, dict[str, Any]]:
    """The events by source, once all are there or the time is over."""
    fields = sorted({field for case in sent.values() for field in case.fields})
    spl = f'index="{index}" source="{run}:*" | table source sourcetype tag eventtype {" ".join(fields)}'
    end = time.monotonic() + wait
    while True:
        found = {str(row["source"]): row for row in splunk.search(spl)}
        if len(found) >= len(sent) or time.monotonic() >= end:
            return found
        time.sleep(_PAUSE)


if __name__ == "__main__":
    sys.exit(main())
