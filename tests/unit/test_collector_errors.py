"""Errors of the PCE: told apart, retried where it helps, and never a reason to move on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from illumio_pce.config import Account
from illumio_pce.pce import Pce, Window
from illumio_pce.prefetch import Prefetcher, Request, Traffic
from illumio_pce.store import sealed
from illumio_pce.timestamps import DAY

from tests.simulation import START, SimulatedResponse, World, cut_short, half_a_body, page_of_html, reset, status

PASSING = [status(429), status(500), status(502), status(503), status(504), cut_short, half_a_body, page_of_html, reset]
FINAL = [(400, "bad_request"), (401, "refused_key"), (403, "forbidden"), (404, "not_found"), (406, "bad_request")]


def settled_world() -> World:
    """A world that asked for the event settings already, so that the next request is for events."""
    world = World()
    world.pce.record()
    assert world.run() == "ok"
    world.clock.now += 60
    return world


@pytest.mark.parametrize("fault", PASSING)
def test_a_transient_error_is_retried_and_nothing_is_missing(fault) -> None:  # type: ignore[no-untyped-def]
    world = settled_world()
    world.pce.record()
    world.faults = [fault, fault]
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(world.recorded())
    assert world.client.traffic.retries == 2


@pytest.mark.parametrize("fault", PASSING)
def test_a_lasting_error_ends_the_run_within_two_minutes_and_the_watermark_stays(fault) -> None:  # type: ignore[no-untyped-def]
    world = settled_world()
    before = dict(world.documents)
    world.pce.record()
    world.faults = [fault] * 500
    began = world.clock.now
    assert world.run() in ("rate_limited", "server_error", "broken_answer", "not_a_pce", "connection")
    assert world.clock.now - began <= 120
    assert reach(world.documents) == reach(before)
    world.faults = []
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(world.recorded())


@pytest.mark.parametrize(("code", "category"), FINAL)
def test_a_permanent_error_is_not_retried(code: int, category: str) -> None:
    world = settled_world()
    world.faults = [status(code)] * 10
    before = len(world.requests)
    assert world.run() == category
    assert len(world.requests) - before == 1


def test_a_refused_key_is_tried_once_on_the_first_run_too() -> None:
    world = World()
    world.faults = [status(401)] * 10
    assert world.run() == "refused_key"
    assert len(world.requests) == 1


def reach(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How far the collections were read, and what was delivered."""
    content = json.loads(str(documents["audit"]["content"]))
    return {name: content[name] for name in ("collections", "batches", "splunkd")}


def busy_world() -> World:
    """A settled world whose next poll predicts two responses, and which asks for system events too."""
    world = World(max_results=100_000, settings={"include_system_events": "1"})
    for i in range(9001):
        world.pce.record(age_ms=i * 30)
    assert world.run() == "ok"
    world.clock.now += 60
    world.response_seconds = 2.0
    return world


def test_a_busy_poll_prefetches_after_a_run_without_errors() -> None:
    world = busy_world()
    began = world.clock.now
    assert world.run() == "ok"
    assert world.clock.now - began == 2.0


@pytest.mark.parametrize(("code", "category"), FINAL)
def test_after_a_refused_key_the_next_run_does_not_prefetch(code: int, category: str) -> None:
    """Only a refused key ends a run at once: of the others, each is an answer for one collection."""
    world = busy_world()
    world.faults = [status(code)] * 100
    asked = []
    for _ in range(3):
        before = len(world.requests)
        assert world.run() == category
        asked.append(len(world.requests) - before)
    assert asked == ([4, 1, 1] if category == "refused_key" else [5, 2, 2])
    world.faults = []
    assert world.run() == "ok"
    began = world.clock.now
    assert world.run() == "ok"
    assert world.clock.now - began == 2.0


def test_another_account_is_not_prefetched_at_first() -> None:
    world = busy_world()
    content = json.loads(str(world.documents["audit"]["content"]))
    world.documents["audit"] = sealed(
        world.documents["audit"], json.dumps({**content, "source": "other.example.com/orgs/1"})
    )
    world.faults = [status(401)] * 10
    before = len(world.requests)
    assert world.run() == "refused_key"
    assert len(world.requests) - before == 1


def test_nothing_is_requested_after_a_job_with_a_refused_key() -> None:
    """The failure of a job holds up no other range, but a refused key does."""
    world = World()
    world.settings["start_time"] = "-7d"
    for age in (500_000_000, 300_000_000):
        for _ in range(8):
            world.pce.record(age_ms=age)
    refused: list[int] = []

    def refuse_jobs() -> None:
        path = world.requests[-1][0]
        if "jobs" in path or refused:
            refused.append(len(world.requests))
            world.faults = [status(401)]

    world.on_request = refuse_jobs
    assert world.run() == "refused_key"
    assert len(refused) == 1


def test_prefetched_responses_that_fail_together_cost_one_pause() -> None:
    """Whatever it is asked between its fourth and sixth second, the PCE refuses: four requests that are under way."""
    world = World(response_seconds=2.0)
    moments: list[float] = []

    def enough() -> None:
        moments.append(world.clock.now - START)
        if 4 <= moments[-1] < 6:
            world.faults = [status(429, retry_after="30")]

    world.on_request = enough
    pce = Pce(
        Account("lab", "pce.example.com", 8443, 1, "api_1", "s3cret-s3cret"), world, world.clock, jitter=lambda: 0.5
    )
    windows = [("events", Window(n * 1000, n * 1000 + 1000)) for n in range(12)]
    for number, window in enumerate(windows):
        pce.events(*window, windows[number + 1 : number + 4])
    assert moments == [0, *[2] * 4, *[4] * 4, 36.5, *[38.5] * 4, *[40.5] * 2]


def test_prefetched_requests_count_toward_the_rate_limit() -> None:
    """Responses take a fifth of a second: four at once would be 1,200 a minute."""
    world = World(response_seconds=0.2)
    moments: list[float] = []
    world.on_request = lambda: moments.append(world.clock.now)
    requests = Prefetcher(world, world.clock, lambda: 2, Traffic())
    wanted = [Request("/api/v2/orgs/1/events", (("max_results", str(n)),)) for n in range(1000)]
    for number, request in enumerate(wanted):
        requests.prefetch(wanted[number : number + 4], 30)
        requests.fetch(request, 30)
    assert len(moments) == 1000
    assert max(sum(1 for m in moments if start <= m < start + 60) for start in moments) == 200


def test_retry_after_is_honoured() -> None:
    world = settled_world()
    began = world.clock.now
    world.faults = [status(429, retry_after="42")]
    assert world.run() == "ok"
    assert 42 <= world.clock.now - began <= 44


def test_a_retry_after_beyond_patience_ends_the_run_at_once() -> None:
    world = settled_world()
    began = world.clock.now
    world.faults = [status(429, retry_after="3600")]
    assert world.run() == "rate_limited"
    assert world.clock.now == began


def test_an_empty_response_moves_the_watermark() -> None:
    world = settled_world()
    world.clock.now += 1000
    assert world.run() == "ok"
    assert world.last.checkpoint.collections["events"].watermark == int(world.clock.now) * 1000


def test_redirects_to_another_host_are_not_followed() -> None:
    world = settled_world()
    world.faults = [status(302, location="https://elsewhere.example.com/api/v2/orgs/1/events")]
    before = len(world.requests)
    assert world.run() == "redirect"
    assert len(world.requests) - before == 1


def test_a_redirect_within_the_pce_is_followed() -> None:
    world = settled_world()
    world.pce.record()
    world.faults = [status(307, location="/api/v2/orgs/1/events")]
    assert world.run() == "ok"
    assert world.requests[-1][0] == "/api/v2/orgs/1/events"


@pytest.mark.parametrize("repeated", [False, True])
def test_a_redirect_does_not_change_the_query(repeated: bool) -> None:
    """Without the window and `max_results` a run would take the newest hundred events for all there are."""
    world = settled_world()
    world.pce.record()

    def moved(response: SimulatedResponse) -> SimulatedResponse:
        query = f"?{urlencode(sorted(world.requests[-1][1].items(), reverse=True))}" if repeated else ""
        return status(301, location=f"/api/v2/orgs/1/events{query}")(response)

    world.faults = [moved]
    before = len(world.requests)
    assert world.run() == "ok"
    first, second = (query for _, query in world.requests[before:])
    assert first == second
    assert {"timestamp[gte]", "max_results"} <= set(second)


def test_a_redirect_to_another_query_is_not_followed() -> None:
    world = settled_world()
    before = len(world.requests)
    world.faults = [status(302, location="/api/v2/orgs/1/events?max_results=5")]
    assert world.run() == "redirect"
    assert len(world.requests) - before == 1


def test_a_redirect_to_a_page_for_signing_in_is_not_followed() -> None:
    world = settled_world()
    before = len(world.requests)
    world.faults = [status(302, location="/login?next=%2Fapi%2Fv2%2Forgs%2F1%2Fevents")]
    assert world.run() == "redirect"
    assert len(world.requests) - before == 1


@pytest.mark.slow
def test_the_rate_limit_is_not_exceeded() -> None:
    world = World(max_results=5)
    world.settings["start_time"] = "-7d"
    for i in range(2200):
        world.pce.record(age_ms=500_000_000 - i * 10_000)
    moments: list[float] = []
    world.on_request = lambda: moments.append(world.clock.now)
    assert world.run() == "ok"
    assert len(moments) > 440
    assert max(sum(1 for m in moments if start <= m < start + 60) for start in moments[::50]) <= 400


def test_retention_and_severity_are_read_once_a_day_and_recorded() -> None:
    world = World()
    world.pce.settings = {"audit_event_retention_seconds": 5 * 86_400, "audit_event_min_severity": "warning"}
    for _ in range(4):
        assert world.run() == "ok"
        world.clock.now += 7 * 3600
    assert sum(path.endswith("settings/events") for path, _ in world.requests) == 1
    world.last.write_record({"kind": "run"})
    text = world.indexed[-1].text
    assert '"retention_days": 5.0' in text
    assert '"least_severity": "warning"' in text


def test_forbidden_settings_are_requested_once_a_day() -> None:
    world = World()
    for _ in range(3):
        assert world.run() == "ok"
        world.clock.now += 3600
    assert sum(path.endswith("settings/events") for path, _ in world.requests) == 1


def test_what_is_older_than_the_retention_is_a_gap_with_its_bounds() -> None:
    world = World()
    world.pce.settings = {"audit_event_retention_seconds": 2 * 86_400, "audit_event_min_severity": "informational"}
    world.pce.record()
    assert world.run() == "ok"
    world.clock.now += 5 * 86_400
    assert world.run() == "ok"
    assert world.last.record.gaps == [(int(START - 600) * 1000, int(world.clock.now) * 1000 - 2 * DAY)]
    world.clock.now += 60
    assert world.run() == "ok"
    assert world.last.record.gaps == []


def refuse(world: World, collection: str, code: int = 403) -> None:
    """From now on, the PCE answers every request for a collection with that status."""

    def on_request() -> None:
        world.faults = [status(code)] if world.requests[-1][0].endswith(f"/{collection}") else []

    world.on_request = on_request


@pytest.mark.parametrize(
    ("code", "category", "error"),
    [
        (403, "forbidden", "The API key may not read /system_events (403)."),
        (404, "not_found", "The PCE does not know /system_events, or not for this key (404)."),
        (406, "bad_request", "The PCE does not accept a parameter of the request for /system_events (406)."),
        (500, "server_error", "The PCE reports an internal error (500)."),
    ],
)
def test_a_collection_that_cannot_be_read_holds_up_neither_new_nor_old_events_of_the_other(
    code: int, category: str, error: str
) -> None:
    world = World(settings={"start_time": "-2h", "include_system_events": "1"})
    for age_ms in (7_000_000, 5_000_000, 3_000_000, 1000):
        world.pce.record(age_ms=age_ms)
    refuse(world, "system_events", code)
    assert world.run() == category
    assert str(world.error).startswith(error)
    assert sorted(world.delivered()) == sorted(world.recorded())
    behind = {name: bool(progress.pending) for name, progress in world.last.checkpoint.collections.items()}
    assert behind == {"events": False, "system_events": True}
    late = world.pce.record(age_ms=4_000_000, collection="system_events", href="/system_events/1")
    world.on_request, world.faults = None, []
    assert world.run() == "ok"
    assert late in world.delivered()
    assert len(world.delivered()) == 5


def test_what_is_pruned_while_it_cannot_be_read_is_reported_once() -> None:
    world = World(settings={"start_time": "-2h", "include_system_events": "1"})
    world.pce.settings = {"audit_event_retention_seconds": 86_400}
    refuse(world, "system_events")
    gaps = []
    for seconds in (23 * 3600, 60, 60):
        assert world.run() == "forbidden"
        gaps.append(world.last.record.gaps)
        world.clock.now += seconds
    assert world.run() == "forbidden"
    gaps.append(world.last.record.gaps)
    begun = int(START * 1000) - 7_200_000
    assert gaps == [
        [],
        [(begun, begun + 3_600_000)],
        [(begun + 3_600_000, begun + 3_660_000)],
        [(begun + 3_660_000, begun + 3_720_000)],
    ]


def test_widened_filters_apply_from_the_change_on() -> None:
    world = World()
    world.settings["severities"] = "err"
    world.pce.record(severity="info", age_ms=1000)
    wanted = [world.pce.record(severity="error")]
    assert world.run() == "ok"
    world.clock.now += 60
    world.settings["severities"] = ""
    wanted.append(world.pce.record(severity="info"))
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(wanted)
    assert any("filters were changed" in note for note in world.last.record.notes)
    world.clock.now += 3600
    wanted.append(world.pce.record(severity="info"))
    assert world.run() == "ok"
    assert sorted(world.delivered()) == sorted(wanted)


def test_an_account_with_another_organisation_starts_over() -> None:
    world = World()
    world.pce.record()
    assert world.run() == "ok"
    content = str(world.documents["audit"]["content"]).replace("/orgs/1", "/orgs/2")
    from illumio_pce.store import checksum

    world.documents["audit"] = {**world.documents["audit"], "content": content, "sha256": checksum(content)}
    world.clock.now += 60
    assert world.run() == "ok"
    assert any("starts at start_time" in note for note in world.last.record.notes)
