"""The PCE's clocks apart from each other, and what a PCE may do that no document rules out."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime

import pytest

from workbench.pce import Answer, Pce, Request, faults
from workbench.pce.tests.pce_client import NOW, Client, Clock, body_of, event


def date_of(answer: Answer) -> float:
    return parsedate_to_datetime(answer.headers["Date"]).timestamp()


def test_normally_there_is_one_clock(pce: Pce, client: Client) -> None:
    assert date_of(client.ask()) == NOW
    assert pce.stamp(age=60) == NOW - 60


def test_the_header_can_be_off_alone(pce: Pce, client: Client) -> None:
    pce.clocks.set(date=3600)
    assert date_of(client.ask()) == NOW + 3600
    assert pce.stamp() == NOW


def test_the_timestamps_can_be_off_alone(pce: Pce, client: Client) -> None:
    pce.clocks.set(stamps=-3600)
    pce.record({"number": 1})
    assert date_of(client.ask()) == NOW
    assert client.numbers(timestamp_lte="2031-03-01T11:00:00Z") == [1]


def test_a_refused_key_is_dated_by_the_clock_of_the_timestamps(pce: Pce, client: Client) -> None:
    pce.clocks.set(stamps=86_400)
    assert pce.answer(Request.get(client.path, key=("api_unknown", "wrong"))).status == 401
    assert json.loads(pce.recorded[0])["timestamp"] == "2031-03-02T12:00:00.000Z"


def test_a_clock_steps_in_the_middle_of_a_run(pce: Pce, client: Client) -> None:
    client.ask()
    pce.clocks.step(after=2, date=-300.0, stamps=60.0)
    assert [date_of(client.ask()) - NOW for _ in range(4)] == [0, 0, -300, -300]
    assert pce.stamp() == NOW + 60


def test_fewer_events_than_asked_for_and_no_sign_of_it(pce: Pce, client: Client) -> None:
    pce.record_many((int(NOW * 1000) + n, json.dumps(event(n))) for n in range(20))
    pce.quirks.most_results = 5
    answer = client.ask(max_results="10000")
    assert (answer.status, [found["number"] for found in body_of(answer)]) == (200, [19, 18, 17, 16, 15])


def test_a_rejected_max_results(pce: Pce, client: Client) -> None:
    pce.quirks.most_results, pce.quirks.refuses_more = 500, True
    assert client.ask(max_results="501").status == 406
    assert client.ask(max_results="500").status == 200


def test_the_oldest_first_and_the_newest_left_out(pce: Pce, client: Client) -> None:
    for number in (1, 2, 3):
        pce.record(event(number))
    pce.quirks.oldest_first = True
    assert client.numbers(max_results="2") == [1, 2]


def test_exclusive_bounds(pce: Pce, client: Client) -> None:
    for number in (1, 2, 3):
        pce.record(event(number))
    pce.quirks.ends_excluded = True
    assert client.numbers(timestamp_gte=event(1)["timestamp"], timestamp_lte=event(3)["timestamp"]) == [2]


def test_whole_seconds(pce: Pce, client: Client) -> None:
    for ms in (-1, 0, 999, 1000):
        pce.record(event(ms))
    pce.quirks.whole_seconds = True
    moment = event(500)["timestamp"]
    assert client.numbers(timestamp_gte=moment, timestamp_lte=moment) == [999, 0]


def test_parameters_that_have_no_effect(pce: Pce, client: Client) -> None:
    pce.record_many((int(NOW * 1000) + n, json.dumps(event(n))) for n in range(150))
    pce.quirks.ignores_parameters = True
    assert client.numbers(timestamp_gte=event(140)["timestamp"], max_results="10000") == list(range(149, 49, -1))


def test_an_event_that_is_not_returned_yet(pce: Pce, client: Client, clock: Clock) -> None:
    pce.quirks.hidden_for = 60
    pce.record(event(1))
    assert client.numbers() == []
    clock.now += 60
    assert client.numbers() == [1]


@pytest.mark.parametrize(("most", "expected"), [(None, 8), (5, 5)])
def test_a_truncated_asynchronous_response(pce: Pce, client: Client, most: int | None, expected: int) -> None:
    for number in range(8):
        pce.record(event(number))
    pce.quirks.most_in_job, pce.job_rules.polls, pce.job_rules.pending_polls = most, 0, 0
    job = client.ask(headers={"prefer": "respond-async"})
    status = body_of(client.ask(f"/api/v2{job.headers['Location']}"))
    assert len(client.events(f"/api/v2{status['result']['href']}")) == expected


def test_a_preference_that_is_ignored(pce: Pce, client: Client) -> None:
    pce.record(event(1))
    pce.quirks.ignores_prefer = True
    assert client.ask(headers={"prefer": "respond-async"}).status == 200


def test_an_event_without_a_time_that_is_never_returned(pce: Pce, client: Client) -> None:
    pce.quirks.hides_timeless = True
    pce.record({"number": 1})
    pce.record(event(2))
    assert client.numbers() == [2]
    assert len(pce.recorded) == 2


def test_each_address_is_redirected_to_itself_once(pce: Pce, client: Client) -> None:
    pce.faults.switch_on(faults.redirect_back())
    answer = client.ask(max_results="5")
    assert (answer.status, answer.headers["Location"]) == (307, f"{client.path}?max_results=5")
    assert [client.ask(max_results=most).status for most in ("5", "6", "6")] == [200, 307, 200]


def test_an_event_is_answered_with_another_text(pce: Pce, client: Client) -> None:
    pce.record(event(1, status="pending"))
    pce.faults.switch_on(faults.rewritten("pending", "success"))
    assert [found["status"] for found in client.events()] == ["success"]


def test_a_list_that_ends_early_and_well_formed(pce: Pce, client: Client) -> None:
    for number in (1, 2, 3):
        pce.record(event(number))
    pce.faults.switch_on(faults.fewer_events(2))
    assert client.numbers() == [3, 2]


def test_a_cache_that_answers_with_what_it_has(pce: Pce, client: Client, clock: Clock) -> None:
    pce.faults.switch_on(faults.cached())
    assert client.numbers(max_results="5") == []
    pce.record(event(1))
    clock.now += 60
    assert client.numbers(max_results="5") == []
    assert date_of(client.ask(max_results="5")) == NOW + 60
    assert client.numbers(max_results="6") == [1]
