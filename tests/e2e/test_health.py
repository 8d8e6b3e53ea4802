"""The health input as splunkd runs it: its real process between the emulated PCE and the stand-in for splunkd."""

from __future__ import annotations

import json
import signal
import socket
from typing import Any

import pytest

from tests.canary import traces
from tests.e2e.lab import PceLab, on_the_pythons_of_splunk
from tests.e2e.test_collection import event
from workbench.lab import CHECKPOINTS
from workbench.pce import READ_EVENTS, faults
from workbench.pce.health import Health, Node
from workbench.splunk.splunkd import roles


@pytest.fixture
def health_lab(empty_lab: PceLab) -> PceLab:
    """An account `lab` and a health input `health`."""
    empty_lab.add_account()
    empty_lab.add_health()
    return empty_lab


def kinds(lab: PceLab) -> list[tuple[str, str]]:
    return [(found["kind"], found["dest"]) for found in lab.health()]


def facts(found: dict[str, Any]) -> dict[str, Any]:
    """What does not change from one run to the next."""
    return {name: value for name, value in found.items() if name not in ("time", "generated_at")}


ALL = [
    ("pce", "pce.example.com"),
    ("node", "core0.example.com"),
    ("node", "core1.example.com"),
    ("node", "data0.example.com"),
    ("node", "data1.example.com"),
]


def test_each_run_writes_the_pce_and_its_nodes_and_one_record(health_lab: PceLab) -> None:
    for _ in range(2):
        assert health_lab.run_health().exit_code == 0, health_lab.log()
    assert kinds(health_lab) == ALL * 2
    events = list(health_lab.splunkd.events(sourcetype="illumio:pce:cluster_health"))
    assert {(found.source, found.host, found.index) for found in events} == {
        ("illumio_pce_health://health", "pce.example.com", "main")
    }
    records = health_lab.records()
    assert [(record["input"], record["outcome"], record["events"], record["requests"]) for record in records] == [
        ("illumio_pce_health://health", "ok", 5, 1)
    ] * 2
    assert traces(health_lab.log() + json.dumps(health_lab.health()), health_lab.key.secret) == []


@on_the_pythons_of_splunk
def test_it_runs_on_the_pythons_of_splunk(health_lab: PceLab) -> None:
    assert health_lab.run_health().exit_code == 0, health_lab.log()
    assert kinds(health_lab) == ALL


def test_every_form_of_an_answer_says_the_same(health_lab: PceLab) -> None:
    pce = health_lab.pce
    assert health_lab.run_health().exit_code == 0
    pce.health[0].nested_services = True
    assert health_lab.run_health().exit_code == 0
    pce.quirks.health_is_object = True
    assert health_lab.run_health().exit_code == 0
    found = [facts(event) for event in health_lab.health()]
    assert found[:5] == found[5:10] == found[10:]


def test_a_degraded_pce_answers_200_and_is_told_as_it_is(health_lab: PceLab) -> None:
    pce = health_lab.pce
    pce.health[0].nodes[0].cpu = 97
    pce.health[0].nodes[1].runlevel = None
    pce.health[0].nodes[2].not_running = ["agent_service"]
    pce.health[0].null_nodes = True
    assert health_lab.run_health().exit_code == 0
    whole, core0, gone, data0, data1 = health_lab.health()
    assert (whole["status"], whole["cluster"], whole["missing"], whole["severity"]) == (
        "warning",
        "degraded",
        1,
        "medium",
    )
    assert (core0["cpu_load_percent"], core0["sev"], core0["problems"]) == (97, "WARN", ["cpu (97 %)"])
    assert (gone["dest"], gone["component"], gone["severity"]) == ("pce.example.com", "unreachable node", "high")
    assert data0["problems"] == ["services (agent_service)"]
    assert (data1["severity"], data1.get("problems")) == ("informational", None)


def test_a_leader_tells_of_every_pce(health_lab: PceLab) -> None:
    health_lab.pce.health.append(Health("far.example.com", [Node("core0.far.example.com", "10.78.0.4")], kind="member"))
    assert health_lab.run_health().exit_code == 0
    events = list(health_lab.splunkd.events(sourcetype="illumio:pce:cluster_health"))
    assert [found.host for found in events] == ["pce.example.com"] * 5 + ["far.example.com"] * 2


@pytest.mark.parametrize(
    ("fault", "category"),
    [
        (faults.status(404), "not_found"),
        (faults.redirect("https://other.example.net/"), "redirect"),
        (faults.status(403), "forbidden"),
    ],
)
def test_on_premises_what_is_no_health_is_an_event_and_a_failed_run(
    health_lab: PceLab, fault: faults.Fault, category: str
) -> None:
    health_lab.pce.faults.switch_on(fault, path="/health")
    assert health_lab.run_health().exit_code == 1
    (found,) = health_lab.health()
    assert (found["kind"], found["error_category"]) == ("pce", category)
    (record,) = health_lab.records()
    assert (record["outcome"], record["error_category"], record["events"]) == ("failed", category, 1)
    assert record["remedy"]
    health_lab.pce.faults.clear()
    assert health_lab.run_health().exit_code == 0
    assert kinds(health_lab)[1:] == ALL


def test_a_pce_that_is_down_is_an_event(health_lab: PceLab) -> None:
    health_lab.server.stop()
    with socket.socket() as kept:  # no server of another test may listen on this port meanwhile
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", health_lab.server.port))
        assert health_lab.run_health().exit_code == 1
    (found,) = health_lab.health()
    assert (found["cluster"], found["error_category"], found["severity"]) == ("unreachable", "connection", "high")


def test_a_key_of_a_scoped_role_is_told_which_right_is_missing(empty_lab: PceLab) -> None:
    empty_lab.key = empty_lab.pce.add_key({READ_EVENTS})
    empty_lab.add_account()
    empty_lab.add_health()
    assert empty_lab.run_health().exit_code == 1
    (record,) = empty_lab.records()
    assert record["error_category"] == "forbidden"
    assert "global role" in record["remedy"]


def test_an_input_of_events_with_the_same_name_is_another(empty_lab: PceLab) -> None:
    empty_lab.splunkd.server_roles = list(roles.MEMBER)
    empty_lab.add_account()
    empty_lab.add_input("audit")
    empty_lab.add_health("audit")
    empty_lab.pce.record(event(1))
    assert (empty_lab.run("audit").exit_code, empty_lab.run_health("audit").exit_code) == (0, 0)
    empty_lab.pce.record(event(2))
    assert (empty_lab.run_health("audit").exit_code, empty_lab.run("audit").exit_code) == (0, 0)
    assert empty_lab.delivered() == dict.fromkeys(empty_lab.recorded(), 1)
    assert kinds(empty_lab) == ALL * 2
    assert [record["input"] for record in empty_lab.records()] == [
        "audit", "illumio_pce_health://audit", "illumio_pce_health://audit", "audit",
    ]  # fmt: skip
    documents = {document["_key"]: document["input"] for document in empty_lab.rest("GET", CHECKPOINTS)}
    assert documents["illumio_pce_health:audit.lease"] == "illumio_pce_health:audit"
    assert documents["audit.lease"] == "audit"


def test_in_a_cluster_one_member_runs_it_and_another_takes_over(cluster: tuple[PceLab, PceLab]) -> None:
    captain, member = cluster
    for lab in cluster:
        lab.add_health()
    for _ in range(2):
        assert [lab.run_health().exit_code for lab in (captain, member)] == [0, 0]
    assert (kinds(captain), kinds(member), member.records()) == (ALL * 2, [], [])
    (lease,) = captain.rest("GET", CHECKPOINTS)
    captain.rest("DELETE", CHECKPOINTS, query=json.dumps({"_key": lease["_key"]}))
    assert [lab.run_health().exit_code for lab in (member, captain)] == [0, 0]
    assert (kinds(captain), kinds(member)) == (ALL * 2, ALL)


def test_an_input_whose_process_hangs_is_noticed_by_the_others(health_lab: PceLab) -> None:
    health_lab.add_health("other", index="illumio")
    folder = health_lab.splunkd.host("", "illumio_pce_health").checkpoint_dir
    (sign,) = folder.glob("input_other.sign")
    sign.write_text(json.dumps({"at": 1.0, "interval": 60, "told_at": 0}))
    health_lab.splunkd.startup_time = 1
    assert health_lab.run_health().exit_code == 0
    (message,) = [entry["content"]["message"] for entry in health_lab.rest("GET", "messages")["entry"]]
    assert message.startswith("The input illumio_pce_health://other is enabled, and wrote its last record 1970-")


def test_a_run_that_is_stopped_ends_well(health_lab: PceLab) -> None:
    health_lab.pce.faults.switch_on(faults.silence(), path="/health")
    from workbench.splunk.splunkd import Kill

    run = health_lab.run_health(kill=Kill(after_seconds=2, signal=signal.SIGTERM))
    assert run.exit_code == 0
    assert [record["outcome"] for record in health_lab.records()] == ["stopped"]
    assert health_lab.health() == []
