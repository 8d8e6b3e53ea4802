"""`/health` of the emulated PCE: the schema's form, and the switches for what others have seen instead."""

from __future__ import annotations

from typing import Any

from workbench.pce import READ_EVENTS, Pce, Request
from workbench.pce.health import Health, Node
from workbench.pce.tests.pce_client import NOW, Client, body_of

HEALTH = "/api/v2/health"


def health_of(client: Client) -> list[dict[str, Any]]:
    answer = client.ask(HEALTH)
    assert answer.status == 200
    found: list[dict[str, Any]] = body_of(answer)
    return found


def test_a_pce_answers_with_its_nodes_and_without_an_organisation(client: Client) -> None:
    (found,) = health_of(client)
    assert (found["fqdn"], found["status"], found["type"]) == ("pce.example.com", "normal", "standalone")
    assert [node["hostname"] for node in found["nodes"]] == [
        f"{n}.example.com" for n in ("core0", "core1", "data0", "data1")
    ]
    assert found["nodes"][0]["cpu"] == {"status": "normal", "percent": 3}
    assert found["nodes"][0]["disk"] == [{"location": "disk", "value": {"status": "normal", "percent": 11}}]
    assert found["nodes"][0]["services"]["running"]


def test_a_degraded_pce_answers_with_200(pce: Pce, client: Client) -> None:
    pce.health[0].nodes[0].cpu = 96
    pce.health[0].nodes[1].runlevel = None
    (found,) = health_of(client)
    assert found["status"] == "warning"
    assert found["nodes"][0]["cpu"]["status"] == "warning"
    assert found["nodes"][1]["hostname"] == "core1.example.com"
    assert {found["nodes"][1][name] for name in ("cpu", "services", "runlevel")} == {None}


def test_switches_answer_as_others_saw(pce: Pce, client: Client) -> None:
    pce.health[0].nested_services = True
    pce.health[0].null_nodes = True
    pce.health[0].nodes[1].runlevel = None
    pce.health[0].with_metrics = False
    (found,) = health_of(client)
    assert found["nodes"][0]["services"]["services"]["running"]
    assert found["nodes"][1]["hostname"] is None
    assert "groups" not in found
    pce.quirks.health_is_object = True
    assert body_of(client.ask(HEALTH)) == found


def test_a_leader_lists_every_pce(pce: Pce, client: Client) -> None:
    pce.health.append(Health("far.example.com", [Node("core0.far.example.com", "10.78.0.4")], kind="member"))
    assert [(one["fqdn"], one["type"]) for one in health_of(client)] == [
        ("pce.example.com", "standalone"),
        ("far.example.com", "member"),
    ]


def test_a_key_without_the_right_and_a_pce_without_health_are_refused(pce: Pce, client: Client) -> None:
    scoped = pce.add_key({READ_EVENTS})
    assert pce.answer(Request.get(HEALTH, key=scoped.pair)).status == 403
    assert pce.answer(Request.get(HEALTH)).status == 401
    pce.health = []
    assert client.ask(HEALTH).status == 404


def test_syslog_tells_the_same_of_the_nodes_that_are_reached(pce: Pce) -> None:
    health = pce.health[0]
    health.nodes[0].runlevel = None
    health.nodes[2].memory = 97
    first, second, third = health.lines(NOW)
    assert " host=core1 " in first
    assert "sev=WARN" in first
    assert "cluster=degraded missing=1 cpu=3% disk=11% memory=40%" in first
    assert "sev=WARN" in second
    assert "leader=" in second
    assert "memory=97%" in second
    assert "sev=INFO" in third
