"""Secrets that were encrypted under another splunk.secret, as after an app's folder was copied."""

from __future__ import annotations

import pytest

from workbench.splunk.splunkd import Splunkd

from .conftest import SECRET, Client, TinyPce

ACCOUNT = "ta_illumio_pce_account"
PROXY = "ta_illumio_pce_settings/proxy"
APP = "TA_illumio_pce"


def move(splunkd: Splunkd, *, garbled: bool) -> dict[str, str]:
    """Give the instance another splunk.secret; what passwords.conf holds now."""
    (splunkd.home / "etc/auth/splunk.secret").write_bytes(b"another instance's")
    splunkd.passwords.garbled = garbled
    return {password.name: password.scrambled for password in splunkd.passwords.all(APP)}


@pytest.mark.parametrize("garbled", [False, True])
def test_an_undecryptable_account_is_shown_and_saved_with_a_new_secret(
    client: Client, splunkd: Splunkd, pce: TinyPce, saved_account: str, garbled: bool
) -> None:
    stored = move(splunkd, garbled=garbled)
    assert client.get(ACCOUNT).entities[saved_account]["api_secret"] == "******"
    assert client.get(f"{ACCOUNT}/{saved_account}").entities[saved_account]["api_secret"] == "******"
    pce.requests.clear()
    for form in ({"org_id": "4"}, {"org_id": "4", "api_secret": "******"}):
        assert client.post(f"{ACCOUNT}/{saved_account}", **form).shown == (
            "The API secret is stored, but this Splunk instance cannot decrypt it, because it was encrypted with "
            "another splunk.secret. Enter it again on this instance. All members of a search head cluster need the "
            "same splunk.secret."
        )
    assert pce.requests == []
    assert {password.name: password.scrambled for password in splunkd.passwords.all(APP)} == stored
    assert client.post(f"{ACCOUNT}/{saved_account}", org_id="4", api_secret=SECRET).status == 200
    assert client.post(f"{ACCOUNT}/{saved_account}", org_id="5").status == 200
    assert len(pce.requests) == 2


def test_an_undecryptable_account_can_be_deleted(client: Client, splunkd: Splunkd, saved_account: str) -> None:
    move(splunkd, garbled=False)
    assert client.delete(f"{ACCOUNT}/{saved_account}").status == 200
    assert client.get(ACCOUNT).entities == {}
    assert splunkd.passwords.all(APP) == []


def test_an_account_without_any_secret_is_told_apart(client: Client, splunkd: Splunkd, saved_account: str) -> None:
    for password in splunkd.passwords.all(APP):
        splunkd.passwords.delete(APP, password)
    assert client.get(f"{ACCOUNT}/{saved_account}").status == 200
    assert client.post(f"{ACCOUNT}/{saved_account}", org_id="4").shown == "The API secret is missing."
    assert splunkd.passwords.all(APP) == []


@pytest.mark.parametrize("garbled", [False, True])
def test_an_undecryptable_proxy_is_switched_off_or_given_a_new_password(
    client: Client, splunkd: Splunkd, garbled: bool
) -> None:
    form = {"proxy_enabled": "1", "proxy_url": "127.0.0.1", "proxy_port": "9", "proxy_username": "ada"}
    assert client.post(PROXY, **form, proxy_password="w0rd for it").status == 200
    stored = move(splunkd, garbled=garbled)
    assert client.get(PROXY).entities["proxy"]["proxy_password"] == "******"
    assert client.post(PROXY, proxy_port="8").shown.startswith("The proxy password is stored, but this Splunk instance")
    assert client.post(PROXY, proxy_enabled="0").status == 200
    assert {password.name: password.scrambled for password in splunkd.passwords.all(APP)} == stored
    assert client.post(PROXY, **form, proxy_password="w0rd for it").status == 200
    assert client.post(PROXY, proxy_port="8").status == 200


def test_a_secret_that_a_hand_edited_file_holds_in_clear_is_encrypted_when_the_page_is_opened(
    client: Client, splunkd: Splunkd, saved_account: str
) -> None:
    for path in (ACCOUNT, f"{ACCOUNT}/{saved_account}"):
        splunkd.confs.write(APP, ACCOUNT, saved_account, {"api_secret": "typed by hand"})
        assert client.get(path).entities[saved_account]["api_secret"] == "******"
        assert splunkd.confs.stanzas(APP, ACCOUNT)[saved_account].settings["api_secret"] == "******"
        assert '{"api_secret": "typed by hand"}' in [password.clear for password in splunkd.passwords.all(APP)]
