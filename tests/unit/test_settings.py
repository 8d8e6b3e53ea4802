"""Single values of the settings: Booleans, log levels, indexes, secrets, and what a run only notes."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from illumio_pce.config import EventsSettings, Proxy, index_of, parse_boolean, parse_index, parse_secret
from illumio_pce.log import logger, set_level

HOUR = 3_600_000
NOW = 1_769_846_400_000  # 2026-01-31T08:00:00Z


@pytest.mark.parametrize("text", ["1", "true", "t", "yes", "y", "on", "TRUE", " On ", "T"])
def test_splunk_spellings_of_true(text: str) -> None:
    assert parse_boolean(text, "It") is True
    assert EventsSettings.parse("audit", {"account": "lab", "include_system_events": text}).include_system_events
    with pytest.raises(ValueError, match=r"proxy host"):
        Proxy.parse({"proxy_enabled": text})


@pytest.mark.parametrize("text", ["0", "false", "f", "no", "n", "off", "FALSE", " Off ", "", None])
def test_splunk_spellings_of_false(text: str | None) -> None:
    assert parse_boolean(text, "It") is False
    assert Proxy.parse({"proxy_enabled": text}) is None


@pytest.mark.parametrize("text", ["2", "maybe", "tru", "enabled", "-1", "\uff11"])
def test_other_spellings_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"Include system events must be one of 1, true, t, yes, y, on or 0, false"):
        EventsSettings.parse("audit", {"account": "lab", "include_system_events": text})
    with pytest.raises(ValueError, match=r"Enable proxy must be one of"):
        Proxy.parse({"proxy_enabled": text})


@pytest.fixture
def level() -> Iterator[None]:
    before = logger.level
    logger.propagate = True
    yield
    logger.propagate = False
    logger.setLevel(before)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEBUG", "DEBUG"),
        (" warning ", "WARNING"),
        ("critical", "CRITICAL"),
        (None, "INFO"),
        ("", "INFO"),
        (" ", "INFO"),
    ],
)
def test_log_levels_are_accepted(caplog: pytest.LogCaptureFixture, text: str | None, expected: str) -> None:
    set_level(text)
    assert logging.getLevelName(logger.level) == expected
    assert caplog.messages == []


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("text", ["INFOx", "xINFO", "WARN", "NOTSET", "20", "\x00", "INFO\nlog_level=ERROR"])
def test_an_invalid_log_level_is_warned_about_once(caplog: pytest.LogCaptureFixture, text: str) -> None:
    logger.setLevel("ERROR")
    set_level(text)
    assert logging.getLevelName(logger.level) == "INFO"
    (message,) = caplog.messages
    assert message.startswith("The log level must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL.")


def test_index_names_follow_splunks_rules() -> None:
    for text, name in (
        (None, "default"),
        (" ", "default"),
        ("Default", "default"),
        (" Main ", "main"),
        ("a-b_1", "a-b_1"),
    ):
        assert parse_index(text) == index_of({"index": text}) == name
    for wrong in ("_internal", "-a", "a b", "a.b", "kvstore", "KVStore", "a\nb", "\u00e4", "a" * 2049):
        with pytest.raises(ValueError, match=r"not a valid index name"):
            parse_index(wrong)
        assert index_of({"index": wrong}) == "default"


def test_a_secret_is_stripped_of_pasted_white_space() -> None:
    assert parse_secret(" s3cret\n") == "s3cret"
    for missing in (None, "", "  ", "******", "********"):
        with pytest.raises(ValueError, match=r"missing"):
            parse_secret(missing)
    with pytest.raises(ValueError, match=r"control characters"):
        parse_secret("a\tb")


def test_minor_problems_are_noted_by_runs_and_rejected_by_forms() -> None:
    conf = {"account": "lab", "interval": "*/5 * * * *", "start_time": "2026-01-31T09:00:00Z"}
    settings = EventsSettings.parse("audit", conf, NOW)
    assert settings.notes == (
        "The polling interval must be a whole number of seconds from 30 to 86400.",
        "The start time is in the future. Enter an earlier time: nothing from before it would be collected.",
    )
    assert EventsSettings.parse("audit", {**conf, "interval": "30"}, NOW + HOUR).notes == ()
    for changes, words in (({"start_time": "-1h"}, "polling interval"), ({"interval": "60"}, "future")):
        with pytest.raises(ValueError, match=words):
            EventsSettings.parse_form("audit", {**conf, **changes}, NOW)
