"""Accounts through the add-on's own endpoint, run as splunkd runs it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import trustme

from tests.package.pythons import label, pythons
from workbench.splunk.splunkd import Splunkd

from .conftest import ADDON, SECRET, Client, TinyPce

ENDPOINT = "ta_illumio_pce_account"


def basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def test_an_account_is_saved_once_the_pce_has_answered(
    client: Client, splunkd: Splunkd, pce: TinyPce, account: dict[str, str]
) -> None:
    answer = client.post(ENDPOINT, name="lab", **account)
    assert answer.status in (200, 201), answer.text
    assert pce.requests == [basic("api_1f2e3d", SECRET)]
    found = client.get(f"{ENDPOINT}/lab").entities["lab"]
    assert found["pce_url"] == pce.url
    assert found["api_secret"] == "******"
    assert str(found["ca_certificate"]).strip() == pce.certificate.strip()
    conf = (splunkd.home / "etc/apps/TA_illumio_pce/local/ta_illumio_pce_account.conf").read_text("utf-8")
    assert SECRET not in conf
    (certificate,) = [line for line in conf.splitlines() if line.startswith("ca_certificate")]
    assert certificate.endswith("-----END CERTIFICATE-----")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, "{}", "key"),
        (403, "[]", "role"),
        (404, "[]", "organisation"),
        (200, "<html>Sign in to the café</html>", "PCE URL"),
    ],
)
def test_an_account_that_the_pce_refuses_is_not_saved(
    client: Client, pce: TinyPce, account: dict[str, str], status: int, body: str, words: str
) -> None:
    pce.status, pce.body = status, body
    answer = client.post(ENDPOINT, name="lab", **account)
    assert answer.status >= 400
    assert words in answer.shown
    assert "café" not in answer.text
    assert SECRET not in answer.text
    assert client.get(ENDPOINT).entities == {}


def test_an_unreachable_pce_and_an_untrusted_one_get_different_messages(
    client: Client, account: dict[str, str], pce: TinyPce
) -> None:
    absent = client.post(ENDPOINT, name="lab", **{**account, "pce_url": "https://localhost:1"})
    assert "firewall" in absent.shown
    other = trustme.CA().cert_pem.bytes().decode()
    untrusted = client.post(ENDPOINT, name="lab", **{**account, "ca_certificate": other})
    assert "certificate" in untrusted.shown
    assert pce.requests == []
    assert client.get(ENDPOINT).entities == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pce_url", "http://pce.example.com"),
        ("pce_url", "https://user:word@pce.example.com"),
        ("pce_url", "https://pce.example.com/api/v2"),
        ("pce_url", "https://pce.example.com?x=1"),
        ("pce_url", "pce.example.com"),
        ("org_id", "one"),
        ("org_id", "-1"),
        ("api_key_id", "api 1"),
        ("ca_certificate", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        ("api_secret", ""),
    ],
)
def test_invalid_accounts_are_rejected_before_the_pce_is_asked(
    client: Client, pce: TinyPce, account: dict[str, str], field: str, value: str
) -> None:
    answer = client.post(ENDPOINT, name="lab", **{**account, field: value})
    assert answer.status >= 400
    assert pce.requests == []
    assert client.get(ENDPOINT).entities == {}


def test_a_certificate_with_written_out_line_breaks_is_understood(
    client: Client, account: dict[str, str], pce: TinyPce
) -> None:
    account["ca_certificate"] = pce.certificate.strip().replace("\n", "\\n")
    assert client.post(ENDPOINT, name="lab", **account).status in (200, 201)
    assert client.get(f"{ENDPOINT}/lab").entities["lab"]["ca_certificate"] == pce.certificate.strip()


def test_text_around_a_certificate_is_dropped(
    client: Client, splunkd: Splunkd, account: dict[str, str], pce: TinyPce
) -> None:
    quoted = "\r\n\r\n".join(f'  "{line}",' for line in pce.certificate.strip().split("\n"))
    account["ca_certificate"] = f"\ufeff# Autorité\u00a0de certification\n{quoted}\n"
    answer = client.post(ENDPOINT, name="lab", **account)
    assert answer.status in (200, 201), answer.text
    assert client.get(f"{ENDPOINT}/lab").entities["lab"]["ca_certificate"] == pce.certificate.strip()
    written = pce.certificate.strip().replace("\n", "\\n")
    conf = (splunkd.home / "etc/apps/TA_illumio_pce/local/ta_illumio_pce_account.conf").read_text("utf-8")
    assert f"ca_certificate = {written}\n" in conf


def test_a_damaged_certificate_is_refused_before_the_pce_is_asked(
    client: Client, account: dict[str, str], pce: TinyPce
) -> None:
    account["ca_certificate"] = pce.certificate.replace("MII", "M\u00efI", 1)
    answer = client.post(ENDPOINT, name="lab", **account)
    assert "Certificate 1 of the CA certificate's text is damaged" in answer.shown
    assert pce.requests == []


def test_another_host_or_port_asks_for_the_secret_again(
    client: Client, saved_account: str, account: dict[str, str], pce: TinyPce
) -> None:
    pce.requests.clear()
    without = {name: value for name, value in account.items() if name != "api_secret"}
    moved = {**without, "pce_url": f"https://127.0.0.1:{pce.port}"}
    for form in (moved, {**moved, "api_secret": "******"}, {"pce_url": "https://localhost:1"}):
        answer = client.post(f"{ENDPOINT}/{saved_account}", **form)
        assert "Enter the API secret again" in answer.shown
    assert pce.requests == []
    assert client.get(f"{ENDPOINT}/{saved_account}").entities["lab"]["pce_url"] == pce.url


def test_an_untouched_secret_is_kept_and_used(
    client: Client, saved_account: str, account: dict[str, str], pce: TinyPce
) -> None:
    pce.requests.clear()
    without = {name: value for name, value in account.items() if name != "api_secret"}
    answer = client.post(f"{ENDPOINT}/{saved_account}", **{**without, "pce_url": f"{pce.url}/", "api_key_id": "api_2"})
    assert answer.status == 200, answer.text
    assert pce.requests == [basic("api_2", SECRET)]


def test_a_new_secret_that_the_pce_refuses_leaves_the_old_one(client: Client, saved_account: str, pce: TinyPce) -> None:
    pce.status = 401
    assert client.post(f"{ENDPOINT}/{saved_account}", api_secret="wrong").status >= 400


def test_a_deleted_account_leaves_no_secret(client: Client, splunkd: Splunkd, saved_account: str) -> None:
    kept = splunkd.passwords.all("TA_illumio_pce")
    assert any(SECRET in str(password.clear) for password in kept)
    assert client.delete(f"{ENDPOINT}/{saved_account}").status == 200
    assert splunkd.passwords.all("TA_illumio_pce") == []


def test_an_expired_key_can_be_replaced(client: Client, saved_account: str, pce: TinyPce) -> None:
    assert client.post(f"{ENDPOINT}/{saved_account}", api_key_id="api_new", api_secret="the next one").status == 200
    assert pce.requests[-1] == basic("api_new", "the next one")


def test_an_account_in_use_stays_and_its_inputs_are_named(client: Client, saved_account: str) -> None:
    created = client.post(
        "ta_illumio_pce_illumio_pce_events", name="audit", account=saved_account, index="default", interval="60"
    )
    assert created.status in (200, 201), created.text
    form = {"account": saved_account, "index": "default", "interval": "60"}
    assert client.post("ta_illumio_pce_illumio_pce_health", name="nodes", **form).status in (200, 201)
    refused = client.delete(f"{ENDPOINT}/{saved_account}")
    assert refused.status >= 400
    assert "is used by audit (events), nodes (health)." in refused.shown
    assert client.delete("ta_illumio_pce_illumio_pce_events/audit").status == 200
    assert "is used by nodes (health)." in client.delete(f"{ENDPOINT}/{saved_account}").shown
    assert client.delete("ta_illumio_pce_illumio_pce_health/nodes").status == 200
    assert client.delete(f"{ENDPOINT}/{saved_account}").status == 200
    assert client.get(ENDPOINT).entities == {}


def test_the_environment_decides_nothing(
    client: Client, splunkd: Splunkd, account: dict[str, str], pce: TinyPce
) -> None:
    splunkd.environment = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "REQUESTS_CA_BUNDLE": "/nowhere.pem",
        "CURL_CA_BUNDLE": "/nowhere.pem",
    }
    netrc = splunkd.home / ".netrc"
    netrc.write_text("machine localhost login wrong password wrong\nmachine 127.0.0.1 login wrong password wrong\n")
    splunkd.environment["HOME"] = str(splunkd.home)
    splunkd.environment["NETRC"] = str(netrc)
    assert client.post(ENDPOINT, name="lab", **account).status in (200, 201)
    assert pce.requests == [basic("api_1f2e3d", SECRET)]


@pytest.mark.parametrize("python", pythons(), ids=label)
def test_the_handlers_run_on_every_python_that_splunk_brings(
    python: Path, tmp_path: Path, account: dict[str, str]
) -> None:
    with Splunkd(tmp_path / "other", python=str(python)) as splunkd:
        splunkd.install(ADDON)
        client = Client(splunkd)
        form = {"account": "lab", "index": "default", "interval": "60"}
        answers = [
            client.post(ENDPOINT, name="lab", **account),
            client.post("ta_illumio_pce_settings/proxy", proxy_enabled="0"),
            client.post("ta_illumio_pce_illumio_pce_events", name="audit", **form),
            client.delete("ta_illumio_pce_illumio_pce_events/audit"),
            client.post("ta_illumio_pce_illumio_pce_health", name="audit", **form),
            client.delete("ta_illumio_pce_illumio_pce_health/audit"),
            client.delete(f"{ENDPOINT}/lab"),
        ]
        assert [(answer.status // 100, answer.text) for answer in answers] == [(2, "")] * 7


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (" lab2", "start with a letter"),
        ("lab 2", "start with a letter"),
        ("lab2\n", "start with a letter"),
        ("2lab", "start with a letter"),
        ("_lab", "start with a letter"),
        ("lab.2", "start with a letter"),
        ("l\u00e4b", "start with a letter"),
        ("Default", "must not be default"),
        ("a" * 51, "longer than 50 characters"),
        ("lab", "already an account with the name lab"),
        ("LAB", "already an account with the name lab"),
    ],
)
def test_a_name_is_refused_before_the_pce_is_asked(
    client: Client, splunkd: Splunkd, saved_account: str, account: dict[str, str], pce: TinyPce, name: str, words: str
) -> None:
    pce.requests.clear()
    answer = client.post(ENDPOINT, name=name, **account)
    assert words in answer.shown
    assert pce.requests == []
    assert list(client.get(ENDPOINT).entities) == [saved_account]
    assert {password.username.partition("`")[0] for password in splunkd.passwords.all(ADDON.name)} == {saved_account}


def test_a_wrong_proxy_is_found_before_the_pce_is_asked(
    client: Client, splunkd: Splunkd, account: dict[str, str], pce: TinyPce
) -> None:
    splunkd.confs.write(ADDON.name, "ta_illumio_pce_settings", "proxy", {"proxy_enabled": "maybe"})
    assert "Enable proxy must be one of 1, true" in client.post(ENDPOINT, name="lab", **account).shown
    assert pce.requests == []


def test_every_value_is_stored_in_one_spelling(client: Client, account: dict[str, str], pce: TinyPce) -> None:
    entered = {
        **account,
        "pce_url": f"  HTTPS://LOCALHOST:0{pce.port}/ ",
        "org_id": " 007 ",
        "api_key_id": " api_1f2e3d ",
        "api_secret": f" {SECRET}\n",
    }
    assert client.post(ENDPOINT, name="lab", **entered).status == 201
    stored = client.get(f"{ENDPOINT}/lab").entities["lab"]
    assert (stored["pce_url"], stored["org_id"], stored["api_key_id"]) == (pce.url, "7", "api_1f2e3d")
    assert client.post(f"{ENDPOINT}/lab", org_id="08").status == 200
    assert client.get(f"{ENDPOINT}/lab").entities["lab"]["org_id"] == "8"
    assert set(pce.requests) == {basic("api_1f2e3d", SECRET)}


def test_a_missing_account_is_neither_created_nor_tried(client: Client, pce: TinyPce) -> None:
    assert client.post(f"{ENDPOINT}/nobody", org_id="4").shown == "There is no account nobody."
    assert client.get(ENDPOINT).entities == {}
    assert pce.requests == []


def test_unknown_missing_and_repeated_fields_are_rejected_with_a_message(
    client: Client, saved_account: str, account: dict[str, str]
) -> None:
    assert "colour" in client.post(f"{ENDPOINT}/{saved_account}", colour="red").text
    without = {name: value for name, value in account.items() if name != "org_id"}
    assert "org_id" in client.post(ENDPOINT, name="other", **without).text
    twice = client.post_twice(f"{ENDPOINT}/{saved_account}", "org_id", "4", "5")
    assert twice.shown == "The field org_id is given more than once."
    assert client.get(f"{ENDPOINT}/{saved_account}").entities[saved_account]["org_id"] == "3"


OVERLAPS = {
    "events": "The input first reads the same PCE and organisation into the same index as second.",
    "health": "The input first reads the health of the same PCE into the same index as second:",
    "inventory": "The input first reads the inventory of the same PCE and organisation into the same index as second.",
}


def add_inputs(client: Client, kind: str, **account_by_name: str) -> None:
    for name, account in account_by_name.items():
        form = {"account": account, "index": "main", "interval": "600"}
        assert client.post(f"ta_illumio_pce_illumio_pce_{kind}", name=name, **form).status == 201


@pytest.mark.parametrize("kind", OVERLAPS)
def test_an_account_that_now_reads_the_pce_of_another_is_warned_of(
    client: Client, splunkd: Splunkd, pce: TinyPce, saved_account: str, account: dict[str, str], kind: str
) -> None:
    other = {**account, "pce_url": f"https://127.0.0.1:{pce.port}"}
    assert client.post(ENDPOINT, name="other", **other).status == 201
    add_inputs(client, kind, first=saved_account, second="other")
    assert client.post(f"{ENDPOINT}/other", api_key_id="api_2").status == 200
    assert splunkd.messages == {}
    assert client.post(f"{ENDPOINT}/other", pce_url=pce.url, api_secret=SECRET).status == 200
    (warning,) = [text for key, text in splunkd.messages.items() if "_overlap_" in key]
    assert OVERLAPS[kind] in str(warning)


def test_an_account_that_reads_another_source_has_its_events_inputs_begin_again(
    client: Client, splunkd: Splunkd, pce: TinyPce, saved_account: str
) -> None:
    endpoint = f"{ENDPOINT}/{saved_account}"
    assert client.post(endpoint, org_id="4").status == 200
    assert splunkd.messages == {}
    add_inputs(client, "health", vitals=saved_account)
    add_inputs(client, "events", audit=saved_account)
    assert client.post(endpoint, pce_url=pce.url.upper(), org_id="004").status == 200
    assert splunkd.messages == {}
    assert client.post(endpoint, org_id="5").status == 200
    ((key, text),) = splunkd.messages.items()
    assert key == f"ta_illumio_pce_source_{saved_account}"
    assert "(audit) begin at their start time again" in str(text)


def test_another_organisation_changes_what_is_read_but_not_whose_health(
    client: Client, splunkd: Splunkd, saved_account: str, account: dict[str, str]
) -> None:
    assert client.post(ENDPOINT, name="other", **{**account, "org_id": "4"}).status == 201
    for kind in OVERLAPS:
        add_inputs(client, kind, first=saved_account, second="other")
    assert list(splunkd.messages) == ["ta_illumio_pce_overlap_health_second"]
    assert client.post(f"{ENDPOINT}/other", org_id="003").status == 200
    assert sorted(splunkd.messages) == [
        "ta_illumio_pce_overlap_events_first",
        "ta_illumio_pce_overlap_health_second",
        "ta_illumio_pce_overlap_inventory_first",
        "ta_illumio_pce_source_other",
    ]
