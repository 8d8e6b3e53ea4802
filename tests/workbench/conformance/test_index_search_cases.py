"""The conformance cases of index time and search time: our own, and the shared ones where they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.conform import Case, judge, read_cases

HERE = Path(__file__).parent
SHARED = HERE.parents[3] / "shared" / "data" / "conformance-index-search.jsonl"
OWN = list(read_cases(HERE / "index-search.jsonl"))


@pytest.mark.parametrize("case", OWN, ids=[case["id"] for case in OWN])
def test_own_case_passes(case: Case) -> None:
    assert judge(case) == ("passed", "")


def test_own_cases_say_their_source_once() -> None:
    assert len({case["id"] for case in OWN}) == len(OWN)
    assert all(case["source"] and case["note"] for case in OWN)


def test_shared_cases_pass_none_refused() -> None:
    if not SHARED.is_file():
        pytest.skip("the shared conformance cases are not beside the repository")
    outcomes = {case["id"]: judge(case) for case in read_cases(SHARED)}
    assert {name: outcome for name, outcome in outcomes.items() if outcome[0] != "passed"} == {}
    assert len(outcomes) >= 50
