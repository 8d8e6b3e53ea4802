"""The tab Accounts: saved only when the PCE answers, never showing a secret, deleted only when unused."""

from __future__ import annotations

import re

import pytest
import trustme
from playwright.sync_api import BrowserContext, Route, expect

from tests.e2e.lab import PceLab
from tests.ui.conftest import Picture
from tests.ui.pages import Form, Pages
from workbench.lab import RestFailure
from workbench.pce.keys import READ_SETTINGS

ACCOUNT = "ta_illumio_pce_account"


def filled(form: Form, lab: PceLab, **changes: str) -> Form:
    """What a user enters for the emulated PCE, but for the changes."""
    fields = {
        "name": "lab",
        "pce_url": lab.server.url,
        "org_id": "1",
        "api_key_id": lab.key.key_id,
        "api_secret": lab.key.secret,
        "ca_certificate": lab.server.ca_pem,
    }
    return form.fill(**{**fields, **changes})


def accounts(lab: PceLab) -> dict[str, dict[str, str]]:
    return {entry["name"]: entry["content"] for entry in lab.rest("GET", ACCOUNT)["entry"]}


def test_an_account_is_saved_when_the_pce_answers(empty_lab: PceLab, pages: Pages) -> None:
    form = filled(pages.new_account(), empty_lab)
    assert form.overflowing() == []
    form.save("Add")
    assert [request.path for request in empty_lab.server.requests] == ["/api/v2/orgs/1/events"]
    pages.open("configuration")
    assert pages.rows() == ["lab"]
    cells = pages.row("lab").get_by_role("cell").all_inner_texts()
    assert cells[:4] == ["lab", empty_lab.server.url, "1", empty_lab.key.key_id]


def test_a_pasted_certificate_keeps_its_line_breaks(empty_lab: PceLab, pages: Pages) -> None:
    assert empty_lab.server.ca_pem.count("\n") > 5
    filled(pages.new_account(), empty_lab).save("Add")
    pages.open("configuration")
    edit = pages.act("lab", "Edit")
    assert edit.text("ca_certificate").input_value() == empty_lab.server.ca_pem.strip()
    edit.save("Update")
    assert accounts(empty_lab)["lab"]["ca_certificate"] == empty_lab.server.ca_pem.strip()


REFUSALS = {
    "secret": (
        {"api_secret": "not-the-secret"},
        "The PCE refuses the API key: wrong ID or secret, or the key has expired (401). "
        "Check the ID and the secret in the account. If they are right, the key has expired or was removed: create a "
        "new API key in the PCE and enter its ID and secret.",
    ),
    "organisation": (
        {"org_id": "77"},
        "The PCE does not know this organisation, or not for this key (404). Check the organisation ID in the account. "
        "If it is right, check the PCE URL as well.",
    ),
    "certificate": (
        {"ca_certificate": trustme.CA().cert_pem.bytes().decode()},
        "The PCE's certificate comes from an authority that is not trusted. "
        "Paste the certificate of the authority that signed the PCE's certificate into the account, and the "
        "intermediate ones too if the PCE does not send them. Where a firewall or proxy inspects TLS, that device's "
        "authority is the one.",
    ),
    "no certificate": (
        {"ca_certificate": ""},
        "The PCE's certificate comes from an authority that is not trusted. "
        "Paste the certificate of the authority that signed the PCE's certificate into the account, and the "
        "intermediate ones too if the PCE does not send them. Where a firewall or proxy inspects TLS, that device's "
        "authority is the one.",
    ),
    "unreachable": (
        {"pce_url": "https://127.0.0.1:1"},
        "No connection to the PCE: its host refuses connections to this port. Check that the PCE is up and that the "
        "PCE URL names its port. A firewall that rejects connections looks the same.",
    ),
}


@pytest.mark.parametrize("wrong", REFUSALS)
def test_the_form_says_what_the_pce_did_not_like_and_saves_nothing(
    empty_lab: PceLab, pages: Pages, picture: Picture, wrong: str
) -> None:
    changes, sentence = REFUSALS[wrong]
    form = filled(pages.new_account(), empty_lab, **changes)
    assert form.refuse("Add") == sentence
    if wrong == "secret":
        picture("account-refused")
    assert accounts(empty_lab) == {}
    # What was entered is still there: put right, it is saved.
    filled(form, empty_lab).save("Add")
    assert list(accounts(empty_lab)) == ["lab"]


def test_a_key_without_the_right_is_told_apart(empty_lab: PceLab, pages: Pages) -> None:
    key = empty_lab.pce.add_key(permissions={READ_SETTINGS})
    form = filled(pages.new_account(), empty_lab, api_key_id=key.key_id, api_secret=key.secret)
    assert form.refuse("Add") == (
        "The API key may not read the events of this organisation (403). "
        "Give the key's owner a role that reads the whole organisation, such as Global Read Only. An "
        "organisation ID that is not the key's, and a key that is restricted to other addresses, look the same."
    )
    assert accounts(empty_lab) == {}


#: What is wrong, what the form says at once, and what the server says to a client that is not our form.
MISTAKES = {
    "http": (
        {"pce_url": "http://pce.example.com:8443"},
        "Enter the PCE URL as https://HOST or https://HOST:PORT.",
        "The PCE URL must start with https:// because the API key is sent to it. "
        "Enter the PCE URL as https://HOST or https://HOST:PORT.",
    ),
    "organisation": (
        {"org_id": "one"},
        "The organisation ID must be a whole number, such as 1.",
        "The organisation ID must be a whole number, such as 1.",
    ),
    "certificate": (
        {"ca_certificate": "see attachment"},
        "Paste the CA certificate as PEM text, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, "
        "without any private key.",
        "Paste the CA certificate as PEM text, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, "
        "without any private key.",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_seen_in_the_form_at_once_and_on_the_server_again(
    empty_lab: PceLab, pages: Pages, mistake: str
) -> None:
    changes, in_form, on_server = MISTAKES[mistake]
    assert filled(pages.new_account(), empty_lab, **changes).complain("Add") == in_form
    with pytest.raises(RestFailure, match=re.escape(on_server)):
        empty_lab.add_account(**changes)
    assert empty_lab.server.requests == []
    assert accounts(empty_lab) == {}


def test_another_address_asks_for_the_secret_again(lab: PceLab, pages: Pages) -> None:
    elsewhere = lab.server.url.replace("127.0.0.1", "localhost")
    lab.server.requests.clear()
    pages.open("configuration")
    edit = pages.act("lab", "Edit").fill(pce_url=elsewhere)
    assert edit.refuse("Update") == (
        "The PCE URL points to a different host or port. Enter the API secret again: "
        "it is only sent to the PCE that it was entered for."
    )
    assert lab.server.requests == []
    assert accounts(lab)["lab"]["pce_url"] == lab.server.url
    edit.fill(api_secret=lab.key.secret).save("Update")
    pages.open("configuration")
    expect(pages.row("lab")).to_contain_text(elsewhere)


def test_the_secret_never_comes_back(lab: PceLab, pages: Pages, context: BrowserContext) -> None:
    answers: list[str] = []

    def overhear(route: Route) -> None:
        answer = route.fetch()
        answers.append(answer.text())
        route.fulfill(response=answer)

    context.route("**/splunkd/__raw/**", overhear)
    pages.open("configuration")
    edit = pages.act("lab", "Edit")
    assert edit.text("api_secret").get_attribute("type") == "password"
    assert edit.text("api_secret").input_value() in ("", "******")
    edit.save("Update")
    pages.open("configuration")
    clone = pages.act("lab", "Clone")
    assert clone.text("api_secret").input_value() == ""
    assert clone.fill(name="copy").complain("Save") == "Field API secret is required"
    assert lab.key.secret not in pages.page.content()
    assert any('"api_secret": "******"' in answer.replace('":"', '": "') for answer in answers)
    assert not any(lab.key.secret in answer for answer in answers)
    confs = (lab.splunkd.home / "etc" / "apps").rglob("local/*.conf")
    assert not any(lab.key.secret in path.read_text("utf-8") for path in confs)
    assert lab.key.secret not in lab.log()
    assert lab.run().exit_code == 0


def test_an_account_in_use_is_not_deleted(lab: PceLab, pages: Pages) -> None:
    lab.add_input("more", index="illumio")
    pages.open("configuration")
    assert pages.act("lab", "Delete").refuse("Delete") == (
        "The account lab is used by audit (events), more (events). Before you delete it, delete these inputs or choose another account for them."
    )
    for name in ("audit", "more"):
        pages.open("inputs")
        pages.act(name, "Delete").save("Delete")
    pages.open("configuration")
    pages.act("lab", "Delete").save("Delete")
    pages.open("configuration")
    assert pages.rows() == []
    assert accounts(lab) == {}
    assert lab.rest("GET", "storage/passwords")["entry"] == []
