"""Runs and alerts over time: late events, late starts, throttling, priorities, limits."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.saved_search import parse_saved_search
from workbench.splunk.schedule.scheduler import Alert, News, Scheduler, planned_runs, read_searches
from workbench.splunk.spl.knowledge import NoKnowledge
from workbench.splunk.spl.store import EventStore

# An even hour.
START = 1_772_600_400
MINUTE = 60
PER_RESULT = {"alert.digest_mode": "0"}


def stanza(**changes: str) -> dict[str, str]:
    return {
        "search": "index=main | table n user",
        "enableSched": "1",
        "cron_schedule": "*/5 * * * *",
        "dispatch.earliest_time": "-5m",
        "dispatch.latest_time": "now",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        **changes,
    }


def event(minute: float, n: int, late: float = 0, **fields: str) -> dict[str, Any]:
    time = START + int(minute * MINUTE)
    return {"_time": time, "_indextime": time + int(late * MINUTE), "index": "main", "_raw": "x", "n": str(n), **fields}


def alerts(events: list[dict[str, Any]], minutes: int, busy: Any = (), **stanzas: dict[str, str]) -> list[Alert]:
    scheduler = Scheduler(EventStore(events, NoKnowledge()), NoKnowledge())
    return scheduler.run(read_searches(stanzas), START, START + minutes * MINUTE, busy)


def shown(found: list[Alert]) -> list[tuple[int, list[str]]]:
    return [((alert.time - START) // MINUTE, sorted(str(row["n"]) for row in alert.rows)) for alert in found]


def test_adjacent_windows_see_each_event_once() -> None:
    events = [event(1, 1), event(5, 2), event(9, 3)]
    assert shown(alerts(events, 16, s=stanza())) == [(5, ["1"]), (10, ["2", "3"])]


def test_an_event_that_is_not_indexed_yet_is_not_seen() -> None:
    assert shown(alerts([event(4, 1, late=2)], 16, s=stanza())) == []
    wide = stanza(**{"dispatch.earliest_time": "-15m"})
    assert shown(alerts([event(4, 1, late=2)], 26, s=wide)) == [(10, ["1"]), (15, ["1"])]


def test_an_index_time_window_finds_late_events_once() -> None:
    late = stanza(**{"dispatch.earliest_time": "-1d", "dispatch.index_earliest": "-5m", "dispatch.index_latest": "now"})
    assert shown(alerts([event(1, 1, late=7)], 31, s=late)) == [(10, ["1"])]


def test_realtime_scheduling_skips_and_continuous_catches_up() -> None:
    busy = [(START + 4 * MINUTE, START + 16 * MINUTE)]
    events = [event(1, 1), event(6, 2), event(11, 3)]
    assert shown(alerts(events, 21, busy, s=stanza())) == [(15, ["3"])]
    continuous = alerts(events, 21, busy, s=stanza(realtime_schedule="0"))
    assert shown(continuous) == [(5, ["1"]), (10, ["2"]), (15, ["3"])]
    assert {alert.started for alert in continuous} == {START + 16 * MINUTE}


def test_busy_periods_that_touch_are_waited_for_together() -> None:
    search = parse_saved_search("s", stanza(realtime_schedule="0"))
    runs = planned_runs(search, START, START + 1, [(START + 60, START + 90), (START, START + 60)])
    assert [run.started for run in runs] == [START + 90]


def test_throttling_counts_from_the_last_alert() -> None:
    throttled = stanza(**{"alert.suppress": "1", "alert.suppress.period": "11m"})
    events = [event(minute, minute) for minute in range(1, 30, 5)]
    assert shown(alerts(events, 31, s=throttled)) == [(5, ["1"]), (20, ["16"])]


def test_throttling_by_fields_holds_back_the_same_values_only() -> None:
    throttled = stanza(
        **PER_RESULT, **{"alert.suppress": "1", "alert.suppress.period": "1h", "alert.suppress.fields": "user"}
    )
    events = [event(1, 1, user="a"), event(6, 2, user="a"), event(7, 3, user="b")]
    assert shown(alerts(events, 11, s=throttled)) == [(5, ["1"]), (10, ["3"])]


def test_throttling_by_a_field_that_is_missing_is_refused() -> None:
    throttled = stanza(
        **PER_RESULT, **{"alert.suppress": "1", "alert.suppress.period": "1h", "alert.suppress.fields": "user"}
    )
    with pytest.raises(Refused, match="suppressing by user"):
        alerts([event(1, 1)], 6, s=throttled)


def test_a_group_is_silent_for_the_period_of_the_one_that_fired() -> None:
    group = {"alert.suppress": "1", "alert.suppress.group_name": "g"}
    first = stanza(
        **group, **{"alert.suppress.period": "7m", "cron_schedule": "5 * * * *", "dispatch.earliest_time": "-1h"}
    )
    other = stanza(**group, **{"alert.suppress.period": "1m", "dispatch.earliest_time": "-1h"})
    found = alerts([event(1, 1)], 16, a=first, b=other)
    assert [(alert.search.name, (alert.time - START) // MINUTE) for alert in found] == [("a", 5), ("b", 15)]


def test_one_run_gives_at_most_500_alerts() -> None:
    events = [event(1, number) for number in range(600)]
    assert len(alerts(events, 6, s=stanza(**PER_RESULT))) == 500
    store = EventStore(events, NoKnowledge())
    limited = Scheduler(store, NoKnowledge(), limits={"max_per_result_alerts": "7"})
    assert len(limited.run(read_searches({"s": stanza(**PER_RESULT)}), START, START + 6 * MINUTE)) == 7


def test_the_order_of_searches_that_are_due_together() -> None:
    found = alerts(
        [event(1, 1)],
        6,
        a=stanza(realtime_schedule="0"),
        b=stanza(),
        c=stanza(realtime_schedule="0", schedule_priority="highest"),
        d=stanza(schedule_priority="higher"),
    )
    assert [alert.search.name for alert in found] == ["c", "d", "b", "a"]


def test_tracking() -> None:
    (alert,) = alerts([event(1, 1)], 6, s=stanza(**{"alert.track": "1", "alert.expires": "2h", "alert.severity": "5"}))
    assert (alert.tracked, alert.expires, alert.severity) == (True, alert.started + 7200, 5)
    (untracked,) = alerts([event(1, 1)], 6, s=stanza(**{"alert.track": "0"}))
    assert (untracked.tracked, untracked.expires) == (False, None)
    (unknown,) = alerts([event(1, 1)], 6, s=stanza())
    with pytest.raises(Refused, match="alert actions"):
        _ = unknown.tracked


def test_a_refusal_names_the_search() -> None:
    with pytest.raises(Refused, match="broken: unknown command"):
        alerts([], 6, broken=stanza(search="index=main | nosuch"))


def test_a_search_that_counts_where_there_is_nothing_still_alerts() -> None:
    """Runs without events are passed over only where the search can make no row of its own."""
    searches = read_searches({"silence": stanza(search="index=main | stats count | where count=0")})

    alerts = Scheduler(EventStore([], NoKnowledge()), NoKnowledge()).run(searches, START, START + 10 * MINUTE)

    assert [alert.time for alert in alerts] == [START, START + 5 * MINUTE]


def test_an_unknown_command_is_refused_though_no_event_is_there() -> None:
    searches = read_searches({"x": stanza(search="index=main | teleport")})

    with pytest.raises(Refused, match="teleport"):
        Scheduler(EventStore([], NoKnowledge()), NoKnowledge()).run(searches, START, START + 10 * MINUTE)


def test_with_news_a_run_without_anything_new_finds_nothing() -> None:
    day = {"dispatch.earliest_time": "-1d", "dispatch.index_earliest": "-1d", "dispatch.index_latest": "now"}
    search = stanza(search="index=main | stats count AS n BY user", **PER_RESULT, **day)
    scheduler = Scheduler(EventStore([event(1, 1, user="eva")], NoKnowledge()), NoKnowledge(), news=News(8 * MINUTE))

    found = scheduler.run(read_searches({"s": search}), START, START + 21 * MINUTE)

    assert shown(found) == [(5, ["1"])]
