"""Search time: the work that the confs add for one event, counted in the workbench's engine, beside TA-Illumio's.

Counted are calls of regular expressions and the characters given to them, calculated fields, and look-ups; the
processor time is the emulation's and says something as a ratio only. TA-Illumio's confs are read from where
--ta-illumio says and are nowhere in this repository.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from workbench.conf.calculated import CalculatedFields
from workbench.conf.lookup_table import LookupTable
from workbench.conf.reader import Confs
from workbench.conf.search_time import Knowledge
from workbench.events.generate import generate
from workbench.refusal import Refused
from workbench.spl.pcre import Pattern
from workbench.spl.values import Event

from .figures import Ratio, Result
from .options import Options
from .world import ADDON

_EVENTS = 2000
_NOW = 1_760_000_000
_HEAD = ("for one event", "regex calls", "characters", "calculated fields", "look-ups", "CPU µs")


@dataclass
class Work:
    """What was done, summed up over events."""

    regexes: int = 0
    characters: int = 0
    calculated: int = 0
    lookups: int = 0
    seconds: float = 0.0

    def row(self, name: str, events: int) -> list[str]:
        """As a row of the table: for one event."""
        counts = [self.regexes, self.characters, self.calculated, self.lookups]
        return [name, *(f"{count / events:.1f}" for count in counts), f"{self.seconds / events * 1e6:.0f}"]


def measure(options: Options) -> list[Result]:
    """One result; the comparison only where the other add-on is there, and as far as the engine reads its confs."""
    count = _EVENTS // 10 if options.quick else _EVENTS
    texts = [event.text for event in generate(_NOW * 1000 - 86_400_000, _NOW * 1000, count, seed=3)]
    ours = _work(Confs.load(ADDON), "illumio:pce:events", texts)
    result = Result(f"Search time, {count:,} JSON events", _HEAD, [ours.row("this add-on", count)])
    if options.ta_illumio is None:
        return [result]
    try:
        theirs = _work(_search_time_confs(options.ta_illumio), "illumio:pce", texts)
    except Refused as refusal:
        result.measured.append([f"TA-Illumio: {refusal}", *[""] * (len(_HEAD) - 1)])
        return [result]
    result.measured.append(theirs.row("TA-Illumio", count))
    result.ratios = [
        Ratio("regex calls, this add-on / TA-Illumio", ours.regexes / max(1, theirs.regexes), "goal: below 1"),
        Ratio(
            "characters scanned, this add-on / TA-Illumio", ours.characters / max(1, theirs.characters), "goal: below 1"
        ),
        Ratio("CPU in the engine, this add-on / TA-Illumio", ours.seconds / theirs.seconds, "goal: below 1"),
    ]
    return [result]


def _search_time_confs(addon: Path) -> Confs:
    """What bears on a search for the other add-on's events; the engine would refuse some of the rest."""
    texts = {}
    for name in ("props.conf", "transforms.conf", "eventtypes.conf", "tags.conf"):
        text = (addon / "default" / name).read_text(encoding="utf-8-sig")
        stanzas = re.split(r"(?m)^(?=\[)", text)
        texts[name] = "".join(one for one in stanzas if name != "props.conf" or one.startswith("[illumio:pce]"))
    return Confs.load(texts)


def _work(confs: Confs, sourcetype: str, texts: list[str]) -> Work:
    knowledge = Knowledge(confs, float(_NOW))
    events: list[Event] = [
        {"_raw": text, "_time": str(_NOW), "sourcetype": sourcetype, "source": "bench", "host": "pce", "index": "main"}
        for text in texts
    ]
    knowledge.enrich(events[0])
    began = time.process_time()
    for event in events:
        knowledge.enrich(event)
    seconds = time.process_time() - began
    with _counted() as work:
        for event in events:
            knowledge.enrich(event)
    work.seconds = seconds
    return work


@contextmanager
def _counted() -> Iterator[Work]:
    """Count what the engine does meanwhile."""
    work = Work()

    def regex(method: Any) -> Any:
        def counting(pattern: Pattern, *given: Any, **named: Any) -> Any:
            work.regexes += 1
            work.characters += len(next(part for part in given if isinstance(part, str)))
            return method(pattern, *given, **named)

        return counting

    def lookup(table: LookupTable, *given: Any, **named: Any) -> Any:
        work.lookups += 1
        return find(table, *given, **named)

    def calculate(fields: CalculatedFields, *given: Any) -> None:
        work.calculated += len(fields)
        apply(fields, *given)

    find, apply = LookupTable.find, CalculatedFields.apply
    with (
        mock.patch.object(Pattern, "search", regex(Pattern.search)),
        mock.patch.object(Pattern, "finditer", regex(Pattern.finditer)),
        mock.patch.object(Pattern, "sub", regex(Pattern.sub)),
        mock.patch.object(LookupTable, "find", lookup),
        mock.patch.object(CalculatedFields, "apply", calculate),
    ):
        yield work
