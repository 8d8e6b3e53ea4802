"""All detections together over ordinary work: silent on a quiet day, and for nine days but for what was reviewed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.event_files import Reader
from workbench.pce.events.generate import generate
from workbench.splunk.conf.reader import Confs
from workbench.splunk.schedule.savedsearches_conf import keepers

ROOT = Path(__file__).resolve().parents[2]
DAY = 86_400
BEGIN = 1_930_003_200

# What the generator's routine does now and then that is worth a look, though nobody attacks: read and accepted.
REVIEWED = {
    "access_csrf", "access_new_address", "access_rights_changed", "audit_trail_changed", "credential_created",
    "credential_without_expiry", "enforcement_lowered", "identity_provider_changed", "labels_removed",
    "network_enforcement_lost", "policy_boundary_removed", "policy_broad_rule", "policy_broad_scope", "ven_lost", "ven_missed_heartbeats", "ven_offline", "ven_suspended",
    "ven_tampering", "ven_update_notice",
}  # fmt: skip
# What its administrator lists, as the detection's page advises: the feed relabels workloads a few times a day.
EXPECTED = "account,address,expected,until,note\ncmdb-sync,*,labels_removed,,CMDB feed\n"


def _replay(path: Path, until: float) -> list[dict[str, Any]]:
    confs = Confs.load(ROOT / "package", lookups={"illumio_pce_expected_automation": EXPECTED})
    events = Reader(confs, until).read([path])
    folders = [ROOT / "package"]
    return list(alerts(saved_searches(folders), confs, events, None, until, keepers=keepers(folders)))


def test_a_quiet_day_is_silent() -> None:
    assert _replay(ROOT / "content" / "detections" / "quiet-day.jsonl", BEGIN) == []


def test_nine_days_without_incidents_has_only_the_reviewed_alerts_and_each_event_once(tmp_path: Path) -> None:
    events = list(generate(BEGIN * 1000, (BEGIN + 9 * DAY) * 1000, 600, seed=8, incidents=False))
    lines = [
        {"_raw": event.text, "_time": event.ms / 1000, "sourcetype": "illumio:pce:events", "host": "pce.example.com"}
        for event in events
    ]
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")

    found = _replay(path, BEGIN + 9 * DAY)

    assert {alert["detection"] for alert in found} <= REVIEWED
    told = Counter((alert["detection"], href) for alert in found for href in _hrefs(alert))
    assert told and max(told.values()) == 1


def _hrefs(alert: dict[str, Any]) -> list[str]:
    href = alert.get("href", [])
    return href if isinstance(href, list) else [href]
