"""The same event in CEF fires the same detection as in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.conf.reader import Confs
from workbench.detect import alerts, saved_searches
from workbench.event_files import Reader

ROOT = Path(__file__).resolve().parents[2]
HREF = "/orgs/1/events/5b1f9d52-4c1e-4b7e-a0cf-3b7c9f6d2e11"
CHANGE = {
    "uuid": "0a8f8e0e-6a33-4c02-a1d5-7a7e6b2f4d10",
    "resource": {
        "workload": {
            "href": "/orgs/1/workloads/77c9d6f1-2c3a-4b5e-a6f7-1d2e3f405162",
            "name": None,
            "hostname": "quay-db-1",
        }
    },
    "changes": {"enforcement_mode": {"before": "full", "after": "visibility_only"}},
    "change_type": "update",
}


def _alerts(path: Path) -> list[dict[str, Any]]:
    confs = Confs.load(ROOT / "package")
    events = Reader(confs, 0.0).read([path])
    stanza = saved_searches([ROOT / "package"])["enforcement_lowered"]
    return list(alerts({"enforcement_lowered": stanza}, confs, events, None, 1_930_010_000))


def test_enforcement_lowered_in_cef_alerts_as_in_json(tmp_path: Path) -> None:
    path = tmp_path / "cef.txt"
    path.write_text(
        "<14>1 2031-02-27T19:31:40.000000+00:00 relay illumio_pce/agent 77 - - sec=1.2 sev=INFO pid=1 tid=2 rid=ab "
        "CEF:0|Illumio|PCE|26.2.1|workloads.update.success|workloads.update.success|1|rt=Feb 27 2031 19:31:40.000 +0000 "
        "dvchost=pce.kestrel-freight.example duser=amara.okafor@kestrel-freight.example dst=10.77.4.20 outcome=success "
        "cat=audit_events request=/api/v2/orgs/1/workloads/bulk_update requestMethod=PUT reason=200 "
        f"cs2={json.dumps([CHANGE], separators=(',', ':'))} cs2Label=resource_changes cs4=[] cs4Label=notifications "
        f"cn2=2 cn2Label=schema-version cs1Label=event_href cs1={HREF}\n",
        encoding="utf-8",
    )

    (alert,) = _alerts(path)

    assert (alert["dest"], alert["href"]) == ("quay-db-1", HREF)
