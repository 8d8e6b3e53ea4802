"""What keeps detections quiet in a large company, and what must alert beside it all the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, SYSTEM, Json, change, event, indexed, note, request, ven
from tests.detections.replay import replay

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SCALER: Json = {"service_account": {"href": "/orgs/1/service_accounts/5", "name": "scaler"}}
EVA: Json = {"user": {"href": "/users/7", "username": "eva@kestrel-freight.example"}}


def _alerts(detection: str, events: list[Json], days: float = 1) -> list[dict[str, Any]]:
    return replay(detection, indexed(events), BEGIN, BEGIN + days * DAY)


def _hours(found: list[dict[str, Any]]) -> list[int]:
    return [int(float(str(one["time"])) - BEGIN) // HOUR for one in found]


def _removed(number: int, hour: float, by: Json) -> Json:
    gone = [change("workload", None, "delete", place) for place in range(number)]
    return event("workloads.unpair", gone, by=by, at=hour * HOUR)


def _provisioned(affected: int, hour: float, by: Json) -> Json:
    told = {"workloads_affected": {"before": None, "after": affected}}
    return event("sec_policy.create", [change("sec_policy", told, "create")], by=by, at=hour * HOUR)


def _tampered(host: int, minute: float, *, reverted: bool = True) -> Json:
    told = note("workload.oob_policy_changes", {"tampering_revert_succeeded": reverted, "num_events": 1})
    return event("agent.tampering", notes=[told], by=ven(host), at=minute * MINUTE, severity="err")


def _failed(user: str, src: str, minute: float) -> Json:
    told = note("user.login_failed", {"associated_user": {"supplied_username": user}})
    action = request("/login/users/sign_in", "POST", 200, src)
    return event("user.sign_in", notes=[told], by=SYSTEM, action=action, at=minute * MINUTE, status="failure")


def _key(days: int, hour: float = 0, by: Json = EVA, event_type: str = "api_key.create") -> Json:
    told = {"key_id": {"before": None, "after": "1e"}, "expiration_in_seconds": {"before": None, "after": days * DAY}}
    return event(event_type, [change("api_key", told, "create", name="nightly")], by=by, at=hour * HOUR)


def test_automation_that_scales_all_day_is_silent_but_not_when_it_removes_everything() -> None:
    scaling = [_removed(8, hour, SCALER) for hour in range(20)]

    assert [hour for hour in _hours(_alerts("workloads_bulk_removed", scaling)) if hour > 6] == []
    found = _alerts("workloads_bulk_removed", [*scaling, _removed(150, 19.5, SCALER)])
    assert _hours(found)[-1] == 19


def test_a_person_who_removes_in_slices_all_day_alerts() -> None:
    assert _hours(_alerts("workloads_bulk_removed", [_removed(8, hour, EVA) for hour in range(20)]))[-1] >= 7


def test_a_pipeline_that_provisions_all_day_is_silent_but_not_when_one_provision_reaches_hundreds() -> None:
    steady = [_provisioned(90, hour, SCALER) for hour in range(20)]

    assert [hour for hour in _hours(_alerts("policy_many_workloads", steady)) if hour > 8] == []
    assert _hours(_alerts("policy_many_workloads", [*steady, _provisioned(600, 19.5, SCALER)]))[-1] == 19


def test_reverted_tampering_is_medium_once_a_day_and_again_with_each_doubling() -> None:
    found = _alerts("ven_tampering", [_tampered(number, 30 * number) for number in range(40)])

    assert {one["severity"] for one in found} == {"medium"}
    assert len(found) == 3
    assert "20 within a day" in found[1]["reason"]


def test_reverted_tampering_that_repeats_on_one_host_is_high() -> None:
    found = _alerts("ven_tampering", [_tampered(3, 30 * number) for number in range(5)])

    assert [one["severity"] for one in found] == ["medium", "high"]
    assert "again and again on crane-3" in found[1]["reason"]


def test_tampering_that_was_not_reverted_is_critical_each_time() -> None:
    found = _alerts("ven_tampering", [_tampered(3, 30 * number, reverted=False) for number in range(5)])

    assert [one["severity"] for one in found] == ["critical"] * 5


def test_users_who_fail_at_one_address_share_a_row() -> None:
    """The identity provider of a site is down; somebody elsewhere mistypes a password."""
    users = [f"user-{number}" for number in range(8)]
    there = [_failed(user, "198.51.100.20", minute / 2) for minute in range(6) for user in users]
    elsewhere = [_failed("ines", "198.51.100.30", 9 + minute / 2) for minute in range(5)]

    found = _alerts("access_burst", [*there, *elsewhere])

    by_user = [one for one in found if one["user"] == "ines"]
    assert len(by_user) == 1
    assert {tuple(one["user"]) for one in found if one not in by_user} == {tuple(users)}
    assert len(found) <= 5


def test_a_key_that_lives_a_week_never_expires_soon() -> None:
    assert _alerts("credential_without_expiry", [_key(7)], 8) == []


@pytest.mark.parametrize(("lifetime", "day"), [(10, 5), (20, 10), (30, 16)])
def test_a_key_expires_soon_two_weeks_before_its_end_but_not_before_half_of_its_lifetime(
    lifetime: int, day: int
) -> None:
    found = _alerts("credential_without_expiry", [_key(lifetime)], lifetime)

    assert [hour // 24 for hour in _hours(found)] == [day]


def test_a_vault_that_rotates_keys_tells_of_it_once_a_day() -> None:
    rotated = [_key(7, hour / 2, SCALER, "service_account_api_key.create") for hour in range(40)]

    assert len(_alerts("credential_created", rotated)) == 1


def test_each_key_that_a_person_creates_alerts() -> None:
    assert len(_alerts("credential_created", [_key(30, hour) for hour in range(6)])) == 6


@pytest.mark.parametrize(("number", "severities"), [(4, ["low"]), (5, ["low", "medium"])])
def test_several_hosts_that_fail_within_an_hour_are_worse_than_one(number: int, severities: list[str]) -> None:
    told = [note("agent.policy_deploy_failed")]
    failing = [
        event("agent.update", notes=told, by=ven(place), at=place * 6 * MINUTE) for place in range(1, number + 1)
    ]

    assert [one["severity"] for one in _alerts("ven_update_notice", failing)] == severities
