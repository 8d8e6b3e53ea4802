"""What follows from content/detections/ is fresh, and keeps to what Splunk, its checks and this project ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.detections.__main__ import stale
from tools.detections.lines import LONGEST, wrapped
from tools.detections.model import Invalid, read, read_all
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import saved_searches
from workbench.splunk.spl.search import check

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "detections"
STANZAS = saved_searches([ROOT / "package"])
# The contract's table of detection ids.
IDS = [
    "pce_health",
    "ven_lost",
    "ven_missed_heartbeats",
    "ven_offline",
    "ven_suspended",
    "ven_tampering",
    "ven_update_notice",
    "ven_clones",
    "policy_broad_scope",
    "policy_broad_rule",
    "policy_many_workloads",
    "policy_boundary_removed",
    "enforcement_lowered",
    "workloads_bulk_removed",
    "access_csrf",
    "access_burst",
    "access_spray",
    "access_success_after_failures",
    "access_agent_failures",
    "access_new_address",
    "access_rights_changed",
    "identity_provider_changed",
    "credential_created",
    "credential_without_expiry",
    "audit_trail_changed",
    "audit_events_lost",
    "event_type_unknown",
    "pce_server_errors",
    "volume_changed",
    "events_silent",
    "ingest_failing",
]


def test_nothing_is_stale() -> None:
    assert stale() == []


def test_every_id_of_the_contract_is_a_saved_search_with_samples() -> None:
    assert set(IDS) <= set(STANZAS)
    for name in STANZAS:
        assert {path.name for path in (CONTENT / name).iterdir()} == {
            "detection.yml", "expected.json", "fires.jsonl", "quiet.jsonl",
        }  # fmt: skip


@pytest.mark.parametrize("name", sorted(STANZAS))
def test_the_search_parses_and_goes_through_the_index_macro_and_its_filter(name: str) -> None:
    search = STANZAS[name]["search"]

    check(search, Knowledge(Confs.load(ROOT / "package")))

    assert "`illumio_pce_index`" in search
    assert search.endswith(f"| `illumio_pce_{name}_filter`")


@pytest.mark.parametrize("name", sorted(STANZAS))
def test_it_ships_off_runs_continuously_and_throttles_each_result(name: str) -> None:
    stanza = STANZAS[name]
    wanted = {
        "disabled": "1", "realtime_schedule": "0", "alert.digest_mode": "0", "alert.suppress": "1",
        "alert.suppress.fields": "alert_key", "action.risk": "0", "action.notable": "0", "dispatch.index_latest": "-1m@m",
    }  # fmt: skip

    assert {key: stanza[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", sorted(STANZAS))
def test_what_enterprise_security_reads_is_json_on_one_line(name: str) -> None:
    risk = json.loads(STANZAS[name]["action.risk.param._risk"])
    annotations = json.loads(STANZAS[name]["action.correlationsearch.annotations"])
    drilldown = json.loads(STANZAS[name]["action.notable.param.drilldown_searches"])

    assert all(1 <= entry["risk_score"] <= 100 for entry in risk) and risk
    assert all(technique.startswith("T1") for technique in annotations.get("mitre_attack", []))
    assert drilldown[0]["search"].startswith("`illumio_pce_index`")


def test_no_command_that_appinspect_calls_risky_is_used() -> None:
    risky = ("outputlookup", "collect", "delete", "sendemail", "script", "map ", "runshellscript", "crawl", "dump")

    assert [name for name, one in STANZAS.items() if any(f"| {word}" in one["search"] for word in risky)] == []


def test_the_recommended_set_stands_ready_to_be_copied() -> None:
    page = (ROOT / "docs" / "detections.md").read_text(encoding="utf-8")

    assert all((f"[{one.id}]\ndisabled = 0" in page) == one.recommended for one in read_all())


def test_a_threshold_that_no_search_uses_is_refused(tmp_path: Path) -> None:
    text = (CONTENT / "ven_suspended" / "detection.yml").read_text(encoding="utf-8")
    path = tmp_path / "ven_suspended" / "detection.yml"
    path.parent.mkdir()
    path.write_text(text + "\nthresholds:\n  forgotten: [1, nobody reads it]\n", encoding="utf-8")

    with pytest.raises(Invalid, match="a threshold is not used"):
        read(path)


@pytest.mark.parametrize("conf", sorted((ROOT / "package" / "default").glob("*.conf")), ids=lambda path: path.name)
def test_no_line_is_long(conf: Path) -> None:
    assert [line[:60] for line in conf.read_text(encoding="utf-8").splitlines() if len(line) > LONGEST] == []


def test_long_search_goes_on_in_the_next_line_and_stays_what_it_was() -> None:
    stages = [f'eval a{number}=if(match(user,"a | b"),"x y",`m(a | b)`)' for number in range(30)]
    search = "search = " + " | ".join(["index=main", *stages])
    text = wrapped(f"[s]\n{search}\ndisabled = 1\n")
    assert max(map(len, text.splitlines())) <= 120
    assert " ".join(text.replace("\\\n", " ").split()) == " ".join(f"[s]\n{search}\ndisabled = 1\n".split())
    assert not any(line.startswith(" ") and not line.strip().startswith("| eval") for line in text.splitlines()[2:-1])


def test_line_that_cannot_be_continued_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be continued"):
        wrapped('search = "' + "x" * 700 + '"')
