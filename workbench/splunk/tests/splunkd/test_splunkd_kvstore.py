"""The KV store: documents, queries, limits, and the ways in which it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.conftest import Client
from workbench.splunk.tests.splunkd.sample_addon import build_sample_addon

DATA = "storage/collections/data/sample_states"


@pytest.fixture
def stored(admin: Client) -> Client:
    documents = [
        {"_key": "a", "kind": "x", "n": 1},
        {"_key": "b", "kind": "y", "n": 2, "flag": True},
        {"_key": "c", "kind": "x", "n": 3, "text": "2"},
    ]
    assert admin("POST", f"{DATA}/batch_save", value=documents).json == ["a", "b", "c"]
    return admin


def keys(client: Client, query: Any, more: str = "") -> list[str]:
    answer = client("GET", f"{DATA}?query={quote(json.dumps(query))}{more}")
    assert answer.status == 200, answer
    return [document["_key"] for document in answer.json]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["a", "b", "c"]),
        ({"kind": "x"}, ["a", "c"]),
        ({"kind": "x", "n": 3}, ["c"]),
        ({"$or": [{"_key": "a"}, {"n": 2}]}, ["a", "b"]),
        ({"$and": [{"kind": "x"}, {"n": {"$gt": 1}}]}, ["c"]),
        ({"n": {"$gte": 2, "$lt": 3}}, ["b"]),
        ({"n": {"$lte": 1}}, ["a"]),
        ({"kind": {"$ne": "x"}}, ["b"]),
        ({"flag": True}, ["b"]),
        ({"n": True}, []),
        ({"text": {"$gt": 1}}, []),
        ({"missing": {"$gt": 1}}, []),
    ],
)
def test_a_query_finds(stored: Client, query: Any, found: list[str]) -> None:
    assert keys(stored, query) == found


@pytest.mark.parametrize("query", [{"n": {"$in": [1]}}, {"$not": {}}, {"a.b": 1}, {"n": None}, {"$or": []}, [1]])
def test_a_query_that_is_not_known_is_refused(splunkd: Splunkd, stored: Client, query: Any) -> None:
    assert stored("GET", f"{DATA}?query={quote(json.dumps(query))}").status == 400
    assert len(splunkd.refused) == 1


def test_results_are_sorted_cut_and_trimmed(stored: Client) -> None:
    assert keys(stored, {}, "&sort=kind:-1,n:1") == ["b", "a", "c"]
    assert keys(stored, {}, "&sort=n&skip=1&limit=1") == ["b"]
    assert stored("GET", f"{DATA}?fields=n&limit=1").json == [{"_key": "a", "n": 1}]
    assert stored("GET", f"{DATA}?fields=n,_key:0&limit=1").json == [{"n": 1}]
    assert stored("GET", f"{DATA}?fields=n:0,kind:0,_user:0&limit=1").json == [{"_key": "a"}]


def test_one_document_is_read_inserted_replaced_and_deleted(admin: Client) -> None:
    assert admin("GET", f"{DATA}/k%2F1").status == 404
    assert admin("POST", f"{DATA}/k%2F1", value={"n": 1}).status == 404
    assert admin("POST", DATA, value={"_key": "k/1", "n": 1}).json == {"_key": "k/1"}
    assert admin("POST", DATA, value={"_key": "k/1", "n": 2}).status == 409
    assert admin("POST", f"{DATA}/k%2F1", value={"m": 2}).status == 200
    assert admin("GET", f"{DATA}/k%2F1").json == {"_key": "k/1", "_user": "nobody", "m": 2}
    assert admin("DELETE", f"{DATA}/k%2F1").status == 200
    assert admin("DELETE", f"{DATA}/k%2F1").status == 404


def test_a_document_without_a_key_is_given_one(admin: Client) -> None:
    key = admin("POST", DATA, value={"n": 1}).json["_key"]
    assert admin("GET", f"{DATA}/{key}").json["n"] == 1


def test_deleting_by_query_leaves_the_others(stored: Client) -> None:
    assert stored("DELETE", f"{DATA}?query={quote(json.dumps({'kind': 'x'}))}").status == 200
    assert keys(stored, {}) == ["b"]
    assert stored("DELETE", DATA).status == 200
    assert keys(stored, {}) == []


def test_a_batch_inserts_and_replaces(stored: Client) -> None:
    assert stored("POST", f"{DATA}/batch_save", value=[{"_key": "a", "n": 9}, {"_key": "d"}]).status == 200
    assert stored("GET", f"{DATA}/a").json == {"_key": "a", "_user": "nobody", "n": 9}
    assert keys(stored, {}) == ["a", "b", "c", "d"]


def test_limits_are_those_of_the_kv_store(admin: Client) -> None:
    assert admin("POST", f"{DATA}/batch_save", value=[{} for _ in range(1000)]).status == 200
    assert admin("POST", f"{DATA}/batch_save", value=[{} for _ in range(1001)]).status == 400
    assert admin("POST", DATA, value={"_key": "big", "text": "x" * 16 * 1024 * 1024}).status == 400
    assert admin("POST", DATA, value={"_key": "big", "text": "x" * 15 * 1024 * 1024}).status == 200 + 1


def test_only_declared_collections_are_there(admin: Client) -> None:
    assert list(admin("GET", "storage/collections/config").entries) == ["sample_states"]
    assert admin("GET", "storage/collections/config/other").status == 404
    assert admin("GET", "storage/collections/data/other").status == 404
    assert admin("POST", "storage/collections/data/other", value={}).status == 404


def test_only_json_is_accepted(admin: Client) -> None:
    assert admin("POST", DATA, {"n": "1"}).status == 415
    assert admin("POST", DATA, value=[1]).status == 400


def test_until_it_is_ready_every_response_is_503(splunkd: Splunkd, stored: Client) -> None:
    splunkd.kv.set_ready(False)
    assert stored("GET", f"{DATA}/a").status == 503
    assert stored("POST", DATA, value={}).status == 503
    assert stored("GET", "storage/collections/config/sample_states").status == 503
    assert stored("GET", "/services/server/info").entries["server-info"]["kvStoreStatus"] == "starting"
    splunkd.kv.set_ready(True)
    assert stored("GET", f"{DATA}/a").status == 200


def test_it_can_become_ready_later(tmp_path: Path) -> None:
    now = [1000.0]
    with Splunkd(tmp_path / "splunk", clock=lambda: now[0], tls=False) as splunkd:
        splunkd.install(build_sample_addon(tmp_path))
        splunkd.kv.set_ready(True, after=60)
        assert Client(splunkd)("GET", DATA).status == 503
        now[0] += 60
        assert Client(splunkd)("GET", DATA).status == 200


def test_writes_fail_as_often_as_asked(splunkd: Splunkd, stored: Client) -> None:
    splunkd.kv.fail(2, status=500)
    assert stored("GET", f"{DATA}/a").status == 200
    assert [stored("POST", f"{DATA}/a", value={"n": n}).status for n in (5, 6, 7)] == [500, 500, 200]
    assert stored("GET", f"{DATA}/a").json["n"] == 7


def test_an_answer_can_be_lost_after_its_effect(splunkd: Splunkd, stored: Client) -> None:
    splunkd.kv.fail(after_effect=True)
    assert stored("POST", f"{DATA}/a", value={"n": 5}).status == 503
    assert stored("GET", f"{DATA}/a").json["n"] == 5
