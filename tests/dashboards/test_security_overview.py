"""The security overview's figures against counts of the raw events."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.dashboards.conftest import DAY, MONDAY, Open, events_of
from tests.dashboards.facts import Fact, causes, facts, failed_sign_in, health, provision, records
from tests.dashboards.panels import Indexed, Page

VENS = {"ven_tampering", "ven_suspended", "ven_lost", "ven_offline", "ven_clones", "ven_update_notice"}
SENSITIVE = {
    "access_rights_changed", "identity_provider_changed", "audit_trail_changed", "credential_created",
    "credential_without_expiry",
}  # fmt: skip
UNKNOWN = ["tide_table.publish"]
CONTENT = Path(__file__).resolve().parents[2] / "content" / "detections"


def _today(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


def _day_before(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if MONDAY - DAY <= fact.time < MONDAY]


def _all_causes(day: str) -> Counter[str]:
    """With what the collector and the nodes tell besides."""
    found = causes(_today(day), UNKNOWN)
    today = [event for event in events_of(day) if event["_time"] >= MONDAY]
    found["ingest_failing"] = sum(one["outcome"] == "failed" or one["lag_seconds"] >= 3600 for one in records(today))
    found["pce_health"] = sum(line["sev"] != "INFO" for line in health(today))
    return +found


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_what_needs_action_is_what_belongs_to_detections(open_page: Open, day: str) -> None:
    page = open_page("security_overview", day)
    expected = _all_causes(day)

    rows = [row for row in page.of("viz_needs") if "Detection" in row]

    shown: Counter[str] = Counter()
    for row in rows:
        shown[row["Detection"]] += int(row["Events"])
    assert shown == expected
    assert int(page.of("viz_action")[0]["total"]) == expected.total()
    assert [row["When"] for row in rows] == sorted((row["When"] for row in rows), reverse=True)
    assert all(row["First step"] and row["Urgency"] and row["What"] for row in rows)


def test_the_bad_day_has_what_its_authors_put_there(open_page: Open) -> None:
    shown = {row["Detection"] for row in open_page("security_overview").of("viz_needs")}

    assert shown == {
        "ven_tampering", "ven_suspended", "ven_lost", "ven_offline", "ven_clones", "ven_update_notice", "access_csrf",
        "access_rights_changed", "identity_provider_changed", "audit_trail_changed", "audit_events_lost",
        "credential_without_expiry", "credential_created", "policy_boundary_removed", "enforcement_lowered",
        "policy_broad_scope", "policy_broad_rule", "policy_many_workloads", "workloads_bulk_removed",
        "access_agent_failures", "access_burst", "access_spray", "pce_server_errors", "event_type_unknown",
        "ingest_failing", "pce_health",
    }  # fmt: skip


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures_their_hours_and_their_change(open_page: Open, day: str) -> None:
    page, today, before = open_page("security_overview", day), _today(day), _day_before(day)
    singles = causes(today, UNKNOWN), causes(before, UNKNOWN)
    expected = {
        "viz_failed": [sum(map(failed_sign_in, those)) for those in (today, before)],
        "viz_ven": [sum(found[name] for name in VENS) for found in singles],
        "viz_sensitive": [sum(found[name] for name in SENSITIVE) for found in singles],
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


#: What no single look at the time chosen can tell: these need a memory, or the absence of events.
NOT_SHOWN = {
    "access_new_address",
    "access_success_after_failures",
    "events_silent",
    "volume_changed",
    "ven_missed_heartbeats",
}


@pytest.mark.parametrize(
    "name", sorted(path.name for path in CONTENT.iterdir() if path.is_dir() and path.name not in NOT_SHOWN)
)
def test_what_a_detection_fires_on_needs_action(name: str, tmp_path: Path) -> None:
    lines = (CONTENT / name / "fires.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    latest = max(event["_time"] for event in events) + 1

    page = Page(
        "security_overview",
        Indexed(events, latest, tmp_path),
        {"global_time.earliest": "-7d", "global_time.latest": "now"},
    )

    assert name in {row.get("Detection") for row in page.of("viz_needs")}
