"""The organisation of events that name none: it comes from the input, and their text stays as it came."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.conftest import ADDON
from tests.e2e.lab import PceLab
from workbench import indexed
from workbench.pce import Pce, PceServer
from workbench.splunkd import Splunkd

SPL = "`illumio_pce_index` sourcetype=illumio:pce:events | table href org_id vendor_account"
HREF = "/system_events/0000002f-1c2d-4e3f-8a5b-00000005b0a1"


def system_event(href: str = HREF) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 60))
    return json.dumps(
        {
            "href": href,
            "timestamp": moment,
            "pce_fqdn": "pce.harbour.example",
            "created_by": {"system": {}},
            "event_type": "system_task.prune_old_log_events",
            "status": "success",
            "severity": "info",
            "action": None,
            "resource_changes": [],
            "notifications": [],
        },
        separators=(",", ":"),
    )


def organisations(lab: PceLab) -> dict[object, tuple[object, object]]:
    """By href: `org_id` and `vendor_account`."""
    rows = indexed.search(SPL, lab.events(), ADDON, time.time())
    return {row["href"]: (row.get("org_id"), row.get("vendor_account")) for row in rows}


def meta(splunkd: Splunkd) -> dict[str, str | None]:
    """`_meta` of each input's stanza."""
    return {name: stanza.settings.get("_meta") for name, stanza in splunkd.inputs.enabled().items()}


def test_a_system_event_belongs_to_the_organisation_of_its_input(tmp_path: Path) -> None:
    pce = Pce(org_id=31)
    text = system_event()
    pce.record(text, collection="system_events")
    with PceServer(pce) as server:
        lab = PceLab(tmp_path / "splunk", ADDON, pce, server)
        with lab.splunkd:
            lab.add_account()
            lab.add_input(include_system_events="1")
            assert lab.run().exit_code == 0, lab.log()
            assert organisations(lab) == {HREF: ("31", "org:31")}
            assert [event.raw for event in lab.events()] == [text]
            assert lab.splunkd.refused == []


def test_an_events_own_organisation_counts_before_the_inputs(lab: PceLab) -> None:
    href = "/orgs/9/events/0000002f-1c2d-4e3f-8a5b-00000005b0a2"
    lab.pce.record(system_event(href))
    lab.run()
    assert organisations(lab) == {href: ("9", "org:9")}


def test_inputs_follow_their_account(lab: PceLab) -> None:
    lab.add_account("other")
    lab.add_input("elsewhere", account="other", index="illumio")
    lab.pce.add_org(58)
    key = lab.pce.add_key(org_id=58)
    lab.rest("POST", "ta_illumio_pce_account/lab", org_id="58", api_key_id=key.key_id, api_secret=key.secret)
    audit, elsewhere = "illumio_pce_events://audit", "illumio_pce_events://elsewhere"
    assert meta(lab.splunkd) == {audit: "input_org_id::58", elsewhere: "input_org_id::1"}
    lab.rest("POST", "ta_illumio_pce_illumio_pce_events/elsewhere", account="lab")
    assert meta(lab.splunkd) == {audit: "input_org_id::58", elsewhere: "input_org_id::58"}
