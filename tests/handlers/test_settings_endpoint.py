"""The tabs Proxy and Logging through the add-on's own endpoint."""

from __future__ import annotations

import pytest

from workbench.splunk.splunkd import Splunkd

from .conftest import Client, TinyPce

ENDPOINT = "ta_illumio_pce_settings"
PROXY = {"proxy_enabled": "1", "proxy_type": "http", "proxy_url": "proxy.example.com", "proxy_port": "3128"}


def test_a_proxy_is_saved_and_its_password_is_hidden(client: Client, splunkd: Splunkd) -> None:
    answer = client.post(f"{ENDPOINT}/proxy", **PROXY, proxy_username="splunk", proxy_password="pr0xy/secret")
    assert answer.status == 200, answer.text
    found = client.get(f"{ENDPOINT}/proxy").entities["proxy"]
    assert (found["proxy_url"], found["proxy_password"]) == ("proxy.example.com", "******")
    conf = splunkd.home / "etc/apps/TA_illumio_pce/local/ta_illumio_pce_settings.conf"
    assert "pr0xy" not in conf.read_text("utf-8")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("proxy_type", "socks4", "http, https or socks5"),
        ("proxy_url", "http://proxy.example.com", "without http://"),
        ("proxy_url", "", "host name or IP address"),
        ("proxy_url", "fe80::1%eth0", "without a zone"),
        ("proxy_url", "[::1", "host name or IP address"),
        ("proxy_port", "0", "1 to 65535"),
        ("proxy_port", "", "1 to 65535"),
        ("proxy_port", "http", "1 to 65535"),
    ],
)
def test_a_proxy_that_no_run_could_use_is_refused(client: Client, field: str, value: str, words: str) -> None:
    answer = client.post(f"{ENDPOINT}/proxy", **{**PROXY, field: value})
    assert answer.status >= 400
    assert words in answer.shown
    assert not client.get(f"{ENDPOINT}/proxy").entities["proxy"].get("proxy_url")


@pytest.mark.parametrize("host", ["2001:db8::1", "[2001:db8::1]"])
def test_a_proxy_at_an_ipv6_address_is_saved(client: Client, host: str) -> None:
    assert client.post(f"{ENDPOINT}/proxy", **{**PROXY, "proxy_url": host}).status == 200
    assert client.get(f"{ENDPOINT}/proxy").entities["proxy"]["proxy_url"] == host


def test_a_proxy_that_is_off_may_be_empty(client: Client) -> None:
    assert client.post(f"{ENDPOINT}/proxy", proxy_enabled="0", proxy_url="", proxy_port="").status == 200


def test_accounts_are_tried_through_the_proxy(client: Client, account: dict[str, str], pce: TinyPce) -> None:
    client.post(f"{ENDPOINT}/proxy", **{**PROXY, "proxy_url": "127.0.0.1", "proxy_port": "9"})
    answer = client.post("ta_illumio_pce_account", name="lab", **account)
    assert "proxy" in answer.shown
    assert pce.requests == []


def test_the_log_level_is_one_of_five(client: Client) -> None:
    assert client.post(f"{ENDPOINT}/logging", loglevel="debug").status == 200
    for level in ("CHATTY", "INFOx", "xINFO", "INFO|DEBUG", "WARN", "CRITICA"):
        refused = client.post(f"{ENDPOINT}/logging", loglevel=level)
        assert refused.shown == "The log level must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL."
    assert client.get(f"{ENDPOINT}/logging").entities["logging"]["loglevel"] == "DEBUG"


def test_unknown_settings_are_rejected_with_a_message(client: Client) -> None:
    words = "There are no such settings. Choose from proxy, logging."
    assert client.post(f"{ENDPOINT}/nothing", loglevel="INFO").shown == words
    assert client.get(ENDPOINT).shown == client.get(f"{ENDPOINT}/nothing").shown == words


def test_every_value_is_stored_in_one_spelling(client: Client) -> None:
    form = {**PROXY, "proxy_enabled": "ON", "proxy_rdns": "f", "proxy_type": "http", "proxy_url": " proxy.example.com "}
    assert client.post(f"{ENDPOINT}/proxy", **form).status == 200
    stored = client.get(f"{ENDPOINT}/proxy").entities["proxy"]
    assert [stored[name] for name in ("proxy_enabled", "proxy_rdns", "proxy_url")] == ["1", "0", "proxy.example.com"]
