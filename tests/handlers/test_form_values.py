"""Form, handler and run agree on every value of every field, however odd."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import pytest
from illumio_pce.config import Account, EventsSettings, Proxy
from illumio_pce.health_settings import HealthSettings
from illumio_pce.inventory_settings import InventorySettings

from .conftest import SECRET, Client, Validator
from .test_access import complaints_about

INPUT = "ta_illumio_pce_illumio_pce_events"
HEALTH = "ta_illumio_pce_illumio_pce_health"
INVENTORY = "ta_illumio_pce_illumio_pce_inventory"
ACCOUNT = "ta_illumio_pce_account"
PROXY = "ta_illumio_pce_settings/proxy"

#: What may stand in any field of a hand-edited file or come from any client.
ANYTHING = (
    "", " ", "null", "0", "007", "-1", "+5", "1e3", "0x3c", "60.0", "1_000", "\u0663\u0660\u0660", "\uff16\uff10",
    "\x00", "6\x000", "60\n61", "6" * 5000, "a" * 300, "default",
)  # fmt: skip
NUMBERS = ("1", "29", "30", " 600 ", "\t600\n", "000600", "86400", "86401", "65535", "65536", "*/5 * * * *", "-0")
TIMES = (
    "-7d", " -24h ", "-999999w", "-9999999w", "-7D", "-1.5d", "7d", "now", "-7d@d", "1970-01-01T00:00:00Z",
    "1969-07-20T20:17:40Z", "1970-01-01T00:00:00+01:00", "2026-01-31T08:00:00.123456789012+02:00",
    "2026-01-31T08:00:00", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-31T24:00:00Z",
    "2101-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-31T08:00:00Z\n", "\u0662026-01-31T08:00:00Z",
)  # fmt: skip
BOOLEANS = ("1", "t", "TRUE", "yes", "Y", " on ", "f", "False", "no", "N", "OFF", "maybe", "2", "tru")
URLS = (
    "https://pce.example.com", " HTTPS://PCE.Example.com:8443/ ", "https://pce.example.com:", "https://pce.example.com//",
    "https://pce.example.com:0", "https://pce.example.com:00443", "https://pce.example.com:65536",
    "https://pce.example.com:\u0664\u0664\u0663", "https://pce.example.com:+443", "https://pce.example.com:4_43",
    "https://u:p@pce.example.com", "https://pce.example.com/login", "https://pce.example.com?x", "https://pce.example.com#x",
    "https://pce\n.example.com", "https://pce example.com", "https://p\u00e7e.example.com", "https://-pce", "https://",
    "https://[2001:DB8::1]:8443/", "https://[::1", "https://::1", "https://[pce]", "https:pce.example.com",
    "https://pce.example.com\\x", "http://pce.example.com", "https://pce.example.com.", "https://pce..example.com",
)  # fmt: skip
VALUES: dict[str, tuple[str, ...]] = {
    "account": ("lab", " lab ", "Lab", "LAB", "nobody"),
    "index": ("main", "Main", " main ", "DEFAULT", "_internal", "-main", "kvstore", "no index", "a.b", "m\u00e4in", "federated:x"),
    "interval": NUMBERS,
    "start_time": TIMES,
    "event_types": ("user.*", " user.* , agent.* ", "*" * 150 + "a", "*a" * 90, "*,*", ",", "user sign_in", "a;b", "u\u017fer",
                    "user.*,\nagent.*", "a," * 4097),
    "severities": ("err", "err,crit", " err , crit ", "err,,crit", "ERR", "err;crit", "error", "err," * 3000),
    "statuses": ("success", "success,none", "Success", "maybe", ",", "none,\tfailure"),
    "include_system_events": BOOLEANS,
    "late_arrival_window": NUMBERS,
    "collections": ("workloads", " labels , workloads", "workloads,,vens,", "Workloads", "users;labels", "events", "vens,"),
    "full_every": ("1", "168", "169", " 24 ", "0024", "1.5"),
    "pce_url": URLS,
    "org_id": (*NUMBERS, "4294967295", "12345678901"),
    "api_key_id": ("api_1f2e3d", " api_1f2e3d ", "api:1", "api 1", "\u00e4pi"),
    "api_secret": (f" {SECRET}\n", "a b", "s\u00e9cret", "a\tb", "******", "********", "x" * 1000, "x" * 1001),
    "ca_certificate": ("hello", "-----BEGIN CERTIFICATE-----\nAA==\n", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----",
                       "-" * 65537),
    "proxy_enabled": BOOLEANS,
    "proxy_type": ("http", " HTTP ", "https", "socks5", "socks5h", "socks4", "http|https", "httpx"),
    "proxy_url": ("proxy.example.com", " 10.0.0.1 ", "http://proxy", "proxy:3128", "2001:db8::1", "[2001:DB8::1]", "fe80::1%eth0", "pr\u00f6xy", "proxy_1", "-proxy", "a..b"),
    "proxy_port": NUMBERS,
    "proxy_username": ("ada", "DOMAIN\\ada", "ada:x", "a" * 200, "a" * 201, "\u00e4da"),
    "proxy_password": ("pr0xy w0rd", "x" * 1000, "x" * 1001, "a\tb"),
    "proxy_rdns": BOOLEANS,
}  # fmt: skip
#: A pattern cannot see these; the server refuses them.
ONLY_ON_THE_SERVER = {
    ("start_time", "2026-02-30T00:00:00Z"),
    ("start_time", "2101-01-01T00:00:00Z"),
    ("start_time", "9999-12-31T23:59:59Z"),
    ("start_time", "1970-01-01T00:00:00+01:00"),
    ("event_types", "a" * 300),
    ("event_types", "6" * 5000),
    ("api_secret", " "),
    ("api_secret", "******"),
    ("api_secret", "********"),
    ("proxy_username", "ada:x"),
} | {(field, value) for field in ("api_secret", "proxy_password", "proxy_username") for value in (*ANYTHING, "a\tb")}
#: Where the server says more precisely what is wrong: a private key, and the zone of an IPv6 address.
PRECISE_ON_THE_SERVER = ("private key", "without a zone")
#: What is chosen from a list, and never typed.
CHOSEN = {"account", "index", "severities", "statuses", "include_system_events", "collections"}
CHOSEN |= {"proxy_enabled", "proxy_type", "proxy_rdns"}

ACCOUNT_CONF = {"pce_url": "https://pce.example.com", "org_id": "3", "api_key_id": "api_1f2e3d"}
PROXY_CONF = {"proxy_enabled": "1", "proxy_type": "http", "proxy_url": "127.0.0.1", "proxy_port": "9"}
INPUT_CONF = {
    "account": "lab",
    "index": "default",
    "interval": "60",
    "start_time": "-24h",
    "late_arrival_window": "600",
}


HEALTH_CONF = {"account": "lab", "index": "default", "interval": "60"}
INVENTORY_CONF = {
    "account": "lab",
    "index": "default",
    "interval": "14400",
    "collections": "workloads",
    "full_every": "24",
}


def refusal(parse: Callable[[], object]) -> str:
    """What a run says of a configuration; empty where it takes it."""
    try:
        parse()
    except ValueError as error:
        return str(error)
    return ""


def parse_account(changes: Mapping[str, str]) -> Account:
    return Account.parse("new", {**ACCOUNT_CONF, **changes}, changes.get("api_secret", SECRET))


def parse_input(changes: Mapping[str, str]) -> EventsSettings:
    return EventsSettings.parse_form("audit", {**INPUT_CONF, **changes}, int(time.time() * 1000))


def parse_health(changes: Mapping[str, str]) -> HealthSettings:
    return HealthSettings.parse_form("audit", {**HEALTH_CONF, **changes})


def parse_inventory(changes: Mapping[str, str]) -> InventorySettings:
    return InventorySettings.parse_form("audit", {**INVENTORY_CONF, **changes})


def parse_proxy(changes: Mapping[str, str]) -> Proxy | None:
    return Proxy.parse({**PROXY_CONF, "proxy_username": "ada", **changes}, changes.get("proxy_password", ""))


def values_of(fields: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(field, value) for field in fields for value in dict.fromkeys((*ANYTHING, *VALUES[field]))]


ACCOUNT_FIELDS = ("pce_url", "org_id", "api_key_id", "api_secret", "ca_certificate")
INPUT_FIELDS = (
    "account", "index", "interval", "start_time", "event_types", "severities", "statuses", "include_system_events",
    "late_arrival_window",
)  # fmt: skip
PROXY_FIELDS = (
    "proxy_enabled",
    "proxy_type",
    "proxy_url",
    "proxy_port",
    "proxy_username",
    "proxy_password",
    "proxy_rdns",
)


def test_an_account_is_rejected_with_the_message_of_a_run_or_tried(client: Client) -> None:
    """Every account that is tried fails at a proxy that is not there: no other machine is asked."""
    assert client.post(PROXY, **PROXY_CONF).status == 200
    for field, value in values_of(ACCOUNT_FIELDS):
        expected = refusal(lambda changes={field: value}: parse_account(changes))  # type: ignore[misc]
        shown = client.post(ACCOUNT, name="new", **{**ACCOUNT_CONF, "api_secret": SECRET, field: value}).shown
        if expected:
            assert shown == expected, (field, value)
        else:
            assert "proxy" in shown, (field, value, shown)


@pytest.mark.parametrize(
    ("endpoint", "conf", "parse", "field"),
    [
        *((INPUT, INPUT_CONF, parse_input, field) for field in INPUT_FIELDS),
        *((HEALTH, HEALTH_CONF, parse_health, field) for field in HEALTH_CONF),
        *((INVENTORY, INVENTORY_CONF, parse_inventory, field) for field in ("collections", "full_every")),
    ],
)
def test_an_input_is_saved_if_and_only_if_a_run_accepts_it(
    client: Client,
    saved_account: str,
    endpoint: str,
    conf: dict[str, str],
    parse: Callable[[Mapping[str, str]], object],
    field: str,
) -> None:
    assert client.post(endpoint, name="audit", **conf).status == 201
    for _, value in values_of((field,)):
        expected = refusal(lambda changes={field: value}: parse(changes))  # type: ignore[misc]
        answer = client.post(f"{endpoint}/audit", **{field: value})
        if not expected and field == "account" and value.strip() != saved_account:
            expected = f"There is no account {value.strip()}. Choose another, or add it under Configuration."
        assert answer.shown == expected, (value, answer)
        assert (answer.status == 200) is (not expected), (value, answer)
        if not expected:
            stored = {name: str(text) for name, text in client.get(f"{endpoint}/audit").entities["audit"].items()}
            assert stored[field] == stored[field].strip()
            assert parse(stored) == parse({**stored, field: value})


@pytest.mark.parametrize("field", PROXY_FIELDS)
def test_a_proxy_is_saved_if_and_only_if_a_run_accepts_it(client: Client, field: str) -> None:
    for _, value in values_of((field,)):
        expected = refusal(lambda changes={field: value}: parse_proxy(changes))  # type: ignore[misc]
        answer = client.post(PROXY, **{**PROXY_CONF, "proxy_username": "ada", field: value})
        assert answer.shown == expected, (value, answer)
        assert (answer.status == 200) is (not expected), (value, answer)


@pytest.mark.parametrize("field", [field for field in VALUES if field not in CHOSEN])
def test_the_browser_accepts_and_says_what_the_server_does(validators: dict[str, list[Validator]], field: str) -> None:
    parse: Callable[[dict[str, str]], object] = (
        parse_account
        if field in ACCOUNT_FIELDS
        else parse_proxy
        if field in PROXY_FIELDS
        else parse_inventory
        if field == "full_every"
        else parse_input
    )
    for _, value in values_of((field,)):
        if not value.strip():  # UCC's forms check that required fields are not empty, and no empty field further
            continue
        refused = refusal(lambda changes={field: value}: parse(changes))  # type: ignore[misc]
        in_browser = complaints_about(value, validators[field])
        if in_browser:
            # The server may add which value it met, or what the browser does not look for.
            precise = any(words in refused for words in PRECISE_ON_THE_SERVER)
            assert precise or any(text.rstrip(".") in refused for text in in_browser), (field, value, refused)
        elif field != "ca_certificate" and (field, value) not in ONLY_ON_THE_SERVER:
            assert refused == "", (field, value)


def test_every_field_of_every_form_is_tried(validators: dict[str, list[Validator]]) -> None:
    assert set(validators) - {"name", "loglevel"} == set(VALUES)
