"""The demo's second part: a day at a company, over which the shipped detections run on an emulated scheduler."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import gmtime, strftime
from typing import Any

from workbench.demo.show import say, step
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.pce.events.collected import Indexed
from workbench.pce.events.day import company_day, company_past
from workbench.splunk.conf.reader import Confs
from workbench.splunk.schedule.savedsearches_conf import keepers
from workbench.views.fleet import company_inventory

#: 2031-03-03T00:00:00Z, a Monday; the same day in every demo.
MONDAY = 1_930_262_400
_DAY = 86_400
# The chapters of the day: the hour from which each is told.
_CHAPTERS = (
    (0, "Normal activity: people sign in, draft and provision policy, VENs report. Nothing fires."),
    (8, "Accidents: a cloned template, a forgotten password, a full disk, a PCE in trouble."),
    (13, "An attack: a guessed password, a foothold, audit logging disabled, the network opened up."),
    (15, "The day ends: a forged request, and a PCE whose store of events is full."),
)
#: What has to fire, and nothing else.
EXPECTED = frozenset(
    {
        "access_agent_failures", "access_burst", "access_csrf", "access_new_address", "access_rights_changed",
        "access_spray", "access_success_after_failures", "actor_several_changes", "audit_events_lost",
        "audit_trail_changed", "credential_created", "credential_without_expiry", "enforcement_lowered",
        "event_type_unknown", "events_silent", "identity_provider_changed", "ingest_failing", "pce_health",
        "pce_server_errors",
        "policy_boundary_removed", "policy_broad_rule", "policy_broad_scope", "policy_many_workloads",
        "provision_by_author_alone", "ven_clones",
        "ven_lost", "ven_missed_heartbeats", "ven_offline", "ven_suspended", "ven_tampering", "ven_update_notice",
        "volume_changed", "workloads_bulk_removed",
    }
)  # fmt: skip


def tell_day(addon: Path, number: int) -> bool:
    """Play the day as this step of the story; whether exactly the expected detections fired."""
    step(number, "A day at a fictitious company with two PCEs, and the alerts of the shipped detections")
    say("EMULATED: generated events and an emulation of Splunk's scheduler; the searches are the add-on's own.")
    print(f"\n   {_CHAPTERS[0][1]}", flush=True)
    fired: list[str] = []
    early = 0
    chapters = list(_CHAPTERS[1:])
    for alert in _alerts(addon):
        moment = gmtime(float(str(alert["time"])))
        early += moment.tm_hour < _CHAPTERS[1][0]
        while chapters and chapters[0][0] <= moment.tm_hour:
            print(f"\n   {chapters.pop(0)[1]}", flush=True)
        fired.append(str(alert["detection"]))
        _show(strftime("%H:%M", moment), alert)
    return _judge(fired, early)


def _alerts(addon: Path) -> Iterator[dict[str, Any]]:
    """The day's alerts in their order, each with the first step of its response."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "company.jsonl"
        past = [event for event in company_past(MONDAY) if event["sourcetype"] == "illumio:pce:events"]
        told = [*past, *_fleet(past), *company_day(MONDAY)]
        file.write_text("\n".join(json.dumps(event) for event in told), encoding="utf-8")
        confs = Confs.load(addon)
        events = Reader(confs, MONDAY).read([file])
    searches = saved_searches([addon])
    for alert in alerts(searches, confs, events, MONDAY, MONDAY + _DAY, keepers=keepers([addon])):
        description = searches[str(alert["detection"])]["action.notable.param.rule_description"]
        first_step = " ".join(description.rpartition(" First: ")[2].split())  # the conf continues it over lines
        yield {**alert, "first": first_step}


def _fleet(past: list[Indexed]) -> Iterator[Indexed]:
    """What the inventory tells before the day begins: every workload is enforced as events before have set it."""
    modes = dict(_modes(past))
    for event in company_inventory(MONDAY - 3_600, (), quiet=True):
        body = json.loads(event["_raw"])
        if body.get("hostname") in modes:
            body["enforcement_mode"] = modes[body["hostname"]]
        yield {**event, "_raw": json.dumps(body)}


def _modes(past: list[Indexed]) -> Iterator[tuple[str, str]]:
    """The hosts whose enforcement events set, and how."""
    for event in past:
        body = json.loads(event["_raw"])
        for change in body.get("resource_changes") or []:
            set_to = ((change.get("changes") or {}).get("enforcement_mode") or {}).get("after")
            mode = "visibility_only" if body["event_type"] == "agent.activate" else set_to
            for resource in change["resource"].values():
                if mode and resource.get("hostname"):
                    yield resource["hostname"], str(mode)


def _show(clock: str, alert: dict[str, Any]) -> None:
    title = str(alert["title"]).removeprefix("Illumio PCE - ").removesuffix(" - Rule")
    print(f"   {clock}  {alert['severity']:<13} {title}  [{alert['detection']}]")
    labels = alert.get("dest_labels") or []
    shown = ", ".join([labels] if isinstance(labels, str) else labels)
    for label, text in (("why:", str(alert["reason"])), ("labels:", shown), ("do first:", str(alert["first"]))):
        lines = textwrap.wrap(text, 90)
        for number, line in enumerate(lines):
            print(f"{label if number == 0 else '':>31}  {line}", flush=True)


def _judge(fired: list[str], early: int) -> bool:
    missing, unexpected = EXPECTED - set(fired), set(fired) - EXPECTED
    print()
    say(f"{len(fired)} alerts of {len(set(fired))} detections; {early} of them in the normal hours before 08:00")
    if missing or unexpected:
        names = (", ".join(sorted(some)) or "none" for some in (missing, unexpected))
        say("WRONG: missing {}; unexpected {}".format(*names))
    return not (missing or unexpected or early)
