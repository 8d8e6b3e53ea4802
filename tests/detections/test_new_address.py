"""Who turns up where they never were: a session, a password or a key in the wrong hands, and what is no surprise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, SYSTEM, Json, change, event, indexed, note, request
from tests.detections.replay import replay

DAY, MINUTE = 86_400, 60
NOW = 9 * DAY
OFFICE, HOME, ELSEWHERE = "10.1.1.7", "198.51.100.20", "203.0.113.9"


def person(number: int) -> Json:
    return {"user": {"href": f"/users/{number}", "username": f"user-{number}@kestrel-freight.example"}}


EVA, IDA, NEW = person(7), person(8), person(9)
NIGHTLY: Json = {"service_account": {"href": "/orgs/1/service_accounts/5", "name": "nightly"}}


def signed_in(by: Json, src: str, at: float) -> Json:
    return event("user.sign_in", by=by, action=request("/login/users/sign_in", "POST", 302, src), at=at)


def acted(by: Json, src: str, at: float = NOW, key: str = "", **members: Any) -> Json:
    action = request("/api/v2/orgs/1/sec_policy", "POST", 201, src) | ({"info": {"api_key_id": key}} if key else {})
    return event("sec_policy.create", [change("sec_policy", {}, "create")], by=by, action=action, at=at, **members)


#: Eva and Ida work in the office, each day; a program too.
PAST = [
    *(signed_in(by, OFFICE, day * DAY) for by in (EVA, IDA) for day in range(9)),
    *(acted(NIGHTLY, "10.9.0.5", day * DAY) for day in range(9)),
]
EVERYWHERE = [acted(NIGHTLY, f"198.18.{n}.1", n * DAY / 2) for n in range(12)]

# What happens → whom the alert names, how it says that they came, and how severe that is.
TOLD: dict[str, tuple[list[Json], str, str, str]] = {
    "a session goes on elsewhere": ([acted(EVA, ELSEWHERE)], "user-7", "acted without signing in there", "high"),
    "a sign-in elsewhere hours later": (
        [acted(EVA, ELSEWHERE), signed_in(EVA, ELSEWHERE, NOW + 7200)], "user-7", "acted without signing in there", "high",
    ),
    "a session goes on where a colleague works": (
        [signed_in(IDA, HOME, 2 * DAY), acted(EVA, HOME)], "user-7", "acted without signing in there", "medium",
    ),
    "a session goes on in another private network": (
        [acted(EVA, "10.2.2.2")], "user-7", "acted without signing in there", "medium",
    ),
    "a session goes on in a colleague's private network": (
        [signed_in(IDA, "172.20.3.3", DAY), acted(EVA, "172.20.3.4")], "user-7", "acted without signing in there", "low",
    ),
    "a refused act": (
        [acted(EVA, ELSEWHERE, status="failure")], "user-7", "acted without signing in there", "high",
    ),
    "rights given": (
        [event("permission.create", [change("permission", {}, "create")], by=EVA, action=request(src=ELSEWHERE), at=NOW)],
        "user-7", "acted without signing in there", "high",
    ),
    "a password elsewhere": ([signed_in(EVA, ELSEWHERE, NOW)], "user-7", "signed in", "medium"),
    "a sign-in whose event comes after the first act": (
        [acted(EVA, ELSEWHERE), signed_in(EVA, ELSEWHERE, NOW + 60)], "user-7", "signed in", "medium",
    ),
    "a password where a colleague works": (
        [signed_in(IDA, HOME, DAY), signed_in(EVA, HOME, NOW)], "user-7", "signed in", "low",
    ),
    "a session made for an API client": (
        [event("user.create_session", by=SYSTEM, at=NOW, action=request("/api/v2/users/create_session", "POST", 201, ELSEWHERE),
               notes=[note("user.pce_session_created", EVA)])],
        "user-7", "signed in", "medium",
    ),
    "a person's key": ([acted(EVA, ELSEWHERE, key="1e02")], "user-7", "acted", "medium"),
    "a program's key": ([acted(NIGHTLY, ELSEWHERE)], "nightly", "acted", "medium"),
    "somebody nobody has seen": ([signed_in(NEW, ELSEWHERE, NOW)], "user-9", "signed in", "medium"),
    "a program that comes from everywhere": ([*EVERYWHERE, acted(NIGHTLY, ELSEWHERE)], "nightly", "acted", "low"),
    "an IPv6 network": ([acted(EVA, "2001:db8:7:1::5")], "user-7", "acted without signing in there", "high"),
}  # fmt: skip

SILENT: dict[str, list[Json]] = {
    "at work": [acted(EVA, OFFICE)],
    "another address of the office": [acted(EVA, "10.1.1.200")],
    "another address of the provider": [signed_in(EVA, HOME, 3 * DAY), acted(EVA, "198.51.100.201")],
    "another address of an IPv6 network": [signed_in(EVA, "2001:db8:7:1::5", DAY), acted(EVA, "2001:db8:7:1:a:b:c:d")],
    "signed in on the way, a moment before": [
        signed_in(EVA, ELSEWHERE, NOW - 5 * DAY), acted(EVA, ELSEWHERE),
    ],
    "a new colleague in the office": [signed_in(NEW, OFFICE, NOW)],
    "a failed sign-in": [event("user.sign_in", by=SYSTEM, at=NOW, status="failure", action=request(src=ELSEWHERE),
                               notes=[note("user.login_failed", {"associated_user": {"supplied_username": "user-7"}})])],
    "only signs out": [event("user.logout", by=EVA, at=NOW, action=request(src=ELSEWHERE))],
    "an invitation accepted": [event("user.accept_invitation", by=NEW, at=NOW, action=request(src=ELSEWHERE))],
    "without an address": [acted(EVA, "FILTERED")],
    "the PCE itself": [event("sec_policy.create", by=SYSTEM, at=NOW, action=request(src=ELSEWHERE))],
}  # fmt: skip


def _alerts(events: list[Json], since: float = NOW - 600) -> list[dict[str, Any]]:
    begin = BEGIN + since
    return replay("access_new_address", indexed(events), begin, BEGIN + NOW + 4 * 3600)


@pytest.mark.parametrize(("events", "user", "how", "severity"), TOLD.values(), ids=TOLD)
def test_who_turns_up_elsewhere_is_told_within_minutes(events: list[Json], user: str, how: str, severity: str) -> None:
    (alert,) = _alerts([*PAST, *events])

    assert str(alert["user"]).partition("@")[0] == user
    assert (alert["how"], alert["severity"]) == (how, severity)
    assert float(str(alert["time"])) - BEGIN - NOW <= 10 * MINUTE
    assert str(alert["reason"]).startswith(f"{alert['user']} {how} at {alert['src']} for the first time")


@pytest.mark.parametrize("events", SILENT.values(), ids=SILENT)
def test_what_is_no_surprise_is_silent(events: list[Json]) -> None:
    assert _alerts([*PAST, *events]) == []


def test_it_is_silent_in_the_first_days() -> None:
    since = [signed_in(EVA, OFFICE, 5 * DAY), acted(EVA, HOME, 6 * DAY), acted(NIGHTLY, ELSEWHERE)]

    assert _alerts(since, since=5 * DAY) == []


def test_what_was_collected_at_once_is_no_news_but_for_its_last_days() -> None:
    late = [
        {**one, "_indextime": str(BEGIN + NOW)}
        for one in indexed([*PAST, acted(EVA, HOME, DAY), acted(EVA, ELSEWHERE)])
    ]

    found = replay("access_new_address", late, BEGIN + NOW - 600, BEGIN + NOW + 3600)

    assert [alert["src"] for alert in found] == [ELSEWHERE]


def test_it_tells_once_and_names_what_was_done() -> None:
    acts = [acted(EVA, ELSEWHERE, NOW + n * 30) for n in range(3)]
    later = [acted(EVA, ELSEWHERE, NOW + 7200)]

    (alert,) = _alerts([*PAST, *acts, *later])

    assert int(str(alert["count"])) == 3
    assert str(alert["reason"]).endswith("(new to everyone): Security policy provisioned")
