"""Inputs through the add-on's own endpoint."""

from __future__ import annotations

import time

import pytest
from illumio_pce.heartbeats import Heartbeats
from illumio_pce.unconfirmed import UnconfirmedMark

from workbench.splunk.splunkd import Splunkd, roles

from .conftest import Client

ENDPOINT = "ta_illumio_pce_illumio_pce_events"
STATE = "storage/collections/data/ta_illumio_pce_checkpoints"
FORM = {"index": "default", "interval": "60", "start_time": "-24h", "late_arrival_window": "600"}


def test_an_input_is_saved_as_entered(client: Client, saved_account: str) -> None:
    form = {**FORM, "severities": "err,crit", "statuses": "failure", "event_types": "user.*, request.*"}
    answer = client.post(ENDPOINT, name="audit", account=saved_account, include_system_events="1", **form)
    assert answer.status in (200, 201), answer.text
    found = client.get(f"{ENDPOINT}/audit").entities["audit"]
    assert {name: found[name] for name in form} == form
    assert found["account"] == saved_account


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("account", "nobody", "no account nobody"),
        ("account", "", "account"),
        ("interval", "29", "30 to 86400"),
        ("interval", "86401", "30 to 86400"),
        ("interval", "*/5 * * * *", "30 to 86400"),
        ("start_time", "2026-01-31T08:00:00", "time zone"),
        ("start_time", "yesterday", "time zone"),
        ("late_arrival_window", "59", "60 to 86400"),
        ("late_arrival_window", "86401", "60 to 86400"),
        ("severities", "err,fatal", "fatal"),
        ("statuses", "maybe", "maybe"),
        ("event_types", "user.sign_in; rm", "event type"),
    ],
)
def test_unusable_inputs_are_rejected_on_create_and_on_edit(
    client: Client, saved_account: str, field: str, value: str, words: str
) -> None:
    wrong = {**FORM, "account": saved_account, field: value}
    refused = client.post(ENDPOINT, name="audit", **wrong)
    assert refused.status >= 400
    assert words in refused.shown
    assert client.get(ENDPOINT).entities == {}
    assert client.post(ENDPOINT, name="audit", **FORM, account=saved_account).status in (200, 201)
    assert words in client.post(f"{ENDPOINT}/audit", **{field: value}).shown


def test_an_input_is_switched_off_and_on(client: Client, saved_account: str) -> None:
    client.post(ENDPOINT, name="audit", **FORM, account=saved_account)
    for action, disabled in (("disable", True), ("enable", False)):
        assert client.post(f"{ENDPOINT}/audit/{action}").status == 200
        found = client.get(f"{ENDPOINT}/audit").entities["audit"]["disabled"]
        assert (str(found).lower() in ("1", "true")) is disabled


def test_a_second_input_on_the_same_pce_organisation_and_index_is_warned_of(
    client: Client, splunkd: Splunkd, saved_account: str, account: dict[str, str]
) -> None:
    client.post(ENDPOINT, name="first", **FORM, account=saved_account)
    client.post(ENDPOINT, name="elsewhere", **{**FORM, "index": "illumio"}, account=saved_account)
    assert splunkd.messages == {}
    assert client.post("ta_illumio_pce_account", name="again", **account).status in (200, 201)
    assert client.post(ENDPOINT, name="second", **FORM, account="again").status in (200, 201)
    (text,) = [str(message) for message in splunkd.messages.values()]
    assert "second" in text
    assert "first" in text
    assert "elsewhere" not in text
    log = (splunkd.home / "var/log/splunk/ta_illumio_pce_configuration.log").read_text("utf-8")
    assert "log_level=WARNING" in log


@pytest.mark.parametrize(
    ("of", "cloud", "told"),
    [
        (roles.CAPTAIN, "", True),
        (roles.MEMBER, "", True),
        (roles.MEMBER, "cloud", False),
        (roles.STANDALONE, "", False),
    ],
)
def test_a_cluster_member_warns_that_the_others_lack_the_input(
    client: Client, splunkd: Splunkd, saved_account: str, of: tuple[str, ...], cloud: str, told: bool
) -> None:
    splunkd.server_roles, splunkd.instance_type = list(of), cloud
    assert client.post(ENDPOINT, name="audit", **FORM, account=saved_account).status in (200, 201)
    assert ["on this member of the search head cluster alone" in str(m) for m in splunkd.messages.values()] == (
        [True] if told else []
    )


def test_an_input_that_is_switched_on_is_expected_to_run_and_no_other(
    client: Client, splunkd: Splunkd, saved_account: str
) -> None:
    folder = splunkd.host("", "illumio_pce_events").checkpoint_dir

    def expected() -> list[str]:
        return [heartbeat.input_name for heartbeat in Heartbeats(folder).silent(time.time() + 3600, "")]

    client.post(ENDPOINT, name="audit", **FORM, account=saved_account)
    assert expected() == ["audit"]
    client.post(f"{ENDPOINT}/audit/disable")
    assert expected() == []
    client.post(f"{ENDPOINT}/audit/enable")
    assert expected() == ["audit"]
    assert UnconfirmedMark(folder, "audit").set()
    client.delete(f"{ENDPOINT}/audit")
    assert expected() == []
    assert not UnconfirmedMark(folder, "audit").is_set()


def test_another_organisation_of_the_same_pce_is_no_overlap(
    client: Client, splunkd: Splunkd, saved_account: str, account: dict[str, str]
) -> None:
    client.post(ENDPOINT, name="first", **FORM, account=saved_account)
    client.post("ta_illumio_pce_account", name="other", **{**account, "org_id": "4"})
    client.post(ENDPOINT, name="second", **FORM, account="other")
    assert splunkd.messages == {}


def test_deleting_an_input_deletes_its_state_and_no_other(client: Client, saved_account: str) -> None:
    for name, index in (("audit", "main"), ("audit-2", "illumio")):
        client.post(ENDPOINT, name=name, **{**FORM, "index": index}, account=saved_account)
    parts = {"hrefs.1": "hrefs", "lease": "lease", "previous": "previous", "request.1": "request"}
    for name in ("audit", "audit-2"):
        for part, kind in parts.items():
            client.insert(STATE, {"_key": f"{name}.{part}", "input": name, "kind": kind})
    assert client.delete(f"{ENDPOINT}/audit").status == 200
    assert sorted(d["_key"] for d in client.fetch(STATE)) == ["audit-2", *(f"audit-2.{part}" for part in parts)]


def test_what_an_earlier_input_left_is_deleted_before_one_of_its_name_is_created(
    client: Client, splunkd: Splunkd, saved_account: str
) -> None:
    client.insert(STATE, {"_key": "audit", "input": "audit", "kind": "checkpoint"})
    before = len(splunkd.rest.asked)
    assert client.post(ENDPOINT, name="audit", **FORM, account=saved_account).status == 201
    asked = splunkd.rest.asked[before:]
    deleted, created = (
        next(place for place, line in enumerate(asked) if line.startswith(method) and line.endswith(path))
        for method, path in (("DELETE", STATE), ("POST", "data/inputs/illumio_pce_events"))
    )
    assert deleted < created
    assert [document["kind"] for document in client.fetch(STATE)] == ["created"]


@pytest.mark.parametrize("holder", ["another member", None])
def test_in_a_cluster_an_input_leaves_the_state_that_another_member_may_use(
    client: Client, splunkd: Splunkd, saved_account: str, holder: str | None
) -> None:
    splunkd.server_roles = list(roles.MEMBER)
    client.insert(STATE, {"_key": "audit", "input": "audit", "kind": "checkpoint"})
    if holder is not None:
        client.insert(STATE, {"_key": "audit.lease", "input": "audit", "kind": "lease", "holder": holder})
    shared = client.fetch(STATE)
    assert client.post(ENDPOINT, name="audit", **FORM, account=saved_account).status == 201
    assert client.fetch(STATE) == shared
    assert ["continues from the checkpoint that the members" in text for text in warnings(splunkd)] == [True, False]
    assert client.delete(f"{ENDPOINT}/audit").status == 200
    assert client.fetch(STATE) == shared
    assert ["Its checkpoint stays in the KV store" in text for text in warnings(splunkd)] == [True, False]


def test_in_a_cluster_an_input_takes_its_own_state_with_it(
    client: Client, splunkd: Splunkd, saved_account: str
) -> None:
    splunkd.server_roles = list(roles.MEMBER)
    client.insert(STATE, {"_key": "audit", "input": "audit", "kind": "created", "creation": "unused"})
    assert client.post(ENDPOINT, name="audit", **FORM, account=saved_account).status == 201
    assert [document["creation"] for document in client.fetch(STATE)] != ["unused"]
    client.insert(STATE, {"_key": "audit.lease", "input": "audit", "kind": "lease", "holder": splunkd.guid})
    assert client.delete(f"{ENDPOINT}/audit").status == 200
    assert client.fetch(STATE) == []
    assert not any("checkpoint" in text for text in warnings(splunkd))


def test_an_input_is_deleted_with_a_warning_while_the_kv_store_is_down(
    client: Client, splunkd: Splunkd, saved_account: str
) -> None:
    client.post(ENDPOINT, name="audit", **FORM, account=saved_account)
    splunkd.kv.set_ready(False)
    assert client.delete(f"{ENDPOINT}/audit").status == 200
    assert client.get(ENDPOINT).entities == {}
    assert ["checkpoint could not be deleted" in str(message) for message in splunkd.messages.values()] == [True]


def warnings(splunkd: Splunkd) -> list[str]:
    return [str(message) for message in splunkd.messages.values()]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my input", "start with a letter"),
        ("audit\n", "start with a letter"),
        ("default", "must not be default"),
        ("a" * 101, "longer than 100 characters"),
        ("Audit", "already an input with the name audit"),
    ],
)
def test_a_name_that_no_input_can_have_is_refused(client: Client, saved_account: str, name: str, words: str) -> None:
    assert client.post(ENDPOINT, name="audit", **FORM, account=saved_account).status == 201
    assert words in client.post(ENDPOINT, name=name, **FORM, account=saved_account).shown
    assert list(client.get(ENDPOINT).entities) == ["audit"]


def test_an_input_that_is_not_there_is_not_made_by_an_edit(client: Client) -> None:
    for form in ({"interval": "90"}, {"disabled": "1"}):
        assert client.post(f"{ENDPOINT}/audit", **form).shown == "There is no input audit."
    assert client.get(ENDPOINT).entities == {}


def test_every_value_is_stored_in_one_spelling(client: Client, saved_account: str) -> None:
    entered = {
        "account": f" {saved_account} ",
        "index": " DEFAULT ",
        "interval": " 0090 ",
        "start_time": " -7d ",
        "event_types": "user.*** ,, agent.*,user.*",
        "severities": " err , crit ",
        "statuses": "",
        "include_system_events": "Yes",
        "late_arrival_window": "0900",
    }
    assert client.post(ENDPOINT, name="audit", **entered).status == 201
    stored = client.get(f"{ENDPOINT}/audit").entities["audit"]
    assert {field: stored[field] for field in entered} == {
        "account": saved_account,
        "index": "default",
        "interval": "90",
        "start_time": "-7d",
        "event_types": "user.*, agent.*",
        "severities": "err,crit",
        "statuses": "",
        "include_system_events": "1",
        "late_arrival_window": "900",
    }


@pytest.mark.parametrize("disabled", ["1", "0"])
def test_switching_an_input_changes_the_other_fields_too(client: Client, saved_account: str, disabled: str) -> None:
    client.post(ENDPOINT, name="audit", **FORM, account=saved_account)
    assert client.post(f"{ENDPOINT}/audit", disabled=disabled, interval="29").shown.startswith("The polling interval")
    assert client.get(f"{ENDPOINT}/audit").entities["audit"]["disabled"] is False
    assert client.post(f"{ENDPOINT}/audit", disabled=disabled, interval="90").status == 200
    stored = client.get(f"{ENDPOINT}/audit").entities["audit"]
    assert (stored["interval"], stored["disabled"]) == ("90", disabled == "1")


@pytest.mark.parametrize(("spelling", "disabled"), [("on", True), ("T", True), ("off", False), ("N", False)])
def test_disabled_is_spelled_as_splunk_spells_it(
    client: Client, saved_account: str, spelling: str, disabled: bool
) -> None:
    client.post(ENDPOINT, name="audit", **FORM, account=saved_account)
    assert client.post(f"{ENDPOINT}/audit", disabled=spelling).status == 200
    assert client.get(f"{ENDPOINT}/audit").entities["audit"]["disabled"] is disabled
    assert "disabled must be one of 1, true" in client.post(f"{ENDPOINT}/audit", disabled="maybe").shown
    assert client.get(f"{ENDPOINT}/audit").entities["audit"]["disabled"] is disabled


def test_the_same_organisation_in_another_spelling_overlaps_too(
    client: Client, splunkd: Splunkd, saved_account: str, account: dict[str, str]
) -> None:
    assert client.post("ta_illumio_pce_account", name="again", **account).status == 201
    odd = {"org_id": "003", "pce_url": account["pce_url"].replace("localhost", "LocalHost.") + "/"}
    splunkd.confs.write("TA_illumio_pce", "ta_illumio_pce_account", "again", odd)
    client.post(ENDPOINT, name="first", **{**FORM, "index": "main"}, account=saved_account)
    client.post(ENDPOINT, name="second", **{**FORM, "index": "main"}, account="again")
    (text,) = warnings(splunkd)
    assert "as first." in text


def test_a_disabled_input_overlaps_nothing(client: Client, splunkd: Splunkd, saved_account: str) -> None:
    client.post(ENDPOINT, name="first", **FORM, account=saved_account)
    client.post(f"{ENDPOINT}/first/disable")
    client.post(ENDPOINT, name="second", **FORM, account=saved_account)
    assert warnings(splunkd) == []
    client.post(f"{ENDPOINT}/first/enable")
    (text,) = warnings(splunkd)
    assert "first reads the same PCE and organisation into the same index as second." in text


def test_a_start_in_the_future_is_refused(client: Client, saved_account: str) -> None:
    later = {**FORM, "start_time": "2101-01-01T00:00:00Z"}
    assert "in the future" in client.post(ENDPOINT, name="audit", **later, account=saved_account).shown
