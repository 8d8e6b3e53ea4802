"""The pages promise that their figures agree with the alerts: every branch of every rule, against its detection."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, indexed
from tests.detections.replay import replay, shipped
from tests.detections.test_branches import FIRES, QUIET
from tools.detections.model import Detection, read_all
from workbench.event_files import Reader
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run
from workbench.splunk.spl.store import EventStore
from workbench.splunk.spl.values import Event

CONTENT = Path(__file__).resolve().parents[2] / "content"
RULES = {one.id: one for one in read_all() if not one.not_shown or one.shown_only}
# One value of a type, or several of them, in the events of a detection.
_TYPES = re.compile(r'\b(event_type|notification_type)(?:="([\w.*]+)"| IN \(([^)]*)\))')
# What the rules do not judge: how late events are, and how many PCEs share a host.
NOT_JUDGED = {"late", "host"}
HALF_A_DAY = 12 * 3600


def _pipeline(detection: str) -> str:
    rule = f"`illumio_pce_rules_begin` | `illumio_pce_rule_{detection}` | `illumio_pce_rules_count` | `illumio_pce_rules_end`"
    return f'index=* | `illumio_pce_latest` | {rule} | where isnotnull(mvfind(cause,"^{detection} "))'


@lru_cache(maxsize=1)
def _knowledge() -> Knowledge:
    return Knowledge(shipped(), 0.0)


def _by_rule(detection: str, events: list[Event]) -> list[Event]:
    store = EventStore(events, _knowledge())
    found: list[Event] = run(
        _pipeline(detection), store, knowledge=_knowledge(), now=4_000_000_000.0, earliest=None, latest=None
    )
    return found


def _hrefs(rows: list[dict[str, Any]]) -> set[str]:
    told = [row["href"] for row in rows if "href" in row]
    return {href for one in told for href in (one if isinstance(one, list) else [one])}


def _agree(detection: str, events: list[Json]) -> bool:
    """Whether it fires. Asserts that the rule finds the events that the alerts name."""
    own = indexed(events)
    alerts = replay(detection, own, None, BEGIN + HALF_A_DAY)

    assert _hrefs([dict(one) for one in _by_rule(detection, own)]) == _hrefs(alerts)
    return bool(alerts)


def _samples(detection: str, sample: str) -> list[Event]:
    return Reader(shipped(), 0.0).read([CONTENT / "detections" / detection / f"{sample}.jsonl"])


def _atoms(one: Detection) -> list[tuple[str, str]]:
    """The branches of its events: each type that it names, and each word."""
    found = [
        (field, value)
        for field, single, several in _TYPES.findall(one.events)
        for value in ([single] if single else re.findall(r'"([^"]+)"', several))
    ]
    rest = _TYPES.sub(" ", one.events)
    rest = re.sub(r'[\w.]+\s*!?=\s*"[^"]*"|\w+ IN \([^)]*\)|`[^`]*`', " ", rest)
    return [*found, *(("word", word) for word in re.findall(r'"([^"]+)"', rest))]


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("sample", ["fires", "quiet"])
def test_rule_and_detection_find_the_same_of_a_sample(name: str, sample: str) -> None:
    events = _samples(name, sample)
    until = max(float(str(event["_indextime"])) for event in events) + HALF_A_DAY
    alerts = [one for one in replay(name, events, None, until) if one.get("problem") not in NOT_JUDGED]
    found = _by_rule(name, events)

    if any("href" in one for one in alerts):
        assert _hrefs([dict(one) for one in found]) == _hrefs(alerts)
    else:
        assert len(found) == sum(int(str(one["count"])) for one in alerts)


@pytest.mark.parametrize(
    ("detection", "events"),
    [
        pytest.param(detection, events, id=f"{detection}: {name}")
        for table in (FIRES, QUIET)
        for detection, cases in table.items()
        if detection in RULES
        for name, events in cases.items()
    ],
)
def test_rule_and_detection_find_the_same_of_a_branch(detection: str, events: list[Json]) -> None:
    _agree(detection, events)
