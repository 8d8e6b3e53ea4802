"""`python -m workbench.search`: three forms of files in, one JSON object a result out, refusals with their place."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.search import main

ROOT = Path(__file__).resolve().parents[2]
PROPS = """
[illumio:pce:events]
KV_MODE = json
SHOULD_LINEMERGE = false
LINE_BREAKER = ([\\r\\n]+)
TIME_PREFIX = "timestamp":"
TIME_FORMAT = %Y-%m-%dT%H:%M:%SZ
TZ = UTC
EVAL-actor = 'created_by.user.username'

[plain]
SHOULD_LINEMERGE = false
LINE_BREAKER = ([\\r\\n]+)
TIME_FORMAT = %s
EXTRACT-user = user=(?<user>\\w+)
"""
EVENTS: list[dict[str, Any]] = [
    {
        "href": "/orgs/7/events/0b51",
        "timestamp": "2026-03-04T05:06:07.250Z",
        "pce_fqdn": "pce.example.test",
        "created_by": {"user": {"username": "ann@example.test"}},
    },
    {"href": "/orgs/7/events/0b52", "timestamp": "2026-03-04T05:06:09Z", "event_type": "x y"},
]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app" / "default"
    folder.mkdir(parents=True)
    (folder / "props.conf").write_text(PROPS, encoding="utf-8")
    (folder / "macros.conf").write_text("[idx]\ndefinition = index=main\n", encoding="utf-8")
    return folder.parent


def searched(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_an_api_response(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(EVENTS, indent=2), encoding="utf-8")
    newest, oldest = searched(capsys, "`idx`", str(file), "--app", str(app))
    assert newest["_time"] == newest["_indextime"] == "1772600769"
    assert (oldest["_time"], oldest["host"], oldest["actor"]) == (
        "1772600767.250",
        "pce.example.test",
        "ann@example.test",
    )
    assert oldest["sourcetype"] == "illumio:pce:events"
    assert json.loads(newest["_raw"]) == EVENTS[1]
    assert "\n" not in newest["_raw"]


def test_lines_of_text(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.log"
    file.write_text("1772600000 user=ann in\n1772600060 user=bob out\n", encoding="utf-8")
    options = ("--sourcetype", "plain", "--app", str(app))
    assert searched(capsys, "index=main | table _time user", str(file), *options) == [
        {"_time": "1772600060", "user": "bob"},
        {"_time": "1772600000", "user": "ann"},
    ]
    late = searched(capsys, "index=main", str(file), *options, "--earliest", "-30s", "--now", "1772600080")
    assert [row["user"] for row in late] == ["bob"]


def test_a_column_that_no_row_has_makes_no_rows_and_one_that_some_have_keeps_the_others(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.log"
    file.write_text("1772600000 in\n1772600060 user=bob out\n1772600120 on\n", encoding="utf-8")
    options = ("--sourcetype", "plain", "--app", str(app))
    assert searched(capsys, "index=main | table user", str(file), *options) == [{}, {"user": "bob"}, {}]
    assert searched(capsys, "index=main | table nobody", str(file), *options) == []
    assert main(["index=main | table nobody | stats count", str(file), *options]) == 2
    assert "no row has a field" in capsys.readouterr().err


def test_an_unpaired_surrogate_becomes_a_replacement_character(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.json"
    name = "a\ud83d b \ud83d\ude00 \\ud83d"
    event = {"timestamp": "2026-03-04T05:06:07Z", "created_by": {"user": {"username": name}}}
    file.write_text(json.dumps([event]), encoding="utf-8")
    spl = '`idx` | eval again=json_extract(_raw, "created_by.user.username") | rex field=actor "^a(?<half>.)"'
    (found,) = searched(capsys, spl, str(file), "--app", str(app))
    assert found["actor"] == found["again"] == "a\ufffd b \U0001f600 \\ud83d"
    assert found["half"] == "\ufffd"


def test_lines_of_json_with_metadata(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {
            "_raw": "1772600000 user=ann",
            "sourcetype": "plain",
            "host": "h1",
            "index": "other",
            "_indextime": 1772600500,
        },
        {"_raw": "user=bob", "sourcetype": "plain", "_time": 1772600100.5},
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("\n\n" + "\r\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = searched(capsys, "index=* | table user _time _indextime host index", str(file), "--app", str(app))
    assert found == [
        {"user": "bob", "_time": "1772600100.5", "_indextime": "1772600100.5", "host": "unknown", "index": "main"},
        {"user": "ann", "_time": "1772600000", "_indextime": "1772600500", "host": "h1", "index": "other"},
    ]


@pytest.mark.parametrize(
    ("spl", "message"),
    [
        ("`idx` | nosuch", "unknown command nosuch"),
        ("`idx` | eval x=nosuch(1)", "unknown function nosuch() (at character 16): 'nosuch(1)'"),
        ("`nosuch`", "no macro nosuch"),
        ("search `idx` [search index=main earliest=soon]", "(at character 33): 'earliest=soon]'"),
        ("`idx` earliest=soon", "'soon' is not a relative time (at character 7): 'earliest=soon'"),
        ("`idx` | stats count(", "'(' is not closed (at character 20): '('"),
        ("`idx` | stats nosuch by x", "unknown statistical function nosuch() (at character 15): 'nosuch by x'"),
        ("`idx` | stats sum(a b)", "'a b' inside a statistical function is not supported"),
        ("index=main | `idx", "a backtick is not closed (at character 14): '`idx'"),
        ("`idx` | nosuch `idx`", "(at character 14): 'nosuch index=main' (counted with the macros written out)"),
    ],
)
def test_a_refusal_is_an_exit_code_and_a_message_with_its_place(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spl: str, message: str
) -> None:
    file = tmp_path / "events.log"
    file.write_text("x\n", encoding="utf-8")
    assert main([spl, str(file), "--app", str(app)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


@pytest.mark.parametrize("option", ["--earliest", "--latest", "--now"])
@pytest.mark.parametrize("text", ["yesterday", "13/40/2026", "-99999999y", "2026-03-04T05:06:07"])
def test_an_invalid_time_is_refused_with_its_option(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    file = tmp_path / "events.log"
    file.write_text("x\n", encoding="utf-8")
    assert main(["index=main", str(file), "--app", str(app), option, text]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert text in err
    assert f"in {option}" in err


def test_an_app_that_is_not_built_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index=main", str(tmp_path / "none"), "--app", str(tmp_path)]) == 2
    assert "build" in capsys.readouterr().err


def test_a_missing_file_is_an_error(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index=main", str(tmp_path / "none"), "--app", str(app)]) == 2
    assert "cannot read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "byte 1 is not UTF-8"),
        (b"one\ntwo \xe9\n", "line 2"),
        (gzip.compress(b"x\n", mtime=0), "compressed"),
        (b'[{"event_type": "a.b"}, {"event_type": ', "starts like an API response but is not valid JSON"),
        (b'[{"event_type": "a.b"}, "c"]', "something other than events"),
        (b'[{"_raw": "x"}]', "something other than events"),
        (b'{\n"events": [{"event_type": "a.b"}]}', "something other than events"),
        (b'{"_raw": "x"}\nx\n', "line 2"),
        (b'x\n{"_raw": "x"}\n', "line 1"),
        (b'{"_raw": 7}\n', "_raw is not a string"),
        (b'[{"a": ' + b"[" * 100_000, "starts like an API response but is not valid JSON"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused_by_name(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(content)
    assert main(["index=*", str(file), "--app", str(app)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert file.name in err


def test_the_answer_to_one_event_is_that_event(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({**EVENTS[0], "event_type": "a.b"}, indent=2), encoding="utf-8")
    (found,) = searched(capsys, "`idx`", str(file), "--app", str(app))
    assert (found["sourcetype"], found["host"], found["actor"]) == (
        "illumio:pce:events",
        "pce.example.test",
        "ann@example.test",
    )


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_line_ends_as_on_any_system(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ends: str) -> None:
    file = tmp_path / "events.log"
    file.write_bytes(b"\xef\xbb\xbf" + ends.join(["1772600000 user=ann", "1772600060 user=bob"]).encode())
    found = searched(capsys, "index=main | table user _raw", str(file), "--sourcetype", "plain", "--app", str(app))
    assert found == [
        {"user": "bob", "_raw": "1772600060 user=bob"},
        {"user": "ann", "_raw": "1772600000 user=ann"},
    ]


def test_a_closed_output_pipe_is_not_an_error(app: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.log"
    file.write_text("x\n" * 20_000, encoding="utf-8")
    command = [sys.executable, "-m", "workbench.search", "index=*", str(file), "--app", str(app)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
