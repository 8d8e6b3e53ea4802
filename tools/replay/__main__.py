"""Replay our CIM cases against a Splunk that has the add-on: `./build.sh replay https://HOST:8089`.

Asks first what no source settles (tools/replay/questions.py). Then sends the events of tests/cim/samples in JSON, CEF
and LEEF, waits until they are found, and compares their fields, and what each event type finds. They stay in the index.
`--captures DIR` writes what Splunk answered, for `./build.sh conform DIR`. Or write the same cases as sample files of
pytest-splunk-addon: `--samples DIR`.
Nobody has run this against a real Splunk yet: it is tested with a stand-in.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from tests.cim.splunk import values
from tools.replay import sample_files
from tools.replay.cases import SENT_AS, Case, cases, differences
from tools.replay.questions import LATEST, QUESTIONS
from tools.replay.recorded import Recorder
from tools.replay.splunk_api import SplunkApi

_PAUSE = 3.0
_UNVERIFIED = (
    "Splunk's certificate cannot be verified. Set SPLUNK_CA_FILE to the certificate of its authority, and use the host "
    "name that it was made for; the one that Splunk ships with names none, so give the management port another."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay, or write; 1 where an answer or a case is another than expected."""
    parser = argparse.ArgumentParser(prog="./build.sh replay", description=__doc__)
    parser.add_argument("url", nargs="?", help="Splunk's management port; SPLUNK_TOKEN, or SPLUNK_USER and _PASSWORD")
    parser.add_argument("--index", default="main", help="where the events go (%(default)s)")
    parser.add_argument("--wait", type=float, default=120.0, help="how long to wait for them, in seconds (%(default)s)")
    parser.add_argument("--captures", type=Path, metavar="DIR", help="write what Splunk answers there, for conform")
    parser.add_argument("--samples", type=Path, metavar="DIR", help="write sample files there instead")
    options = parser.parse_args(arguments)
    if options.samples:
        print("\n".join(str(path) for path in sample_files.write(options.samples)))
        return 0
    if not options.url:
        parser.error("say which Splunk, or --samples DIR")
    try:
        splunk = SplunkApi(options.url, os.environ)
        recorder = Recorder(options.captures, splunk.version) if options.captures else None
        wrong = [_ask(splunk, recorder), _replay(splunk, options.index, options.wait, recorder)]
        return 1 if any(wrong) else 0
    except requests.exceptions.SSLError as error:
        print(f"{_UNVERIFIED} ({error})", file=sys.stderr)
    except requests.RequestException as error:
        print(f"Splunk cannot be asked: {error}", file=sys.stderr)
    return 2


def _ask(splunk: SplunkApi, recorder: Recorder | None) -> int:
    """How many questions that no source settles are answered otherwise than expected."""
    answered = [(question, splunk.search(question.spl, LATEST)) for question in QUESTIONS]
    wrong = [(question, rows) for question, rows in answered if rows != question.expected]
    for question, rows in wrong:
        print(f"{question.id}: {rows}, not {question.expected}; depends on it: {question.about}")
    print(f"{len(QUESTIONS) - len(wrong)} of {len(QUESTIONS)} questions are answered as expected")
    if recorder:
        recorder.answers(answered)
    return len(wrong)


def _replay(splunk: SplunkApi, index: str, wait: float, recorder: Recorder | None) -> int:
    """How many cases and event types read otherwise than they should."""
    run = f"illumio_pce_replay:{uuid.uuid4().hex[:12]}"
    sent = {f"{run}:{case.format}:{case.name}": case for case in cases()}
    for source, case in sent.items():
        splunk.send(case.line, index, source, SENT_AS)
    print(f"sent {len(sent)} events to index {index}, source {run}:*")
    base = f'index="{index}" source="{run}:*"'
    found = _found(splunk, base, sent, wait)
    wrong = 0
    for source, case in sent.items():
        problems = differences(case, found[source]) if source in found else ["not found"]
        wrong += bool(problems)
        for problem in problems:
            print(f"{case.format} {case.name}: {problem}")
        if recorder and source in found:
            recorder.event(case, source, found[source])
    print(f"{len(sent) - wrong} of {len(sent)} read as they should")
    return wrong + _missed(splunk, base, found)


def _missed(splunk: SplunkApi, base: str, found: Mapping[str, Mapping[str, Any]]) -> int:
    """How many event types find other events than those that show them: by words, lookups and computed fields."""
    showing = Counter(name for row in found.values() for name in values(row.get("eventtype")))
    wrong = 0
    for name, count in sorted(showing.items()):
        rows = splunk.search(f'{base} eventtype="{name}" | stats count')
        if [str(row["count"]) for row in rows] != [str(count)]:
            wrong += 1
            print(f"eventtype={name} finds {rows}, and {count} events show it")
    return wrong


def _found(splunk: SplunkApi, base: str, sent: Mapping[str, Case], wait: float) -> dict[str, dict[str, Any]]:
    """The events by source with all fields, once all are there or the time is over."""
    end = time.monotonic() + wait
    while True:
        found = {str(row["source"]): row for row in splunk.search(f"{base} | fields *")}
        if len(found) >= len(sent) or time.monotonic() >= end:
            return found
        time.sleep(_PAUSE)


if __name__ == "__main__":
    sys.exit(main())
