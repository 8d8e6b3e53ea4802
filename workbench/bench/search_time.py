"""Search time: the work that the confs add for one event, counted in the workbench's engine, beside TA-Illumio's.

The processor time is the emulation's and says something as a ratio only. TA-Illumio's confs are read from where
--ta-illumio says and are nowhere in this repository.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from workbench.pce.events.generate import generate
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event

from . import rows
from .figures import Ratio, Result
from .options import Options
from .work import Work, counted
from .world import ADDON

_EVENTS = 2000
_NOW = 1_760_000_000
_HEAD = (
    "for one event",
    "regexes",
    "steps",
    "characters",
    "JSON reads",
    "JSON characters",
    "calculated",
    "look-ups",
    "CIM fields",
    "CPU µs",
)
_BELOW = "goal: below 1"
#: Fields of the data models Authentication, Change, Alerts and Event Signatures that an event itself can fill.
_CIM = frozenset(
    {
        "action", "app", "change_type", "command", "description", "dest", "dvc", "id", "object", "object_attrs",
        "object_category", "object_id", "reason", "result", "result_id", "severity", "signature", "signature_id", "src",
        "src_user", "src_user_type", "status", "type", "user", "user_id", "user_type", "vendor_account",
        "vendor_product",
    }
)  # fmt: skip


@dataclass
class _Cost:
    """For one event. `fields`: those of CIM that an event has, right or wrong; `seconds` in the engine."""

    work: Work
    steps: float
    fields: float
    seconds: float
    events: int

    def row(self, name: str) -> list[str]:
        work = self.work
        counts = [work.json_reads, work.json_characters, work.calculated, work.lookups]
        each = [work.regexes / self.events, self.steps, work.characters / self.events]
        each += [count / self.events for count in counts]
        return [name, *(f"{one:.1f}" for one in [*each, self.fields]), f"{self.seconds * 1e6:.0f}"]

    @property
    def characters(self) -> int:
        """All that was read, by regular expressions and by functions of JSON."""
        return self.work.characters + self.work.json_characters


def measure(options: Options) -> list[Result]:
    """The work for an event; then the rows. TA-Illumio beside them if it is there, as far as the engine reads it."""
    count = _EVENTS // 10 if options.quick else _EVENTS
    texts = [event.text for event in generate(_NOW * 1000 - 86_400_000, _NOW * 1000, count, seed=3)]
    ours = _cost(Confs.load(ADDON), "illumio:pce:events", texts)
    result = Result(f"Search time, {count:,} JSON events", _HEAD, [ours.row("this add-on")])
    day = rows.Day(ADDON)
    results = [result, rows.saved(day), rows.pages(day)]
    if options.ta_illumio is None:
        return results
    results.append(rows.event_types(day, options.ta_illumio))
    try:
        theirs = _cost(_search_time_confs(options.ta_illumio), "illumio:pce", texts)
    except Refused as refusal:
        result.measured.append([f"TA-Illumio: {refusal}", *[""] * (len(_HEAD) - 1)])
        return results
    result.measured.append(theirs.row("TA-Illumio"))
    result.ratios = [
        Ratio("regular expressions", ours.work.regexes / max(1, theirs.work.regexes), _BELOW),
        Ratio("their steps", ours.steps / max(1, theirs.steps), _BELOW),
        Ratio("characters that they read", ours.work.characters / max(1, theirs.work.characters), _BELOW),
        Ratio("characters read, JSON functions too", ours.characters / max(1, theirs.characters), _BELOW),
        Ratio("steps for a CIM field", ours.steps / ours.fields / max(1, theirs.steps / max(1, theirs.fields)), _BELOW),
        Ratio("CPU in the engine", ours.seconds / theirs.seconds),
    ]
    return results


def _search_time_confs(addon: Path) -> Confs:
    """What bears on a search for the other add-on's events; the engine would refuse some of the rest."""
    texts = {}
    for name in ("props.conf", "transforms.conf", "eventtypes.conf", "tags.conf"):
        text = (addon / "default" / name).read_text(encoding="utf-8-sig")
        stanzas = re.split(r"(?m)^(?=\[)", text)
        texts[name] = "".join(one for one in stanzas if name != "props.conf" or one.startswith("[illumio:pce]"))
    return Confs.load(texts)


def _cost(confs: Confs, sourcetype: str, texts: list[str]) -> _Cost:
    knowledge = Knowledge(confs, float(_NOW))
    events: list[Event] = [
        {"_raw": text, "_time": str(_NOW), "sourcetype": sourcetype, "source": "bench", "host": "pce", "index": "main"}
        for text in texts
    ]
    knowledge.enrich(events[0])
    began = time.process_time()
    read = [knowledge.enrich(event) for event in events]
    seconds = (time.process_time() - began) / len(events)
    with counted(steps=False) as work:
        for event in events:
            knowledge.enrich(event)
    few = events[:: len(events) // 100 or 1]
    with counted(steps=True) as stepped:
        for event in few:
            knowledge.enrich(event)
    fields = sum(len(_CIM & event.keys()) for event in read)
    return _Cost(work, stepped.steps / len(few), fields / len(events), seconds, len(events))
