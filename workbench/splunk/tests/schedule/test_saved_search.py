"""Stanzas of savedsearches.conf and trigger conditions."""

from __future__ import annotations

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.saved_search import parse_saved_search
from workbench.splunk.schedule.trigger import parse_trigger
from workbench.splunk.spl.search import run_over
from workbench.splunk.spl.values import Event

BASE = {
    "search": "index=main",
    "enableSched": "1",
    "cron_schedule": "*/5 * * * *",
    "counttype": "number of events",
    "relation": "greater than",
    "quantity": "0",
}


def test_defaults_of_the_spec() -> None:
    search = parse_saved_search("s", BASE)
    assert (search.severity, search.expires, search.digest, search.continuous) == (3, 86_400, True, False)
    assert search.suppression is None
    assert search.track == "auto"


def test_a_disabled_search_is_never_due() -> None:
    assert parse_saved_search("s", {**BASE, "disabled": "1"}).cron is None
    assert parse_saved_search("s", {**BASE, "enableSched": "0"}).cron is None


def test_display_settings_are_accepted() -> None:
    shown = {"description": "x", "action.risk": "0", "action.risk.param._risk": "[]", "request.ui_dispatch_app": "a"}
    assert parse_saved_search("s", {**BASE, **shown}).name == "s"


@pytest.mark.parametrize(
    "changes",
    [
        {"nosuch": "1"},
        {"enableSched": "true"},
        {"allow_skew": "5m"},
        {"schedule_window": "5"},
        {"alert.severity": "7"},
        {"alert.expires": "soon"},
        {"alert.suppress": "1"},
        {"alert.suppress": "1", "alert.suppress.period": "1h", "alert.digest_mode": "0"},
        {"alert.suppress": "1", "alert.suppress.period": "1h", "alert.suppress.fields": "user"},
        {"counttype": "always"},
        {"counttype": "custom"},
        {"relation": "more than"},
        {"quantity": "5%"},
        {"cron_schedule": "0 9 * * mon"},
        {"durable.track_time_type": "_indextime"},
        {"realtime_schedule": "maybe"},
    ],
)
def test_a_refused_setting_is_named(changes: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"savedsearches.conf \[s\]"):
        try:
            parse_saved_search("s", {**BASE, **changes})
        except Refused as refusal:
            raise Refused(str(refusal)) from None


def rows(count: int) -> list[Event]:
    return [{"host": f"h{number % 2}", "n": str(number)} for number in range(count)]


@pytest.mark.parametrize(
    ("keys", "count", "previous", "fires"),
    [
        (("number of events", "greater than", "2", ""), 3, None, True),
        (("number of events", "greater than", "3", ""), 3, None, False),
        (("number of events", "less than", "1", ""), 0, None, True),
        (("number of events", "equal to", "3", ""), 3, None, True),
        (("number of events", "not equal to", "3", ""), 3, None, False),
        (("number of hosts", "greater than", "1", ""), 3, None, True),
        (("number of hosts", "greater than", "1", ""), 1, None, False),
        (("number of events", "rises by", "2", ""), 5, 3, True),
        (("number of events", "rises by", "3", ""), 5, 3, False),
        (("number of events", "drops by", "50%", ""), 5, 10, True),
        (("number of events", "drops by", "51%", ""), 5, 10, False),
        (("number of events", "drops by", "1", ""), 5, None, False),
        (("custom", "", "", "search n=4"), 5, None, True),
        (("custom", "", "", "search n=4"), 4, None, False),
        (("always", "", "", ""), 1, None, True),
    ],
)
def test_trigger(keys: tuple[str, str, str, str], count: int, previous: int | None, fires: bool) -> None:
    found = parse_trigger(*keys).fires(rows(count), previous, lambda text, given: run_over(text, given, now=0))
    assert found is fires


def test_always_without_results_is_refused() -> None:
    with pytest.raises(Refused, match="always"):
        parse_trigger("", "", "", "").fires([], None, lambda _text, given: given)
