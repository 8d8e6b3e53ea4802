"""The conformance cases of every area: our own, and the shared ones where they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.splunk.conformance import Case, judge, read_cases

HERE = Path(__file__).parent
SHARED = HERE.parents[4] / "shared" / "data"
OWN = [case for path in sorted(HERE.glob("*.jsonl")) for case in read_cases(path)]


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
