"""The pages promise that their figures agree with the alerts: every branch of every rule, against its detection."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import Json, indexed, note
from tests.detections.replay import PACKAGE, shipped
from tests.detections.test_branches import FIRES, QUIET
from tests.detections.test_rights_and_credentials import TOLD
from tools.detections.model import Detection, read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run
from workbench.splunk.spl.store import EventStore
from workbench.splunk.spl.values import Event

CONTENT = Path(__file__).resolve().parents[2] / "content"
RULES = {one.id: one for one in read_all() if not one.not_shown or one.shown_only}
HALF_A_DAY = 12 * 3600
# One type, or several of them, in the events of a detection.
_TYPES = re.compile(r'\b(event_type|notification_type)(?:="([\w.*]+)"| IN \(([^)]*)\))')
# What a rule does not show, by the row of the alert; each stands as not_shown in its detection.yml, or is no event of one PCE.
NOT_SHOWN: dict[str, Callable[[dict[str, Any]], bool]] = {
    "ingest_failing": lambda row: row["problem"] in ("late", "cut", "future", "host"),
    "credential_without_expiry": lambda row: row["state"] == "about to expire",
    # Learnt from the events of 30 days.
    "policy_broad_rule": lambda row: "service service 3001" in str(row["rule_change"]),
}
# Alerts once for a type, however many events are of it.
BY_TYPE = {"event_type_unknown"}
# Types that are read and yet never fire on their own, reviewed.
SILENT = {
    # Reports of what the pruning did; only a notification of a limit fires.
    ("audit_events_lost", "system_task.event_pruning_completed"),
    # Told of beside clones; a clone that got an identity of its own is none.
    ("ven_clones", "agent.activate_clone"),
}


@lru_cache(maxsize=1)
def _knowledge() -> Knowledge:
    return Knowledge(shipped(), 0.0)


def _by_rule(detection: str, events: list[Event]) -> list[Event]:
    stages = ["rules_begin", f"rule_{detection}", "rules_count", "rules_end"]
    query = " | ".join(["index=*", "`illumio_pce_latest`", *(f"`illumio_pce_{stage}`" for stage in stages)])
    found: list[Event] = run(
        f'{query} | where isnotnull(mvfind(cause,"^{detection} "))',
        EventStore(events, _knowledge()),
        knowledge=_knowledge(),
        now=4_000_000_000.0,
        earliest=None,
        latest=None,
    )
    return found


def _by_detection(detection: str, events: list[Event], until: float) -> list[dict[str, Any]]:
    """The rows of all its runs, also those that throttling would hold back."""
    stanza = {**saved_searches([PACKAGE])[detection], "alert.suppress": "0"}
    return list(alerts({detection: stanza}, shipped(), events, None, until))


def _values(rows: list[dict[str, Any]], field: str) -> set[str]:
    told = [row[field] for row in rows if field in row]
    return {value for one in told for value in (one if isinstance(one, list) else [one])}


def _assert_same(detection: str, events: list[Event], until: float) -> bool:
    """Asserts that the rule finds the events that the alerts name, but for what pages do not show. Whether there is one."""
    told = _by_detection(detection, events, until)
    rows = [row for row in told if detection not in NOT_SHOWN or not NOT_SHOWN[detection](row)]
    found = [dict(one) for one in _by_rule(detection, events)]
    if detection in BY_TYPE:
        assert _values(found, "event_type") == _values(rows, "signature_id")
    elif any("href" in one for one in rows):
        assert _values(found, "href") == _values(rows, "href")
    else:
        assert len(found) == sum(int(str(one["count"])) for one in rows)
    return bool(told)


def _of_made(detection: str, events: list[Json]) -> bool:
    own = indexed(events)
    return _assert_same(detection, own, max(float(str(one["_time"])) for one in own) + HALF_A_DAY)


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("sample", ["fires", "quiet"])
def test_rule_and_detection_find_the_same_of_a_sample(name: str, sample: str) -> None:
    events = Reader(shipped(), 0.0).read([CONTENT / "detections" / name / f"{sample}.jsonl"])
    until = max(float(str(event["_indextime"])) for event in events) + HALF_A_DAY

    assert _assert_same(name, events, until) is (sample == "fires")


@pytest.mark.parametrize(
    ("detection", "events", "fires"),
    [
        pytest.param(detection, events, table is FIRES, id=f"{detection}: {name}")
        for table in (FIRES, QUIET)
        for detection, cases in table.items()
        if detection in RULES
        for name, events in cases.items()
    ],
)
def test_rule_and_detection_find_the_same_of_a_branch(detection: str, events: list[Json], fires: bool) -> None:
    assert _of_made(detection, events) is fires


def _types(one: Detection) -> list[tuple[str, str]]:
    """Each type that its events name, by the field that holds it."""
    return [
        (field, value)
        for field, single, several in _TYPES.findall(one.events)
        for value in ([single] if single else re.findall(r'"([^"]+)"', several))
    ]


def _templates(detection: str) -> Iterator[list[Json]]:
    """Events that fire it, with types of their own."""
    yield from FIRES.get(detection, {}).values()
    yield from ([event] for name, event, *_ in TOLD.values() if name == detection)
    lines = (CONTENT / "detections" / detection / "fires.jsonl").read_text(encoding="utf-8").splitlines()
    raw = [str(json.loads(line)["_raw"]) for line in lines]
    sample = [json.loads(text) for text in raw if text.startswith('{"href"')]
    yield sample
    yield from ([one] for one in sample)


def _as(kind: str, value: str, events: list[Json]) -> Iterator[list[Json]]:
    """The events as of a type; `*` is what a type of that resource may end in."""
    for verb in ("update", "delete", "create") if "*" in value else ("",):
        told = value.replace("*", verb)
        if kind == "event_type":
            yield [{**one, "event_type": told} for one in events]
            # Of failures that a success follows, they alone.
            yield [{**one, "event_type": told} if one["status"] == "failure" else one for one in events]
        else:
            yield [{**one, "notifications": [*one["notifications"], note(told)]} for one in events]


@pytest.mark.parametrize(
    ("detection", "kind", "value"),
    [
        pytest.param(name, kind, value, id=f"{name}: {value}")
        for name, one in RULES.items()
        for kind, value in _types(one)
        if (name, value) not in SILENT
    ],
)
def test_each_type_that_a_rule_names_fires_it_and_its_detection(detection: str, kind: str, value: str) -> None:
    tried = (events for template in _templates(detection) for events in _as(kind, value, template))

    assert any(_of_made(detection, events) for events in tried)
