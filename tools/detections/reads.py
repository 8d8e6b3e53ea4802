"""The macros by which the security overview reads only the events that its rules can match."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tools.detections.condition import condition
from tools.detections.macros import Macro
from tools.detections.model import Detection, Invalid
from tools.detections.search import with_words

SOURCE = Path(__file__).resolve().parents[2] / "content" / "detections" / "reads.yml"


@dataclass(frozen=True)
class Reads:
    """What of a detection's events is read; the names are those of reads.yml."""

    events: str = ""
    terms: str = ""
    where: str = ""
    # Terms of those that only the overview reads, apart from `terms`, in its own time range.
    beside: str = ""


def reads(shown: list[Detection]) -> list[Macro]:
    """The base searches of the daily summary and of the overview, and the condition that their events meet on the
    indexers. Raises Invalid."""
    narrowed = _narrowed({one.id for one in shown})
    pairs = [(one, narrowed.get(one.id, Reads())) for one in shown]
    audit = [pair for pair in pairs if not _of_own_type(*pair)]
    others = [_events(*pair) for pair in pairs if _of_own_type(*pair)]
    base = " OR ".join([f"(`illumio_pce_audit` ({_joined(audit)}))", *others])
    beside = _joined([(one, replace(read, terms=read.beside)) for one, read in audit if read.beside])
    return [
        Macro("illumio_pce_cases_with_sign_ins", f"(`illumio_pce_index` ({base}))",
              "The events that the rules of the security overview can match; of sign-ins those with this action.",
              ["sign_ins"]),
        Macro("illumio_pce_cases_read",
              f"(`illumio_pce_cases_with_sign_ins(failure)` OR (`illumio_pce_audit` ({beside})))",
              "The events that the rules of the security overview can match, for twice the selected time range."),
        Macro("illumio_pce_cases_can_match", f"where {' OR '.join(_condition(one, read) for one, read in pairs)}",
              "Drops, on the indexers, events that no rule of the security overview can match."),
    ]  # fmt: skip


def _narrowed(known: set[str]) -> dict[str, Reads]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    if unknown := sorted(found.keys() - known):
        raise Invalid(f"{SOURCE}: not shown: {', '.join(unknown)}")
    return {name: Reads(**one) for name, one in found.items()}


def _of_own_type(one: Detection, read: Reads) -> bool:
    return "sourcetype" in (read.events or one.events)


def _joined(pairs: list[tuple[Detection, Reads]]) -> str:
    """The events of all of them; terms that several have stand there once, since they may be a subsearch."""
    by_terms: dict[str, list[str]] = {}
    for one, read in pairs:
        by_terms.setdefault(" ".join(read.terms.split()), []).append(_events(one, read))
    groups = {terms: " OR ".join(dict.fromkeys(events)) for terms, events in by_terms.items()}
    return " OR ".join(f"(({events}) {terms})" if terms else events for terms, events in groups.items())


def _events(one: Detection, read: Reads) -> str:
    return f"({with_words(' '.join((read.events or one.events).split()))})"


def _condition(one: Detection, read: Reads) -> str:
    events = one.events if read.events.startswith("NOT [") or not read.events else read.events
    wanted = [*([condition(" ".join(events.split()))] * bool(events)), *([f"({one.only.strip()})"] * bool(one.only))]
    return " AND ".join([f"({' AND '.join(wanted)}", *([f"({read.where.strip()})"] * bool(read.where))]) + ")"
