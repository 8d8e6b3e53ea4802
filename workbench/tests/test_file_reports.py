"""What `./build.sh search` and `detect` say of a file on standard error, with the add-on's own confs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ADDON, REPOSITORY
from workbench import detect
from workbench.search import main
from workbench.splunk import text_files

JSON = '{"event_type": "user.sign_in", "timestamp": "2026-03-01T08:15:30.011Z", "href": "/orgs/1/events/1"}'
NOW = ("--now", "2026-03-02T00:00:00Z")
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    """What a search over a file of that content says on standard error."""
    monkeypatch.chdir(tmp_path)

    def run(content: str, *options: str, code: int = 0) -> str:
        Path("file").write_text(content, encoding="utf-8")
        assert main(["index=* | stats count", "file", "--app", str(ADDON), *options]) == code
        return capsys.readouterr().err

    return run


def test_recognised_events_cause_no_warning(told: Told) -> None:
    assert told(f"<14>1 header {JSON}\n{JSON}\n", *NOW) == ""
    assert told(f"[\n{JSON},\n{JSON}\n]\n", *NOW) == ""


def test_unrecognised_lines_are_counted(told: Told) -> None:
    assert told("one\ntwo\n\nthree\n") == (
        "file: 3 lines, none recognised as PCE events. See docs/formats.md for the supported formats.\n"
    )
    assert told(f"{JSON}\none\n{JSON}\ntwo\n", *NOW) == (
        "file: 2 of 4 lines not recognised as PCE events, the first is 'one'.\n"
    )
    assert told("") == "file: it contains no events.\n"


@pytest.mark.parametrize("sourcetype", ["access_combined", "illumio:pce"])
def test_a_wrong_source_type_is_named(told: Told, sourcetype: str) -> None:
    said = told(f"{JSON}\n", "--sourcetype", sourcetype, *NOW, code=2)
    assert (
        "not a source type of the add-on: omit it, or use one of illumio:pce:cef, illumio:pce:cluster_health, " in said
    )
    assert "in --sourcetype" in said


def test_a_wrong_source_type_of_records_is_named(told: Told) -> None:
    record = json.dumps({"_raw": "one", "sourcetype": "illumio:pce", "_time": 1772352930})
    said = told(f"{record}\n{record}\n", *NOW)
    assert (
        "2 lines, none recognised as PCE events. Their source type, illumio:pce, does not belong to the add-on" in said
    )


def test_a_source_type_that_does_not_match_the_lines_is_named(told: Told) -> None:
    said = told(f"{JSON}\n", "--sourcetype", "illumio:pce:cef", *NOW)
    assert "They do not match their source type, illumio:pce:cef." in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"preview": false, "result": {"_raw": "x"}}\n', "Splunk's export as JSON; export it as Raw Events"),
        ('{\n"results": [{"_raw": "x"}]}\n', "(jq -r '.results[]._raw' FILE)"),
        ('"_raw","_time",host\n"x","y","z"\n', "Splunk's export as CSV; export it as Raw Events"),
        (f'{{"events": [{JSON}]}}\n', 'its events are inside "events"; extract them (jq .events FILE)'),
        (f'{{\n  "events": [{JSON}]\n}}\n', 'its events are inside "events"; extract them (jq .events FILE)'),
        (f'[{{"events": [{JSON}]}}]\n', 'its events are inside "events"'),
    ],
)
def test_events_in_another_format_are_refused_with_a_remedy(told: Told, content: str, said: str) -> None:
    assert said in told(content, code=2)


def test_events_later_than_the_clock_are_reported(told: Told) -> None:
    said = told(f"{JSON}\n", "--now", "2026-03-01T08:00:00Z")
    assert said == (
        "file: 1 of 1 events are later than --now (2026-03-01T08:00:00Z), which relative times "
        "are based on and schedules end at. The latest is at 2026-03-01T08:15:30Z: set a later --now.\n"
    )


def test_detect_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("one\n", encoding="utf-8")
    assert detect.main([str(file), "--app", str(ADDON), "--only", "ven_lost", *NOW]) == 0
    assert "1 lines, none recognised as PCE events" in capsys.readouterr().err


def test_a_long_file_shows_progress(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "_PIECE", 1 << 20)
    monkeypatch.setattr(text_files, "_PROGRESS", 1 << 20)
    line = JSON.replace("user.sign_in", "user.sign_in" + " " * 500_000) + "\n"
    said = told(line * 5, *NOW).splitlines()
    assert said == ["file: 1 of 2 MB read", "file: 2 of 2 MB read"]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
def test_chunk_size_makes_no_difference(told: Told, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(text_files, "_PIECE", piece)
    answer = json.dumps([{**json.loads(JSON), "name": 'é\u2028\U0001f512 ]} , \\u0041 " \\'}] * 3, ensure_ascii=False)
    # pieces of less than a token are no longer recognised as an answer by their beginning
    monkeypatch.setattr("workbench.event_files.begins_as_answer", lambda _: True)
    assert told(answer, *NOW) == ""
    assert "is not valid JSON" in told(answer[:-20], code=2)
    assert "unexpected data after its end" in told(answer + "]", code=2)
    assert "a comma or the end of the array is missing" in told(answer.replace("}, {", "} {", 1), code=2)


@pytest.mark.parametrize("piece", [1, 2, 3, 5])
def test_what_is_not_utf_8_is_named_by_byte_and_line_in_any_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], piece: int
) -> None:
    monkeypatch.setattr(text_files, "_PIECE", piece)
    file = tmp_path / "file"
    file.write_bytes("é\nü\nx".encode() + b"\xc3(\n")
    assert main(["index=*", str(file), "--app", str(ADDON)]) == 2
    said = capsys.readouterr().err
    assert "byte 8 is not UTF-8" in said
    assert "file, line 3" in said


def test_a_full_disk_ends_it_with_one_clear_message(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    file = tmp_path / "file"
    file.write_text(f"{JSON}\n", encoding="utf-8")
    command = [sys.executable, "-m", "workbench.search", "index=*", str(file), *NOW, "--app", str(ADDON)]
    with Path("/dev/full").open("w", encoding="ascii") as full:
        done = subprocess.run(command, cwd=REPOSITORY, env=os.environ, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"cannot continue: No space left on device\n"
