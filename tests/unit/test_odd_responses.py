"""Responses that no document rules out: what the collector does where an assumption about the PCE is false.

The collector in the simulated world, before the emulated PCE with one of its quirks; docs/assumptions.md says what
follows from each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from typing import Any

import pytest

from tests.simulation import SimulatedClock, SimulatedResponse, World
from workbench.pce import Pce, Request, Supercluster, faults
from workbench.pce.events.times import render_ms


class Machine(SimulatedClock):
    """A machine whose wall clock is ahead by so many seconds."""

    ahead = 0.0

    def time(self) -> float:
        return self.now + self.ahead


class InOnePiece(SimulatedResponse):
    """A response whose body comes at once, since it is large."""

    def chunks(self) -> Iterator[bytes]:
        yield self.body


class EmulatedPce:
    """The workbench's PCE in the place of the simulated one."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.serve(Pce(clock=clock.monotonic))

    def serve(self, emulated: Pce) -> None:
        """Response as that one does."""
        self.emulated, self._key = emulated, emulated.add_key()

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> SimulatedResponse:
        response = self.emulated.answer(Request.get(path, list(query.items()), key=self._key.pair, headers=headers))
        names = {name.lower(): value for name, value in response.headers.items()}
        return InOnePiece(response.status, names, b"".join(response.pieces()))

    def date(self, at: float) -> dict[str, str]:
        return {"date": formatdate(at + self.emulated.clocks.date, usegmt=True)}


class OddWorld(World):
    """A world whose PCE is the workbench's, with the limit that a PCE has."""

    def __init__(self) -> None:
        self.machine = Machine()
        super().__init__(clock=self.machine, max_results=10_000)
        emulated = EmulatedPce(self.clock)
        self.pce: Any = emulated
        self.follow(emulated.emulated)

    def follow(self, odd: Pce) -> None:
        """Have that PCE answer."""
        self.pce.serve(odd)
        self.odd, self.quirks, self.faults_of_pce = odd, odd.quirks, odd.faults

    def happens(self, *ages: float, href: str = "", **members: Any) -> None:
        """Events that happened so many seconds ago turn up now."""
        for age in ages:
            number = len(self.odd.recorded) + 1
            event = {"href": href or f"/orgs/1/events/{number:08x}-1111-4222-8333-444444444444"}
            self.odd.record({**event, "timestamp": render_ms(int(self.odd.stamp(age) * 1000)), **members})

    def runs(self, times: int = 2) -> list[str]:
        """That many runs, a minute apart; how they ended."""
        ended = []
        for _ in range(times):
            ended.append(self.run())
            self.clock.now += 60
        return ended

    def told(self) -> dict[str, Any]:
        """The record of the last run."""
        self.last.write_record({"kind": "run"})
        record: dict[str, Any] = json.loads(self.indexed.pop().text)
        return record

    def missing(self) -> int:
        """How many events were recorded and not delivered."""
        texts = [event.text for event in self.indexed]
        return sum(text.decode() not in texts for text in self.odd.recorded)


@pytest.fixture
def world() -> OddWorld:
    made = OddWorld()
    made.happens(0)
    assert made.runs(1) == ["ok"]
    return made


# --- nothing may be lost, or it has to be told --------------------------------------------------------


@pytest.mark.parametrize("most", [100, 500, 1000, 5000])
def test_fewer_events_per_response_than_documented(most: int, world: OddWorld) -> None:
    world.quirks.most_results = most
    world.happens(*(age / 20 for age in range(most + most // 2)))
    world.runs()
    assert world.missing() == 0


def test_a_limit_that_is_refused_is_told(world: OddWorld) -> None:
    world.quirks.most_results, world.quirks.refuses_more = 500, True
    world.happens(0)
    assert world.runs(1) == ["bad_request"]
    world.quirks.refuses_more = False
    assert world.runs(1) == ["ok"]
    assert world.missing() == 0


def test_parameters_that_have_no_effect(world: OddWorld) -> None:
    world.quirks.ignores_parameters = True
    world.happens(*(age / 2 for age in range(150)))
    world.runs(1)
    world.clock.now += 3600
    world.runs(1)
    world.quirks.ignores_parameters = False
    world.runs()
    assert world.missing() == 0


@pytest.mark.parametrize("count", [150, 12_000])
def test_a_response_with_the_oldest_events_first(count: int, world: OddWorld) -> None:
    world.quirks.oldest_first = True
    world.happens(*(age / 20 for age in range(count)))
    assert world.runs() == ["ok", "ok"]
    assert world.missing() == 0


@pytest.mark.slow
def test_times_that_are_compared_in_whole_seconds(world: OddWorld) -> None:
    world.quirks.whole_seconds, world.max_results = True, 500
    world.happens(*(age / 100 for age in range(1_000)))
    assert world.runs() == ["ok", "ok"]
    assert world.missing() == 0


def test_an_asynchronous_response_that_is_cut_like_the_direct_one(world: OddWorld) -> None:
    world.quirks.most_in_job = world.max_results = 100
    world.happens(*[30] * 150)
    world.runs()
    assert world.missing() == 0 or world.told()["notes"]


def test_a_preference_that_is_ignored_does_not_hold_up_the_rest(world: OddWorld) -> None:
    world.clock.now += 86_400
    world.quirks.ignores_prefer, world.max_results = True, 100
    world.happens(*[80_000] * 150, *range(0, 3600, 60))
    assert world.runs(2)[-1] in ("job", "broken_answer")
    assert world.missing() == 150


def test_a_redirect_within_the_pce_asks_the_same(world: OddWorld) -> None:
    world.faults_of_pce.switch_on(faults.redirect_back())
    world.happens(*range(150))
    assert world.runs(1) == ["ok"]
    assert world.missing() == 0


@pytest.mark.parametrize(
    ("status", "category"),
    [(201, "not_a_pce"), (202, "not_a_pce"), (203, "broken_answer"), (204, "not_a_pce"), (206, "broken_answer")],
)
def test_an_empty_list_under_another_status_than_200(status: int, category: str, world: OddWorld) -> None:
    world.happens(0)
    switch = world.faults_of_pce.switch_on(faults.status(status, body=b"[]"), path="/events")
    assert world.runs(1) == [category]
    switch.off()
    world.clock.now += 3600
    world.runs()
    assert world.missing() == 0


def test_a_cache_between_changes_nothing_since_each_run_asks_something_new(world: OddWorld) -> None:
    world.faults_of_pce.switch_on(faults.cached())
    for _ in range(20):
        world.happens(0, 300)
        assert world.runs(1) == ["ok"]
    assert world.missing() == 0


def test_system_events_without_parameters_do_not_block_the_rest(world: OddWorld) -> None:
    world.settings["include_system_events"] = "1"
    world.faults_of_pce.switch_on(faults.status(406), path="/system_events")
    world.happens(0)
    assert world.runs() == ["bad_request", "bad_request"]
    assert world.missing() == 0


# --- what is lost then, and nobody can tell -----------------------------------------------------------


def test_bounds_that_do_not_count_themselves(world: OddWorld) -> None:
    world.quirks.ends_excluded, world.max_results = True, 100
    world.happens(*[30] * 60, *[31] * 60)
    world.runs()
    assert world.missing() == 60


def test_after_an_empty_list_from_another_server_reading_resumes_above_the_newest_event(world: OddWorld) -> None:
    switch = world.faults_of_pce.switch_on(faults.other_json([]), path="/events")
    world.happens(0)
    world.clock.now += 7000
    assert world.runs(2) == ["ok", "ok"]
    switch.off()
    world.runs()
    assert world.missing() == 0


def test_a_list_that_ends_early_and_well_formed_counts_as_whole(world: OddWorld) -> None:
    switch = world.faults_of_pce.switch_on(faults.fewer_events(2), path="/orgs/1/events")
    world.happens(1, 2, 3, 4)
    world.clock.now += 700
    assert world.runs(1) == ["ok"]
    switch.off()
    world.runs()
    assert world.missing() == 2


@pytest.mark.parametrize(("delay", "missing"), [(300, 0), (1200, 1)])
def test_a_member_whose_events_reach_the_leader_later_than_the_window(delay: float, missing: int) -> None:
    world = OddWorld()
    cluster = Supercluster(
        ("leader.example.com", "member.example.com"), clock=world.clock.monotonic, delay_seconds=delay
    )
    world.follow(cluster.leader)
    world.runs(1)
    href, newer = (f"/orgs/1/events/0000000{n}-1111-4222-8333-444444444444" for n in (1, 2))
    now_ms = int(world.clock.now * 1000)
    cluster.record({"href": href, "timestamp": render_ms(now_ms)}, member="member.example.com")
    cluster.record({"href": newer, "timestamp": render_ms(now_ms + 900_000)}, member="leader.example.com")
    world.runs(25)
    assert (href not in world.delivered()) == missing
    assert newer in world.delivered()


def test_an_href_that_is_used_again_within_the_late_arrival_window_counts_as_known(world: OddWorld) -> None:
    world.happens(0, href="/orgs/1/events/again")
    world.runs(1)
    world.happens(0, href="/orgs/1/events/again", event_type="another.type")
    assert world.runs() == ["ok", "ok"]
    assert world.missing() == 1


def test_of_an_event_that_changes_the_first_form_is_kept(world: OddWorld) -> None:
    world.happens(0, status="pending")
    world.runs(1)
    world.faults_of_pce.switch_on(faults.rewritten("pending", "success"))
    assert world.runs() == ["ok", "ok"]
    assert world.missing() == 0
    assert sum("success" in event.text for event in world.indexed) == 0


@pytest.mark.parametrize(("seconds", "missing"), [(590, 0), (1200, 1)])
def test_an_event_that_is_invisible_for_longer_than_the_late_arrival_window(
    seconds: float, missing: int, world: OddWorld
) -> None:
    world.quirks.hidden_for = seconds
    world.happens(0)
    world.runs(15)
    world.quirks.hidden_for = 0
    world.happens(0)  # what is newer is seen, so reading no longer begins just above the newest event before
    world.runs(15)
    assert world.missing() == missing


def test_an_event_without_a_time_that_no_range_holds(world: OddWorld) -> None:
    world.quirks.hides_timeless = True
    world.odd.record({"href": "/orgs/1/events/timeless", "event_type": "x"})
    world.runs()
    assert world.missing() == 1


def test_a_clock_of_the_timestamps_that_falls_behind_is_a_late_arrival(world: OddWorld) -> None:
    world.odd.clocks.set(stamps=-3600)
    world.happens(0)
    world.runs()
    assert world.missing() == 1


# --- what is odd and does no harm ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [{"events": []}, {}, None, "[]", 0],
    ids=["a list in an object", "an object", "null", "a text", "a number"],
)
def test_json_other_than_a_list_does_not_move_the_watermark(response: object, world: OddWorld) -> None:
    world.happens(0)
    switch = world.faults_of_pce.switch_on(faults.other_json(response), path="/events")
    assert world.runs(1) == ["not_a_pce"]
    switch.off()
    world.clock.now += 3600
    assert world.runs() == ["ok", "ok"]
    assert world.missing() == 0


@pytest.mark.parametrize(
    ("timestamp", "epoch", "flaw"),
    [
        ("2025-10-09T10:53:20.000+02:00", "1760000000.000", ""),
        ("2025-10-09T08:53:20Z", "1760000000", ""),
        ("2025-10-09T08:53:20.1234567Z", "1760000000.1234567", ""),
        ("2025-10-09T08:53:20.000+0000", "1760000000.000", ""),
        ("2025-10-09T08:53:20.000", "1760000060.000", "unreadable timestamp"),
        ("2025-10-09 08:53:20.000000", "1760000060.000", "unreadable timestamp"),
        (1760000000, "1760000060.000", "unreadable timestamp"),
        (None, "1760000060.000", "unreadable timestamp"),
    ],
)
def test_a_timestamp_of_another_form(timestamp: object, epoch: str, flaw: str, world: OddWorld) -> None:
    world.odd.record({"href": "/orgs/1/events/odd", "timestamp": timestamp})
    assert world.run() == "ok"
    (found,) = [event for event in world.indexed if "/orgs/1/events/odd" in event.text]
    assert found.epoch == epoch
    assert world.told()["flawed_events"] == ({flaw: 1} if flaw else {})


@pytest.mark.parametrize(
    "members",
    ['"event_type":null', '"n":1E400,"m":-0', '"a":1,"a":2', '"d":' + "[" * 50_000 + "]" * 50_000, '"n":' + "9" * 6000],
    ids=["no event type", "numbers", "a member twice", "deep", "a long number"],
)
def test_an_event_of_another_form_is_indexed_as_it_came(members: str, world: OddWorld) -> None:
    text = f'{{"href":"/orgs/1/events/odd","timestamp":"2025-10-09T08:53:20.000Z",{members}}}'
    world.odd.record(text)
    assert world.runs() == ["ok", "ok"]
    assert [event.text for event in world.indexed if "/orgs/1/events/odd" in event.text] == [text]


# --- what a clock of this machine leaves behind that was far ahead ------------------------------------


def test_a_clock_that_was_ahead_does_not_make_a_restart_repeat_hours(world: OddWorld) -> None:
    world.machine.ahead = 86_400
    for _ in range(60):
        world.happens(0)
        world.runs(1)
    world.machine.ahead = 0
    world.clock.now += 3600
    world.runs(1)
    world.clock.now += 120
    world.runs(1)
    before = len(world.indexed)
    world.restart_splunkd()
    world.clock.now += 60
    assert world.runs(1) == ["ok"]
    assert len(world.indexed) - before <= 3


def test_a_clock_that_was_ahead_does_not_stop_the_daily_checks(world: OddWorld) -> None:
    world.machine.ahead = 365 * 86_400
    world.runs(1)
    world.machine.ahead = 0
    world.clock.now += 86_400
    world.requests.clear()
    world.runs(2)
    paths = {path for path, _ in world.requests}
    assert {"/api/v2/orgs/1/settings/events", "/api/v2/system_events"} <= paths
