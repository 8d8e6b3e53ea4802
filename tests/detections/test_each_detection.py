"""Each detection against its own samples: what fires it, how often and with which values, and what must not."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run
from workbench.splunk.spl.values import Event

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "detections"
IDS = sorted(path.parent.name for path in CONTENT.glob("*/detection.yml"))
# Judged by event time, or by the lateness itself: what is late proves nothing of what was set.
BY_THEIR_OWN_TIME = {"volume_changed", "events_silent", "ingest_failing", "ingest_stopped", "enforcement_differs"}
# Their samples end in silence before they end.
OF_SILENCE = {"events_silent", "ingest_stopped"}
HOUR = 3600.0


@lru_cache(maxsize=1)
def _confs() -> Confs:
    return Confs.load(ROOT / "package")


def _events(detection: str, sample: str) -> list[Event]:
    return Reader(_confs(), 0.0).read([CONTENT / detection / f"{sample}.jsonl"])


def _alerts(detection: str, events: list[Event], hours: float = 8) -> list[dict[str, Any]]:
    """From the first event until `hours` after the last one was indexed."""
    until = max(float(str(event["_indextime"])) for event in events) + hours * HOUR
    stanza = saved_searches([ROOT / "package"])[detection]
    return list(alerts({detection: stanza}, _confs(), events, None, until))


def _expected(detection: str) -> list[dict[str, Any]]:
    expected: list[dict[str, Any]] = json.loads((CONTENT / detection / "expected.json").read_text(encoding="utf-8"))
    return expected


def _assert_alerts(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    left = list(found)
    for wanted in expected:
        fitting = [alert for alert in left if all(alert.get(name) == value for name, value in wanted.items())]
        assert fitting, f"no alert {wanted} in {found}"
        left.remove(fitting[0])
    assert not left


@pytest.mark.parametrize("detection", IDS)
def test_its_sample_fires_it_exactly_as_expected(detection: str) -> None:
    hours = 1 if detection in OF_SILENCE else 8

    _assert_alerts(_alerts(detection, _events(detection, "fires"), hours), _expected(detection))


@pytest.mark.parametrize("detection", IDS)
def test_near_misses_do_not_fire_it(detection: str) -> None:
    hours = 1 if detection in OF_SILENCE else 8

    assert _alerts(detection, _events(detection, "quiet"), hours) == []


@pytest.mark.parametrize("detection", [name for name in IDS if name not in BY_THEIR_OWN_TIME])
def test_events_that_come_a_day_late_fire_it_all_the_same(detection: str) -> None:
    late = [
        {**event, "_indextime": f"{float(str(event['_indextime'])) + 26 * HOUR}"}
        for event in _events(detection, "fires")
    ]

    assert len(_alerts(detection, late)) == len(_expected(detection))


@pytest.mark.parametrize("detection", [name for name in IDS if name not in {*BY_THEIR_OWN_TIME, "pce_health"}])
def test_lines_that_come_again_do_not_alert_again(detection: str) -> None:
    events = _events(detection, "fires")
    again = [
        {**event, "_indextime": f"{float(str(event['_indextime'])) + seconds}"}
        for event in events
        for seconds in (0, 61, 1900)
    ]

    assert len(_alerts(detection, again)) == len(_expected(detection))


@pytest.mark.parametrize("detection", IDS)
def test_the_drilldown_of_an_alert_shows_its_events_and_none_of_another_time(detection: str) -> None:
    """As Enterprise Security does it: the row's values stand where the search names them."""
    drilldowns = json.loads(saved_searches([ROOT / "package"])[detection]["action.notable.param.drilldown_searches"])
    events = _events(detection, "fires")
    alert = _alerts(detection, events, 1)[-1]
    search = re.sub(r"\$(\w+)\$", lambda token: str(alert[token[1]]), drilldowns[0]["search"])

    shown = run(search, events, knowledge=Knowledge(_confs()), now=float(alert["time"]))

    assert _as_set(alert.get("href", [])) <= {str(event.get("href")) for event in shown}
    assert shown
    if "first_time" in alert:
        times = {float(str(event["_time"])) for event in shown}
        assert (min(times), max(times)) == (float(alert["first_time"]), float(alert["last_time"]))


def _as_set(value: Any) -> set[str]:
    return set(value if isinstance(value, list) else [value])
