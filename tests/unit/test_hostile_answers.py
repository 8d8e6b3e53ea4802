"""Headers, addresses and bodies that no PCE would send: each ends in a PceError of ours, which repeats nothing of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from illumio_pce.config import Account
from illumio_pce.errors import PASSING, REMEDIES, PceError
from illumio_pce.pce import DATAFILE_SECONDS, Job, Pce, Window
from illumio_pce.timestamps import parse_http_date

from tests.simulation import SimulatedAnswer, SimulatedClock, SimulatedQuestion

ACCOUNT = Account("lab", "pce.example.com", 8443, 1, "api_1", "s3cret-s3cret")
WINDOW = Window(0, None)
#: Text that would break a line, begin another entry, or run, wherever it were repeated.
EVIL = "e\r\nvil\x1b[2J\u2028 log_level=ERROR index=main | delete"


class OneAnswer:
    """A transport that gives the same answer to every question, and keeps the paths."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.paths: list[str] = []

    def ask(self, path: str, query: Any, headers: Mapping[str, str], seconds: float) -> SimulatedQuestion:
        self.paths.append(path)
        return SimulatedQuestion(SimulatedClock(), 0.0, self.answer)


def client(answer: Any, clock: SimulatedClock | None = None) -> Pce:
    return Pce(ACCOUNT, OneAnswer(answer), clock or SimulatedClock(), patience_seconds=0)


def refusal(act: Any) -> PceError:
    with pytest.raises(PceError) as failure:
        act()
    assert failure.value.category in REMEDIES
    assert not any(part in str(failure.value) for part in ("vil", "\x1b", "\n", "delete"))
    return failure.value


ADDRESSES = (
    "https://[::1", "https://pce\u2100.example.com/x", f"https://pce.example.com:8443{EVIL}/x", EVIL, "", "//", "///x/..",
    "https://pce.example.com:8443@other.example.net/x", "http://pce.example.com:8443/x", "https://pce.example.com/x",
    "https://other.example.net/x", "//other.example.net/x", "file:///etc/passwd", "/api/v2/../../x", "javascript:1",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_leads_nowhere_else(address: str) -> None:
    moved = SimulatedAnswer(302, {"location": address})
    assert refusal(lambda: client(moved).events("events", WINDOW)).category in ("redirect", "broken_answer")
    accepted = SimulatedAnswer(202, {"location": address})
    assert refusal(lambda: client(accepted).start_job("events", WINDOW)).category in ("redirect", "broken_answer")
    done = SimulatedAnswer(200, {}, json.dumps({"status": "done", "result": {"href": address}}).encode())
    job = Job("/api/v2/orgs/1/jobs/1", WINDOW)
    assert refusal(lambda: client(done).job_result(job)).category in ("redirect", "broken_answer")


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["", "Zq7"]))
def test_any_header_is_taken_or_left(text: str, mark: str) -> None:
    date = parse_http_date(text)
    assert date is None or date % 1000 == 0
    names = ("retry-after", "date", "location", "content-type", "x-request-id")
    headers = dict.fromkeys(names, mark + text + mark)
    for status in (200, 202, 204, 302, 400, 401, 403, 404, 406, 407, 418, 429, 500, 503):
        try:
            page = client(SimulatedAnswer(status, headers, b"[]")).events("events", WINDOW)
        except PceError as error:
            assert error.category in REMEDIES
            assert "Zq7" not in str(error)
        else:
            assert (status, len(page.events)) in ((200, 0), (202, 0))


@pytest.mark.parametrize("text", ["\u00b2", "1e9", "-1", "+5", "0x10", "1_000", " 5", "999999", "\u0661"])
def test_a_retry_after_that_is_no_number_is_none(text: str) -> None:
    error = refusal(lambda: client(SimulatedAnswer(429, {"retry-after": text})).events("events", WINDOW))
    assert error.retry_after is None
    assert error.category in PASSING


@pytest.mark.parametrize("text", ["Fri, 31 Dec 9999 23:59:59 -2300", EVIL, "0", "\u00b2"])
def test_a_date_that_is_none_is_left(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.binary(max_size=200))
def test_any_body_is_whole_events_or_an_error(body: bytes) -> None:
    for status in (200, 202, 400, 401, 500):
        try:
            page = client(SimulatedAnswer(status, {}, body)).events("events", WINDOW)
        except PceError as error:
            assert error.category in REMEDIES
        else:
            assert all(event.text for event in page.events)


def test_the_body_of_an_error_is_never_repeated() -> None:
    body = json.dumps([{"token": "invalid", "message": EVIL}]).encode()
    for status, text, category in (
        (400, body, "bad_request"), (401, body, "refused_key"), (403, body, "forbidden"), (404, body, "not_found"),
        (406, body, "bad_request"), (407, body, "proxy"), (418, body, "not_a_pce"), (429, body, "rate_limited"),
        (500, body, "server_error"), (502, body, "server_error"), (200, body[:-3], "broken_answer"),
        (200, EVIL.encode(), "not_a_pce"),
    ):  # fmt: skip
        answer = SimulatedAnswer(status, {}, text)
        assert refusal(lambda answer=answer: client(answer).events("events", WINDOW)).category == category


class Endless:
    """A datafile that never ends: blanks behind its first bracket, a piece each `seconds`."""

    status = 200
    headers: Mapping[str, str] = {}

    def __init__(self, clock: SimulatedClock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self.closed = False

    def chunks(self) -> Iterator[bytes]:
        yield b"["
        while True:
            self._clock.sleep(self._seconds)
            yield b" " * 1000

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("seconds", [0.01, 29.0])
def test_a_datafile_without_end_is_given_up(seconds: float) -> None:
    clock = SimulatedClock()
    began, answer = clock.now, Endless(clock, seconds)
    assert refusal(lambda: list(client(answer, clock).datafile("/api/v2/datafiles/1"))).category == "timeout"
    assert clock.now - began <= DATAFILE_SECONDS + 30
    assert answer.closed
