"""The runner of conformance cases: what counts as passed, failed, refused, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.conform import main
from workbench.splunk.conf.rows import differences
from workbench.splunk.conformance import judge

CASE: dict[str, Any] = {
    "id": "c",
    "area": "search-time",
    "basis": "spec",
    "source": "here",
    "confs": {"props.conf": "[st]\nKV_MODE = auto\n"},
    "events": [{"_raw": "a=1", "_time": 1, "sourcetype": "st"}],
}
UNKNOWN = {"props.conf": "[st]\nNO_SUCH = 1\n"}


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ({"expect": [{"a": "1", "b": None}]}, "passed"),
        ({"expect": [{"a": "2"}]}, "failed"),
        ({"expect": [{"a": None}]}, "failed"),
        ({"expect": []}, "failed"),
        ({"expect": [], "complete": False}, "passed"),
        ({"expect": [{"a": "1"}, {"a": "1"}]}, "failed"),
        ({"expect": [{"a": "1"}], "confs": UNKNOWN}, "refused"),
        ({"refuses": True, "confs": UNKNOWN}, "passed"),
        ({"refuses": True}, "failed"),
        ({"spl": "| eval n=a+1 | table n", "expect": [{"n": "2"}]}, "passed"),
        ({"spl": "| nosuchcommand", "expect": [{}]}, "refused"),
    ],
)
def test_outcome(members: dict[str, Any], outcome: str) -> None:
    assert judge({**CASE, **members})[0] == outcome


@pytest.mark.parametrize(
    ("value", "expected", "same"),
    [
        ("1", 1, True),
        ("1.0", "1", True),
        ("9.549999999999999", "9.55", True),
        ("9.54999999", "9.55", False),
        ("007", "7", False),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b", "a"], False),
        ("a", ["a"], True),
        ("", None, False),
    ],
)
def test_values_compare_as_numbers_only_where_both_are_plain(value: Any, expected: Any, same: bool) -> None:
    assert (differences([{"f": value}], [{"f": expected}], True, True) == []) is same


def test_unordered_rows_find_their_expectation_even_if_several_fit() -> None:
    rows: list[Any] = [{"a": "1", "b": "x"}, {"a": "1", "b": "y"}]
    expected = [{"a": "1"}, {"a": "1", "b": "x"}]
    assert differences(rows, expected, False, True) == []
    assert differences(rows, expected, True, True) != []


def test_schedule_case_that_should_be_refused_and_is_not_fails() -> None:
    trigger = {"counttype": "number of events", "relation": "greater than", "quantity": "0"}
    stanza = {"search": "index=main", "enableSched": "1", "cron_schedule": "* * * * *", **trigger}
    case = {"id": "s", "area": "schedule", "savedsearch": stanza, "events": [], "run_from": 0, "run_to": 60}
    assert judge({**case, "refuses": True})[0] == "failed"


def test_counts_come_by_area_and_basis_and_last_for_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [
        {**CASE, "expect": [{"a": "1"}]},
        {**CASE, "id": "wrong", "expect": [{"a": "9"}]},
        {**CASE, "id": "odd", "basis": "assumed", "confs": UNKNOWN, "expect": []},
    ]
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, cases)), encoding="utf-8")
    assert main([str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("failed: wrong: ")
    assert lines[1].startswith("refused: odd: this setting is not known")
    assert "props.conf [st] NO_SUCH" in lines[1]
    assert lines[2:] == [
        "search-time, assumed: 0 passed, 0 failed, 1 refused",
        "search-time, spec: 1 passed, 1 failed, 0 refused",
        "1 passed, 1 failed, 1 refused",
    ]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (json.dumps({**CASE, "expect": []}) + "\nno JSON\n", "line 2"),
        (json.dumps(CASE) + "\n", "line 1"),
        ("[]\n", "line 1"),
    ],
)
def test_a_file_of_something_else_is_refused_by_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, place: str
) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(content, encoding="utf-8")
    assert main([str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{file}, {place}" in err


def test_a_missing_file_of_cases_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert "cannot read" in capsys.readouterr().err


CAPTURE: dict[str, Any] = {
    "id": "kv",
    "splunk": {"version": "10.4.0"},
    "capturedAt": "2026-08-02T11:00:00Z",
    "phase": "search-time",
    "props": "SHOULD_LINEMERGE = false\nTIME_FORMAT = %s\nKV_MODE = none\n",
    "input": "1782900000 a=1\n",
    "events": [{"_raw": "1782900000 a=1", "_time": 1_782_900_000_000, "fields": {"a": "1"}}],
}
EXTRACT = CAPTURE["props"] + "EXTRACT-a = a=(?<a>\\d)"


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ({"props": EXTRACT}, "passed"),
        ({}, "failed"),
        ({"props": EXTRACT + "(?<b>)\nEVAL-c = 2"}, "failed"),
        ({"props": EXTRACT.replace("%s", "x%s")}, "failed"),
        ({"extraProps": [{"stanza": "source::tail", "body": "EVAL-a = 1\n"}], "ingestSource": "tail"}, "passed"),
        ({"props": EXTRACT + "\nINDEXED_EXTRACTIONS = csv"}, "refused"),
        ({"events": [{**CAPTURE["events"][0], "fields": {"a": "1", "punct": "_="}}]}, "refused"),
        ({"app": "TA_that_is_not_built"}, "refused"),
    ],
)
def test_a_capture_is_judged_by_exactly_the_fields_that_were_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], members: dict[str, Any], outcome: str
) -> None:
    (tmp_path / "kv.json").write_text(json.dumps({**CAPTURE, **members}), encoding="utf-8")
    main([str(tmp_path)])
    counts = {"passed": 0, "failed": 0, "refused": 0, outcome: 1}
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    assert capsys.readouterr().out.splitlines()[-2:] == [f"search-time, recorded: {said}", said]


@pytest.mark.parametrize("capture", [[], {}, {**CAPTURE, "events": None}, {**CAPTURE, "capturedAt": "once"}])
def test_a_file_that_is_no_capture_is_refused_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], capture: Any
) -> None:
    (tmp_path / "odd.json").write_text(json.dumps(capture), encoding="utf-8")
    assert main([str(tmp_path / "odd.json")]) == 2
    assert f"{tmp_path / 'odd.json'}" in capsys.readouterr().err
