"""Who may call the endpoints, and whether browser and server agree on what they refuse."""

from __future__ import annotations

import re

import pytest

from workbench.splunkd import Splunkd

from .conftest import Client, Validator

ENDPOINTS = (
    ("ta_illumio_pce_account", "lab"),
    ("ta_illumio_pce_settings", "proxy"),
    ("ta_illumio_pce_illumio_pce_events", "audit"),
)


@pytest.mark.parametrize(("endpoint", "name"), ENDPOINTS)
def test_without_the_capability_every_method_of_every_endpoint_is_forbidden(
    splunkd: Splunkd, endpoint: str, name: str
) -> None:
    viewer = Client(splunkd, "viewer")
    answers = [
        viewer.get(endpoint),
        viewer.get(f"{endpoint}/{name}"),
        viewer.get(f"{endpoint}/{name}", **{"--cred--": "1"}),
        viewer.post(endpoint, name=name),
        viewer.post(f"{endpoint}/{name}", proxy_enabled="0"),
        viewer.delete(f"{endpoint}/{name}"),
    ]
    assert {answer.status for answer in answers} == {403}


@pytest.mark.parametrize(
    "conf", ["ta_illumio_pce_account", "ta_illumio_pce_settings", "inputs", "props", "macros", "restmap"]
)
def test_without_it_no_conf_of_the_app_can_be_written_either(splunkd: Splunkd, conf: str) -> None:
    viewer = Client(splunkd, "viewer")
    assert viewer.post(f"configs/conf-{conf}", name="x").status == 403


#: A value that the server refuses, and the field it is refused in.
REFUSED = (
    ("org_id", "one"),
    ("api_key_id", "api 1"),
    ("ca_certificate", "no certificate"),
    ("pce_url", "http://pce.example.com"),
    ("pce_url", "https://pce.example.com/login"),
    ("proxy_port", "65536"),
    ("proxy_url", "http://proxy"),
    ("interval", "29"),
    ("start_time", "2026-01-31"),
    ("start_time", "24h"),
    ("event_types", "a;b"),
    ("late_arrival_window", "59"),
)
#: A value that the server takes.
TAKEN = (
    ("pce_url", "https://pce.example.com:8443/"),
    ("pce_url", "https://[2001:db8::1]:8443"),
    ("org_id", "4294967295"),
    ("api_key_id", "api_1f2e3d"),
    ("ca_certificate", ""),
    ("proxy_url", "proxy-1.example.com"),
    ("proxy_url", "10.0.0.1"),
    ("proxy_port", "65535"),
    ("interval", "30"),
    ("start_time", "-7d"),
    ("start_time", "2026-01-31T08:00:00.123+02:00"),
    ("event_types", "user.*, agent.tampering"),
    ("late_arrival_window", "86400"),
)


def passes(validators: list[Validator], value: str) -> bool:
    """Whether the browser lets a value through, by the checks that globalConfig.json gives it."""

    def check(validator: Validator) -> bool:
        if validator["type"] == "regex":
            return re.search(validator["pattern"], value) is not None
        if validator["type"] == "number":
            low, high = validator["range"]
            return value.isdigit() and low <= int(value) <= high
        return bool(validator["minLength"] <= len(value) <= validator["maxLength"])

    return all(check(validator) for validator in validators)


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_the_browser_refuses_what_the_server_refuses(
    validators: dict[str, list[Validator]], field: str, value: str
) -> None:
    assert not passes(validators[field], value)


@pytest.mark.parametrize(("field", "value"), TAKEN)
def test_the_browser_takes_what_the_server_takes(
    validators: dict[str, list[Validator]], field: str, value: str
) -> None:
    assert passes(validators[field], value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("org_id", "one"),
        ("api_key_id", "api 1"),
        ("ca_certificate", "no certificate"),
    ],
)
def test_browser_and_server_say_the_same(
    client: Client, account: dict[str, str], validators: dict[str, list[Validator]], field: str, value: str
) -> None:
    answer = client.post("ta_illumio_pce_account", name="lab", **{**account, field: value})
    assert answer.shown == validators[field][0]["errorMsg"]
