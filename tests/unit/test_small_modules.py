"""Times, filters, settings, keys, the log and the checkpoint's form, one rule at a time."""

from __future__ import annotations

import base64
import io
import json
import logging
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from illumio_pce import log
from illumio_pce.checkpoint import Batch, Checkpoint, Progress, keys_from_text, keys_to_text
from illumio_pce.config import Account, EventsSettings, Proxy, parse_pce_url
from illumio_pce.events import AuditEvent, Events
from illumio_pce.filters import FilterHistory, Filters
from illumio_pce.key_set import KeySet
from illumio_pce.pce import Page, Window
from illumio_pce.store import Unreadable
from illumio_pce.timestamps import in_words, parse, parse_http_date, parse_start, render, second_of
from illumio_pce.windows import split

# --- times -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ms", "epoch"),
    [
        ("2026-01-31T08:00:00Z", 1_769_846_400_000, "1769846400"),
        ("2026-01-31T08:00:00.5Z", 1_769_846_400_500, "1769846400.5"),
        ("2026-01-31T08:00:00.1239999Z", 1_769_846_400_123, "1769846400.1239999"),
        # Splunk keeps nanoseconds
        ("2026-01-31T08:00:00.12345678901Z", 1_769_846_400_123, "1769846400.123456789"),
        ("1970-01-01T00:00:00Z", 0, "0"),
        ("2026-01-31T10:30:00.001+02:30", 1_769_846_400_001, "1769846400.001"),
        ("2026-01-31t00:00:00-0800", 1_769_846_400_000, "1769846400"),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000, "1483228800"),
    ],
)
def test_a_time_with_a_zone_is_read_to_the_digit(text: str, ms: int, epoch: str) -> None:
    moment = parse(text)
    assert moment is not None
    assert (moment.ms, moment.epoch) == (ms, epoch)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-01-31T08:00:00", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "1960-01-01T00:00:00Z", 17,
     None, "2026-01-31T25:00:00Z", "٢٠٢٦-01-31T08:00:00Z", "2026-01-31T08:00:00Z; index=evil",
     "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T08:60:00Z",
     "2026-01-31T08:00:61Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "1970-01-01T00:59:59+01:00"],
)  # fmt: skip
def test_invalid_timestamps_are_rejected(text: object) -> None:
    assert parse(text) is None


@given(st.integers(0, 4_102_444_800_000))
def test_a_rendered_time_is_read_back(ms: int) -> None:
    moment = parse(render(ms))
    assert moment is not None
    assert moment.ms == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("-7d", 395_200_000),
        ("-24h", 913_600_000),
        ("1970-01-02T00:00:00Z", 86_400_000),
        ("-60s", 999_940_000),
        ("-1w", 395_200_000),
        ("-90m", 994_600_000),
        ("-9999w", 0),
    ],
)
def test_start_time(text: str, ms: int) -> None:
    assert parse_start(text, 1_000_000_000) == ms


@pytest.mark.parametrize("text", ["", "7d", "-7", "2026-01-31", "2026-01-31T08:00:00", "-1d@d", "now"])
def test_an_invalid_start_time_says_what_to_enter(text: str) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601"):
        parse_start(text, 0)


def test_a_second_begins_at_its_minute_and_its_seconds() -> None:
    assert second_of("2026-01-31T08:00:59") == (1_769_846_459_000, "1769846459.")
    for text in ("2026-01-31T08-00:59", "2026-01-31T08:00:61", "2026-01-31T08:00:5", "2026-01-31T08:00", "T" * 19):
        assert second_of(text) is None


def test_no_second_lies_before_1970() -> None:
    assert second_of("1970-01-01T00:00:00") == (0, "0.")
    assert second_of("1969-07-20T20:17:40") is None


def test_the_date_header() -> None:
    assert parse_http_date("Sat, 31 Jan 2026 08:00:00 GMT") == 1_769_846_400_000
    for text in (None, "", "soon", "Sat, 99 Jan 2026 08:00:00 GMT"):
        assert parse_http_date(text) is None


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 seconds"),
        (1999, "1 seconds"),
        (119_999, "119 seconds"),
        (120_000, "2 minutes"),
        (20 * 60_000, "20 minutes"),
        (7_199_999, "119 minutes"),
        (7_200_000, "2 hours"),
        (6 * 3_600_000, "6 hours"),
        (172_799_999, "47 hours"),
        (172_800_000, "2 days"),
        (4 * 86_400_000 - 1, "3 days"),
    ],
)
def test_a_length_of_time_in_words(ms: int, words: str) -> None:
    assert in_words(ms) == words


# --- filters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "event", "wanted"),
    [
        (("", "", ""), {}, True),
        (("user.*", "", ""), {"event_type": "user.sign_in"}, True),
        (("user.*", "", ""), {"event_type": "users.auth_token"}, False),
        (("user.*,agent.tampering", "", ""), {"event_type": "agent.tampering"}, True),
        (("user.*", "", ""), {"event_type": None}, True),
        (("", "err,crit", ""), {"severity": "error"}, True),
        (("", "err", ""), {"severity": "INFO"}, False),
        (("", "err", ""), {"severity": "made up"}, True),
        (("", "", "failure"), {"status": "success"}, False),
        (("", "", "failure"), {"status": None}, False),
        (("", "", "failure,none"), {"status": None}, True),
        (("", "", "failure"), {}, True),
    ],
)
def test_filters(filters: tuple[str, str, str], event: dict[str, str | None], wanted: bool) -> None:
    assert Filters.parse(*filters).accept(event) is wanted


@pytest.mark.parametrize("filters", [("user sign_in", "", ""), ("", "loud", ""), ("", "", "maybe"), ("a;b", "", "")])
def test_invalid_filters_are_rejected(filters: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match=r"is not an? "):
        Filters.parse(*filters)


def test_an_event_from_before_a_change_has_to_pass_the_earlier_filters_too() -> None:
    history = FilterHistory(Filters.parse("", "err", ""))
    assert history.change(Filters(), 1000)
    assert not history.change(Filters(), 2000)
    assert not history.accept({"severity": "info"}, 1000)
    assert history.accept({"severity": "info"}, 1001)
    history.forget(1001)
    assert history.accept({"severity": "info"}, 1000)


# --- what the administrator entered ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://pce.example.com", ("pce.example.com", 443)),
        (" https://PCE.example.com:8443/ ", ("pce.example.com", 8443)),
        ("https://[2001:db8::1]:8443", ("2001:db8::1", 8443)),
    ],
)
def test_a_pce_url(url: str, expected: tuple[str, int]) -> None:
    assert parse_pce_url(url) == expected


@pytest.mark.parametrize(
    "url",
    ["", "pce.example.com", "http://pce.example.com", "https://u:p@pce.example.com", "https://pce.example.com/api/v2",
     "https://", "https://pce.example.com:99999", "https://a b", "https://pce.example.com?x=1", "https://-pce",
     "https://[::1", "https://[zz]", "https://[fe80::1%25eth0]:8443", "https://pce\u2100.example.com"],
)  # fmt: skip
def test_an_invalid_pce_url_is_rejected_with_advice(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://HOST"):
        parse_pce_url(url)


def account(**conf: str) -> Account:
    given = {"pce_url": "https://pce.example.com", "org_id": "1", "api_key_id": "api_1"}
    return Account.parse("lab", {**given, **conf}, "topsecret")


def test_an_account_never_shows_its_secret() -> None:
    assert "topsecret" not in repr(account())
    assert account(pce_url="https://pce.example.com:8443").source == "pce.example.com:8443/orgs/1"


@pytest.mark.parametrize("conf", [{"org_id": "one"}, {"org_id": ""}, {"api_key_id": ""}, {"api_key_id": "api:1"}])
def test_an_incomplete_account_is_rejected(conf: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"organisation ID|key ID"):
        account(**conf)


def test_a_proxy() -> None:
    conf = {"proxy_enabled": "1", "proxy_type": "socks5", "proxy_url": "proxy.example.com", "proxy_port": "1080"}
    proxy = Proxy.parse({**conf, "proxy_username": "a@b", "proxy_rdns": "1"}, "p:w/d")
    assert proxy is not None
    assert proxy.url == "socks5h://a%40b:p%3Aw%2Fd@proxy.example.com:1080"
    assert "p%3A" not in repr(proxy)
    assert Proxy.parse({**conf, "proxy_enabled": "0"}) is None
    for wrong in ({"proxy_port": "0"}, {"proxy_url": "http://x"}, {"proxy_type": "ftp"}):
        with pytest.raises(ValueError, match=r"proxy"):
            Proxy.parse({**conf, **wrong})


@pytest.mark.parametrize(
    ("host", "in_url"),
    [("::1", "[::1]"), ("[::1]", "[::1]"), (" 2001:DB8::1 ", "[2001:DB8::1]"), ("192.0.2.1", "192.0.2.1")],
)
def test_a_proxy_at_an_address(host: str, in_url: str) -> None:
    proxy = Proxy.parse({"proxy_enabled": "1", "proxy_url": host, "proxy_port": "3128"})
    assert proxy is not None
    assert proxy.url == f"http://{in_url}:3128"


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("fe80::1%eth0", "without a zone"),
        ("[fe80::1%25eth0]", "without a zone"),
        ("::1]", "as a host name or IP address"),
        ("[::1]:3128", "as a host name or IP address"),
        ("proxy.example.com:3128", "as a host name or IP address"),
        ("1:2", "as a host name or IP address"),
        ("", "as a host name or IP address"),
    ],
)
def test_an_invalid_proxy_address_is_rejected(host: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Proxy.parse({"proxy_enabled": "1", "proxy_url": host, "proxy_port": "3128"})


def test_an_input_takes_the_defaults_of_the_contract() -> None:
    settings = EventsSettings.parse("audit", {"account": "lab"})
    assert (settings.start_time, settings.late_arrival_window_ms, settings.index) == ("-24h", 600_000, "default")
    assert not settings.include_system_events
    for wrong in (
        {"late_arrival_window": "59"},
        {"late_arrival_window": "86401"},
        {"start_time": "x"},
        {"account": ""},
    ):
        with pytest.raises(ValueError, match=r".+"):
            EventsSettings.parse("audit", {"account": "lab", **wrong})


# --- what is remembered ------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 2**64 - 1), max_size=3000))
def test_a_key_set_is_a_set(keys: list[int]) -> None:
    found = KeySet()
    known = set()
    for key in keys:
        assert found.add(key) == (key not in known)
        known.add(key)
    assert len(found) == len(known)
    assert all(key in found for key in known)


@given(st.lists(st.integers(1, 2**64 - 1), max_size=50))
def test_keys_are_read_back_in_eleven_characters_each(keys: list[int]) -> None:
    text = keys_to_text(array("Q", keys))
    assert list(keys_from_text(text)) == keys
    assert len(text) <= 11 * len(keys) + 4


def test_keys_are_base64_of_big_endian_integers() -> None:
    assert keys_to_text(array("Q", [1, 2**64 - 2])) == "AAAAAAAAAAH//////////g=="


def test_big_endian_machines_do_not_swap_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = array("Q", [1, 2**64 - 2])
    monkeypatch.setattr("sys.byteorder", "big")
    assert keys_to_text(keys) == base64.b64encode(keys.tobytes()).decode()


def test_a_checkpoint_is_read_back() -> None:
    checkpoint = Checkpoint("pce/orgs/1", {"events": Progress(10, 5, [(1, 2)])}, [Batch(1, 2, 3.5, array("Q", [9]))])
    checkpoint.filters.change(Filters.parse("a.*", "err", "none"), 7)
    assert Checkpoint.from_text(checkpoint.to_text()) == checkpoint


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version":1}', '{"version":2}', "[" * 100_000])
def test_invalid_checkpoints_are_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        Checkpoint.from_text(text)


@pytest.mark.parametrize(
    ("low", "high", "left"),
    [
        (0, 100, []),
        (10, 20, [(20, 40), (50, 50)]),
        (20, 30, [(10, 20), (30, 40), (50, 50)]),
        (40, 50, [(10, 40)]),
        (10, 40, [(50, 50)]),
        (0, 10, [(10, 40), (50, 50)]),
        (50, 50, [(10, 40)]),
    ],
)
def test_read_ranges_are_no_longer_pending(low: int, high: int, left: list[tuple[int, int]]) -> None:
    progress = Progress(0, 0, [(10, 40), (50, 50)])
    progress.mark_read(low, high)
    assert progress.pending == left


# --- the log -----------------------------------------------------------------------------------------


def test_an_entry_is_one_line_without_a_secret() -> None:
    formatter = log.OneLineFormatter()
    formatter.hide("p/ss word+1")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("test")
    logger.addHandler(handler)
    encoded = base64.b64encode(b"p/ss word+1").decode()
    logger.error("one\nlog_level=FATAL two\r\x1b[31m\x85\u2028 p/ss word+1 p%%2Fss%%20word%%2B1 %s", encoded)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "\x1b" not in text
    assert "ss word" not in text
    assert encoded not in text
    assert "word%2B1" not in text


def test_splunk_sdk_never_logs_the_bodies_that_it_sends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert not logging.getLogger("splunklib.binding").isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize("before", ["", "k", "key", "api_1:"])
def test_a_secret_is_hidden_in_json_and_in_base64_behind_any_text(before: str) -> None:
    formatter = log.OneLineFormatter()
    secret = 'qu"ote\\back/slash é'
    formatter.hide(secret)
    encoded = base64.b64encode((before + secret).encode()).decode()
    for text in (json.dumps(secret), f"Basic {encoded}"):
        shown = formatter.format(logging.LogRecord("x", logging.INFO, "x.py", 1, text, (), None))
        assert "******" in shown
        assert encoded[12:-4] not in shown
        assert "back" not in shown


def test_invisible_characters_and_quotes_are_escaped() -> None:
    shown = log.OneLineFormatter().format(
        logging.LogRecord("x", logging.INFO, "x.py", 1, "a\u202eb\ufeffc\ud800d\x9be\U000e0041", (), None)
    )
    assert shown.endswith(r"| a\u202eb\ufeffc\ud800d\x9be\ue0041")
    assert log.quoted('a" category=ok') == '"a\' category=ok"'


# --- windows -----------------------------------------------------------------------------------------


@given(st.lists(st.integers(1_000_000, 2_000_000), max_size=30), st.booleans())
def test_the_parts_of_a_window_are_smaller_and_share_their_bound(moments: list[int], whole_body: bool) -> None:
    events = Events.of(AuditEvent("", ms, "", 1) for ms in moments)
    window = Window(999_000, 2_001_000)
    parts = split(window, Page(events, 0, 1 if whole_body else 0, cut=True))
    assert parts is not None
    older, newer = parts
    # An event may lie between two milliseconds: without the shared bound no part would hold it.
    assert (older.low, older.high, newer.high) == (window.low, newer.low, window.high)
    assert window.low < newer.low < 2_001_000


def test_a_millisecond_is_not_split() -> None:
    assert split(Window(5, 6), Page(Events(), 0, 1, cut=True)) is None
