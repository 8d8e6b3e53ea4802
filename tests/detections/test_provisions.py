"""Provisions: who drafted what is provisioned, whether anybody else has seen it, and what the report says of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.cim import formats, splunk
from tests.detections.made import APP, EVA, SYSTEM, Json, change, event, indexed, request
from tests.detections.replay import PACKAGE, replay, shipped
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.search import run

DRAFT = "/orgs/1/sec_policy/draft"
HOUR, DAY = 3600.0, 86_400.0
ME = "eva@kestrel-freight.example"
IDA: Json = {"user": {"href": "/users/8", "username": "ida@kestrel-freight.example"}}
ROBOT: Json = {"service_account": {"href": "/orgs/1/service_accounts/2", "name": "policy-as-code"}}
CLUSTER: Json = {"container_cluster": {"href": "/orgs/1/container_clusters/3", "name": "north-quay"}}
ALONE, SILENT = "provision_by_author_alone", "provision_without_note"


def drafted(at: float, rule_set: int = 6, by: Json = EVA, rule: int | None = None) -> Json:
    """A rule set, or a rule in it, that somebody switched off."""
    href = f"{DRAFT}/rule_sets/{rule_set}" + (f"/sec_rules/{rule}" if rule else "")
    kind = "sec_rule" if rule else "rule_set"
    named: Json = {} if rule else {"name": f"Quay {rule_set}"}
    changed = change(kind, {"enabled": {"before": True, "after": False}}, href=href, **named)
    return event(f"{kind}.update", [changed], by=by, at=at, action=request("/api/v2" + href))


def provisioned(
    at: float,
    rule_sets: Iterable[int] = (6,),
    by: Json = EVA,
    note: Any = "Ticket 17",
    version: str = "draft",
    **members: Any,
) -> Json:
    """These rule sets made active. `version`: how the event writes their hrefs."""
    sets = {
        f"/orgs/1/sec_policy/{version}/rule_sets/{n}": {"name": f"Quay {n}", "action": "update", "description": None}
        for n in rule_sets
    }
    resource = {
        "href": "/orgs/1/sec_policy/9",
        "version": 9,
        "commit_message": note,
        "modified_objects": {"rulesets": sets, "services": {}},
    }
    record = change("sec_policy", {"workloads_affected": {"before": None, "after": 12}}, "create", **resource)
    return event(
        members.pop("kind", "sec_policy.create"),
        [record],
        by=by,
        at=at,
        action=request("/api/v2/orgs/1/sec_policy", "POST"),
        **members,
    )


def alerts(detection: str, events: list[Json]) -> list[dict[str, Any]]:
    """From the first event until an hour after the last one."""
    lines = indexed(events)
    until = max(float(str(line["_indextime"])) for line in lines) + HOUR
    return replay(detection, lines, None, until)


SEEN_ALONE: dict[str, list[Json]] = {
    "a rule set": [drafted(0), provisioned(600)],
    "a rule in it": [drafted(0, rule=3), provisioned(600)],
    "two rule sets": [drafted(0, 6), drafted(60, 7), provisioned(600, (6, 7))],
    "on the day after": [drafted(0), provisioned(30 * HOUR)],
    "within another event": [drafted(0), provisioned(600, kind="slb.update")],
    "whose hrefs name the new version": [drafted(0), provisioned(600, version="9")],
    "under another spelling of the name": [
        drafted(0, by={"user": {"href": "/users/7", "username": ME.upper()}}), provisioned(600),
    ],
    "after a colleague's, which is provisioned": [drafted(0, by=IDA), provisioned(300, by=IDA), drafted(600), provisioned(900)],
}  # fmt: skip


@pytest.mark.parametrize("case", SEEN_ALONE)
def test_who_provisions_their_own_change_alone_is_told(case: str) -> None:
    found = [one for one in alerts(ALONE, SEEN_ALONE[case]) if one["user"] == ME]

    assert [one["severity"] for one in found] == ["informational"]
    assert str(found[0]["reason"]).startswith(f"{ME} provisioned policy that nobody else had drafted (")


NOT_ALONE: dict[str, list[Json]] = {
    "a colleague drafted it": [drafted(0, by=IDA), provisioned(600)],
    "a colleague drafted as well": [drafted(0), drafted(60, by=IDA, rule=3), provisioned(600)],
    "one of two is a colleague's": [drafted(0, 6), drafted(60, 7, by=IDA), provisioned(600, (6, 7))],
    "a program drafted it": [drafted(0, by=ROBOT), provisioned(600)],
    "nobody knows who drafted one of them": [drafted(0, 6), provisioned(600, (6, 7))],
    "the draft is too old": [drafted(0), provisioned(3 * DAY)],
    "another rule set": [drafted(0, 7), provisioned(600, (6,))],
    "the objects are not told": [drafted(0), provisioned(600, ())],
    "the PCE refused": [drafted(0), provisioned(600, status="failure")],
    "a draft that was refused is none": [drafted(0) | {"status": "failure"}, provisioned(600)],
    "a service account": [drafted(0, by=ROBOT), provisioned(600, by=ROBOT)],
    "a container cluster": [drafted(0, by=CLUSTER), provisioned(600, by=CLUSTER, kind="container_cluster.update_services")],
    "the PCE itself": [drafted(0, by=SYSTEM), provisioned(600, by=SYSTEM)],
    "another PCE": [drafted(0) | {"pce_fqdn": "other.kestrel-freight.example"}, provisioned(600)],
}  # fmt: skip


#: What would end a name, or begin an object, for whoever does not read JSON.
HOSTILE = 'Quay "} {", "/orgs/1/sec_policy/draft/rule_sets/99": {"action": "delete"'


def _named(one: Json, name: str) -> Json:
    return json.loads(json.dumps(one).replace("Quay 6", json.dumps(name)[1:-1]))  # type: ignore[no-any-return]


def test_no_name_of_an_object_hides_it_or_makes_up_another() -> None:
    events = [_named(drafted(0), HOSTILE), _named(provisioned(600), HOSTILE)]

    assert len(alerts(ALONE, events)) == 1
    (row,) = report(events)
    assert str(row["Objects"]).startswith("rule set Quay") and str(row["Objects"]).endswith("(update)")


@pytest.mark.parametrize("case", NOT_ALONE)
def test_what_somebody_else_had_a_hand_in_is_not(case: str) -> None:
    assert alerts(ALONE, NOT_ALONE[case]) == []


NOTES = {"null": None, "empty": "", "blank": " \t "}


@pytest.mark.parametrize("note", NOTES)
def test_a_provision_without_a_note_is_told(note: str) -> None:
    (found,) = alerts(SILENT, [provisioned(0, note=NOTES[note])])

    assert (found["severity"], found["reason"]) == (
        "informational", f"{ME} provisioned policy without a note. Changed: Quay 6",
    )  # fmt: skip


def test_a_provision_within_another_event_is_told_as_well() -> None:
    assert len(alerts(SILENT, [provisioned(0, note=None, kind="slb.update")])) == 1


WITH_NOTE: dict[str, Json] = {
    "a note": provisioned(0),
    "a container cluster": provisioned(0, by=CLUSTER, note=None, kind="container_cluster.update_services"),
    "a service account": provisioned(0, by=ROBOT, note=None),
    "refused": provisioned(0, note=None, status="failure"),
    "no word of it": event("sec_policy.create", [change("sec_policy", {"workloads_affected": {"after": 3}}, "create")]),
    "a restored version": event("sec_policy.restore", [change("sec_policy", {}, version=9)]),
}


@pytest.mark.parametrize("case", WITH_NOTE)
def test_what_has_a_note_or_no_person_is_not(case: str) -> None:
    assert alerts(SILENT, [WITH_NOTE[case]]) == []


@pytest.mark.parametrize("detection", [ALONE, SILENT])
def test_a_person_is_told_once_a_day(detection: str) -> None:
    def often(by: Json, rule_set: int) -> list[Json]:
        hours = [2 * HOUR * n for n in range(4)]
        return [
            one
            for at in [*hours, 26 * HOUR]
            for one in (drafted(at, rule_set, by), provisioned(at + 600, (rule_set,), by, None))
        ]

    found = alerts(detection, [*often(EVA, 6), *often(IDA, 7)])

    assert sorted(str(one["user"]) for one in found) == [
        ME,
        ME,
        "ida@kestrel-freight.example",
        "ida@kestrel-freight.example",
    ]


def test_many_provisions_without_a_note_are_told_again_when_they_double() -> None:
    found = alerts(SILENT, [provisioned(600.0 * n, note=None) for n in range(12)])

    assert [one["reason"] for one in found] == [
        f"{ME} provisioned policy without a note. Changed: Quay 6",
        f"{ME} provisioned policy without a note, 10 times within a day. Changed: Quay 6",
    ]


@pytest.mark.parametrize("detection", [ALONE, SILENT])
def test_expected_automation_is_left_out(detection: str) -> None:
    rows = f"account,address,expected,until,note\n{ME},*,{detection},,a person in name only\n"
    confs = Confs.load(PACKAGE, lookups={"illumio_pce_expected_automation": rows})
    lines = indexed([drafted(0), provisioned(600, note=None)])

    assert replay(detection, lines, None, float(str(lines[-1]["_indextime"])) + HOUR, confs) == []


def test_a_hundred_authors_share_few_rows() -> None:
    events = []
    for number in range(100):
        by = {"user": {"href": f"/users/{number + 50}", "username": f"u{number}@kestrel-freight.example"}}
        events += [drafted(number, number + 10, by), provisioned(600 + number, (number + 10,), by)]
    found = alerts(ALONE, events)

    assert len(found) == 1
    assert str(found[0]["reason"]).startswith("more than 50 users provisioned policy that nobody else had drafted")


# The report


def report(events: list[Json], write: formats.Writer | None = None) -> list[dict[str, Any]]:
    """Its rows, of events as the API returns them, or as `write` sends them."""
    search = all_searches([PACKAGE])["Illumio PCE - Provisions"]["search"]
    if write:
        stages = search.partition("|")[2].strip()
        return splunk.search(stages, [splunk.read(write(one)) for one in events])
    lines = indexed(events)
    return run(search, lines, knowledge=Knowledge(shipped()), now=float(str(lines[-1]["_time"])) + DAY)


@pytest.mark.parametrize(
    "write", [None, formats.as_json, formats.as_cef, formats.as_leef], ids=["api", "json", "cef", "leef"]
)
def test_the_report_says_what_was_provisioned_by_whom_and_who_drafted_it(write: formats.Writer | None) -> None:
    rule = change("sec_rule", {"consumers": {"created": [APP]}}, href=f"{DRAFT}/rule_sets/6/sec_rules/3")
    events = [
        drafted(0, by=IDA),
        event("sec_rule.update", [rule], at=60, action=request(f"/api/v2{DRAFT}/rule_sets/6/sec_rules/3")),
        provisioned(600),
        provisioned(900, by=CLUSTER, note=None, kind="container_cluster.update_services"),
    ]
    cluster, mine = report(events, write)

    assert {name: mine.get(name) for name in (
        "Time", "Who", "Version", "Note", "Workloads affected", "Objects", "Drafts", "Authors", "Second person involved", "Draft changes",
    )} == {
        "Time": "2031-02-27 19:40:00 UTC",
        "Who": ME,
        "Version": "9",
        "Note": "Ticket 17",
        "Workloads affected": "12",
        "Objects": "rule set Quay 6 (update)",
        "Drafts": "2",
        "Authors": [ME, "ida@kestrel-freight.example"],
        "Second person involved": "yes",
        "Draft changes": [
            "2031-02-27 19:30:00 UTC ida@kestrel-freight.example: rule set Quay 6: enabled: yes → no",
            f"2031-02-27 19:31:00 UTC {ME}: rule 3 in rule set 6: consumers: + app=customs",
        ],
    }  # fmt: skip
    assert (cluster["Note"], cluster["Drafts"], cluster["Second person involved"]) == (
        "(none)", "0", "unknown, not all drafts are in this time range",
    )  # fmt: skip


def test_the_report_counts_what_it_cuts() -> None:
    (row,) = report([*(drafted(n, n + 10) for n in range(30)), provisioned(600, range(10, 40))])

    assert (row["Drafts"], row["Second person involved"]) == ("30", "no, author only")
    assert (len(row["Objects"]), row["Objects"][-1]) == (21, "and 10 more")
    assert (len(row["Draft changes"]), row["Draft changes"][-1]) == (21, "and 10 more")


def test_the_report_runs_when_somebody_opens_it_and_never_by_itself() -> None:
    stanza = all_searches([PACKAGE])["Illumio PCE - Provisions"]

    assert stanza["enableSched"] == "0"
    assert "cron_schedule" not in stanza
    assert "disabled" not in stanza
