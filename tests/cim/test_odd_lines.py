"""Lines as others reported them, each for a kind of fault, read from beside the repository: they read as it says there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cim import splunk

FILE = splunk.ROOT.parent / "shared" / "data" / "odd-lines.jsonl"
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()] if FILE.is_file() else []


def shown(field: str, event: splunk.Fields, wanted: Any) -> Any:
    """What the event has of the field, in the form of the expectation."""
    value = event.get(field)
    if field == "tag":
        return wanted if wanted in splunk.values(value) else value
    return float(value) if isinstance(wanted, float) and value is not None else value


@pytest.mark.skipif(not CASES, reason="odd-lines.jsonl is not beside the repository")
def test_all_cases_are_read() -> None:
    assert len(CASES) >= 13


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_odd_line_reads_as_it_should(case: dict[str, Any]) -> None:
    events = splunk.read_all(case["raw"], case["sourcetype"])
    assert len(events) == case["events"]
    for field, wanted in case["expect"].items():
        each = wanted if isinstance(wanted, list) else [wanted]
        found = [shown(field, event, one) for event, one in zip(events, each)]
        assert found == each, field
