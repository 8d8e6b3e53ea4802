"""The conformance cases of every area and captures of a real Splunk: our own, and the shared ones where they are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.splunk.conformance import Case, judge, read_cases

HERE = Path(__file__).parent
SHARED = HERE.parents[4] / "shared" / "data"
OWN = list(read_cases(HERE))
#: Forms that no add-on here uses, so that the engine may refuse them.
REFUSED = {
    "bin-n-fields-n": "only supported with span",
    "streamstats-reset-before-n-2-count-fields-count": "reset_before",
    "indexed-extractions": "INDEXED_EXTRACTIONS",
    "linebreak-no-capture-group": "without a capturing group",
    "punct": "punct|TIME_FORMAT",
}


@pytest.mark.parametrize("case", OWN, ids=[case["id"] for case in OWN])
def test_own_case_passes(case: Case) -> None:
    assert judge(case) == ("passed", "")


def test_own_cases_say_their_source_once() -> None:
    assert len({case["id"] for case in OWN}) == len(OWN)
    assert all(case["source"] and case["note"] for case in OWN)


@pytest.mark.parametrize("area", ["index-search", "spl", "schedule"])
def test_shared_cases_pass_none_refused(area: str) -> None:
    path = SHARED / f"conformance-{area}.jsonl"
    if not path.is_file():
        pytest.skip("the shared conformance cases are not beside the repository")
    outcomes = {case["id"]: judge(case) for case in read_cases(path)}
    assert {name: outcome for name, outcome in outcomes.items() if outcome[0] != "passed"} == {}
    assert len(outcomes) >= 20


@pytest.mark.parametrize(("name", "count"), [("conformance-measured.jsonl", 90), ("splunk-10.4.0-captures", 53)])
def test_what_a_real_splunk_did_passes_or_is_refused_for_its_form(name: str, count: int) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the shared captures are not beside the repository")
    outcomes = {case["id"]: judge(case) for case in read_cases(path)}
    others = {id_: outcome for id_, outcome in outcomes.items() if outcome[0] != "passed"}

    assert len(outcomes) - len(others) >= count
    assert {id_: outcome for id_, outcome in others.items() if not _may_be_refused(id_, outcome)} == {}


def _may_be_refused(id_: str, outcome: tuple[str, str]) -> bool:
    reasons = [reason for form, reason in REFUSED.items() if form in id_]
    return outcome[0] == "refused" and any(re.search(reason, outcome[1]) for reason in reasons)
