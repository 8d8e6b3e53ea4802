"""Inventory inputs through the add-on's own endpoint; what holds for inputs of events is in test_input_endpoint.py."""

from __future__ import annotations

import json
import time

import pytest
from illumio_pce.heartbeats import Heartbeats
from illumio_pce.inventory_files import Files

from tests.conftest import ADDON
from workbench.splunk.splunkd import Splunkd

from .conftest import Client, Validator
from .test_access import complaints_about

ENDPOINT = "ta_illumio_pce_illumio_pce_inventory"
STATE = "storage/collections/data/ta_illumio_pce_checkpoints"
FORM = {"index": "default", "interval": "14400"}


def test_an_input_is_saved_in_one_spelling(client: Client, saved_account: str) -> None:
    entered = {"index": "MAIN", "interval": " 03600 ", "collections": " vens, Workloads,", "full_every": "012"}
    assert client.post(ENDPOINT, name="fleet", account=f" {saved_account} ", **entered).status in (200, 201)
    found = client.get(f"{ENDPOINT}/fleet").entities["fleet"]
    assert {name: found[name] for name in ("account", "index", "interval", "collections", "full_every")} == {
        "account": saved_account,
        "index": "main",
        "interval": "3600",
        "collections": "workloads,vens",
        "full_every": "12",
    }


UNUSABLE = (
    ("account", "nobody", "no account nobody"),
    ("interval", "599", "600 to 86400"),
    ("interval", "0 */4 * * *", "600 to 86400"),
    ("collections", "workloads,events", "'events'"),
    ("full_every", "169", "1 to 168"),
    ("start_time", "-24h", ""),
)


def test_unusable_inputs_are_rejected_on_create_and_on_edit(client: Client, saved_account: str) -> None:
    for field, value, words in UNUSABLE:
        refused = client.post(ENDPOINT, name="fleet", **{**FORM, "account": saved_account, field: value})
        assert refused.status >= 400, field
        assert words in refused.shown
    assert client.get(ENDPOINT).entities == {}
    assert client.post(ENDPOINT, name="fleet", **FORM, account=saved_account).status in (200, 201)
    assert [
        field for field, value, _ in UNUSABLE if client.post(f"{ENDPOINT}/fleet", **{field: value}).status < 400
    ] == []


def test_what_is_remembered_of_an_input_goes_with_it(client: Client, splunkd: Splunkd, saved_account: str) -> None:
    folder = splunkd.host("", "illumio_pce_inventory").checkpoint_dir
    client.post(ENDPOINT, name="fleet", **FORM, account=saved_account)
    known = Files.of(folder, "fleet", "workloads").known
    known.write_text("{}")
    for document in ("illumio_pce_inventory:fleet", "fleet"):
        client.insert(STATE, {"_key": document, "input": document})
    assert [beat.input_name for beat in Heartbeats(folder).silent(time.time() + 86_400, "")] == ["fleet"]
    assert client.delete(f"{ENDPOINT}/fleet").status == 200
    assert not known.exists()
    assert [document["_key"] for document in client.fetch(STATE)] == ["fleet"]
    assert list(Heartbeats(folder).silent(time.time() + 86_400, "")) == []


def test_a_second_input_on_the_same_organisation_is_warned_of(
    client: Client, splunkd: Splunkd, saved_account: str, account: dict[str, str]
) -> None:
    client.post(ENDPOINT, name="first", **FORM, account=saved_account)
    client.post("ta_illumio_pce_account", name="other", **{**account, "org_id": "4"})
    client.post(ENDPOINT, name="elsewhere", **FORM, account="other")
    assert splunkd.messages == {}
    client.post(ENDPOINT, name="second", **FORM, account=saved_account)
    (text,) = [str(message) for message in splunkd.messages.values()]
    assert "The input second reads the inventory of the same PCE and organisation into the same index as first" in text


def test_an_account_that_it_uses_cannot_be_deleted(client: Client, saved_account: str) -> None:
    client.post(ENDPOINT, name="fleet", **FORM, account=saved_account)
    assert "is used by fleet (inventory)" in client.delete(f"ta_illumio_pce_account/{saved_account}").shown


@pytest.mark.parametrize(
    ("field", "refused", "accepted"),
    [("interval", ("599", "86401", "4h"), ("600", " 86400 ")), ("full_every", ("0", "169", "1.5"), ("1", "168"))],
)
def test_the_form_says_what_the_server_does(field: str, refused: tuple[str, ...], accepted: tuple[str, ...]) -> None:
    pages = json.loads((ADDON / "appserver/static/js/build/globalConfig.json").read_text("utf-8"))["pages"]
    (form,) = [form for form in pages["inputs"]["services"] if form["name"] == "illumio_pce_inventory"]
    (validators,) = [entity["validators"] for entity in form["entity"] if entity["field"] == field]
    checks: list[Validator] = validators
    assert all(complaints_about(value, checks) for value in refused)
    assert not any(complaints_about(value, checks) for value in accepted)
