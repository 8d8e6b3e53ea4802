"""A day at a company: silent where it is ordinary; the attack and the accidents each found, and by the right name."""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tools.detections.model import read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.pce.events.attack import ADDRESS
from workbench.pce.events.day import company_day
from workbench.splunk.conf.reader import Confs
from workbench.splunk.schedule.savedsearches_conf import keepers

ROOT = Path(__file__).resolve().parents[2]
#: 2031-03-03T00:00:00Z, a Monday.
MONDAY = 1_930_262_400.0
DAY = 86_400

BY_THE_INTRUDER = {
    "access_spray", "access_success_after_failures", "credential_created", "credential_without_expiry",
    "access_rights_changed", "audit_trail_changed", "identity_provider_changed", "enforcement_lowered",
    "policy_boundary_removed", "policy_broad_scope", "policy_broad_rule", "policy_many_workloads",
    "provision_by_author_alone", "workloads_bulk_removed", "actor_several_changes",
}  # fmt: skip
ON_WORKLOADS = {"ven_tampering"}
BY_ACCIDENT = {
    "ven_clones", "access_burst", "ven_missed_heartbeats", "ven_offline", "ven_lost", "ven_suspended",
    "ven_update_notice", "access_agent_failures", "pce_server_errors", "pce_health", "ingest_failing",
    "event_type_unknown", "access_csrf", "audit_events_lost", "events_silent",
}  # fmt: skip


# They tell of a day again when its total has doubled.
AGAIN = {one.id for one in read_all() if one.by_day or one.day_total}
# The company's feed from its CMDB relabels workloads each night, as its administrators have listed.
EXPECTED = "account,address,expected,until,note\ncmdb-sync,*,labels_removed,,nightly feed\n"


@lru_cache(maxsize=2)
def _day(quiet: bool) -> str:
    return "\n".join(json.dumps(event) for event in company_day(MONDAY, quiet=quiet))


def _replay(path: Path, quiet: bool) -> list[dict[str, Any]]:
    path.write_text(_day(quiet), encoding="utf-8")
    confs = Confs.load(ROOT / "package", lookups={"illumio_pce_expected_automation": EXPECTED})
    events = Reader(confs, 0.0).read([path])
    folders = [ROOT / "package"]
    return list(alerts(saved_searches(folders), confs, events, MONDAY, MONDAY + DAY, keepers=keepers(folders)))


def test_the_ordinary_day_is_silent(tmp_path: Path) -> None:
    assert _replay(tmp_path / "day.jsonl", quiet=True) == []


def test_everything_bad_of_the_other_day_is_found_and_nothing_else(tmp_path: Path) -> None:
    found = _replay(tmp_path / "day.jsonl", quiet=False)

    assert {alert["detection"] for alert in found} == BY_THE_INTRUDER | ON_WORKLOADS | BY_ACCIDENT
    assert all(ADDRESS in str(alert["src"]) for alert in found if alert["detection"] in BY_THE_INTRUDER)
    told = Counter((alert["detection"], href) for alert in found for href in _hrefs(alert))
    assert {detection for (detection, _), times in told.items() if times > 1} <= AGAIN


@pytest.mark.parametrize("quiet", [True, False])
def test_the_records_of_the_collectors_count_what_was_indexed(quiet: bool) -> None:
    day = [json.loads(line) for line in _day(quiet).splitlines()]
    audit = [json.loads(event["_raw"])["href"] for event in day if event["sourcetype"] == "illumio:pce:events"]
    records = [json.loads(event["_raw"]) for event in day if event["sourcetype"] == "illumio:pce:ingest"]

    assert len(set(audit)) == len(audit) == sum(record["events"] for record in records)
    assert sum(record["late_arrivals"] for record in records) > 10
    assert any(record["outcome"] == "failed" for record in records) is not quiet
    assert all(MONDAY <= event["_time"] <= event["_indextime"] < MONDAY + DAY for event in day)
    assert 2_000 < len(day) < 4_000


def _hrefs(alert: dict[str, Any]) -> list[str]:
    href = alert.get("href", [])
    return href if isinstance(href, list) else [href]
