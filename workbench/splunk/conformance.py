"""Conformance cases: what a search, a conf or a schedule should give, and what the engine gives.

A case is one JSON object; docs/workbench-engine.md has the form.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.splunk.conf.index_time import receive
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.rows import differences
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.schedule import conformance
from workbench.splunk.spl import commands, relative_time, search
from workbench.splunk.spl.macros import Macros, expand
from workbench.splunk.spl.pipeline import split
from workbench.splunk.spl.values import Event, number_text
from workbench.splunk.text_files import lines_of, pieces_of

Case = Mapping[str, Any]
OUTCOMES = ("passed", "failed", "refused")
_NEEDED = ("id", "area", "basis")
_EXPECTATIONS = {"expect", "expect_alerts", "refuses"}


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of a file, one JSON object a line. Raises Refused with the place of a line that is none."""
    for number, line in enumerate(lines_of(pieces_of(path)), start=1):
        if line.strip():
            yield _case(line, f"{path}, line {number}")


def _case(line: str, place: str) -> Case:
    try:
        case = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refused(f"no JSON: {error}", place) from None
    if not isinstance(case, dict) or any(name not in case for name in _NEEDED) or not _EXPECTATIONS & set(case):
        raise Refused(f"no case: it needs {', '.join(_NEEDED)}, and one of {', '.join(sorted(_EXPECTATIONS))}", place)
    return case


def judge(case: Case) -> tuple[str, str]:
    """The outcome of a case (passed, failed, refused) and what to say about it."""
    try:
        problems = _problems(case)
    except Refused as refusal:
        return ("passed", "") if case.get("refuses") else ("refused", str(refusal))
    if case.get("refuses"):
        problems = ["it is not refused"]
    return ("failed", "; ".join(problems)) if problems else ("passed", "")


def _problems(case: Case) -> list[str]:
    if case["area"] == "schedule":
        return conformance.check(case)
    rows = run(case)
    if case.get("refuses"):
        return []
    return differences(rows, case["expect"], bool(case.get("ordered", False)), bool(case.get("complete", True)))


def run(case: Case) -> list[Event]:
    """The rows that the engine gives for a case."""
    now = _clock(case)
    confs = Confs.load(case.get("confs", {}), lookups=case.get("lookups", {}))
    knowledge = Knowledge(confs, now)
    events = _received(case, confs) if "input" in case else [_event(event) for event in case.get("events", [])]
    if "spl" not in case:
        return [knowledge.enrich(event) for event in events]
    rows: list[Event] = search.run(
        _over_events(case["spl"], knowledge.macros),
        events,
        knowledge=knowledge,
        now=now,
        earliest=case.get("earliest"),
        latest=case.get("latest"),
    )
    return rows


def _over_events(spl: str, macros: Macros) -> str:
    """The search; one that begins with a pipe and a command that makes no events itself runs over all of them."""
    if not spl.lstrip().startswith("|"):
        return spl
    first = split(expand(spl, macros))[0]
    return spl if commands.find(first).generates else f"* {spl}"


def _clock(case: Case) -> float:
    now = case.get("now")
    if now is None:
        return time.time()
    return relative_time.resolve(now, time.time()) if isinstance(now, str) else float(now)


def _received(case: Case, confs: Confs) -> list[Event]:
    given = case["input"]
    names = {name: given[name] for name in ("source", "host", "index") if name in given}
    clock = _clock(case) if "now" in case else None
    return receive(confs, given["text"].encode(), given["sourcetype"], clock=clock, **names)


def _event(given: Mapping[str, Any]) -> Event:
    """A case's event with its numbers as text."""
    return {
        name: value if isinstance(value, (str, list)) else number_text(float(value))
        for name, value in given.items()
        if value is not None
    }
