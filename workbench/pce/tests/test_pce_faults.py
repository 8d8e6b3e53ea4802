"""The vocabulary of faults, as a client without sockets meets it."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from workbench.pce import Answer, Ending, Interrupted, Pce, faults, unusual
from workbench.pce.tests.pce_client import Client, body_of, event


def received(answer: Answer) -> tuple[bytes, Ending]:
    """What arrives of a body, and how it ended."""
    body = b""
    try:
        for piece in answer.pieces():
            body += piece
    except Interrupted as interrupted:
        return body, interrupted.ending
    return body, Ending.WHOLE


@pytest.fixture
def whole(pce: Pce, client: Client) -> bytes:
    for number in range(20):
        pce.record(event(number))
    return client.ask().body


def faulty(client: Client, fault: faults.Fault) -> Answer:
    client.pce.faults.switch_on(fault, times=1)
    return client.ask()


def test_a_fault_lasts_for_its_number_of_requests(pce: Pce, client: Client) -> None:
    switch = pce.faults.switch_on(faults.status(503), times=2)
    assert [client.ask().status for _ in range(3)] == [503, 503, 200]
    assert switch.hits == 2


def test_a_fault_for_one_path(pce: Pce, client: Client) -> None:
    switch = pce.faults.switch_on(faults.status(502), path="/settings/")
    assert client.ask().status == 200
    assert client.ask("/api/v2/orgs/1/settings/events").status == 502
    switch.off()
    assert client.ask("/api/v2/orgs/1/settings/events").status == 200


def test_a_random_fault_is_the_same_for_the_same_seed(client: Client) -> None:
    def statuses(seed: int) -> list[int]:
        client.pce.faults.clear()
        client.pce.faults.switch_on(faults.status(500), probability=0.5, seed=seed)
        return [client.ask().status for _ in range(30)]

    assert statuses(1) == statuses(1)
    assert statuses(1) != statuses(2)
    assert set(statuses(1)) == {200, 500}


def test_of_two_faults_the_first_counts(pce: Pce, client: Client) -> None:
    pce.faults.switch_on(faults.status(500), times=1)
    pce.faults.switch_on(faults.status(404))
    assert [client.ask().status for _ in range(2)] == [500, 404]


def test_an_answer_in_place_of_the_pce_s_is_not_counted_by_it(pce: Pce, client: Client) -> None:
    pce.faults.switch_on(faults.status(429, retry_after="7"), times=600)
    assert {client.ask().headers["Retry-After"] for _ in range(600)} == {"7"}
    assert client.ask().status == 200


def test_a_page_of_a_proxy(client: Client) -> None:
    answer = faulty(client, faults.html_page(502))
    assert answer.status == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")


def test_a_redirect(client: Client) -> None:
    assert faulty(client, faults.redirect("https://x.example/")).headers["Location"] == "https://x.example/"


@pytest.mark.parametrize("fault", [faults.invalid_json(), faults.truncated_json(), faults.empty_body()])
def test_a_body_that_is_not_json_with_the_right_length(whole: bytes, client: Client, fault: faults.Fault) -> None:
    answer = faulty(client, fault)
    assert received(answer) == (answer.body, Ending.WHOLE)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_json_that_is_something_else(client: Client) -> None:
    assert body_of(faulty(client, faults.other_json({"a": 1}))) == {"a": 1}


def test_json_deeper_than_python_reads(client: Client) -> None:
    with pytest.raises(RecursionError):
        json.loads(faulty(client, faults.deep_json()).body)


@pytest.mark.parametrize(
    ("fault", "ending"),
    [
        (faults.short_body(0.5), Ending.CLOSED),
        (faults.chunked_cut(0.5), Ending.CLOSED),
        (faults.reset(0.5), Ending.RESET),
        (faults.silence(0.5), Ending.SILENT),
    ],
)
def test_an_answer_that_ends_within_its_body(whole: bytes, client: Client, fault: faults.Fault, ending: Ending) -> None:
    answer = faulty(client, fault)
    assert answer.head_sent
    assert answer.length == len(whole)
    assert received(answer) == (whole[: len(whole) // 2], ending)


@pytest.mark.parametrize(
    ("fault", "ending"),
    [
        (faults.hang_up(), Ending.CLOSED),
        (faults.reset(), Ending.RESET),
        (faults.silence(), Ending.SILENT),
    ],
)
def test_no_response_at_all(whole: bytes, client: Client, fault: faults.Fault, ending: Ending) -> None:
    answer = faulty(client, fault)
    assert not answer.head_sent
    assert received(answer) == (b"", ending)


def test_a_fault_hides_compression(whole: bytes, client: Client) -> None:
    client.pce.faults.switch_on(faults.short_body(1.0))
    answer = client.ask(headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.body == whole


def test_an_answer_of_any_size_is_well_formed_and_costs_no_memory(whole: bytes, client: Client) -> None:
    answer = faulty(client, faults.huge(3_000_000))
    assert answer.length == len(whole) + 3_000_000
    body, _ = received(answer)
    assert len(body) == answer.length
    assert json.loads(body) == json.loads(whole)
    endless = next(iter(faulty(client, faults.huge()).pieces()))
    assert endless == whole[:-1]


def test_a_slow_response(whole: bytes, client: Client) -> None:
    answer = faulty(client, faults.drip(100, 0.25))
    assert answer.pause_seconds == 0.25
    assert {len(piece) for piece in answer.pieces()} <= set(range(1, 101))
    assert received(answer) == (whole, Ending.WHOLE)


def test_a_gzip_bomb(client: Client) -> None:
    answer = faulty(client, faults.gzip_bomb(16))
    assert len(answer.body) < 100_000
    text = gzip.decompress(answer.body)
    assert len(text) == 16 * 1024 * 1024 + 2
    assert json.loads(text) == []


def test_a_compressed_body_that_stops_early(whole: bytes, client: Client) -> None:
    answer = faulty(client, faults.truncated_gzip(0.5))
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    stream.decompress(answer.body)
    assert not stream.eof


def test_wrong_headers(client: Client) -> None:
    assert faulty(client, faults.content_type("text/plain")).headers["Content-Type"] == "text/plain"
    assert "Date" not in faulty(client, faults.date(None)).headers
    assert faulty(client, faults.date("soon")).headers["Date"] == "soon"
    assert faulty(client, faults.skewed_date(-90)).headers["Date"] == "Sat, 01 Mar 2031 11:58:30 GMT"


def test_raw_bytes_instead_of_a_response(client: Client) -> None:
    assert received(faulty(client, faults.wire(b"SSH-2.0")))[0] == b"SSH-2.0"
    endless = faulty(client, faults.wire(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"))
    assert not endless.head_sent
    assert endless.pause_seconds * endless.length / endless.piece_bytes > 100
    assert next(endless.pieces()) == b"HTTP/1"


def test_headers_too_many_and_wrong(client: Client) -> None:
    assert len(faulty(client, faults.many_headers()).headers) == 1000
    assert faulty(client, faults.header("Content-Length", "1")).headers["Content-Length"] == "1"
    assert faulty(client, faults.header("X-Request-Id", "a", ending=Ending.CLOSED)).ending is Ending.CLOSED


def test_every_fault_changes_the_response(whole: bytes, client: Client) -> None:
    for name, fault in faults.EVERY.items():
        answer = faulty(client, fault)
        same = answer.status == 200 and answer.length == len(whole) and answer.ending is Ending.WHOLE
        wrong_headers = name in ("many headers", "length smaller than the body") or (
            answer.headers.get("Content-Encoding") in ("br", "gzip")
        )
        assert not same or answer.body != whole or wrong_headers, name


def test_every_unusual_response_means_the_same(whole: bytes, client: Client) -> None:
    """Read by hand where a form needs no sockets: compressed in some way, or with something around the array."""
    for name, fault in unusual.UNUSUAL.items():
        answer = faulty(client, fault)
        body = answer.body
        if "gzip" in answer.headers.get("Content-Encoding", "").lower():
            body = gzip.decompress(body)
        if answer.head_sent:
            assert json.loads(body.decode("utf-8-sig")) == json.loads(whole), name
        else:
            assert b"HTTP/1." in body, name
