"""Policy that is provisioned in slices, drafts that are thrown away, and versions that come back."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import BEGIN, EVA, Json, change, event, indexed, request
from workbench.detect import alerts
from workbench.splunk.conf.reader import Confs
from workbench.splunk.schedule.savedsearches_conf import saved_searches

ROOT = Path(__file__).resolve().parents[2]

CLUSTER: Json = {"container_cluster": {"href": "/orgs/1/container_clusters/1", "name": "harbour"}}
SERVICE: Json = {"service_account": {"href": "/orgs/1/service_accounts/1", "name": "pipeline"}}


def provision(affected: int, at: float, by: Json = EVA, **members: Any) -> Json:
    changes = {"workloads_affected": {"before": None, "after": affected}}
    return event("sec_policy.create", [change("sec_policy", changes, "create")], by=by, at=at, **members)


def thrown_away(number: int, **members: Any) -> Json:
    made = [change("rule_set", {}, number=place) for place in range(number)]
    return event("sec_policy_pending.delete", made, **members)


@lru_cache(maxsize=1)
def _confs() -> Confs:
    return Confs.load(ROOT / "package")


def _alerts(detection: str, events: list[Json], hours: float = 2) -> list[dict[str, Any]]:
    stanza = saved_searches([ROOT / "package"])[detection]
    return list(alerts({detection: stanza}, _confs(), indexed(events), BEGIN, BEGIN + 3600 * hours))


def test_slices_within_an_hour_alert_once_and_say_the_sum() -> None:
    (alert,) = _alerts("policy_many_provisions", [provision(45, n * 170) for n in range(20)])

    # The twelfth slice reaches 500, at half an hour.
    assert BEGIN + 11 * 170 < float(str(alert["time"])) < BEGIN + 11 * 170 + 600
    assert "in 12 steps for 540 workloads" in str(alert["reason"])
    assert alert["severity"] == "medium"


def test_a_sum_that_doubles_alerts_again() -> None:
    found = _alerts("policy_many_provisions", [provision(45, n * 60) for n in range(48)])

    first, second, third = (int(str(alert["reason"]).partition(" for ")[2].split()[0]) for alert in found)
    assert 500 <= first < 1000 <= second < 2000 <= third


def test_slices_over_a_day_alert() -> None:
    (alert,) = _alerts("policy_many_provisions", [provision(49, n * 1200) for n in range(62)], 24)

    assert alert["user"] == EVA["user"]["username"]
    assert "for 3038 workloads within a day" in str(alert["reason"])


@pytest.mark.parametrize(
    "events",
    [
        [provision(45, n * 170) for n in range(11)],
        [provision(13, n * 300) for n in range(12)],
        [provision(45, n * 170, CLUSTER) for n in range(20)],
        [provision(45, n * 170, SERVICE) for n in range(20)],
        [provision(45, n * 170, status="failure") for n in range(20)],
        [provision(600, 60)],
    ],
    ids=["few", "small", "a cluster", "a service account", "refused", "one that alerts by itself"],
)
def test_ordinary_provisions_are_silent(events: list[Json]) -> None:
    assert _alerts("policy_many_provisions", events) == []


REVERTED: dict[str, tuple[Json, str, str]] = {
    "all drafts": (thrown_away(0), "threw away all draft changes that were pending", "low"),
    "many drafts": (thrown_away(10), "threw away the draft changes of 10 objects", "low"),
    "an earlier version": (
        event("sec_policy.restore", action=request("/api/v2/orgs/1/sec_policy/412/restore")),
        "brought back the policy of version 412", "medium",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "said", "severity"), REVERTED.values(), ids=REVERTED)
def test_what_is_undone_alerts(one: Json, said: str, severity: str) -> None:
    (alert,) = _alerts("policy_reverted", [one])

    assert str(alert["reason"]) == f"{EVA['user']['username']} {said}"
    assert (alert["severity"], alert["href"]) == (severity, one["href"])


@pytest.mark.parametrize("one", [thrown_away(3), thrown_away(0, status="failure"), provision(9, 0)])
def test_a_draft_of_ones_own_is_silent(one: Json) -> None:
    assert _alerts("policy_reverted", [one]) == []
