"""What follows from content/detections/ is fresh, and keeps to what Splunk, its checks and this project ask for."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from tools.detections.__main__ import stale
from tools.detections.condition import condition
from tools.detections.lines import LONGEST, laid_out, setting
from tools.detections.macros import written_by_hand
from tools.detections.model import OFTEN, Detection, Invalid, read, read_all
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.savedsearches_conf import saved_searches as stanzas
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.search import check

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "detections"
GENERATED = [ROOT / "package" / "default" / name for name in ("savedsearches.conf", "macros.conf")]
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


def test_stanzas_are_named_by_title_and_carry_the_id() -> None:
    names = stanzas([ROOT / "package"])

    assert {name for name in names if not re.fullmatch(r"Illumio PCE - [A-Z][A-Za-z0-9 ,-]+ - Rule", name)} == set()
    assert max(map(len, names)) <= 81
    assert {name: one["action.correlationsearch.label"] for name, one in names.items()} == {
        name: name for name in names
    }
    assert names["Illumio PCE - VEN suspended - Rule"] == STANZAS["ven_suspended"]
    assert STANZAS.keys() == {path.parent.name for path in CONTENT.glob("*/detection.yml")}


@pytest.mark.parametrize("name", ["x" * 61, "a/b", "a [b]", "what $user$ did", "it's"])
def test_a_title_that_makes_no_name_of_a_saved_search_is_refused(name: str, tmp_path: Path) -> None:
    text = (CONTENT / "ven_suspended" / "detection.yml").read_text(encoding="utf-8")
    path = tmp_path / "ven_suspended" / "detection.yml"
    path.parent.mkdir()
    path.write_text(text.replace("name: VEN suspended", f'name: "{name}"'), encoding="utf-8")

    with pytest.raises(Invalid, match="characters"):
        read(path)


def test_a_clone_goes_by_its_own_name(tmp_path: Path) -> None:
    clone = "Access - Mine - Rule"
    (tmp_path / "local").mkdir()
    annotations = STANZAS["ven_suspended"]["action.correlationsearch.annotations"]
    text = f"[{clone}]\nsearch = index=main\naction.correlationsearch.annotations = {annotations}\n"
    (tmp_path / "local" / "savedsearches.conf").write_text(text, encoding="utf-8")

    assert saved_searches([ROOT / "package", tmp_path]).keys() == {*STANZAS, clone}


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
    search, knowledge = STANZAS[name]["search"], Knowledge(Confs.load(ROOT / "package"))

    check(search, knowledge)

    assert str(knowledge.macros["illumio_pce_index"]["definition"]) in expand(search, knowledge.macros)
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
def test_what_enterprise_security_reads_is_json(name: str) -> None:
    annotations = json.loads(STANZAS[name]["action.correlationsearch.annotations"])
    drilldown = json.loads(STANZAS[name]["action.notable.param.drilldown_searches"])

    assert all(technique.startswith("T1") for technique in annotations.get("mitre_attack", []))
    assert drilldown[0]["search"].startswith(f"`illumio_pce_{name}_events`")


def test_no_command_that_appinspect_calls_risky_is_used() -> None:
    risky = ("outputlookup", "collect", "delete", "sendemail", "script", "map ", "runshellscript", "crawl", "dump")

    assert [name for name, one in STANZAS.items() if any(f"| {word}" in one["search"] for word in risky)] == []


def test_the_recommended_set_stands_ready_to_be_copied() -> None:
    page = (ROOT / "docs" / "detections.md").read_text(encoding="utf-8")

    assert all((f"[{one.stanza}]\ndisabled = 0" in page) == one.recommended for one in read_all())


def test_a_threshold_that_no_search_uses_is_refused(tmp_path: Path) -> None:
    text = (CONTENT / "ven_suspended" / "detection.yml").read_text(encoding="utf-8")
    path = tmp_path / "ven_suspended" / "detection.yml"
    path.parent.mkdir()
    path.write_text(text + "\nthresholds:\n  forgotten: [1, nobody reads it]\n", encoding="utf-8")

    with pytest.raises(Invalid, match="a threshold is not used"):
        read(path)


def test_generated_confs_name_their_source_in_the_first_line() -> None:
    first = [path.read_text(encoding="utf-8").partition("\n")[0] for path in GENERATED]

    assert first == [
        "# Generated by `python -m tools.detections` from content/detections/; change it there.",
        "# Generated by `python -m tools.detections` from content/macros.yml and content/detections/; change it there.",
    ]


@pytest.mark.parametrize(
    "path", [*GENERATED, CONTENT.parent / "macros.yml", *sorted(CONTENT.glob("*/detection.yml"))], ids=str
)
def test_no_line_is_long(path: Path) -> None:
    assert [line for line in path.read_text(encoding="utf-8").splitlines() if len(line) > LONGEST] == []


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_each_stage_of_a_search_has_a_line(path: Path) -> None:
    outside_quotes = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', path.read_text(encoding="utf-8"))
    stages = [re.sub(r"^(?:search|definition) = ", "", line).lstrip(" |") for line in outside_quotes.splitlines()]

    assert [stage for stage in stages if " | " in stage] == []


def test_the_format_is_described_key_by_key() -> None:
    page = (CONTENT / "README.md").read_text(encoding="utf-8")

    assert [key.name for key in fields(Detection) if f"`{key.name}`" not in page] == []


def test_macros_written_by_hand_say_what_they_are_for() -> None:
    assert [macro.name for macro in written_by_hand() if not macro.description.endswith(".")] == []


def test_what_is_new_to_a_run_follows_from_how_often_most_run() -> None:
    (new_within,) = [macro for macro in written_by_hand() if macro.name == "illumio_pce_new_within"]

    assert int(new_within.definition) == (OFTEN + 1) * 60


def test_a_search_that_takes_another_period_than_its_schedule_is_refused(tmp_path: Path) -> None:
    text = (CONTENT / "events_silent" / "detection.yml").read_text(encoding="utf-8")
    path = tmp_path / "events_silent" / "detection.yml"
    path.parent.mkdir()
    path.write_text(text.replace("schedule: every 15 minutes", "schedule: every 5 minutes"), encoding="utf-8")

    with pytest.raises(Invalid, match="another period"):
        read(path)


def test_laid_out_search_has_a_line_for_each_stage_assignment_and_case() -> None:
    search = (
        'index=main | eval first=case(match(user,"a | b, c"),"x", true(), "a long text which nobody has to read"),'
        ' second=`m("a | b", c)`, third=if(isnull(first),"(another, long text)",null()) | stats count'
    )
    assert laid_out(search) == [
        "index=main",
        '| eval first=case(match(user,"a | b, c"),"x",true(),"a long text which nobody has to read"),',
        '  second=`m("a | b", c)`,',
        '  third=if(isnull(first),"(another, long text)",null())',
        "| stats count",
    ]


def test_stages_of_a_subsearch_are_indented() -> None:
    assert laid_out("search a [| makeresults | return x] | sort b") == [
        "search a [| makeresults",
        "  | return x]",
        "| sort b",
    ]


def test_conditions_of_a_long_case_have_a_line_each() -> None:
    conditions = [f'match(field_{number},"^(?:one|two|three)$"),"value {number}"' for number in range(4)]

    (stage, *lines) = laid_out(f"| eval a=case({', '.join(conditions)})")

    assert [stage, *lines] == [
        f"| eval a=case({conditions[0]},",
        f"  {conditions[1]},",
        f"  {conditions[2]},",
        f"  {conditions[3]})",
    ]


def test_long_settings_are_continued() -> None:
    text = setting("description", "It says more than a line holds. " * 8)
    entries = json.dumps([{"name": f"entry {number}, of many"} for number in range(8)])

    assert max(map(len, text.splitlines())) <= LONGEST
    assert " ".join(text.replace("\\\n", " ").split()) == "description = " + " ".join(
        ["It says more than a line holds."] * 8
    )
    assert json.loads(setting("x", entries).removeprefix("x = ").replace("\\\n", "\n")) == json.loads(entries)


def test_line_that_cannot_be_split_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        setting("search", '"' + "x" * 700 + '"')


def test_many_values_are_matched_by_several_short_patterns() -> None:
    types = [f"resource_{number}.create_or_update" for number in range(4)]

    assert condition(f"event_type IN ({', '.join(types)})") == (
        '(isnotnull(mvfind(event_type,"(?i)^(?:resource_0\\.create_or_update|resource_1\\.create_or_update'
        '|resource_2\\.create_or_update)$")) OR isnotnull(mvfind(event_type,"(?i)^(?:resource_3\\.create_or_update)$")))'
    )


def test_only_the_lists_of_administrators_count_as_typed() -> None:
    page = (ROOT / "docs" / "detections.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+)` \| [^|]+ \| what you typed \|", page)) == {
        "illumio_pce_expected_automation", "illumio_pce_high_value_labels", "illumio_pce_high_value_workloads",
    }  # fmt: skip
