"""What is prefetched, and how many requests a minute one key may send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from illumio_pce.prefetch import REQUESTS_PER_MINUTE, Prefetcher, Request, Traffic

from tests.simulation import SimulatedClock, SimulatedPendingResponse, SimulatedResponse


class RecordingTransport:
    """A transport that records what is sent over it, and which requests are closed without a response."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.began = self.clock.now
        self.sent: list[str] = []
        self.moments: list[float] = []
        self.closed: list[str] = []
        self.status = 200

    def send(
        self, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str], seconds: float
    ) -> SimulatedPendingResponse:
        name = path + dict(query).get("n", "")
        self.sent.append(name)
        self.moments.append(self.clock.now - self.began)
        request = SimulatedPendingResponse(
            self.clock, self.clock.now + 2, SimulatedResponse(self.status, {"name": name})
        )
        request.close = lambda: self.closed.append(name)  # type: ignore[method-assign]
        return request


def prefetcher_over(transport: RecordingTransport, sharers: int = 1) -> tuple[Prefetcher, Traffic]:
    traffic = Traffic()
    return Prefetcher(transport, transport.clock, lambda: sharers, traffic), traffic


def numbered(*numbers: int) -> list[Request]:
    return [Request("/e", (("n", str(number)),)) for number in numbers]


def test_a_request_is_sent_once_and_gets_its_own_response() -> None:
    transport = RecordingTransport()
    prefetcher, traffic = prefetcher_over(transport)
    zero, one, two = numbered(0, 1, 2)
    prefetcher.fetch(zero, 30)
    prefetcher.prefetch([one, two], 30)
    transport.clock.now += 1
    response, sent_at, arrived_at = prefetcher.fetch(two, 30)
    assert (response.headers["name"], sent_at - transport.began, arrived_at - transport.began) == ("/e2", 2, 4)
    prefetcher.fetch(one, 30)
    assert (transport.sent, traffic.requests) == (["/e0", "/e1", "/e2"], 3)
    prefetcher.fetch(one, 30)
    assert (transport.sent, traffic.requests) == (["/e0", "/e1", "/e2", "/e1"], 4)


def test_unwanted_requests_are_closed() -> None:
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport)
    prefetcher.fetch(numbered(0)[0], 30)
    prefetcher.prefetch(numbered(1, 2, 3), 30)
    prefetcher.prefetch(numbered(2, 4), 30)
    assert transport.closed == ["/e1", "/e3"]
    assert transport.sent == ["/e0", "/e1", "/e2", "/e3", "/e4"]


def test_at_most_four_requests_are_in_flight() -> None:
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport)
    prefetcher.fetch(numbered(0)[0], 30)
    prefetcher.prefetch(numbered(*range(1, 10)), 30)
    assert transport.sent == ["/e0", "/e1", "/e2", "/e3", "/e4"]


def test_nothing_is_prefetched_before_a_first_response_or_after_an_error() -> None:
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport)
    transport.status = 403
    prefetcher.fetch(Request("/other"), 30)
    prefetcher.fetch(numbered(0)[0], 30)
    transport.status = 200
    prefetcher.prefetch(numbered(1), 30)
    assert transport.sent == ["/other", "/e0"]
    prefetcher.fetch(numbered(2)[0], 30)
    prefetcher.prefetch([*numbered(3), Request("/other", (("n", "1"),))], 30)
    assert transport.sent == ["/other", "/e0", "/e2", "/e3"]
    prefetcher.forget()
    assert transport.closed == ["/e3"]
    prefetcher.prefetch(numbered(4), 30)
    assert transport.sent[4:] == []


@pytest.mark.parametrize(("sharers", "limit", "then"), [(0, 400, 60), (1, 400, 60), (3, 133, 60), (1000, 20, 120)])
def test_the_limit_of_a_key_is_shared_with_the_other_inputs(sharers: int, limit: int, then: int) -> None:
    """The first 20 requests of a run are free: then it is one a minute at the least."""
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport, sharers)
    for _ in range(limit + 2):
        prefetcher.fetch(Request("/one"), 30)
        transport.clock.now -= 2
    assert REQUESTS_PER_MINUTE == 400
    assert transport.moments[limit - 1] == 0
    assert transport.moments[limit:] == [60, then]


def test_the_number_of_sharers_is_read_only_for_busy_runs() -> None:
    transport = RecordingTransport()
    counted: list[int] = []

    def sharers() -> int:
        counted.append(len(transport.sent))
        return 1

    prefetcher = Prefetcher(transport, transport.clock, sharers, Traffic())
    for _ in range(30):
        prefetcher.fetch(Request("/one"), 30)
        transport.clock.now -= 2
    assert counted == [20]


def test_at_the_limit_nothing_is_prefetched_and_needed_requests_wait() -> None:
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport, 8)
    for _ in range(50):
        prefetcher.fetch(Request("/one"), 30)
        transport.clock.now -= 2
    transport.clock.now += 10
    prefetcher.prefetch([Request("/one", (("n", "1"),))], 30)
    assert len(transport.sent) == 50
    prefetcher.fetch(Request("/two"), 30)
    assert transport.moments[-1] == 60


def test_a_request_waits_until_the_oldest_is_a_minute_old() -> None:
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport, 20)
    for at in [0] * 10 + [30] * 10 + [40]:
        transport.clock.now = transport.began + at
        prefetcher.fetch(Request("/one"), 30)
    assert transport.moments[-1] == 60


def test_a_key_with_very_many_sharers_can_still_send_after_a_pause() -> None:
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport, 1000)
    for at in [0] * 21 + [300]:
        transport.clock.now = transport.began + at
        prefetcher.fetch(Request("/one"), 30)
    assert transport.moments[20:] == [60, 300]


def test_a_request_counts_for_a_minute() -> None:
    transport = RecordingTransport()
    prefetcher, _ = prefetcher_over(transport, 20)
    for at in [0] * 10 + [30] * 10:
        transport.clock.now = transport.began + at
        prefetcher.fetch(Request("/one"), 30)
    for at, sent in ((59, 20), (60, 21)):
        transport.clock.now = transport.began + at
        prefetcher.prefetch([Request("/one", (("n", "1"),))], 30)
        assert len(transport.sent) == sent


def test_time_that_has_already_passed_is_not_waited_for() -> None:
    class Moving(SimulatedClock):
        step = 0.0

        def monotonic(self) -> float:
            self.now += self.step
            return self.now - self.step

        def sleep(self, seconds: float) -> None:
            assert seconds == 0

    transport = RecordingTransport()
    transport.clock = Moving()
    transport.began = transport.clock.now
    prefetcher, _ = prefetcher_over(transport, 20)
    for _ in range(20):
        prefetcher.fetch(Request("/one"), 30)
        transport.clock.now = transport.began
    transport.clock.now += 59.75
    transport.clock.step = 0.5
    prefetcher.fetch(Request("/one"), 30)
    assert len(transport.sent) == 21
