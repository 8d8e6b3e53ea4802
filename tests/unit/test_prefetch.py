"""What is asked ahead, and how many requests a minute a key may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from illumio_pce.prefetch import REQUESTS_PER_MINUTE, Prefetcher, Request, Traffic

from tests.simulation import SimulatedClock, SimulatedPendingResponse, SimulatedResponse


class Line:
    """A transport that notes what it is asked, and which requests are closed unanswered."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.began = self.clock.now
        self.asked: list[str] = []
        self.moments: list[float] = []
        self.closed: list[str] = []
        self.status = 200

    def send(
        self, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str], seconds: float
    ) -> SimulatedPendingResponse:
        name = path + dict(query).get("n", "")
        self.asked.append(name)
        self.moments.append(self.clock.now - self.began)
        request = SimulatedPendingResponse(
            self.clock, self.clock.now + 2, SimulatedResponse(self.status, {"name": name})
        )
        request.close = lambda: self.closed.append(name)  # type: ignore[method-assign]
        return request


def requests(line: Line, sharers: int = 1) -> tuple[Prefetcher, Traffic]:
    traffic = Traffic()
    return Prefetcher(line, line.clock, lambda: sharers, traffic), traffic


def numbered(*numbers: int) -> list[Request]:
    return [Request("/e", (("n", str(number)),)) for number in numbers]


def test_a_request_is_sent_once_and_gets_its_own_response() -> None:
    line = Line()
    asking, traffic = requests(line)
    zero, one, two = numbered(0, 1, 2)
    asking.fetch(zero, 30)
    asking.prefetch([one, two], 30)
    line.clock.now += 1
    response, asked_at, arrived_at = asking.fetch(two, 30)
    assert (response.headers["name"], asked_at - line.began, arrived_at - line.began) == ("/e2", 2, 4)
    asking.fetch(one, 30)
    assert (line.asked, traffic.requests) == (["/e0", "/e1", "/e2"], 3)
    asking.fetch(one, 30)
    assert (line.asked, traffic.requests) == (["/e0", "/e1", "/e2", "/e1"], 4)


def test_unwanted_requests_are_closed() -> None:
    line = Line()
    asking, _ = requests(line)
    asking.fetch(numbered(0)[0], 30)
    asking.prefetch(numbered(1, 2, 3), 30)
    asking.prefetch(numbered(2, 4), 30)
    assert line.closed == ["/e1", "/e3"]
    assert line.asked == ["/e0", "/e1", "/e2", "/e3", "/e4"]


def test_at_most_four_requests_are_in_flight() -> None:
    line = Line()
    asking, _ = requests(line)
    asking.fetch(numbered(0)[0], 30)
    asking.prefetch(numbered(*range(1, 10)), 30)
    assert line.asked == ["/e0", "/e1", "/e2", "/e3", "/e4"]


def test_nothing_is_prefetched_before_a_first_response_or_after_an_error() -> None:
    line = Line()
    asking, _ = requests(line)
    line.status = 403
    asking.fetch(Request("/other"), 30)
    asking.fetch(numbered(0)[0], 30)
    line.status = 200
    asking.prefetch(numbered(1), 30)
    assert line.asked == ["/other", "/e0"]
    asking.fetch(numbered(2)[0], 30)
    asking.prefetch([*numbered(3), Request("/other", (("n", "1"),))], 30)
    assert line.asked == ["/other", "/e0", "/e2", "/e3"]
    asking.forget()
    assert line.closed == ["/e3"]
    asking.prefetch(numbered(4), 30)
    assert line.asked[4:] == []


@pytest.mark.parametrize(("sharers", "limit", "then"), [(0, 400, 60), (1, 400, 60), (3, 133, 60), (1000, 20, 120)])
def test_the_limit_of_a_key_is_shared_with_the_other_inputs(sharers: int, limit: int, then: int) -> None:
    """The first 20 requests of a run are free: then it is one a minute at the least."""
    line = Line()
    asking, _ = requests(line, sharers)
    for _ in range(limit + 2):
        asking.fetch(Request("/one"), 30)
        line.clock.now -= 2
    assert REQUESTS_PER_MINUTE == 400
    assert line.moments[limit - 1] == 0
    assert line.moments[limit:] == [60, then]


def test_the_number_of_sharers_is_read_only_for_busy_runs() -> None:
    line = Line()
    counted: list[int] = []

    def sharers() -> int:
        counted.append(len(line.asked))
        return 1

    asking = Prefetcher(line, line.clock, sharers, Traffic())
    for _ in range(30):
        asking.fetch(Request("/one"), 30)
        line.clock.now -= 2
    assert counted == [20]


def test_at_the_limit_nothing_is_prefetched_and_needed_requests_wait() -> None:
    line = Line()
    asking, _ = requests(line, 8)
    for _ in range(50):
        asking.fetch(Request("/one"), 30)
        line.clock.now -= 2
    line.clock.now += 10
    asking.prefetch([Request("/one", (("n", "1"),))], 30)
    assert len(line.asked) == 50
    asking.fetch(Request("/two"), 30)
    assert line.moments[-1] == 60


def test_a_request_waits_until_the_oldest_is_a_minute_old() -> None:
    line = Line()
    asking, _ = requests(line, 20)
    for at in [0] * 10 + [30] * 10 + [40]:
        line.clock.now = line.began + at
        asking.fetch(Request("/one"), 30)
    assert line.moments[-1] == 60


def test_a_key_with_very_many_sharers_can_still_send_after_a_pause() -> None:
    line = Line()
    asking, _ = requests(line, 1000)
    for at in [0] * 21 + [300]:
        line.clock.now = line.began + at
        asking.fetch(Request("/one"), 30)
    assert line.moments[20:] == [60, 300]


def test_a_request_counts_for_a_minute() -> None:
    line = Line()
    asking, _ = requests(line, 20)
    for at in [0] * 10 + [30] * 10:
        line.clock.now = line.began + at
        asking.fetch(Request("/one"), 30)
    for at, asked in ((59, 20), (60, 21)):
        line.clock.now = line.began + at
        asking.prefetch([Request("/one", (("n", "1"),))], 30)
        assert len(line.asked) == asked


def test_time_that_has_already_passed_is_not_waited_for() -> None:
    class Moving(SimulatedClock):
        step = 0.0

        def monotonic(self) -> float:
            self.now += self.step
            return self.now - self.step

        def sleep(self, seconds: float) -> None:
            assert seconds == 0

    line = Line()
    line.clock = Moving()
    line.began = line.clock.now
    asking, _ = requests(line, 20)
    for _ in range(20):
        asking.fetch(Request("/one"), 30)
        line.clock.now = line.began
    line.clock.now += 59.75
    line.clock.step = 0.5
    asking.fetch(Request("/one"), 30)
    assert len(line.asked) == 21
