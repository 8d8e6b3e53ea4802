"""Headers, addresses and bodies that no PCE would send: each ends in a PceError of ours, which repeats nothing of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from illumio_pce.config import Account
from illumio_pce.errors import PASSING, REMEDIES, PceError
from illumio_pce.limits import Limits
from illumio_pce.pce import Pce, Window
from illumio_pce.timestamps import parse_http_date

from tests.simulation import SimulatedClock, SimulatedPendingResponse, SimulatedResponse

ACCOUNT = Account("lab", "pce.example.com", 8443, 1, "api_1", "s3cret-s3cret")
WINDOW = Window(0, None)
#: Text that would break a line, begin another entry, or run, wherever it were repeated.
EVIL = "e\r\nvil\x1b[2J\u2028 log_level=ERROR index=main | delete"


class OneResponse:
    """A transport that gives the same response to every request, and keeps the paths."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.paths: list[str] = []

    def send(self, path: str, query: Any, headers: Mapping[str, str], seconds: float) -> SimulatedPendingResponse:
        self.paths.append(path)
        return SimulatedPendingResponse(SimulatedClock(), 0.0, self.response)


def client_over(transport: OneResponse, clock: SimulatedClock | None = None) -> Pce:
    return Pce(ACCOUNT, transport, clock or SimulatedClock(), limits=Limits(retry_seconds=0))


def client(response: Any, clock: SimulatedClock | None = None) -> Pce:
    return client_over(OneResponse(response), clock)


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
def test_the_key_is_not_sent_to_other_hosts(address: str) -> None:
    moved = SimulatedResponse(302, {"location": address})
    accepted = SimulatedResponse(202, {"location": address})
    done = SimulatedResponse(200, {}, json.dumps({"status": "done", "result": {"href": address}}).encode())
    calls: list[tuple[SimulatedResponse, Callable[[Pce], object], str]] = [
        (moved, lambda pce: pce.events("events", WINDOW), "/api/v2/orgs/1/events"),
        (accepted, lambda pce: pce.start_job("events", WINDOW), "/api/v2/orgs/1/events"),
        (done, lambda pce: pce.job_result("/api/v2/orgs/1/jobs/1"), "/api/v2/orgs/1/jobs/1"),
    ]
    for response, call, path in calls:
        transport = OneResponse(response)
        assert refusal(lambda: call(client_over(transport))).category in ("redirect", "broken_answer")  # noqa: B023
        assert transport.paths == [path]


@pytest.mark.parametrize(
    "host", ["pce.my-company.com:8443", "evil.example.net", "pce.example.com:8443@evil.example.net"]
)
def test_a_result_elsewhere_is_asked_for_at_the_accounts_host(host: str) -> None:
    address = f"https://{host}/api/v2/orgs/1/datafiles/2"
    done = SimulatedResponse(200, {}, json.dumps({"status": "done", "result": {"href": address}}).encode())
    assert client(done).job_result("/api/v2/orgs/1/jobs/1") == "/api/v2/orgs/1/datafiles/2"


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["", "Zq7"]))
def test_any_header_is_accepted_or_ignored(text: str, mark: str) -> None:
    date = parse_http_date(text)
    assert date is None or date % 1000 == 0
    names = ("retry-after", "date", "location", "content-type", "x-request-id")
    headers = dict.fromkeys(names, mark + text + mark)
    for status in (200, 202, 204, 302, 400, 401, 403, 404, 406, 407, 418, 429, 500, 503):
        try:
            page = client(SimulatedResponse(status, headers, b"[]")).events("events", WINDOW)
        except PceError as error:
            assert error.category in REMEDIES
            assert "Zq7" not in str(error)
        else:
            assert (status, len(page.events)) == (200, 0)


@pytest.mark.parametrize("text", ["\u00b2", "1e9", "-1", "+5", "0x10", "1_000", " 5", "999999", "\u0661"])
def test_an_invalid_retry_after_is_ignored(text: str) -> None:
    error = refusal(lambda: client(SimulatedResponse(429, {"retry-after": text})).events("events", WINDOW))
    assert error.retry_after is None
    assert error.category in PASSING


@pytest.mark.parametrize("text", ["Fri, 31 Dec 9999 23:59:59 -2300", EVIL, "0", "\u00b2"])
def test_an_invalid_date_header_is_ignored(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.binary(max_size=200))
def test_any_body_gives_complete_events_or_an_error(body: bytes) -> None:
    for status in (200, 202, 400, 401, 500):
        try:
            page = client(SimulatedResponse(status, {}, body)).events("events", WINDOW)
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
        response = SimulatedResponse(status, {}, text)
        assert refusal(lambda response=response: client(response).events("events", WINDOW)).category == category


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
    began, response = clock.now, Endless(clock, seconds)
    assert refusal(lambda: list(client(response, clock).datafile("/api/v2/datafiles/1"))).category == "timeout"
    assert clock.now - began <= 900 + 30
    assert response.closed
