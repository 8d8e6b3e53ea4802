"""What alerts however few there are: a high-value workload that is removed or relabelled, on pages too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, change, event, indexed
from tests.detections.named import confs, inventory, workload
from tests.detections.replay import replay
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.search import run

HOUR = 3_600.0
HIGH = '[illumio_pce_high_value_label_values]\ndefinition = "app=Payments"\n'
LISTED = {"illumio_pce_high_value_workloads": "workload,importance\ndc01,domain\n"}
FLEET = inventory(workloads=[workload(1, "till-1", "app=Payments"), workload(2, "dev07", "app=Dev")])
CMDB: Json = {"service_account": {"href": "/orgs/1/service_accounts/5", "name": "cmdb"}}
KEYS = {"app": 4, "env": 5}


def label(key: str, value: str) -> Json:
    return {"href": f"/orgs/1/labels/{KEYS[key]}{len(value)}", "key": key, "value": value}


DEV, PAYMENTS, PROD, TEST = label("app", "Dev"), label("app", "Payments"), label("env", "Prod"), label("env", "Test")


def removed(*hosts: str, hour: float = 0, **members: Any) -> Json:
    gone = [change("workload", None, "delete", n, hostname=host) for n, host in enumerate(hosts)]
    return event("workloads.unpair", gone, at=hour * HOUR, **members)


def relabelled(host: str, before: list[Json], after: list[Json], hour: float = 0, **members: Any) -> Json:
    told = {"labels": {"before": before, "after": after}}
    return event("workload.update", [change("workload", told, hostname=host)], at=hour * HOUR, **members)


def exchanged(host: str, deleted: Json, created: Json) -> Json:
    told = {"labels": {"deleted": [deleted], "created": [created]}}
    return event("workloads.set_labels", [change("workload", told, hostname=host)])


# Detection, event, whether it alerts.
CASES: dict[str, tuple[str, Json, bool]] = {
    "a listed workload unpaired": ("workloads_bulk_removed", removed("dc01"), True),
    "beside others": ("workloads_bulk_removed", removed("dev07", "dc01", "dev08"), True),
    "one with a high-value label": ("workloads_bulk_removed", removed("till-1"), True),
    "other workloads": ("workloads_bulk_removed", removed("dev07", "dev08"), False),
    "in vain": ("workloads_bulk_removed", removed("dc01", status="failure"), False),
    "a listed workload relabelled": ("labels_removed", relabelled("dc01", [TEST], [PROD]), True),
    "a workload that gets a high-value label": ("labels_removed", relabelled("dev07", [DEV, TEST], [PAYMENTS, TEST]), True),
    "the same as a collection": ("labels_removed", exchanged("dev07", DEV, PAYMENTS), True),
    "a workload that loses one": ("labels_removed", relabelled("dev08", [PAYMENTS], [DEV]), True),
    "a workload that keeps one": ("labels_removed", relabelled("dev08", [PAYMENTS, TEST], [PAYMENTS, PROD]), False),
    "another workload": ("labels_removed", relabelled("dev07", [DEV, TEST], [DEV, PROD]), False),
}  # fmt: skip


def alerts(detection: str, events: list[Json], hours: float = 2) -> list[dict[str, Any]]:
    found = confs({**LISTED, **FLEET}, HIGH)
    return replay(detection, indexed(events), BEGIN - HOUR, BEGIN + hours * HOUR, found)


@pytest.mark.parametrize(("detection", "given", "fires"), CASES.values(), ids=CASES)
def test_a_high_value_workload_alerts_alone(detection: str, given: Json, fires: bool) -> None:
    assert [one["severity"] for one in alerts(detection, [given])] == ["high"] * fires


@pytest.mark.parametrize(("detection", "given", "fires"), CASES.values(), ids=CASES)
def test_the_pages_show_it_as_it_alerts(detection: str, given: Json, fires: bool) -> None:
    knowledge = Knowledge(confs({**LISTED, **FLEET}, HIGH), 0.0)

    (row,) = run(
        "`illumio_pce_audit` | `illumio_pce_shown` | `illumio_pce_cause`",
        indexed([given]), knowledge=knowledge, now=BEGIN + HOUR,
    )  # fmt: skip

    assert row.get("cause") == (f"{detection} high" if fires else None)


def test_each_alerts_once_and_what_is_many_alerts_beside_it() -> None:
    few = [removed("dc01"), removed("dev07", hour=0.2), removed("till-1", hour=0.4)]
    many = removed(*(f"dev{n}" for n in range(10)), hour=1.7)

    found = alerts("workloads_bulk_removed", [*few, many], 3)

    assert [one["dest"] for one in found[:2]] == ["dc01", "till-1"]
    assert [one.get("total") for one in found[2:]] == ["13"]


def test_what_scales_around_the_clock_alerts_by_its_number_alone() -> None:
    scaling = [removed("till-1", hour=hour, by=CMDB) for hour in range(8)]

    assert len(alerts("workloads_bulk_removed", scaling, 9)) == 5


@pytest.mark.parametrize(("hours", "severities"), [(1, ["medium"]), (7, [])])
def test_a_service_account_that_relabels_at_other_times_counts_in_full(hours: int, severities: list[str]) -> None:
    """Forty workloads at once, from an account that was seen in so many hours of the day."""
    before = [relabelled("dev08", [DEV], [TEST], hour, by=CMDB) for hour in range(hours - 1)]
    told = {"labels": {"before": [PROD], "after": [TEST]}}
    many = [change("workload", told, number=n, hostname=f"dev{n}") for n in range(40)]

    found = alerts("labels_removed", [*before, event("workloads.update", many, by=CMDB, at=hours * HOUR)], hours + 1)

    assert [one["severity"] for one in found] == severities
