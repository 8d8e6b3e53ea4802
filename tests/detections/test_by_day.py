"""What is done in slices over a day: counted for whoever does it, and told again each time that it has doubled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, change, event, indexed
from tests.detections.replay import replay

HOUR = 3600
OTHER: Json = {"user": {"href": "/users/8", "username": "otto@kestrel-freight.example"}}


def _totals(detection: str, events: list[Json], hours: float = 30) -> list[int]:
    """The running totals of the alerts, in their order."""
    found: list[dict[str, Any]] = replay(detection, indexed(events), BEGIN, BEGIN + hours * HOUR)
    assert all(f"{alert['total']} workloads" in alert["reason"] for alert in found)
    return [int(alert["total"]) for alert in found]


def _removed(number: int, at: float, **members: Any) -> Json:
    return event("workloads.unpair", [change("workload", None, "delete", n) for n in range(number)], at=at, **members)


def test_a_few_each_hour_alert_when_they_are_many_in_a_day() -> None:
    slices = [_removed(3, hour * HOUR) for hour in range(10)]

    assert _totals("workloads_bulk_removed", slices) == [30]


def test_a_few_each_hour_that_stay_few_do_not() -> None:
    assert _totals("workloads_bulk_removed", [_removed(2, hour * HOUR) for hour in range(14)]) == []


def test_a_count_that_doubles_alerts_again_and_one_that_only_grows_does_not() -> None:
    """10 within the hour, then one by one."""
    slices = [_removed(10, 0), *(_removed(1, HOUR * (2 + n / 4)) for n in range(32))]

    assert _totals("workloads_bulk_removed", slices) == [10, 20, 40]


def test_what_two_do_is_counted_apart() -> None:
    slices = [_removed(8, 0), _removed(8, 60, by=OTHER)]

    assert _totals("workloads_bulk_removed", slices) == []


def test_the_next_day_counts_anew() -> None:
    slices = [_removed(40, 0), _removed(12, 26 * HOUR)]

    assert _totals("workloads_bulk_removed", slices) == [40, 12]


@pytest.mark.parametrize("hours_late", [1, 20])
def test_a_slice_that_comes_late_counts_at_its_own_time(hours_late: float) -> None:
    events = indexed([_removed(6, 0), _removed(6, 600)])
    events[0]["_indextime"] = f"{BEGIN + hours_late * HOUR}"

    (alert,) = replay("workloads_bulk_removed", events, BEGIN, BEGIN + 30 * HOUR)

    assert alert["total"] == "12"
