"""Health inputs through the add-on's own endpoint; what holds for inputs of events is in test_input_endpoint.py."""

from __future__ import annotations

import time

import pytest
from illumio_pce.health_mark import HealthMark
from illumio_pce.heartbeats import Heartbeats

from workbench.splunk.splunkd import Splunkd, roles

from .conftest import Client

ENDPOINT = "ta_illumio_pce_illumio_pce_health"
EVENTS = "ta_illumio_pce_illumio_pce_events"
STATE = "storage/collections/data/ta_illumio_pce_checkpoints"
FORM = {"index": "default", "interval": "60"}


def test_an_input_is_saved_in_one_spelling(client: Client, saved_account: str) -> None:
    entered = {"account": f" {saved_account} ", "index": "MAIN", "interval": " 0300 "}
    assert client.post(ENDPOINT, name="health", **entered).status in (200, 201)
    found = client.get(f"{ENDPOINT}/health").entities["health"]
    assert [found[name] for name in ("account", "index", "interval")] == [saved_account, "main", "300"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("account", "nobody", "no account nobody"),
        ("account", "", "account"),
        ("interval", "29", "30 to 86400"),
        ("interval", "*/5 * * * *", "30 to 86400"),
        ("start_time", "-24h", ""),
    ],
)
def test_unusable_inputs_are_rejected_on_create_and_on_edit(
    client: Client, saved_account: str, field: str, value: str, words: str
) -> None:
    refused = client.post(ENDPOINT, name="health", **{**FORM, "account": saved_account, field: value})
    assert refused.status >= 400
    assert words in refused.shown
    assert client.get(ENDPOINT).entities == {}
    assert client.post(ENDPOINT, name="health", **FORM, account=saved_account).status in (200, 201)
    assert client.post(f"{ENDPOINT}/health", **{field: value}).status >= 400


def test_an_input_of_events_may_have_the_same_name(client: Client, splunkd: Splunkd, saved_account: str) -> None:
    lease = {"_key": "illumio_pce_health:audit.lease", "input": "illumio_pce_health:audit", "kind": "lease"}
    for endpoint in (EVENTS, ENDPOINT):
        assert client.post(endpoint, name="audit", **FORM, account=saved_account).status in (200, 201)
    assert splunkd.messages == {}
    client.insert(STATE, lease)
    assert client.delete(f"{ENDPOINT}/audit").status == 200
    assert [document["input"] for document in client.fetch(STATE)] == ["audit"]
    assert list(client.get(EVENTS).entities) == ["audit"]


def test_a_name_is_given_once(client: Client, saved_account: str) -> None:
    assert client.post(ENDPOINT, name="health", **FORM, account=saved_account).status in (200, 201)
    assert "already" in client.post(ENDPOINT, name="Health", **FORM, account=saved_account).shown


def test_a_second_input_on_the_same_pce_is_warned_of_whatever_its_organisation(
    client: Client, splunkd: Splunkd, saved_account: str, account: dict[str, str]
) -> None:
    client.post(EVENTS, name="audit", **FORM, account=saved_account)
    client.post(ENDPOINT, name="first", **FORM, account=saved_account)
    client.post(ENDPOINT, name="elsewhere", **{**FORM, "index": "illumio"}, account=saved_account)
    assert splunkd.messages == {}
    assert client.post("ta_illumio_pce_account", name="again", **{**account, "org_id": "4"}).status in (200, 201)
    assert client.post(ENDPOINT, name="second", **FORM, account="again").status in (200, 201)
    (text,) = [str(message) for message in splunkd.messages.values()]
    assert "The input second reads the health of the same PCE into the same index as first" in text


def test_a_cluster_member_warns_that_the_others_lack_the_input(
    client: Client, splunkd: Splunkd, saved_account: str
) -> None:
    splunkd.server_roles = list(roles.MEMBER)
    assert client.post(ENDPOINT, name="health", **FORM, account=saved_account).status in (200, 201)
    assert ["on this member of the search head cluster alone" in str(m) for m in splunkd.messages.values()] == [True]


def test_in_a_cluster_the_lease_of_another_member_stays(client: Client, splunkd: Splunkd, saved_account: str) -> None:
    splunkd.server_roles = list(roles.MEMBER)
    name = "illumio_pce_health:health"
    for holder, left in (("another member", 1), (splunkd.guid, 0)):
        client.insert(STATE, {"_key": f"{name}.lease", "input": name, "kind": "lease", "holder": holder})
        assert client.post(ENDPOINT, name="health", **FORM, account=saved_account).status in (200, 201)
        assert len(client.fetch(STATE)) == 1
        assert client.delete(f"{ENDPOINT}/health").status == 200
        assert len(client.fetch(STATE)) == left
        client.call("DELETE", STATE)


def test_an_input_that_is_switched_on_is_expected_to_run_and_one_that_is_made_anew_asks_again(
    client: Client, splunkd: Splunkd, saved_account: str
) -> None:
    folder = splunkd.host("", "illumio_pce_health").checkpoint_dir

    def expected() -> list[str]:
        return [heartbeat.input_name for heartbeat in Heartbeats(folder).silent(time.time() + 3600, "")]

    client.post(ENDPOINT, name="health", **FORM, account=saved_account)
    assert expected() == ["health"]
    client.post(f"{ENDPOINT}/health/disable")
    assert expected() == []
    client.post(f"{ENDPOINT}/health/enable")
    mark = HealthMark(folder, "health", "source")
    mark.set(time.time())
    client.delete(f"{ENDPOINT}/health")
    assert expected() == []
    assert not mark.is_set(time.time())
