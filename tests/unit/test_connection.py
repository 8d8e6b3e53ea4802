"""What an account is tried with before it is saved."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from illumio_pce.config import Account
from illumio_pce.connection import check_over
from illumio_pce.errors import PceError
from illumio_pce.timestamps import parse

from tests.simulation import START, SimulatedPce, SimulatedResponse, World, status

ACCOUNT = Account("lab", "pce.example.com", 8443, 1, "api_1", "s3cret-s3cret")
#: The shortest retention that a PCE can be set to (seconds).
DAY = 86_400


class StrictPce(SimulatedPce):
    """Refuses what lies ahead of its clock, or before what it keeps."""

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> SimulatedResponse:
        low, high = parse(query["timestamp[gte]"]), parse(query["timestamp[lte]"])
        assert low is not None
        assert high is not None
        if low.ms < self.now_ms() - DAY * 1000 or high.ms > self.now_ms():
            return SimulatedResponse(406, {})
        return super().respond(path, query, headers)


@pytest.mark.parametrize("error", [0, 1800, -1800])
def test_an_account_is_tried_with_a_time_that_every_pce_has(error: float) -> None:
    world = World()
    world.pce = StrictPce(world.clock)
    world.clock.error = error
    check_over(world, ACCOUNT, world.clock)
    ((path, query),) = world.requests
    low, high = parse(query["timestamp[gte]"]), parse(query["timestamp[lte]"])
    assert path == "/api/v2/orgs/1/events"
    assert low is not None
    assert high is not None
    assert START - DAY < low.ms / 1000 < high.ms / 1000 < START


def test_events_of_that_time_are_no_error() -> None:
    world = World()
    for age in (3_600_000, 3_599_500, 3_599_000):
        world.pce.record(age)
    check_over(world, ACCOUNT, world.clock)


@pytest.mark.parametrize(
    ("code", "words"), [(400, "does not understand the request"), (406, "does not accept a parameter of the request")]
)
def test_a_request_that_is_refused_is_not_taken_for_another_server(code: int, words: str) -> None:
    world = World(faults=[status(code)])
    with pytest.raises(PceError, match=words) as raised:
        check_over(world, ACCOUNT, world.clock)
    assert (raised.value.category, raised.value.status) == ("bad_request", code)
    assert raised.value.remedy.startswith("Check the PCE URL and its port. If they are right, update the add-on")
