"""Relative times, time formats, bins. Source: Search Reference 10.0, Time modifiers, Date and time variables."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.relative_time import apply_modifier, resolve, seconds_of
from workbench.splunk.spl.spans import default_time_span, number_bin, time_span
from workbench.splunk.spl.time_format import format_time, parse_time


def at(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc).timestamp()


# A Wednesday.
NOW = at("2026-03-04 05:06:07")


@pytest.mark.parametrize(
    ("modifier", "expected"),
    [
        ("-1d@d", "2026-03-03 00:00:00"),
        ("@d+3h", "2026-03-04 03:00:00"),
        ("-h", "2026-03-04 04:06:07"),
        ("-90s", "2026-03-04 05:04:37"),
        ("-5m@m", "2026-03-04 05:01:00"),
        ("@w0", "2026-03-01 00:00:00"),
        ("@w3", "2026-03-04 00:00:00"),
        ("@w4", "2026-02-26 00:00:00"),
        ("-1week@w1", "2026-02-23 00:00:00"),
        ("-1mon", "2026-02-04 05:06:07"),
        ("@mon-1d", "2026-02-28 00:00:00"),
        ("-1q@q", "2025-10-01 00:00:00"),
        ("-2y@y", "2024-01-01 00:00:00"),
        ("now", "2026-03-04 05:06:07"),
    ],
)
def test_relative_times(modifier: str, expected: str) -> None:
    assert apply_modifier(NOW, modifier) == at(expected)


def test_a_month_back_from_its_31st_is_the_last_day() -> None:
    assert apply_modifier(at("2026-03-31 12:00:00"), "-1mon") == at("2026-02-28 12:00:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1772600000", 1_772_600_000),
        ("03/04/2026:05:06:07", NOW),
        ("03/04/2026", at("2026-03-04 00:00:00")),
        ("2026-03-04T06:06:07+01:00", NOW),
        ("2026-03-04T05:06:07Z", NOW),
    ],
)
def test_absolute_bounds(text: str, expected: float) -> None:
    assert resolve(text, 0) == expected


@pytest.mark.parametrize("text", ["rt-5m", "-5", "-5x", "@", "yesterday", "2026-03-04T05:06:07"])
def test_bounds_that_are_not_understood(text: str) -> None:
    with pytest.raises(Refused):
        resolve(text, NOW)


def test_spans_in_seconds() -> None:
    assert [seconds_of(text) for text in ("90", "2m", "1h", "7d", "1w")] == [90, 120, 3600, 604_800, 604_800]
    with pytest.raises(Refused):
        seconds_of("1mon")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("%Y-%m-%dT%H:%M:%S.%3N%:z", "2026-03-04T05:06:07.250+00:00"),
        ("%F %T %z %Z", "2026-03-04 05:06:07 +0000 UTC"),
        ("%a %A %b %B %e %j %w", "Wed Wednesday Mar March  4 063 3"),
        ("%I:%M %p", "05:06 AM"),
        ("%s %Q %6N %%Y", "1772600767 250 250000 %Y"),
    ],
)
def test_writing_times(template: str, expected: str) -> None:
    assert format_time(NOW + 0.25, template) == expected


@pytest.mark.parametrize(
    ("text", "template", "expected"),
    [
        ("2026-03-04 05:06:07", "%Y-%m-%d %H:%M:%S", NOW),
        ("2026-03-04T05:06:07.5Z", "%Y-%m-%dT%H:%M:%S.%QZ", NOW + 0.5),
        ("2026-03-04T06:06:07+0100", "%Y-%m-%dT%H:%M:%S%z", NOW),
        ("Mar 4 2026 5:06:07 pm", "%b %d %Y %I:%M:%S %p", at("2026-03-04 17:06:07")),
        ("1772600767.125", "%s.%3N", NOW + 0.125),
        ("2026-03-04 and more", "%Y-%m-%d", at("2026-03-04 00:00:00")),
        ("05:06:07", "%H:%M:%S", None),
        ("2026-13-04", "%Y-%m-%d", None),
        ("on 2026-03-04", "%Y-%m-%d", None),
    ],
)
def test_reading_times(text: str, template: str, expected: float | None) -> None:
    assert parse_time(text, template) == expected


@pytest.mark.parametrize(
    ("seconds", "span"),
    # The table of default spans on the page of timechart.
    [
        (900, (10, "s")),
        (3600, (1, "m")),
        (4 * 3600, (5, "m")),
        (86400, (30, "m")),
        (7 * 86400, (1, "d")),
        (30 * 86400, (1, "d")),
        (365 * 86400, (1, "mon")),
    ],
)
def test_default_spans(seconds: int, span: tuple[int, str]) -> None:
    found = default_time_span(seconds, 100)
    assert (found.count, found.unit) == span


def test_bins_begin_at_the_span() -> None:
    assert time_span("1h").start(NOW) == at("2026-03-04 05:00:00")
    assert time_span("1mon").start(NOW) == at("2026-03-01 00:00:00")
    assert time_span("3mon").next(at("2026-01-01 00:00:00")) == at("2026-04-01 00:00:00")
    assert time_span("12h", "@d+3h", NOW).start(NOW) == at("2026-03-04 03:00:00")
    for text in ("1w", "2d", "7h", "5mon"):
        with pytest.raises(Refused):
            time_span(text)


def test_number_bins_are_labelled() -> None:
    assert [number_bin(value, "10") for value in ("0.7", "9", "10")] == ["0-10", "0-10", "10-20"]


@pytest.mark.parametrize(("value", "span"), [("-1", "10"), ("0.7", "0.5"), ("1", "0"), ("1", "x")])
def test_number_bins_whose_label_no_page_shows_are_refused(value: str, span: str) -> None:
    with pytest.raises(Refused):
        number_bin(value, span)
