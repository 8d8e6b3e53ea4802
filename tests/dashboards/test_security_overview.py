"""The security overview's figures against counts of the raw events."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.belongs import causes
from tests.dashboards.conftest import DAY, MONDAY, Open, events_of
from tests.dashboards.facts import Fact, facts, failed_sign_in, health, provision, records
from tests.dashboards.panels import Indexed, Page, Value
from tools.detections.model import read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs

VENS = {"ven_tampering", "ven_suspended", "ven_lost", "ven_offline", "ven_clones", "ven_update_notice"}
SENSITIVE = {
    "access_rights_changed", "identity_provider_changed", "audit_trail_changed", "credential_created",
    "credential_without_expiry",
}  # fmt: skip
UNKNOWN = ["tide_table.publish"]
ROOT = Path(__file__).resolve().parents[2]
SEVERITIES = ("informational", "low", "medium", "high", "critical")


def _today(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


def _day_before(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if MONDAY - DAY <= fact.time < MONDAY]


def _all_causes(day: str) -> dict[str, set[str]]:
    """With what the collector and the nodes tell besides."""
    found = causes(_today(day), UNKNOWN)
    today = [event for event in events_of(day) if event["_time"] >= MONDAY]
    failing = [one for one in records(today) if one["outcome"] == "failed" or one["lag_seconds"] >= 3600]
    found["ingest_failing"] = {json.dumps(one) for one in failing}
    found["pce_health"] = {json.dumps(line) for line in health(today) if line["sev"] != "INFO"}
    return {name: texts for name, texts in found.items() if texts}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_what_needs_action_is_what_belongs_to_detections(open_page: Open, day: str) -> None:
    page = open_page("security_overview", day)
    expected = _all_causes(day)

    rows = [row for row in page.of("viz_needs") if "Detection" in row]

    shown: Counter[str] = Counter()
    for row in rows:
        shown[row["Detection"]] += int(row["Events"])
    assert shown == {name: len(texts) for name, texts in expected.items()}
    # An event of two detections stands in two rows, and is one event.
    assert int(page.of("viz_action")[0]["total"]) == len(set().union(*expected.values()))
    order = [(-SEVERITIES.index(row["Urgency"]), -int(re.sub(r"\D", "", row["When"]))) for row in rows]
    assert order == sorted(order)
    assert all(row["First step"] and row["What"] for row in rows)


def test_the_bad_day_has_what_its_authors_put_there(open_page: Open) -> None:
    shown = {row["Detection"] for row in open_page("security_overview").of("viz_needs")}

    assert shown == {
        "ven_tampering", "ven_suspended", "ven_lost", "ven_offline", "ven_clones", "ven_update_notice", "access_csrf",
        "access_rights_changed", "identity_provider_changed", "audit_trail_changed", "audit_events_lost",
        "credential_without_expiry", "credential_created", "policy_boundary_removed", "enforcement_lowered",
        "policy_broad_scope", "policy_broad_rule", "policy_many_workloads", "workloads_bulk_removed",
        "access_agent_failures", "access_burst", "access_spray", "pce_server_errors", "event_type_unknown",
        "ingest_failing", "pce_health", "access_success_after_failures",
    }  # fmt: skip


def _events_of(found: dict[str, set[str]], names: set[str]) -> int:
    return len(set().union(*(found.get(name, set()) for name in names)))


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures_their_hours_and_their_change(open_page: Open, day: str) -> None:
    page, today, before = open_page("security_overview", day), _today(day), _day_before(day)
    both = causes(today, UNKNOWN), causes(before, UNKNOWN)
    expected = {
        "viz_failed": [sum(map(failed_sign_in, those)) for those in (today, before)],
        "viz_ven": [_events_of(found, VENS) for found in both],
        "viz_sensitive": [_events_of(found, SENSITIVE) for found in both],
        "viz_provisions": [sum(map(provision, those)) for those in (today, before)],
    }

    for panel, (total, earlier) in expected.items():
        rows = page.of(panel)
        assert (int(rows[-1]["total"]), int(rows[-1]["change"])) == (total, total - earlier), panel
        assert sum(int(row["by_hour"]) for row in rows) == total
        assert len(rows) == 24
    failures = Counter(fact.hour for fact in today if failed_sign_in(fact))
    assert {
        int(row["_time"]) // 3600: int(row["by_hour"]) for row in page.of("viz_failed") if row["by_hour"] != "0"
    } == failures


def test_colours_are_told_by_words(open_page: Open) -> None:
    bad, quiet = open_page("security_overview"), open_page("security_overview", "quiet")

    assert [bad.of(panel)[0]["level"] for panel in ("viz_action", "viz_failed", "viz_fresh")] == ["act", "act", "act"]
    assert [quiet.of(panel)[0]["level"] for panel in ("viz_action", "viz_failed", "viz_fresh")] == [
        "good",
        "good",
        "good",
    ]


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_freshness_is_that_of_the_pce_that_is_quiet_for_longest(open_page: Open, day: str) -> None:
    last: dict[str, float] = {}
    for event in events_of(day):
        if event["sourcetype"] == "illumio:pce:events":
            last[event["host"]] = max(last.get(event["host"], 0), event["_indextime"])

    assert int(open_page("security_overview", day).of("viz_fresh")[0]["total"]) == round(
        (MONDAY + DAY - 1 - min(last.values())) / 60
    )


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_the_hours_are_those_of_the_index_and_the_band_lies_around_the_days_before(open_page: Open, day: str) -> None:
    lines = Counter(
        int(event["_time"] // 3600) for event in events_of(day) if event["sourcetype"] == "illumio:pce:events"
    )
    first = int(MONDAY // 3600)

    rows = open_page("security_overview", day).of("viz_rate")

    assert [int(row["Events"]) for row in rows] == [lines[first + hour] for hour in range(24)]
    for hour, row in enumerate(rows):
        past = [lines[first + hour - 24 * days] for days in (1, 2, 3)]
        assert int(row["least"]) <= min(past) and max(past) <= int(row["most"])
    unusual = [row for row in open_page("security_overview", day).of("viz_unusual") if row.get("Compared")]
    assert len(unusual) == sum(not int(row["least"]) <= int(row["Events"]) <= int(row["most"]) for row in rows)
    assert bool(unusual) is (day == "bad")


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_severities(open_page: Open, day: str) -> None:
    page, today = open_page("security_overview", day), _today(day)

    assert {row["Severity"]: int(row["Events"]) for row in page.of("viz_severities")} == Counter(
        fact.severity for fact in today
    )
    by_hour = Counter((fact.hour, fact.severity) for fact in today)
    for row in page.of("viz_severity"):
        hour = int(row["_time"]) // 3600
        assert {name: int(row[name]) for name in row if name != "_time"} == {
            name: by_hour[hour, name] for name in row if name != "_time"
        }


#: Detections that the overview does not show, or not wholly. Each has its reason in detection.yml, which docs/dashboards.md
#: repeats; this list is the review of them.
NOT_SHOWN = {
    "access_deleted_account", "access_new_address", "actor_several_changes", "events_silent", "ingest_stopped",
    "ven_missed_heartbeats", "ven_paired_outside", "volume_changed",
}  # fmt: skip
IN_PART = {"credential_without_expiry", "ingest_failing", "policy_broad_rule"}
DETECTIONS = {one.id: one for one in read_all()}


def test_each_detection_is_shown_or_has_a_reviewed_reason() -> None:
    assert {one.id for one in DETECTIONS.values() if one.not_shown and not one.shown_only} == NOT_SHOWN
    assert {one.id for one in DETECTIONS.values() if one.shown_only} == IN_PART
    told = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    for name in NOT_SHOWN | IN_PART:
        assert f"- `{name}`: {DETECTIONS[name].not_shown}" in told


@lru_cache(maxsize=1)
def confs() -> Confs:
    return Confs.load(ROOT / "package")


def _sample(name: str, sample: str) -> tuple[list[dict[str, Any]], float]:
    """Its events, and when the last of them is over."""
    lines = (ROOT / "content" / "detections" / name / sample).read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return events, max(event["_time"] for event in events) + 1


def _opened(name: str, sample: str, folder: Path) -> Page:
    events, latest = _sample(name, sample)
    chosen: dict[str, Value] = {"global_time.earliest": "-7d", "global_time.latest": "now"}
    return Page("security_overview", Indexed(events, latest, folder), chosen)


@pytest.mark.parametrize("name", sorted(DETECTIONS.keys() - NOT_SHOWN))
def test_what_a_detection_fires_on_needs_action(name: str, tmp_path: Path) -> None:
    shown = {row.get("Detection"): row for row in _opened(name, "fires.jsonl", tmp_path).of("viz_needs")}

    stanza = saved_searches([ROOT / "package"])[name]
    events, until = _sample(name, "fires.jsonl")
    told = [
        str(alert["severity"])
        for alert in alerts({name: stanza}, confs(), Reader(confs(), 0.0).records(events), None, until + 8 * 3600)
    ]
    assert shown[name]["Urgency"] == max(told, key=SEVERITIES.index)


@pytest.mark.parametrize("name", sorted(DETECTIONS.keys() - NOT_SHOWN))
def test_what_a_detection_is_quiet_on_needs_no_action(name: str, tmp_path: Path) -> None:
    assert name not in {row.get("Detection") for row in _opened(name, "quiet.jsonl", tmp_path).of("viz_needs")}
