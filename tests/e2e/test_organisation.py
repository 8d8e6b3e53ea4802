"""The organisation of an event is its own. The PCE's own events name none, and their text stays as it came."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from tests.conftest import ADDON
from tests.e2e.lab import PceLab
from workbench import indexed
from workbench.pce import Pce, PceServer

SPL = "`illumio_pce_index` sourcetype=illumio:pce:events | table href org_id vendor_account"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "fields.md"
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


def test_a_system_event_has_no_organisation_and_the_page_says_how_to_find_the_inputs(tmp_path: Path) -> None:
    pce = Pce(org_id=31)
    text = system_event()
    pce.record(text, collection="system_events")
    with PceServer(pce) as server:
        lab = PceLab(tmp_path / "splunk", ADDON, pce, server)
        with lab.splunkd:
            lab.add_account()
            lab.add_input(include_system_events="1")
            assert lab.run().exit_code == 0, lab.log()
            assert organisations(lab) == {HREF: (None, None)}
            assert [event.raw for event in lab.events()] == [text]
            (search,) = re.findall(r"```\n([^`]*`illumio_pce_index`[^`]*input_org[^`]*)```", PAGE.read_text("utf-8"))
            (row,) = indexed.search(search, lab.splunkd.events(), ADDON, time.time())
            assert (row["href"], row["input_org"]) == (HREF, "31")
            assert lab.splunkd.refused == []


def test_an_event_belongs_to_its_own_organisation(lab: PceLab) -> None:
    href = "/orgs/9/events/0000002f-1c2d-4e3f-8a5b-00000005b0a2"
    lab.pce.record(system_event(href))
    lab.run()
    assert organisations(lab) == {href: ("9", "org:9")}


def test_an_input_stanza_has_only_the_settings_of_its_form(lab: PceLab) -> None:
    """`_meta` would be an indexed field of every event; that it works for a modular input is documented nowhere."""
    (stanza,) = lab.splunkd.inputs.enabled().values()
    assert [name for name in stanza.settings if name.startswith("_")] == []
