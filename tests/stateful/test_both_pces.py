"""The simulated PCE and the emulated one answer alike: the rules of the events API are not written down twice."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from illumio_pce.timestamps import render

from tests.simulation import START, SimulatedClock, SimulatedPce
from workbench.pce import Pce, Request
from workbench.pce.keys import EVERYTHING, READ_EVENTS

TIMES = st.integers(0, 20).map(lambda tick: int(START * 1000) + 500 * tick)
BOUNDS = st.none() | TIMES.flatmap(lambda ms: st.sampled_from([ms - 1, ms, ms + 1]))


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def members(self, name: str) -> list[str]:
        return [event[name] for event in self.json]


class Both:
    """The same events in both."""

    def __init__(self, times: list[int], permissions: Collection[str] = EVERYTHING) -> None:
        self.clock = SimulatedClock()
        self._simulated = SimulatedPce(self.clock)
        self._emulated = Pce(clock=self.clock.time)
        self._emulated.compresses = False
        self._key = self._emulated.add_key(permissions)
        for number, ms in enumerate(times):
            event = {"href": f"/orgs/1/events/{number}", "timestamp": render(ms), "event_type": "user.sign_in"}
            text = json.dumps(event)
            self._simulated.record(text=text, href=event["href"])
            self._emulated.record(text)

    def simulated(self, path: str, query: dict[str, str], **headers: str) -> Reply:
        found = self._simulated.respond(path, query, headers)
        return Reply(found.status, {**found.headers}, found.body)

    def emulated(self, path: str, query: dict[str, str], **headers: str) -> Reply:
        found = self._emulated.answer(Request.get(path, list(query.items()), key=self._key.pair, headers=headers))
        return Reply(found.status, {name.lower(): value for name, value in found.headers.items()}, found.body)


def window(low: int | None, high: int | None) -> dict[str, str]:
    bounds = {"timestamp[gte]": low, "timestamp[lte]": high}
    return {name: render(ms) for name, ms in bounds.items() if ms is not None}


def hrefs(body: bytes) -> list[Any]:
    return [event["href"] for event in json.loads(body)]


@given(st.lists(TIMES, max_size=120), BOUNDS, BOUNDS, st.none() | st.integers(1, 120))
def test_a_window_holds_the_same_events_newest_first(
    times: list[int], low: int | None, high: int | None, most: int | None
) -> None:
    both = Both(times)
    query = {**window(low, high), **({} if most is None else {"max_results": str(most)})}
    simulated, emulated = (ask("/api/v2/orgs/1/events", query) for ask in (both.simulated, both.emulated))
    assert simulated.status == emulated.status == 200
    assert simulated.headers["date"] == emulated.headers["date"]
    # which of the events of one millisecond comes first, no source says
    assert simulated.members("timestamp") == emulated.members("timestamp")
    if len(simulated.members("href")) < (most or 100):
        assert sorted(simulated.members("href")) == sorted(emulated.members("href"))


@given(st.lists(TIMES, max_size=120), TIMES, BOUNDS)
def test_a_job_gives_the_same_events_without_a_cap(times: list[int], low: int, high: int | None) -> None:
    both = Both(times)
    found = []
    for ask in (both.simulated, both.emulated):
        started = ask("/api/v2/orgs/1/events", window(low, high), Prefer="respond-async")
        assert started.status == 202
        while (job := ask(f"/api/v2{started.headers['location']}", {}).json)["status"] != "done":
            both.clock.sleep(float(started.headers["retry-after"]))
        found.append(sorted(ask(f"/api/v2{job['result']['href']}", {}).members("href")))
    assert found[0] == found[1]


def test_a_key_without_the_right_is_refused_the_event_settings() -> None:
    both = Both([], permissions=[READ_EVENTS])
    assert both.simulated("/api/v2/orgs/1/settings/events", {}).status == 403
    assert both.emulated("/api/v2/orgs/1/settings/events", {}).status == 403
