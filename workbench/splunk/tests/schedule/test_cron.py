"""Cron schedules. Source: Alerting Manual 9.3, Use cron expressions for alert scheduling."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.cron import parse_cron

# Sunday 2026-03-01, midnight.
START = int(datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp())
HOUR = 3600
DAY = 24 * HOUR


def hours(text: str, days: int = 1) -> list[float]:
    return [(moment - START) / HOUR for moment in parse_cron(text).times(START, START + days * DAY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 */6 * * *", [0, 6, 12, 18]),
        ("30 9-11 * * *", [9.5, 10.5, 11.5]),
        ("0,15 3 * * *", [3, 3.25]),
        ("0 9-12/2 * * *", [9, 11]),
        ("0 9-12,15-17/2 * * *", [9, 11, 15, 17]),
        ("00 05 * * *", [5]),
        ("0 1 1 * *", [1]),
        ("0 1 2 * *", []),
        ("0 1 * 4 *", []),
        ("0 1 * * 0", [1]),
    ],
)
def test_times_of_a_sunday(text: str, expected: list[float]) -> None:
    assert hours(text) == expected


def test_weekdays_count_from_sunday() -> None:
    assert hours("0 0 * * 1,5", days=7) == [24, 120]


def test_the_end_is_exclusive() -> None:
    assert list(parse_cron("0 0 * * *").times(START, START + DAY)) == [START]


@pytest.mark.parametrize(
    "text",
    [
        "* * * *",
        "0 9 * * mon",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 7",
        "*/0 * * * *",
        "5-1 * * * *",
        "0 0 1 * 1",
        "0 9/2 * * *",
        "0 9-12/2,15 * * *",
        "@daily",
        "",
        "1- * * * *",
        "*-5 * * * *",
    ],
)
def test_what_is_not_supported_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_cron(text)
