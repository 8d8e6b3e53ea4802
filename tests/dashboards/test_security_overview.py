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
from tests.dashboards.facts import Fact, facts, health, records
from tests.dashboards.panels import Indexed, Page, Value, definition
from tools.detections.model import read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.splunk.conf.reader import Confs
from workbench.splunk.spl.search import run_over
from workbench.splunk.spl.store import Range

UNKNOWN = ["tide_table.publish"]
ROOT = Path(__file__).resolve().parents[2]
SEVERITIES = ("informational", "low", "medium", "high", "critical")


def _today(day: str) -> list[Fact]:
    return [fact for fact in facts(events_of(day)) if fact.time >= MONDAY]


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

    rows = [row for row in page.of("viz_needs") if "_detection" in row]

    shown: Counter[str] = Counter()
    for row in rows:
        shown[row["_detection"]] += int(row["Events"])
    assert shown == {name: len(texts) for name, texts in expected.items()}
    order = [(-SEVERITIES.index(row["Urgency"]), -int(re.sub(r"\D", "", row["When"]))) for row in rows]
    assert order == sorted(order)
    assert all(row["First step"] and row["What"] for row in rows)


def test_the_bad_day_has_what_its_authors_put_there(open_page: Open) -> None:
    shown = {row["_detection"] for row in open_page("security_overview").of("viz_needs")}

    assert shown == {
        "ven_tampering", "ven_suspended", "ven_lost", "ven_offline", "ven_clones", "ven_update_notice", "access_csrf",
        "access_rights_changed", "identity_provider_changed", "audit_trail_changed", "audit_events_lost",
        "credential_without_expiry", "credential_created", "policy_boundary_removed", "enforcement_lowered",
        "policy_broad_scope", "policy_broad_rule", "policy_many_workloads", "workloads_bulk_removed",
        "access_agent_failures", "access_burst", "access_spray", "pce_server_errors", "event_type_unknown",
        "ingest_failing", "pce_health", "access_success_after_failures",
    }  # fmt: skip


def test_a_case_names_places_and_vens_in_words(open_page: Open) -> None:
    rows = {row["_detection"]: row for row in open_page("security_overview").of("viz_needs")}

    broad = next(
        fact
        for fact in _today("bad")
        if fact.type == "sec_rule.create" and fact.raw in _all_causes("bad")["policy_broad_rule"]
    )
    number, rule_set = re.search(r"/rule_sets/(\d+)/sec_rules/(\d+)", broad.raw).groups()[::-1]  # type: ignore[union-attr]
    assert rows["policy_broad_rule"]["Where"] == f"rule {number} in rule set {rule_set}"
    assert rows["policy_boundary_removed"]["Where"].startswith("deny rule ")
    assert {row["Who"] for name, row in rows.items() if name in ("ven_tampering", "ven_suspended", "ven_clones")} == {
        "VEN"
    }
    assert "itself" not in {row["Who"] for row in rows.values()}


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_figures_count_cases_by_their_urgency(open_page: Open, day: str) -> None:
    page = open_page("security_overview", day)
    urgencies = Counter(row["Urgency"] for row in page.of("viz_needs") if "_detection" in row)
    expected = {
        "viz_critical": urgencies["critical"],
        "viz_high": urgencies["high"],
        "viz_medium": urgencies["medium"],
        "viz_lower": urgencies["low"] + urgencies["informational"],
    }

    assert {panel: int(page.of(panel)[0]["total"]) for panel in expected} == expected
    assert sum(expected.values()) == len(_cases(_all_causes(day)))


def _cases(found: dict[str, set[str]]) -> set[tuple[str, str]]:
    """Detection and PCE of each case; health is about every PCE."""
    return {
        (name, "every" if name == "pce_health" else re.sub(r":\d+$", "", str(body.get("pce_fqdn") or body["pce"])))
        for name, texts in found.items()
        for body in map(json.loads, texts)
        if name != "pce_health" or body
    }


def test_the_period_before_has_its_own_number_of_cases(open_page: Open) -> None:
    noon, end = str(MONDAY + DAY / 2), str(MONDAY + DAY)
    later = open_page("security_overview", global_time__earliest=noon, global_time__latest=end)
    earlier = open_page("security_overview", global_time__earliest=str(MONDAY), global_time__latest=noon)

    for panel in ("viz_critical", "viz_high", "viz_medium", "viz_lower"):
        now, before = later.of(panel)[0], earlier.of(panel)[0]
        assert int(now["change"]) == int(now["total"]) - int(before["total"]), panel
    assert int(earlier.of("viz_medium")[0]["total"]) > 0


def test_there_is_a_change_only_where_something_is_known_of_before(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    today = [event for event in events_of("bad") if event["_time"] >= MONDAY]
    first = Indexed(today, MONDAY + DAY, tmp_path / "first")
    second = Indexed([*today, _told("event", DAY + 3_600)], MONDAY + 2 * DAY, tmp_path / "second")
    everything: dict[str, Value] = {"global_time.earliest": "0", "global_time.latest": ""}

    on_first, on_second, all_time = (
        Page("security_overview", indexed, chosen).of("viz_critical")[0]
        for indexed, chosen in ((first, {}), (second, {}), (second, everything))
    )

    assert "change" not in on_first and "change" not in all_time
    assert int(on_first["total"]) > 0
    assert (on_second["total"], int(on_second["change"])) == ("0", -int(on_first["total"]))


@pytest.mark.parametrize(("source", "chosen"), [
    ("ds_needs", {}), ("ds_needs", {"urgency": "critical"}), ("ds_detections", {}),
], ids=str)  # fmt: skip
def test_the_order_does_not_hang_on_how_equal_rows_are_sorted(
    open_page: Open, source: str, chosen: dict[str, Any]
) -> None:
    page = open_page("security_overview", **chosen)
    text = page.definition["dataSources"][source]["options"]["query"]
    before, last_sort, after = text.rpartition("| sort 0 ")
    reversed_first = {**page.definition["dataSources"][source], "options": {
        **page.definition["dataSources"][source]["options"], "query": f"{before}| reverse {last_sort}{after}"
    }}  # fmt: skip

    assert page._run(reversed_first) == page.rows(source)


@pytest.mark.parametrize("chosen", [
    {"urgency": "critical"}, {"urgency": ["low", "informational"]}, {"pce": "pce-south.kestrel-freight.example"}, {"org": "2"},
    {"pce": "pce-nowhere.example"}, {"pce": "pce-south.kestrel-freight.example", "urgency": "medium"},
], ids=str)  # fmt: skip
def test_what_filters_hide_is_counted_and_said(open_page: Open, chosen: dict[str, Any]) -> None:
    everything = [row for row in open_page("security_overview").of("viz_needs") if "_detection" in row]
    page = open_page("security_overview", **chosen)
    rows = page.of("viz_needs")
    shown = [row for row in rows if "_detection" in row]
    hidden = len(everything) - len(shown)

    assert {row["_detection"] for row in shown} <= {row["_detection"] for row in everything}
    assert hidden > 0
    if page.of("viz_hidden")[0]["total"] != "no data":
        assert int(page.of("viz_hidden")[0]["total"]) == hidden
        assert rows[0]["What"].startswith(f"{hidden} cases are hidden by the filters: ")
    assert "Nothing in this time needs action." not in {row["What"] for row in rows}


def test_urgency_hides_no_figure(open_page: Open) -> None:
    """Somebody who looks at what is critical must see that there is more."""
    all_of_it, critical = open_page("security_overview"), open_page("security_overview", urgency="critical")

    for panel in ("viz_critical", "viz_high", "viz_medium", "viz_lower"):
        assert critical.of(panel) == all_of_it.of(panel)


def test_colours_are_told_by_words(open_page: Open) -> None:
    bad, quiet = open_page("security_overview"), open_page("security_overview", "quiet")

    assert [bad.of(panel)[0]["verdict"] for panel in ("viz_critical", "viz_high", "viz_collecting")] == [
        "act now", "act now", "see below",
    ]  # fmt: skip
    assert [quiet.of(panel)[0]["verdict"] for panel in ("viz_critical", "viz_high", "viz_collecting")] == ["OK"] * 3


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_users_and_addresses_at_risk_have_the_scores_of_their_detections(open_page: Open, day: str) -> None:
    page, found = open_page("security_overview", day), _all_causes(day)
    by_text = {fact.raw: fact for fact in _today(day)}
    wanted: dict[str, dict[str, set[str]]] = {"viz_users": {}, "viz_addresses": {}}
    for name, texts in found.items():
        for fact in (by_text[text] for text in texts if text in by_text):
            if name not in ("access_agent_failures", "pce_server_errors"):  # nobody did it: they are the PCE's
                wanted["viz_users"].setdefault(fact.actor.lower(), set()).add(name)
            wanted["viz_addresses"].setdefault(fact.source, set()).add(name)

    for panel, column, score in (("viz_users", "User", _user_score), ("viz_addresses", "Address", _address_score)):
        shown = {row[column]: (int(row["Score"]), int(row["Detections"])) for row in page.of(panel) if "Score" in row}
        assert bool(shown) or day == "quiet"
        for who, (total, detections) in shown.items():
            scores = [score(name) for name in wanted[panel][who]]
            assert (total, detections) == (sum(scores), len(scores)), who
        risky = {who for who, names in wanted[panel].items() if any(map(score, names))} - {"unknown", "system", "None"}
        assert shown.keys() == risky
    order = [int(row["Score"]) for row in page.of("viz_users") if "Score" in row]
    assert order == sorted(order, reverse=True)


@pytest.mark.parametrize("panel", ["viz_users", "viz_addresses"])
def test_investigate_counts_the_same_detections_of_the_riskiest(open_page: Open, panel: str) -> None:
    riskiest = open_page("security_overview").of(panel)[0]

    found = open_page("investigate", kind=riskiest["_kind"], entered=riskiest["_value"])

    assert found.of("viz_cases")[0]["total"] == riskiest["Detections"]


def _user_score(name: str) -> int:
    risks = DETECTIONS[name].rba.risk_objects
    return max((one.score for one in risks if one.field in ("user", "actor", "src_user")), default=0)


def _address_score(name: str) -> int:
    rba = DETECTIONS[name].rba
    own = max((one.score for one in rba.risk_objects if one.field == "src"), default=0)
    return own or (_user_score(name) if any(one.field == "src" for one in rba.threat_objects) else 0)


SOUTH = "pce-south.kestrel-freight.example"


def _told(kind: str, at: float, **record: Any) -> dict[str, Any]:
    """A record of a run, or an audit event, `at` seconds into the day."""
    body = {"kind": "run", "outcome": "ok", "input": "south", "pce": SOUTH, "org_id": "2", "lag_seconds": 3, **record}
    body = {name: value for name, value in body.items() if value is not None}
    if kind == "event":
        body = {"href": f"/orgs/2/events/{at}", "event_type": "label.create", "pce_fqdn": SOUTH, "status": "success",
                "severity": "info", "created_by": {"system": {}}}  # fmt: skip
    return {
        "_raw": json.dumps(body), "_time": MONDAY + at, "_indextime": MONDAY + at, "host": SOUTH,
        "sourcetype": "illumio:pce:events" if kind == "event" else "illumio:pce:ingest",
        "source": "illumio_pce_events://south",
    }  # fmt: skip


@pytest.mark.parametrize(("told", "verdict", "since"), [
    ([_told("event", 85_800), _told("run", 86_100)], "collecting", None),
    ([_told("event", 1), _told("run", 3_600), _told("run", 86_100, outcome="failed")],
     "collector failing", "03 Mar 01:00 UTC"),
    ([_told("event", 1), _told("run", 3_600)], "collector stopped", "03 Mar 01:00 UTC"),
    ([_told("event", 62_700), _told("run", 86_100)], "collector fine, PCE silent", "03 Mar 17:25 UTC"),
    ([_told("event", 85_800), _told("run", 86_100, lag_seconds=1_800)], "late", None),
    # From 60 minutes without an event, and from 240.
    ([_told("event", 86_399 - 3_599), _told("run", 86_100)], "collecting", None),
    ([_told("event", 86_399 - 3_600), _told("run", 86_100)], "quiet", "03 Mar 22:59 UTC"),
    ([_told("event", 86_399 - 14_399), _told("run", 86_100)], "quiet", "03 Mar 20:00 UTC"),
    ([_told("event", 86_399 - 14_400), _told("run", 86_100)], "collector fine, PCE silent", "03 Mar 19:59 UTC"),
    ([_told("run", 86_100)], "collector fine, PCE silent", "no event in a week"),
    ([_told("event", 85_800), _told("run", 86_100, outcome="failed")], "collector failing", "no good run in a week"),
    ([_told("event", 62_700)], "silent", "03 Mar 17:25 UTC"),
    # What runs beside the input of events says nothing of it.
    ([_told("event", 85_800), _told("run", 3_600), _told("run", 86_100, input="illumio_pce_health://nodes"),
      _told("run", 86_100, input="illumio_pce_inventory://fleet")], "collector stopped", "03 Mar 01:00 UTC"),
    ([_told("event", 85_800), _told("run", 86_100), _told("run", 3_600, input="illumio_pce_health://nodes"),
      _told("run", 3_600, outcome="failed", input="illumio_pce_inventory://fleet")], "collecting", None),
    # Of the inputs of two organisations, or of two in one, the worse decides, and its own last good run.
    ([_told("event", 85_800), _told("run", 3_600), _told("run", 86_100, input="other", org_id="3")],
     "collector stopped", "03 Mar 01:00 UTC"),
    ([_told("event", 85_800), _told("run", 7_200), _told("run", 86_100, outcome="failed"),
      _told("run", 86_100, input="other")], "collector failing", "03 Mar 02:00 UTC"),
    # One that runs every 2 hours has not stopped after 3.
    ([_told("event", 85_800), *(_told("run", 7_200 * number + 3_600) for number in range(11))], "collecting", None),
    # A run that could not begin names neither PCE nor organisation.
    ([_told("event", 85_800), _told("run", 3_600), _told("run", 86_100, outcome="failed", pce=None, org_id=None)],
     "collector failing", "03 Mar 01:00 UTC"),
    # What was silent before the selected day.
    ([_told("event", -7_200), _told("run", -3_600)], "collector stopped", "02 Mar 23:00 UTC"),
    ([_told("event", -7_200)], "silent", "02 Mar 22:00 UTC"),
    ([_told("event", -7_200), _told("run", 86_100)], "collector fine, PCE silent", "02 Mar 22:00 UTC"),
    ([_told("event", -7_200), _told("run", -3_600), _told("run", 86_100, outcome="failed")],
     "collector failing", "02 Mar 23:00 UTC"),
])  # fmt: skip
def test_a_verdict_for_a_pce(told: list[dict[str, Any]], verdict: str, since: str | None, tmp_path: Path) -> None:
    page = Page("security_overview", Indexed(told, MONDAY + DAY, tmp_path))

    rows = page.of("viz_verdicts")

    assert [(row["PCE"], row["Verdict"], row.get("Since")) for row in rows] == [(SOUTH, verdict, since)]
    figure = page.of("viz_collecting")[0]
    assert figure["total"] == ("1 of 1" if verdict == "collecting" else "0 of 1")
    assert figure["level"] == {"collecting": "good", "quiet": "watch", "late": "watch"}.get(verdict, "act")


@pytest.mark.parametrize("minutes", [15, 65, 60 * 24])
def test_a_verdict_is_that_of_the_end_whatever_the_length(minutes: int, tmp_path: Path) -> None:
    told = [_told("event", 64_800), _told("run", 86_100)]
    chosen: dict[str, Value] = {"global_time.earliest": f"-{minutes}m", "global_time.latest": "now"}

    (row,) = Page("security_overview", Indexed(told, MONDAY + DAY, tmp_path), chosen).of("viz_verdicts")

    assert (row["Verdict"], row["Since"]) == ("collector fine, PCE silent", "03 Mar 18:00 UTC")


def test_a_pce_that_was_silent_for_more_than_a_week_is_forgotten(tmp_path: Path) -> None:
    told = [_told("event", -8 * DAY), _told("run", -8 * DAY)]

    assert Page("security_overview", Indexed(told, MONDAY + DAY, tmp_path)).of("viz_verdicts")[0]["PCE"] == "no data"


def test_each_verdict_but_late_and_quiet_is_red() -> None:
    context = definition("security_overview")["visualizations"]["viz_verdicts"]["context"]
    colours = {one["match"]: one["value"] for one in context["verdicts"]}
    red = {"collector failing", "collector stopped", "collector fine, PCE silent", "silent"}

    assert {one for one, colour in colours.items() if colour == "#C43D1E"} == red
    assert {one for one, colour in colours.items() if colour == "#F2B84B"} == {"late", "quiet"}
    assert colours.keys() == {one["match"] for one in context["onVerdicts"]}


def test_it_says_that_alerting_is_off(open_page: Open) -> None:
    page = open_page("security_overview", "none")

    assert page.of("viz_enabled")[0] == {
        "total": f"0 of {len(DETECTIONS)}",
        "level": "act",
        "verdict": "alerting is off",
    }
    rows = page.of("viz_detections")
    assert rows[0]["Detection"] == "Alerting is off: no detection is enabled."
    assert {row["Detection"] for row in rows[1:]} == {one.name for one in DETECTIONS.values()}
    assert {row["Enabled"] for row in rows[1:]} == {"no"}


def test_it_says_what_is_enabled_and_when_it_last_fired(tmp_path: Path) -> None:
    stanza = f"Illumio PCE - {DETECTIONS['ven_lost'].name} - Rule"
    indexed = Indexed([], MONDAY + DAY, tmp_path, {stanza: MONDAY + 3_600, "Somebody else's alert": MONDAY})
    search = next(one for one in indexed.knowledge.endpoints["/saved/searches"] if one["title"] == stanza)
    search["disabled"] = "0"
    page = Page("security_overview", indexed)

    assert page.of("viz_enabled")[0] == {
        "total": f"1 of {len(DETECTIONS)}", "level": "watch", "verdict": f"{len(DETECTIONS) - 1} are off",
    }  # fmt: skip
    rows = page.of("viz_detections")
    assert rows[0] == {
        "Detection": DETECTIONS["ven_lost"].name, "Enabled": "yes", "Last fired": "03 Mar 01:00 UTC",
        "Urgency": DETECTIONS["ven_lost"].severity,
    }  # fmt: skip
    assert len(rows) == len(DETECTIONS)


@pytest.mark.parametrize(("disabled", "level", "verdict"), [
    (["ven_tampering"], "watch", "1 is off"), (["ven_downgraded", "credential_created"], "plain", "2 are off"),
    ([], "good", "all are on"),
])  # fmt: skip
def test_alerting_is_on_where_no_urgent_detection_is_off(
    disabled: list[str], level: str, verdict: str, tmp_path: Path
) -> None:
    indexed = Indexed([], MONDAY + DAY, tmp_path)
    names = [f"Illumio PCE - {DETECTIONS[one].name} - Rule" for one in disabled]
    for search in indexed.knowledge.endpoints["/saved/searches"]:
        search["disabled"] = str(int(search["title"] in names))

    assert Page("security_overview", indexed).of("viz_enabled")[0] == {
        "total": f"{len(DETECTIONS) - len(disabled)} of {len(DETECTIONS)}", "level": level, "verdict": verdict,
    }  # fmt: skip


def test_who_may_not_read_saved_searches_is_told_so(tmp_path: Path) -> None:
    indexed = Indexed([], MONDAY + DAY, tmp_path)
    indexed.knowledge.endpoints["/saved/searches"] = []
    page = Page("security_overview", indexed)

    assert page.of("viz_enabled")[0]["total"] == "no data"
    assert "not readable" in page.of("viz_detections")[0]["Detection"]


def test_protected_out_of_all_seen(tmp_path: Path) -> None:
    indexed = Indexed(events_of("bad"), MONDAY + DAY, tmp_path)
    indexed.keep_vens()
    week = {"global_time.earliest": str(MONDAY - 6 * DAY), "global_time.latest": str(MONDAY + DAY)}
    states = Counter(row["protection"] for row in _states(Page("workload_protection", indexed, week)))
    seen = states["protected"] + states["at risk"] + states["not protected"]

    shown = Page("security_overview", indexed).of("viz_protected")
    without = Page("security_overview", Indexed([], MONDAY, tmp_path)).of("viz_protected")

    assert shown[0]["total"] == f"{states['protected']} of {seen}"
    assert shown[0]["verdict"] == f"{states['not protected']} not protected"
    assert without == [{"total": "no data", "level": "none", "verdict": "the keeper is off"}]


def _states(page: Page) -> list[dict[str, Any]]:
    """The last state of each workload, as the page of workloads has them."""
    rows = page.rows("ds_base")
    return run_over(
        "`illumio_pce_last_states` | where isnull(received)",
        rows,
        knowledge=page.indexed.knowledge,
        now=page.indexed.now,
        within=page.range,
        store=page.indexed.store,
    )


def test_it_reads_at_most_a_tenth_of_a_days_events(open_page: Open) -> None:
    indexed, within = open_page("security_overview", "quiet").indexed, Range(earliest=MONDAY, latest=MONDAY + DAY)
    audit = "| search sourcetype=illumio:pce:events | stats count"

    everything, read = (
        int(str(indexed.search(f"{query} {audit}", within)[0]["count"]))
        for query in ("`illumio_pce_audit`", "`illumio_pce_cases_read` | `illumio_pce_cases_can_match`")
    )

    assert 0 < read <= everything / 10


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_what_it_does_not_read_no_rule_matches(open_page: Open, day: str) -> None:
    indexed, within = open_page("security_overview", day).indexed, Range(earliest=MONDAY - DAY, latest=MONDAY + DAY)
    rest = "`illumio_pce_shown` | `illumio_pce_cause` | where isnotnull(cause)"
    all_of_it = (
        '`illumio_pce_index` sourcetype IN ("illumio:pce:events", "illumio:pce:ingest", "illumio:pce:system_health")'
    )

    def found(base: str) -> Counter[tuple[str, str]]:
        rows = indexed.search(f"{base} | {rest}", within)
        return Counter((str(row["_raw"]), str(row["cause"])) for row in rows)

    assert found("`illumio_pce_cases_read` | `illumio_pce_cases_can_match`") == found(all_of_it)


@pytest.mark.parametrize("day", ["bad", "quiet"])
def test_the_lines_are_those_of_the_index_and_the_band_lies_around_the_days_before(open_page: Open, day: str) -> None:
    lines = Counter(
        int(event["_time"] // 3600) for event in events_of(day) if event["sourcetype"] == "illumio:pce:events"
    )
    first = int(MONDAY // 3600)

    rows = open_page("security_overview", day).of("viz_rate")

    assert [int(row["Lines"]) for row in rows] == [lines[first + hour] for hour in range(24)]
    for hour, row in enumerate(rows):
        past = [lines[first + hour - 24 * days] for days in (1, 2, 3)]
        assert int(row["usual low"]) <= min(past) and max(past) <= int(row["usual high"])
    unusual = [row for row in open_page("security_overview", day).of("viz_unusual") if row.get("Compared")]
    assert len(unusual) == sum(not int(row["usual low"]) <= int(row["Lines"]) <= int(row["usual high"]) for row in rows)
    assert bool(unusual) is (day == "bad")


def test_the_running_hour_is_not_compared(tmp_path: Path) -> None:
    now = MONDAY + DAY - 20 * 60
    # Each minute a line, for 5 days.
    told = [_told("event", minute * 60) for minute in range(-4 * 24 * 60, 24 * 60 - 20)]
    indexed = Indexed(told, now, tmp_path)

    page = Page("security_overview", indexed)
    hour = Page("security_overview", indexed, {"global_time.earliest": "-15m", "global_time.latest": "now"})

    assert page.of("viz_unusual") == [{"Hour": "Every hour is as usual."}]
    rows = page.of("viz_rate")
    assert [row["Lines"] for row in rows[-2:]] == ["60", "40"]
    assert ["usual low" in row for row in rows] == [True] * 24 + [False]
    assert hour.of("viz_unusual") == [{"Hour": "The hour is not over yet."}]
    assert [row["Lines"] for row in hour.of("viz_rate")] == ["40"]


def test_the_last_hour_is_compared_when_it_is_over(tmp_path: Path) -> None:
    told = [_told("event", minute * 60) for minute in range(-4 * 24 * 60, 23 * 60)]

    rows = Page("security_overview", Indexed(told, MONDAY + DAY, tmp_path)).of("viz_unusual")

    assert [(row["Hour"], row["Lines"], row["Compared"]) for row in rows] == [
        ("03 Mar 23:00 UTC", "0", "fewer than usual")
    ]


#: Detections that the overview does not show, or not wholly. Each has its reason in detection.yml, which docs/dashboards.md
#: repeats; this list is the review of them.
NOT_SHOWN = {
    "access_deleted_account", "access_new_address", "actor_several_changes", "events_silent", "ingest_stopped",
    "enforcement_differs", "provision_by_author_alone", "ven_missed_heartbeats", "ven_paired_outside", "ven_silent",
    "volume_changed",
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
    chosen: dict[str, Value] = {"global_time.earliest": "-14d", "global_time.latest": "now"}
    return Page("security_overview", Indexed(events, latest, folder), chosen)


@pytest.mark.parametrize("name", sorted(DETECTIONS.keys() - NOT_SHOWN))
def test_what_a_detection_fires_on_needs_action(name: str, tmp_path: Path) -> None:
    shown = {row.get("_detection"): row for row in _opened(name, "fires.jsonl", tmp_path).of("viz_needs")}

    stanza = saved_searches([ROOT / "package"])[name]
    events, until = _sample(name, "fires.jsonl")
    told = [
        str(alert["severity"])
        for alert in alerts({name: stanza}, confs(), Reader(confs(), 0.0).records(events), None, until + 8 * 3600)
    ]
    assert shown[name]["Urgency"] == max(told, key=SEVERITIES.index)


@pytest.mark.parametrize("name", sorted(DETECTIONS.keys() - NOT_SHOWN))
def test_what_a_detection_is_quiet_on_needs_no_action(name: str, tmp_path: Path) -> None:
    assert name not in {row.get("_detection") for row in _opened(name, "quiet.jsonl", tmp_path).of("viz_needs")}
