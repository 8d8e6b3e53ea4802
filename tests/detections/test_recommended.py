"""Illumio's "Recommended Events to Monitor" and "Monitoring Operational Practices": each row has its detection."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.detect import saved_searches

ROOT = Path(__file__).resolve().parents[2]
TEXT = ROOT.parent / "shared" / "reference" / "illumio-core-23.5-events-described.txt"
SEARCHES = {name: stanza["search"] for name, stanza in saved_searches([ROOT / "package"]).items()}

# What the row names → the detections for it.
ROWS = {
    "system_health": ["pce_health"],
    "lost_agent.found": ["ven_lost"],
    "system_task.agent_missed_heartbeats_check": ["ven_missed_heartbeats"],
    "system_task.agent_offline_check": ["ven_offline"],
    "agent.suspend": ["ven_suspended"],
    "agent.tampering": ["ven_tampering"],
    "agent.update": ["ven_update_notice"],
    "rule_set.create": ["policy_broad_scope"],
    "rule_set.update": ["policy_broad_scope"],
    "rule_sets.delete": ["policy_broad_scope"],
    "sec_rule.create": ["policy_broad_rule"],
    "sec_rule.update": ["policy_broad_rule"],
    "sec_rule.delete": ["policy_broad_rule"],
    "sec_policy.create": ["policy_many_workloads"],
    "agent.clone_detected": ["ven_clones"],
}
# Found by what the event holds, not by its type, since policy is provisioned inside other events too.
BY_CONTENT = {"sec_policy.create": "workloads_affected"}
# The practices: the quantity of events and its trend; how an alert is worked on stands in each `respond`.
PRACTICES = ["volume_changed", "events_silent", "ingest_failing"]


@pytest.mark.parametrize("row", ROWS)
def test_a_recommended_row_has_a_detection_that_looks_for_it(row: str) -> None:
    for detection in ROWS[row]:
        assert BY_CONTENT.get(row, row) in SEARCHES[detection]


def test_the_practices_have_theirs() -> None:
    assert set(PRACTICES) <= set(SEARCHES)


@pytest.mark.skipif(not TEXT.exists(), reason="Illumio's text is not beside the repository")
def test_no_row_of_illumio_is_missing() -> None:
    section = TEXT.read_text(encoding="utf-8").split("Recommended Events to Monitor", 1)[1]
    rows = set(re.findall(r'^\s*event_type="([a-z_.]+)["”]', section, re.MULTILINE))

    assert len(rows) > 10
    assert rows | {"system_health"} == set(ROWS)
