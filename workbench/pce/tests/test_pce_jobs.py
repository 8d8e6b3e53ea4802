"""Asynchronous requests and the supercluster."""

from __future__ import annotations

import json

import pytest

from workbench.pce import Answer, Pce, Request, Supercluster
from workbench.pce.tests.pce_client import NOW, Client, Clock, body_of, event

PREFER = {"Prefer": "respond-async"}


def poll(client: Client, answer: Answer) -> dict[str, object]:
    found = body_of(client.ask("/api/v2" + answer.headers["Location"]))
    assert isinstance(found, dict)
    return found


def test_a_job_becomes_a_datafile_without_a_cap(pce: Pce, client: Client) -> None:
    pce.record_many((0, json.dumps(event(n))) for n in range(10_050))
    started = client.ask(headers=PREFER)
    assert (started.status, started.body, started.headers["Retry-After"]) == (202, b"", "5")
    states = [poll(client, started) for _ in range(3)]
    assert [state["status"] for state in states] == ["pending", "running", "done"]
    assert states[0]["result"] == {}
    assert states[0]["requested_at"] == "2031-03-01 12:00:00.000000"
    result = states[2]["result"]
    assert isinstance(result, dict)
    assert len(client.events("/api/v2" + result["href"])) == 10_050


def test_a_job_keeps_to_its_range(pce: Pce, client: Client) -> None:
    for number in range(4):
        pce.record(event(number))
    started = client.ask(headers=PREFER, timestamp_gte=event(1)["timestamp"], timestamp_lte=event(2)["timestamp"])
    states = [poll(client, started) for _ in range(3)]
    result = states[2]["result"]
    assert isinstance(result, dict)
    assert [found["number"] for found in client.events("/api/v2" + result["href"])] == [2, 1]


def test_a_job_that_takes_time(pce: Pce, client: Client, clock: Clock) -> None:
    pce.job_rules.polls, pce.job_rules.pending_polls, pce.job_rules.seconds = 0, 0, 13
    started = client.ask(headers=PREFER)
    assert poll(client, started)["status"] == "running"
    clock.now += 13
    assert poll(client, started)["terminated_at"] == "2031-03-01 12:00:13.000000"


def test_a_job_that_fails(pce: Pce, client: Client) -> None:
    pce.job_rules.fails = True
    started = client.ask(headers=PREFER)
    last = [poll(client, started) for _ in range(3)][-1]
    assert (last["status"], last["result"]) == ("failed", {})


def test_a_location_may_be_a_whole_url(pce: Pce, client: Client) -> None:
    pce.job_rules.base = "https://pce.my-company.com:8443/api/v2"
    location = client.ask(headers=PREFER).headers["Location"]
    assert location.startswith("https://pce.my-company.com:8443/api/v2/orgs/1/jobs/")


def test_an_empty_list_may_have_no_datafile(pce: Pce, client: Client) -> None:
    pce.job_rules.empty_without_result = True
    started = client.ask(headers=PREFER)
    last = [poll(client, started) for _ in range(3)][-1]
    assert (last["status"], last["result"]) == ("done", {})


def test_another_organisation_s_job_is_out_of_reach(pce: Pce, client: Client) -> None:
    pce.add_org(2)
    stranger = pce.add_key(org_id=2)
    location = client.ask(headers=PREFER).headers["Location"]
    assert pce.answer(Request.get("/api/v2" + location, key=stranger.pair)).status == 403
    elsewhere = location.replace("/orgs/1/", "/orgs/2/")
    assert pce.answer(Request.get("/api/v2" + elsewhere, key=stranger.pair)).status == 404


def test_nonexistent_jobs_and_files(client: Client) -> None:
    nothing = "00000000-0000-4000-8000-000000000000"
    assert client.ask(f"/api/v2/orgs/1/jobs/{nothing}").status == 404
    assert client.ask(f"/api/v2/orgs/1/datafiles/{nothing}").status == 404


@pytest.fixture
def cluster(clock: Clock) -> Supercluster:
    return Supercluster(["lead.example.com", "north.example.com"], clock=clock, delay_seconds=30)


def test_each_member_returns_its_own_events_and_the_leader_all(cluster: Supercluster, clock: Clock) -> None:
    cluster.record(event(1), member="lead.example.com")
    cluster.record(event(2), member="north.example.com")
    leader, north = Client(cluster.leader), Client(cluster.members["north.example.com"])
    assert (leader.numbers(), north.numbers()) == ([1], [2])
    clock.now = NOW + 29
    assert leader.numbers() == [1]
    clock.now = NOW + 30
    assert leader.numbers() == [2, 1]
    assert north.numbers() == [2]


def test_events_name_the_member_that_wrote_them(cluster: Supercluster, clock: Clock) -> None:
    cluster.record(event(1), member="north.example.com")
    clock.now += 60
    assert [found["pce_fqdn"] for found in Client(cluster.leader).events()] == ["north.example.com"]
