"""The rules that the dashboards read are the detections' own: same events, and nothing else of an event changes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from tools.detections.condition import Unknown, condition
from tools.detections.model import read_all
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run
from workbench.splunk.spl.store import EventStore
from workbench.splunk.spl.values import Event

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "package"
CONTENT = ROOT / "content" / "detections"
WITH_EVENTS = [one for one in read_all() if one.events]


@lru_cache(maxsize=1)
def _knowledge() -> Knowledge:
    return Knowledge(Confs.load(PACKAGE), 0.0)


@lru_cache(maxsize=1)
def _store() -> EventStore:
    """The samples of all detections but the one that counts hundreds."""
    paths = [path for path in sorted(CONTENT.glob("*/*.jsonl")) if path.parent.name != "volume_changed"]
    return EventStore(Reader(Confs.load(PACKAGE), 0.0).read(paths), _knowledge())


def _found(query: str) -> list[Event]:
    return run(query, _store(), knowledge=_knowledge(), now=4_000_000_000.0, earliest=None, latest=None)


def _texts(query: str) -> Iterator[str]:
    return (str(event["_raw"]) for event in _found(query))


@pytest.mark.parametrize("detection", WITH_EVENTS, ids=lambda one: one.id)
def test_the_condition_finds_the_events_that_the_search_finds(detection: object) -> None:
    events = next(one.events for one in WITH_EVENTS if one is detection)

    by_condition = sorted(_texts(f"index=* | where {condition(events)}"))

    assert by_condition == sorted(_texts(f"index=* ({events})")) != []


@pytest.mark.parametrize(
    ("search", "expression"),
    [
        ("a=b", 'isnotnull(mvfind(a,"(?i)^(?:b)$"))'),
        ('a IN ("x.*", y) b!="c"', 'isnotnull(mvfind(a,"(?i)^(?:x\\..*|y)$")) AND isnotnull(mvfind(b,"(?i)^(?!c$)"))'),
        # OR binds closer than what stands side by side.
        ("a=* OR b>=5 NOT c>0", "(isnotnull(a) OR tonumber(b)>=5) AND NOT tonumber(c)>0"),
        (
            "a=b OR `illumio_pce_server_errors`",
            '(isnotnull(mvfind(a,"(?i)^(?:b)$")) OR tonumber(http_status_code)>=500)',
        ),
        # Words are whole words.
        (
            '("w" OR v)',
            '((match(_raw,"(?i)(?<![a-z0-9])w(?![a-z0-9])") OR match(_raw,"(?i)(?<![a-z0-9])v(?![a-z0-9])")))',
        ),
    ],
)
def test_the_search_language(search: str, expression: str) -> None:
    assert condition(search) == expression


@pytest.mark.parametrize("search", ["a=b)", 'a="b', "TERM(a.b)", "a=b OR `illumio_pce_latest`"])
def test_invalid_searches_are_refused(search: str) -> None:
    with pytest.raises(Unknown):
        condition(search)


def test_all_but_the_cause_stays_as_it_was() -> None:
    before = _found("index=* | `illumio_pce_latest`")

    after = _found("index=* | `illumio_pce_latest` | `illumio_pce_cause`")

    assert any("cause" in event for event in after)
    assert [{name: value for name, value in event.items() if name != "cause"} for event in after] == before
