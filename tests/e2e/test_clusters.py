"""Search head clusters: an input collects on whichever member splunkd starts it, and once, whoever is captain."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.lab import SCHEME, PceLab
from tests.e2e.test_collection import event
from tests.e2e.test_splunkd_gone import wait_for
from workbench.lab import CHECKPOINTS
from workbench.splunk.splunkd import Reading, roles

STANZA = f"{SCHEME}://audit"


@pytest.fixture
def members(cluster: tuple[PceLab, PceLab]) -> tuple[PceLab, PceLab]:
    """The captain and a member, each with the input."""
    for lab in cluster:
        lab.add_input()
    return cluster


@pytest.mark.parametrize(
    "of", [roles.CAPTAIN, roles.MEMBER, roles.MEMBER_AND_CAPTAIN, roles.STANDALONE, roles.ALL_IN_ONE], ids=str
)
def test_an_input_collects_whatever_its_instance_is(of: tuple[str, ...], lab: PceLab) -> None:
    lab.splunkd.server_roles = list(of)
    for number in range(3):
        lab.pce.record(event(number))
        assert lab.run().exit_code == 0
    assert lab.delivered() == dict.fromkeys(lab.recorded(), 1)
    asked = [line for line in lab.splunkd.rest.asked if "shcluster" in line]
    assert asked == []


def delivered_twice(*labs: PceLab) -> set[str]:
    total = sum((lab.delivered() for lab in labs), start=labs[0].delivered().__class__())
    assert set(total) == set(labs[0].recorded())
    return {href for href, count in total.items() if count > 1}


def test_only_one_of_two_members_collects_in_every_run(members: tuple[PceLab, PceLab]) -> None:
    captain, member = members
    for number in range(3):
        captain.pce.record(event(number))
        for lab in (member, captain):
            assert lab.run().exit_code == 0
    assert len(member.recorded()) == sum(member.delivered().values()) == 3
    assert captain.delivered() == {}
    assert captain.records() == []
    assert "action=skipped input=audit" in captain.log()


def test_another_member_takes_over_at_once_after_splunkd_ended_a_run(members: tuple[PceLab, PceLab]) -> None:
    captain, member = members
    for number in range(300):
        captain.pce.record(event(number, age=number))
    running = captain.splunkd.start_input(STANZA, reading=Reading(pause_after_bytes=2000, pause_seconds=3))
    wait_for(lambda: running.bytes >= 2000)
    assert member.run().exit_code == 0
    assert member.delivered() == {}
    running.send_signal(signal.SIGTERM)
    assert running.wait(30).exit_code == 0
    captain.splunkd.queue.drain(30)
    assert member.run().exit_code == 0
    delivered_twice(captain, member)
    assert member.records()[-1]["outcome"] == "ok"


def test_another_member_takes_over_after_a_member_crashed(members: tuple[PceLab, PceLab]) -> None:
    captain, member = members
    for number in range(50):
        captain.pce.record(event(number, age=number))
    captain.splunkd.queue.hold()
    assert captain.run().exit_code == 0
    assert captain.splunkd.crash() > 0
    assert member.run().exit_code == 0
    assert member.delivered() == {}
    (lease,) = [document for document in member.rest("GET", CHECKPOINTS) if document["kind"] == "lease"]
    over = {**lease, "until": lease["until"] - 400}  # so much later
    member.splunkd.kv.save_all("TA_illumio_pce", "ta_illumio_pce_checkpoints", [over])
    assert member.run().exit_code == 0
    assert member.delivered() == dict.fromkeys(member.recorded(), 1)
    captain.splunkd.start()


def test_an_input_that_is_created_and_deleted_on_another_member_loses_and_repeats_nothing(
    cluster: tuple[PceLab, PceLab],
) -> None:
    captain, member = cluster
    captain.add_input(start_time="-24h")
    captain.pce.record(event(1, age=82_000))
    assert captain.run().exit_code == 0
    member.add_input(start_time="-1h")
    captain.pce.record(event(2))
    assert captain.run().exit_code == 0
    member.rest("DELETE", f"ta_illumio_pce_{SCHEME}/audit")
    captain.pce.record(event(3))
    assert captain.run().exit_code == 0
    assert captain.delivered() == dict.fromkeys(captain.recorded(), 1)
    assert [record["outcome"] for record in captain.records()] == ["ok"] * 3


def test_a_read_only_kv_store_in_a_cluster_is_reported(members: tuple[PceLab, PceLab]) -> None:
    captain, _ = members
    captain.splunkd.kv.fail(times=100, status=403)
    assert captain.run().exit_code == 1
    (record,) = captain.records()
    assert (record["outcome"], record["error_category"]) == ("failed", "state")
    assert "cannot be written in the KV store (status 403)" in record["error"]
    assert "read-only mode" in record["error"]
    captain.splunkd.kv._faults.clear()
    captain.pce.record(event(1))
    assert captain.run().exit_code == 0
    assert json.loads(next(iter(captain.events())).raw)["href"] == captain.recorded()[0]
