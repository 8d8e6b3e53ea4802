"""How the emulated PCE answers for events: what illumio's documentation and the field tell of the API."""

from __future__ import annotations

import json

import pytest

from workbench.pce import READ_EVENTS, Pce, Request
from workbench.pce.tests.pce_client import NOW, Client, Clock, body_of, event


def test_newest_first_whatever_the_order_of_recording(pce: Pce, client: Client) -> None:
    for number in (2, 3, 1):
        pce.record(event(number))
    assert client.numbers() == [3, 2, 1]


def test_both_bounds_of_a_range_are_inclusive(pce: Pce, client: Client) -> None:
    for number in (1, 2, 3, 4):
        pce.record(event(number))
    first, last = event(2)["timestamp"], event(3)["timestamp"]
    assert client.numbers(timestamp_gte=first, timestamp_lte=last) == [3, 2]


def test_a_range_understands_other_zones(pce: Pce, client: Client) -> None:
    pce.record(event(1, ms=0))
    assert client.numbers(timestamp_gte="2031-03-01T14:00:00.000+02:00") == [1]
    assert client.numbers(timestamp_gte="2031-03-01T14:00:00.001+02:00") == []


def test_a_truncated_response_has_the_newest_events_without_any_sign(pce: Pce, client: Client) -> None:
    pce.record_many((int(NOW * 1000) + n, json.dumps(event(n))) for n in range(150))
    assert client.numbers() == list(range(149, 49, -1))
    answer = client.ask(max_results="7")
    assert [found["number"] for found in body_of(answer)] == [149, 148, 147, 146, 145, 144, 143]
    assert sorted(answer.headers) == ["Content-Type", "Date", "X-Request-Id", "X-Total-Count"]


def test_never_more_than_10000(pce: Pce, client: Client) -> None:
    pce.record_many((0, json.dumps(event(n))) for n in range(10_001))
    assert len(client.numbers(max_results="20000")) == 10_000


def test_total_count_ignores_the_filters(pce: Pce, client: Client) -> None:
    for number, severity in enumerate(("info", "err", "info")):
        pce.record(event(number, severity=severity))
    answer = client.ask(severity="err")
    assert (len(body_of(answer)), answer.headers["X-Total-Count"]) == (1, "3")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("event_type", "user.login", [1]),
        ("status", "failure", [3]),
        ("status", "nil", [2]),
        ("severity", "err", [2]),
        ("created_by", "/users/301", [1]),
        ("created_by", "system", [3, 2]),
    ],
)
def test_a_filter(pce: Pce, client: Client, name: str, value: str, expected: list[int]) -> None:
    user = {"user": {"href": "/users/301", "username": "amara"}}
    pce.record(event(1, event_type="user.login", status="success", created_by=user))
    pce.record(event(2, event_type="user.logout", status=None, severity="err", created_by={"system": {}}))
    pce.record(event(3, event_type="user.logout", status="failure", created_by={"system": {}}))
    assert client.numbers(**{name: value}) == expected


def test_truncation_comes_after_the_filters(pce: Pce, client: Client) -> None:
    for number in range(6):
        pce.record(event(number, severity="err" if number % 2 else "info"))
    assert client.numbers(severity="info", max_results="2") == [4, 2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timestamp[gte]", "2031-03-01T12:00:00.000"),
        ("timestamp[gte]", "2031-03-01"),
        ("timestamp[lte]", "2031-02-30T12:00:00Z"),
        ("timestamp[lte]", "now"),
        ("max_results", "0"),
        ("max_results", "-1"),
        ("max_results", "many"),
        ("severity", "fatal"),
        ("status", "none"),
        ("offset", "100"),
    ],
)
def test_a_bad_parameter_is_named(pce: Pce, client: Client, name: str, value: str) -> None:
    answer = pce.answer(Request.get(client.path, [(name, value)], key=client.key.pair))
    (error,) = body_of(answer)
    assert answer.status == 406
    assert sorted(error) == ["message", "token"]
    assert name in error["message"]


def test_a_repeated_parameter_is_refused(pce: Pce, client: Client) -> None:
    twice = [("event_type", "user.login"), ("event_type", "user.logout")]
    assert pce.answer(Request.get(client.path, twice, key=client.key.pair)).status == 406


def test_a_text_is_returned_as_recorded(pce: Pce, client: Client) -> None:
    text = (
        '{ "n": 1.50e-7, "timestamp":"2031-03-01T11:59:00Z","s":"\\u2028\\ud83d</event>" , "huge":' + "9" * 5000 + "}"
    )
    pce.record(text)
    assert client.ask().body == b"[" + text.encode() + b"]"


def test_an_event_nested_deeper_than_python_reads(pce: Pce, client: Client) -> None:
    text = '{"href":"/orgs/1/events/x","timestamp":"2031-03-01T11:59:00Z","d":' + "[" * 200_000 + "]" * 200_000 + "}"
    assert pce.record(text) == "/orgs/1/events/x"
    assert client.ask(timestamp_lte="2031-03-01T11:59:00Z").body == b"[" + text.encode() + b"]"


def test_only_objects_are_recorded(pce: Pce) -> None:
    for text in ("[]", "{", "null"):
        with pytest.raises(ValueError):
            pce.record(text)
    assert pce.recorded == []


@pytest.mark.parametrize("timestamp", ["yesterday", None, 17, "2031-03-01T12:00:00"])
def test_without_a_readable_timestamp_the_time_of_recording_counts(
    pce: Pce, client: Client, clock: Clock, timestamp: object
) -> None:
    pce.record({**event(1), "timestamp": timestamp})
    clock.now += 60
    pce.record({"number": 2})
    assert client.numbers(timestamp_gte="2031-03-01T12:00:30Z") == [2]
    assert client.numbers(timestamp_lte="2031-03-01T12:00:30Z") == [1]


def test_late_and_future_events_are_there_at_once(pce: Pce, client: Client) -> None:
    pce.record(event(1))
    pce.record(event(2, ms=-3_600_000))
    pce.record(event(3, ms=+3_600_000))
    assert client.numbers() == [3, 1, 2]


def test_one_event_by_its_href(pce: Pce, client: Client) -> None:
    pce.record(event(1))
    href = pce.record(event(2))
    assert body_of(client.ask(f"/api/v2{href}"))["number"] == 2
    assert client.ask("/api/v2/orgs/1/events/00000000-0000-4000-8000-000000000099").status == 404


def test_system_events_are_another_collection(pce: Pce, client: Client) -> None:
    pce.record(event(1))
    pce.record(event(2), collection="system_events")
    pce.record(event(3), collection="both")
    assert client.numbers() == [3, 1]
    assert [found["number"] for found in client.events("/api/v2/system_events")] == [3, 2]
    assert client.ask("/api/v2/system_events", status="nil").status == 406


def test_pruned_events_are_gone_but_stay_recorded(pce: Pce, client: Client, clock: Clock) -> None:
    pce.record(event(1, ms=-31 * 86_400_000))
    pce.record(event(2, ms=-29 * 86_400_000))
    pce.record(event(3))
    assert pce.prune() == 1
    assert client.numbers() == [3, 2]
    assert pce.prune(before=NOW) == 1
    assert client.numbers() == [3]
    assert [json.loads(text)["number"] for text in pce.recorded] == [1, 2, 3]


def test_below_the_least_severity_nothing_is_recorded(pce: Pce, client: Client) -> None:
    pce.settings[1]["audit_event_min_severity"] = "warning"
    for number, severity in enumerate(("info", "warning", "err")):
        pce.record(event(number, severity=severity))
    assert client.numbers() == [2, 1]
    assert len(pce.recorded) == 2


def test_settings_have_retention_and_minimum_severity(pce: Pce, client: Client) -> None:
    settings = body_of(client.ask("/api/v2/orgs/1/settings/events"))
    assert settings["audit_event_retention_seconds"] == 2_592_000
    assert settings["audit_event_min_severity"] == "informational"


def test_date_is_the_pce_s_clock(client: Client, clock: Clock) -> None:
    clock.now += 600
    assert client.ask().headers["Date"] == "Sat, 01 Mar 2031 12:10:00 GMT"


def test_responses_are_compressed_on_request(pce: Pce, client: Client) -> None:
    pce.record(event(1))
    answer = client.ask(headers={"Accept-Encoding": "gzip, deflate"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert body_of(answer)[0]["number"] == 1


def test_other_paths_and_methods(pce: Pce, client: Client) -> None:
    assert client.ask("/api/v2/noop").status == 200
    assert body_of(client.ask("/api/v2/product_version"))["version"] == "26.2.20"
    unknown = client.ask("/api/v2/orgs/1/access_restrictions")
    assert unknown.status == 404
    assert "/api/v2/orgs/1/access_restrictions" in body_of(unknown)[0]["message"]
    post = Request.of("POST", client.path, Request.get("/", key=client.key.pair).headers)
    assert pce.answer(post).status == 405


def test_several_organisations(pce: Pce, client: Client) -> None:
    pce.add_org(7)
    pce.record(event(1))
    pce.record(event(2), org_id=7)
    seven = pce.add_key(org_id=7)
    path = "/api/v2/orgs/7/events"
    assert [found["number"] for found in body_of(pce.answer(Request.get(path, key=seven.pair)))] == [2]
    assert client.ask(path).status == 403
    assert client.ask("/api/v2/orgs/8/events").status == 404
    assert client.numbers() == [1]


def test_a_key_without_permission(pce: Pce) -> None:
    key = pce.add_key({READ_EVENTS})
    status = {
        path: pce.answer(Request.get(f"/api/v2{path}", key=key.pair)).status
        for path in ("/orgs/1/events", "/orgs/1/settings/events", "/system_events", "/noop")
    }
    assert status == {"/orgs/1/events": 200, "/orgs/1/settings/events": 403, "/system_events": 403, "/noop": 200}
    blind = pce.add_key(())
    assert pce.answer(Request.get("/api/v2/orgs/1/events", key=blind.pair)).status == 403


def test_a_refused_key_leaves_an_event(pce: Pce, client: Client, clock: Clock) -> None:
    assert pce.answer(Request.get(client.path, key=("api_stolen", "guess"))).status == 401
    assert pce.answer(Request.get(client.path, key=(client.key.key_id, "guess"))).status == 401
    assert pce.answer(Request.get(client.path)).status == 401
    found = client.events(event_type="request.authentication_failed")
    keys = [entry["notifications"][0]["info"]["api_key_id"] for entry in found]
    assert keys == [client.key.key_id, "api_stolen"]
    assert found[0]["timestamp"] == "2031-03-01T12:00:00.000Z"
    assert "guess" not in str(found)


def test_an_expired_key(pce: Pce, client: Client, clock: Clock) -> None:
    key = pce.add_key(expires_at=NOW + 10)
    ask = Request.get(client.path, key=key.pair)
    clock.now += 9
    assert pce.answer(ask).status == 200
    clock.now += 1
    assert pce.answer(ask).status == 401
    (found,) = client.events()
    assert float(found["notifications"][0]["info"]["expired_at"]) == NOW + 10


def test_500_requests_per_minute_per_key(pce: Pce, client: Client, clock: Clock) -> None:
    assert [client.ask().status for _ in range(501)] == [200] * 500 + [429]
    other = pce.add_key()
    assert pce.answer(Request.get(client.path, key=other.pair)).status == 200
    assert "Retry-After" not in client.ask().headers
    pce.rate_limit.retry_after = 30
    assert client.ask().headers["Retry-After"] == "30"
    clock.now += 60
    assert client.ask().status == 200
