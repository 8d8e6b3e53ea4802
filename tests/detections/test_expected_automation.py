"""The one list of what automation is expected to do: who heeds it, for whom, until when, and who never does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, change, event, indexed, note, request, ven
from tools.detections.model import CONTENT, Invalid, read, read_all
from workbench.detect import alerts
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs

PACKAGE = Path(__file__).resolve().parents[2] / "package"
CMDB: Json = {"service_account": {"href": "/orgs/1/service_accounts/5", "name": "cmdb"}}
ADDRESS = "198.51.100.7"


def _removed(by: Json = CMDB, src: str = ADDRESS) -> Json:
    gone = [change("workload", None, "delete", number) for number in range(40)]
    return event("workloads.bulk_delete", gone, by=by, action=request(src=src))


def _fired(detection: str, one: Json, row: str) -> list[dict[str, Any]]:
    lookups = {"illumio_pce_expected_automation": f"account,address,expected,until,note\n{row}\n"}
    stanzas = {detection: saved_searches([PACKAGE])[detection]}
    return list(alerts(stanzas, Confs.load(PACKAGE, lookups=lookups), indexed([one]), BEGIN, BEGIN + 3600))


@pytest.mark.parametrize(
    "row",
    [
        f"cmdb,{ADDRESS},workloads_bulk_removed,,nightly",
        "cmdb,*,workloads_*,,nightly",
        f"cmdb,{ADDRESS},*,2031-02-27,this day is the last",
        f"cmdb,{ADDRESS},*,2031-02-26,its time is over\ncmdb,{ADDRESS},*,2031-02-28,and was prolonged",
        f"cmdb,{ADDRESS},*,2031-02-26,its time is over\n*,{ADDRESS},workloads_*,,and another row has no end",
    ],
)
def test_what_is_expected_is_silent(row: str) -> None:
    assert _fired("workloads_bulk_removed", _removed(), row) == []


@pytest.mark.parametrize(
    "row",
    [
        "",
        f"cmdb-2,{ADDRESS},workloads_bulk_removed,,another account",
        "cmdb,198.51.100.8,workloads_bulk_removed,,another address",
        f"cmdb,{ADDRESS},policy_many_workloads,,something else is expected of it",
        f"cmdb,{ADDRESS},workloads_bulk_removed,2031-02-26,its time is over",
        f"cmdb,{ADDRESS},*,2031-02-26,its time is over\n*,{ADDRESS},*,2031-02-25,that of another row too",
    ],
)
def test_what_is_not_expected_alerts(row: str) -> None:
    assert len(_fired("workloads_bulk_removed", _removed(), row)) == 1


def test_a_host_whose_own_software_writes_firewall_rules_can_be_expected() -> None:
    info = {"tampering_revert_succeeded": True, "num_events": 1}
    told = event("agent.tampering", notes=[note("workload.oob_policy_changes", info)], by=ven(7), severity="err")

    assert len(_fired("ven_tampering", told, "crane-8,*,ven_tampering,,")) == 1
    assert _fired("ven_tampering", told, "crane-7,*,ven_tampering,,") == []


@pytest.mark.parametrize(
    ("detection", "told"),
    [
        ("access_rights_changed", event("permission.create", [change("permission", {}, "create")], by=CMDB)),
        ("credential_created", event("service_account.create", [change("service_account", {}, "create")], by=CMDB)),
        (
            "policy_boundary_removed",
            event("enforcement_boundary.delete", [change("enforcement_boundary", {}, "delete")], by=CMDB),
        ),
    ],
)
def test_rights_keys_and_blocks_are_never_expected(detection: str, told: Json) -> None:
    assert len(_fired(detection, told, "*,*,*,,everything")) == 1


def test_a_detection_about_rights_cannot_be_made_to_heed_it(tmp_path: Path) -> None:
    text = (CONTENT / "access_rights_changed" / "detection.yml").read_text(encoding="utf-8")
    path = tmp_path / "access_rights_changed" / "detection.yml"
    path.parent.mkdir()
    path.write_text(text + "\nexpects_automation: true\n", encoding="utf-8")

    with pytest.raises(Invalid, match="never silences"):
        read(path)


def test_the_page_names_those_that_heed_it() -> None:
    page = (PACKAGE.parent / "docs" / "detections.md").read_text(encoding="utf-8")

    rows = {line.split("`")[1]: line.endswith("| yes |") for line in page.splitlines() if line.startswith("| [`")}
    assert {one.id: one.expects_automation for one in read_all()}.items() <= rows.items()
