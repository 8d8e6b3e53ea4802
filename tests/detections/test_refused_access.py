"""Passwords, keys and rights that are tried out: at once or over a day, by one or from everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, SYSTEM, Json, event, indexed, note, request
from tests.detections.replay import replay

MINUTE, HOUR = 60, 3600
SITE, ATTACKER = "10.1.1.7", "203.0.113.9"


def person(number: int) -> Json:
    return {"user": {"href": f"/users/{number}", "username": f"user-{number}"}}


def failed(number: int, src: str, at: float) -> Json:
    told = note("user.login_failed", {"associated_user": {"supplied_username": f"user-{number}"}})
    action = request("/login/users/sign_in", "POST", 200, src)
    return event("user.sign_in", notes=[told], by=SYSTEM, action=action, at=at, status="failure")


def signed_in(number: int, src: str, at: float) -> Json:
    return event("user.sign_in", by=person(number), action=request("/login/users/sign_in", "POST", 302, src), at=at)


def key_refused(key: int, src: str, at: float) -> Json:
    told = note("request.authentication_failed", {"src_ip": src, "api_key_id": f"1e02{key}"})
    return event("request.authentication_failed", notes=[told], by=SYSTEM, at=at, status="failure",
                 action=request("/api/v2/orgs/1/labels", "GET", 401, src))  # fmt: skip


def refused(number: int, at: float, *notes: Json) -> Json:
    action = request("/api/v2/orgs/1/permissions", "POST", 403, ATTACKER)
    return event("request.authorization_failed", notes=notes, by=person(number), at=at, status="failure", action=action)


FIVE_AT_THE_SITE = [signed_in(number, SITE, -HOUR) for number in range(5)]

# Detection, events → the severities and the running totals of its alerts, in their order.
TOLD: dict[str, tuple[str, list[Json], list[str], list[int]]] = {
    "one user, once an hour": (
        "access_burst", [failed(1, ATTACKER, n * HOUR) for n in range(20)], ["medium"], [15, 20],
    ),
    "one user, all day": (
        "access_burst", [failed(1, ATTACKER, n * 10 * MINUTE) for n in range(100)], ["medium"] * 3, [15, 20, 40, 80],
    ),
    "a user every hour, from one address": (
        "access_spray", [failed(n, ATTACKER, n * HOUR) for n in range(12)], ["high"], [10],
    ),
    "many users, more each hour": (
        "access_spray", [failed(n, ATTACKER, n * 5 * MINUTE) for n in range(21)], ["high"], [5, 10, 20],
    ),
    "many users of a site": (
        "access_spray", [*FIVE_AT_THE_SITE, *(failed(n, SITE, n * MINUTE) for n in range(6))], ["medium"], [5],
    ),
    "many users, each from elsewhere": (
        "access_spray_distributed", [failed(n, f"203.0.113.{n}", n * MINUTE) for n in range(21)], ["high"], [10, 20],
    ),
    "a user every hour, each from elsewhere": (
        "access_spray_distributed", [failed(n, f"203.0.113.{n}", n * HOUR) for n in range(18)], ["high"], [15],
    ),
    "many keys": ("access_keys_refused", [key_refused(n, ATTACKER, n * 20) for n in range(20)], ["high"], [20]),
    "a key from outside": ("access_keys_refused", [key_refused(1, ATTACKER, n * 20) for n in range(20)], ["medium"], [20]),
    "a key from within": ("access_keys_refused", [key_refused(1, SITE, n * 20) for n in range(20)], ["low"], [20]),
    "a key every quarter of an hour": (
        "access_keys_refused", [key_refused(n % 5, ATTACKER, n * 15 * MINUTE) for n in range(64)], ["high"], [60],
    ),
    "rights": ("access_rights_refused", [refused(1, n * 30) for n in range(10)], ["medium"], [10]),
    "rights over a day": ("access_rights_refused", [refused(1, n * 40 * MINUTE) for n in range(32)], ["medium"], [30]),
}  # fmt: skip

SILENT: dict[str, tuple[str, list[Json]]] = {
    "one user, fourteen in a day": ("access_burst", [failed(1, SITE, n * HOUR) for n in range(14)]),
    "nine users from one address in a day": ("access_spray", [failed(n, ATTACKER, n * HOUR) for n in range(9)]),
    "nine users, each from elsewhere": (
        "access_spray_distributed", [failed(n, f"203.0.113.{n}", n * MINUTE) for n in range(9)],
    ),
    "users who get in at last": (
        "access_spray_distributed",
        [one for n in range(12) for one in (failed(n, f"203.0.113.{n}", n * 9), signed_in(n, f"203.0.113.{n}", n * 9 + 5))],
    ),
    "a site whose identity provider fails": (
        "access_spray_distributed", [*FIVE_AT_THE_SITE, *(failed(n, SITE, n * 9) for n in range(30))],
    ),
    "one address, which another detection tells of": (
        "access_spray_distributed", [failed(n, ATTACKER, n * 9) for n in range(30)],
    ),
    "a few keys": ("access_keys_refused", [key_refused(n, ATTACKER, n * 20) for n in range(19)]),
    "VENs": ("access_keys_refused", [
        event("request.authentication_failed", by=SYSTEM, at=n, status="failure",
              action=request("/api/v2/orgs/1/agents/4/heartbeat", "POST", 401)) for n in range(40)
    ]),
    "rights of several": ("access_rights_refused", [refused(n, n * 30) for n in range(20)]),
    "forged requests": (
        "access_rights_refused", [refused(1, n * 30, note("user.csrf_validation_failed")) for n in range(20)],
    ),
}  # fmt: skip


def _alerts(detection: str, events: list[Json]) -> list[dict[str, Any]]:
    return replay(detection, indexed(events), BEGIN, BEGIN + 24 * HOUR)


@pytest.mark.parametrize(("detection", "events", "severities", "totals"), TOLD.values(), ids=TOLD)
def test_it_alerts_again_each_time_that_the_count_has_doubled(
    detection: str, events: list[Json], severities: list[str], totals: list[int]
) -> None:
    found = _alerts(detection, events)

    assert {alert["severity"] for alert in found} == set(severities)
    assert [_step(int(alert["total"]), totals) for alert in found] == list(range(len(totals)))
    assert all(str(alert["total"]) in alert["reason"] for alert in found)


def _step(total: int, totals: list[int]) -> int:
    """How many of the totals are reached, less one; a run may find some more than that."""
    return sum(total >= one for one in totals) - 1


@pytest.mark.parametrize(("detection", "events"), SILENT.values(), ids=SILENT)
def test_what_is_less_or_something_else_is_silent(detection: str, events: list[Json]) -> None:
    assert _alerts(detection, events) == []


def test_a_success_after_failures_names_the_addresses_that_failed_before() -> None:
    tried = [failed(1, f"203.0.113.{n}", n * 60) for n in range(4)]

    (alert,) = _alerts("access_success_after_failures", [*tried, signed_in(1, "198.51.100.8", 600)])

    assert alert["severity"] == "high"
    assert str(alert["reason"]) == (
        "user-1 signed in from 198.51.100.8 after 4 failures within a day,"
        " from 203.0.113.0, 203.0.113.1, 203.0.113.2 and 1 more"
    )


def test_a_success_after_a_day_of_failures_counts_where_the_user_has_not_been_that_day() -> None:
    slowly = [failed(1, ATTACKER, n * HOUR) for n in range(12)]

    (alert,) = _alerts("access_success_after_failures", [*slowly, signed_in(1, ATTACKER, 12 * HOUR)])

    assert alert["failures_in_day"] == "12"
    there_before = [signed_in(1, SITE, 0), *slowly, signed_in(1, SITE, 12 * HOUR)]
    assert _alerts("access_success_after_failures", there_before) == []


def test_users_of_a_site_who_get_in_after_its_provider_failed_are_one_medium_row() -> None:
    tried = [failed(number, SITE, 60 * n + number) for n in range(5) for number in range(6)]
    through = [signed_in(number, SITE, 400 + number) for number in range(6)]

    found = _alerts("access_success_after_failures", [*FIVE_AT_THE_SITE, *tried, *through])

    assert [(alert["src"], alert["severity"], len(alert["user"])) for alert in found] == [(SITE, "medium", 6)]
