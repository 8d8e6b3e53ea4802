"""The replay against a stand-in for Splunk's API, and the sample files for pytest-splunk-addon."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable
from xml.etree import ElementTree

import pytest

from tests.cim import splunk
from tools.replay.__main__ import main
from tools.replay.cases import SOURCETYPES, WRITERS, cases
from tools.replay.questions import QUESTIONS
from workbench.splunk.conf.index_time import Receiver
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.conformance import judge, read_cases
from workbench.splunk.spl.commands import annotate
from workbench.splunk.spl.search import run
from workbench.splunk.splunkd.certificate import server_context
from workbench.splunk.splunkd.http_server import HttpServer, Request, Response

Change = Callable[[dict[str, Any]], dict[str, Any]]


class FakeSplunk:
    """Takes events and searches them with the workbench's engine. `change` is made to every row found."""

    def __init__(self, folder: Path) -> None:
        self.confs = Confs.load(splunk.PACKAGE)
        self.events: list[dict[str, Any]] = []
        self.authorizations: set[str] = set()
        self.change: Change = dict
        self.server = HttpServer(self.answer, tls=server_context(folder))
        self.url = f"https://127.0.0.1:{self.server.port}"

    def answer(self, request: Request) -> Response:
        self.authorizations.add(request.headers.get("authorization", ""))
        if request.path == "/services/receivers/simple":
            where = {name: values[0] for name, values in Request("GET", "", request.query).parameters.items()}
            receiver = Receiver(self.confs, splunk.NOW)
            place = (where["sourcetype"], where["source"], where["host"], where["index"])
            self.events += receiver.receive(request.body.decode(), *place)
            return Response(200)
        if request.path == "/services/server/info":
            return Response(200, b'{"entry": [{"content": {"version": "10.4.0"}}]}', "application/json")
        assert request.path == "/services/search/v2/jobs/export"
        spl = request.form["search"].removeprefix("search ")
        latest = request.form["latest_time"]
        rows = run(spl, self.events, knowledge=Knowledge(self.confs, splunk.NOW), now=splunk.NOW, latest=latest)
        lines = [json.dumps({"preview": False, "result": self.change(_exported(row))}) for row in rows]
        return Response(200, "\n".join(lines).encode(), "application/json")


def _exported(row: dict[str, Any]) -> dict[str, Any]:
    """As Splunk's export writes a row: its time in ISO 8601."""
    if "_time" not in row:
        return row
    moment = datetime.fromtimestamp(float(row["_time"]), timezone.utc)
    return {**row, "_time": moment.isoformat(timespec="milliseconds")}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSplunk]:
    found = FakeSplunk(tmp_path)
    monkeypatch.setenv("SPLUNK_TOKEN", "abc")
    monkeypatch.setenv("SPLUNK_CA_FILE", str(tmp_path / "cacert.pem"))
    yield found
    found.server.close()


def test_every_case_is_sent_found_and_compared(fake: FakeSplunk, capsys: pytest.CaptureFixture[str]) -> None:
    count = len(WRITERS) * len(splunk.sample_names())
    assert main([fake.url]) == 0
    assert f"{count} of {count} read as they should" in capsys.readouterr().out
    assert fake.authorizations == {"Bearer abc"}


def test_an_untrusted_certificate_stops_it_before_a_secret_is_sent(
    fake: FakeSplunk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SPLUNK_CA_FILE")
    assert main([fake.url]) == 2
    assert "SPLUNK_CA_FILE" in capsys.readouterr().err
    assert fake.authorizations == set()


def test_differences_are_listed(fake: FakeSplunk, capsys: pytest.CaptureFixture[str]) -> None:
    fake.change = lambda row: {**row, "user": "nobody"} if row.get("source", "").endswith("json:tampering") else row
    assert main([fake.url]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "nobody" in line] == [line for line in lines if line.startswith("json tampering")]


def test_unverified_assumptions_are_tested_first(
    fake: FakeSplunk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotate, "TELLS_THE_FUTURE", False)
    assert main([fake.url]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("addinfo-tells-a-time-that-is-ahead: [{'ahead': 'no'}]")
    assert lines[1] == f"{len(QUESTIONS) - 1} of {len(QUESTIONS)} questions are answered as expected"


def test_an_event_type_that_finds_fewer_events_than_show_it_is_named(
    fake: FakeSplunk, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.change = lambda row: {**row, "count": "0"} if "count" in row and "source" not in row else row
    assert main([fake.url]) == 1
    said = capsys.readouterr().out
    assert re.search(r"(?m)^eventtype=illumio_pce_authentication finds \[.*'0'.*, and \d+ events show it$", said)


def test_captured_results_run_as_conformance_cases(fake: FakeSplunk, tmp_path: Path) -> None:
    assert main([fake.url, "--captures", str(tmp_path / "new")]) == 0
    cases_ = list(read_cases(tmp_path / "new"))
    assert len(cases_) == len(QUESTIONS) + len(WRITERS) * len(splunk.sample_names())
    addon = tmp_path / "TA_illumio_pce"
    addon.symlink_to(splunk.PACKAGE)
    outcomes = {case["id"]: judge(case, addon) for case in cases_}
    assert {name: outcome for name, outcome in outcomes.items() if outcome != ("passed", "")} == {}
    assert {case["expect"][0].get("sourcetype") for case in cases_ if case["area"] != "spl"} == set(
        SOURCETYPES.values()
    )


def test_events_that_are_not_found_are_named(fake: FakeSplunk, capsys: pytest.CaptureFixture[str]) -> None:
    fake.change = lambda row: {**row, "source": "elsewhere"}
    assert main([fake.url, "--wait", "0"]) == 1
    assert "json tampering: not found" in capsys.readouterr().out


def test_secrets_go_over_https_only() -> None:
    with pytest.raises(SystemExit, match="https"):
        main(["http://127.0.0.1:8089"])


def test_sample_files_hold_every_case_where_pytest_splunk_addon_reads_it(tmp_path: Path) -> None:
    """Members as its sample_stanza.py takes them, and the conf's stanzas match the names of files."""
    main(["--samples", str(tmp_path)])
    files = sorted((tmp_path / "samples").iterdir())
    stanzas = re.findall(r"(?m)^\[(.+)\]$", (tmp_path / "pytest-splunk-addon-data.conf").read_text())
    assert all(any(re.fullmatch(stanza, file.name) for stanza in stanzas) for file in files)
    wanted = {case.kept: case for case in cases()}
    for event in (event for file in files for event in ElementTree.parse(file).iter("event")):
        case = wanted.pop(event.findtext("raw", ""))
        expected = {field: value for field, value in case.fields.items() if isinstance(value, str)}
        assert {field.attrib["name"]: field.attrib["value"] for field in event.iter("field")} == expected
        assert len(event.findall("cim/models/model")) == len(case.datasets)
    assert wanted == {}
