"""What no source settles about Splunk's commands, the other way round: what detections and pages make of it then."""

from __future__ import annotations

import pytest

from tests.detections.test_each_detection import IDS, _alerts, _confs, _events
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.commands import annotate, stats, streamstats
from workbench.splunk.spl.search import run
from workbench.splunk.spl.values import Event

#: Their events alert one by one.
OF_EVENTS = ("ven_tampering", "credential_created", "access_csrf", "policy_broad_rule")


def _shown() -> list[Event]:
    events = [event for name in OF_EVENTS for event in _events(name, "fires")]
    now = max(float(str(event["_indextime"])) for event in events) + 60
    spl = "`illumio_pce_audit` | `illumio_pce_shown` | `illumio_pce_cause` | table href cause"
    return run(spl, events, knowledge=Knowledge(_confs(), now), now=now)


def test_a_page_shows_each_event_however_few_rows_streamstats_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    as_documented = _shown()
    assert len(as_documented) > 4
    monkeypatch.setattr(streamstats, "MOST_ROWS", 2)
    assert _shown() == as_documented


def test_a_window_of_time_that_holds_no_more_than_so_many_rows_misses_what_counts_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = _events("access_burst", "fires")
    assert _alerts("access_burst", events) != []
    monkeypatch.setattr(streamstats, "MOST_ROWS", 2)
    assert _alerts("access_burst", events) == []


@pytest.mark.parametrize("detection", IDS)
def test_every_detection_alerts_alike_where_info_max_time_is_never_ahead(
    monkeypatch: pytest.MonkeyPatch, detection: str
) -> None:
    events = _events(detection, "fires")
    told = _alerts(detection, events)
    monkeypatch.setattr(annotate, "TELLS_THE_FUTURE", False)
    assert _alerts(detection, events) == told != []


def test_an_eventstats_that_is_out_of_memory_costs_no_alert(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = _events("ven_tampering", "fires")
    told = [alert["reason"] for alert in _alerts("ven_tampering", events)]
    monkeypatch.setattr(stats, "EVENTSTATS_ROWS", 0)
    assert [alert["reason"] for alert in _alerts("ven_tampering", events)] == told != []
