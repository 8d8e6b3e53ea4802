"""Conformance cases: what a search, a conf or a schedule should give, and what the engine gives.

A case is one JSON object; engine.md has the form.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.splunk.captures import read_capture
from workbench.splunk.conf.index_time import receive
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.rows import differences
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.schedule import conformance
from workbench.splunk.spl import commands, relative_time, search
from workbench.splunk.spl.macros import Macros, expand
from workbench.splunk.spl.pipeline import split
from workbench.splunk.spl.values import NOT_MADE, Event, number_text
from workbench.splunk.text_files import lines_of, pieces_of

Case = Mapping[str, Any]
OUTCOMES = ("passed", "failed", "refused")
_NEEDED = ("id", "area", "basis")
_EXPECTATIONS = {"expect", "expect_alerts", "refuses"}
#: What an event has beside the fields that a capture records.
_UNRECORDED = re.compile(r"_.*|host|source|sourcetype|index")


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of a file: a capture where its name ends with `.json`, else one JSON object a line.

    Of a folder, those of all its files of both kinds. Raises Refused with the place of what is no case.
    """
    if path.is_dir():
        for file in sorted([*path.glob("*.json"), *path.glob("*.jsonl")]):
            yield from read_cases(file)
    elif path.suffix == ".json":
        yield read_capture(path)
    else:
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


def judge(case: Case, addon: Path | None = None) -> tuple[str, str]:
    """The outcome of a case (passed, failed, refused) and what to say about it.

    `addon` is the folder of the add-on that a case names as its `app`.
    """
    try:
        problems = _problems(case, addon)
    except Refused as refusal:
        return ("passed", "") if case.get("refuses") else ("refused", str(refusal))
    if case.get("refuses"):
        problems = ["it is not refused"]
    return ("failed", "; ".join(problems)) if problems else ("passed", "")


def _problems(case: Case, addon: Path | None) -> list[str]:
    if case["area"] == "schedule":
        return conformance.check(case)
    rows = run(case, addon)
    if case.get("refuses"):
        return []
    expected = _exactly(case["expect"], rows) if case.get("exact") else case["expect"]
    return differences(rows, expected, bool(case.get("ordered", False)), bool(case.get("complete", True)))


def _exactly(expected: list[Event], rows: list[Event]) -> list[Mapping[str, Any]]:
    """The expected rows, without the other fields of the rows. Refused for a field that the engine does not make."""
    for name in (name for row in expected for name in row if name in NOT_MADE):
        raise Refused(f"{name} is a field that the engine does not make")
    others = {name for row in rows for name in row if not _UNRECORDED.fullmatch(name)}
    return [{**dict.fromkeys(others), **row} for row in expected]


def run(case: Case, addon: Path | None = None) -> list[Event]:
    """The rows that the engine gives for a case."""
    now = _clock(case)
    confs = _confs(case, addon)
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


def _confs(case: Case, addon: Path | None) -> Confs:
    app = case.get("app")
    if not app:
        return Confs.load(case.get("confs", {}), lookups=case.get("lookups", {}))
    if addon is None or addon.name != app or not addon.is_dir():
        raise Refused(f"the add-on {app} is not here; build it")
    return Confs.load(addon)


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
