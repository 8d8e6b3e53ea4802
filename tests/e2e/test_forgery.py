"""Hostile text in every place of an event, in errors and in headers: data stays data, and a log entry stays a line."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from tests.hostile import TEXTS
from workbench.lab import EVENTS, INGEST, RestFailure
from workbench.pce import faults
from workbench.pce.wire import Answer

ENTRY = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} log_level=(DEBUG|INFO|WARNING|ERROR) pid=\d+ tid=\S+ file=\S+ \| [ -~]*"
)
FORGED = {"index": "_audit", "source": "forged", "sourcetype": "forged", "_time": "0", "time": 0, "_raw": "forged"}
#: Names of hosts and times that are none: the account's host and the present stand for them.
NO_HOSTS = ("forged\n.example.net", "a b", "", "x/y", "forged:1", "<host>", "-forged", "x" * 300, 7, None, ["pce"])
NO_TIMES: tuple[object, ...] = (
    "0",
    "2001-01-01",
    "2001-01-01T00:00:00",
    "2001-01-01T00:00:00Z\n",
    "yesterday",
    978307200,
    None,
    [],
)


def log_lines(lab: PceLab) -> list[str]:
    folder = lab.splunkd.home / "var/log/splunk"
    # `split`, since `splitlines` takes more characters for line breaks than Splunk does
    return [line for path in folder.glob("ta_illumio_*.log") for line in path.read_text("utf-8").split("\n") if line]


def record(lab: PceLab, number: int, **members: Any) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(event(number, **members))
    lab.pce.record(json.dumps(written, ensure_ascii=False))
    return written


def test_text_in_an_event_stays_text(lab: PceLab) -> None:
    lab.rest("POST", "ta_illumio_pce_settings/logging", loglevel="DEBUG")
    assert lab.run().exit_code == 0
    usual = len(log_lines(lab))
    written = [
        record(lab, number, event_type=text, status=text, severity=text, note=text, **{text: text}, **FORGED)
        for number, text in enumerate(TEXTS)
    ]
    assert lab.run().exit_code == 0
    indexed = list(lab.splunkd.events(sourcetype=EVENTS))
    assert sorted(json.loads(one.raw)["note"] for one in indexed) == sorted(TEXTS)
    assert {json.dumps(json.loads(one.raw)) for one in indexed} == {json.dumps(one) for one in written}
    assert {(one.index, one.source, one.host) for one in indexed} == {
        ("main", "illumio_pce_events://audit", "pce.example.com")
    }
    assert all(time.time() - 60 < one.time < time.time() + 60 for one in indexed)
    assert not any("\n" in one.raw or "\r" in one.raw for one in indexed)
    assert len(list(lab.splunkd.events())) == len(indexed) + len(lab.records())
    assert len(log_lines(lab)) == 2 * usual
    assert [line for line in log_lines(lab) if not ENTRY.fullmatch(line)] == []


def test_only_a_valid_host_name_and_a_valid_time_count(lab: PceLab) -> None:
    hosts = [record(lab, number, pce_fqdn=name, **FORGED) for number, name in enumerate(NO_HOSTS)]
    times = [record(lab, 100 + number, timestamp=stamp, **FORGED) for number, stamp in enumerate(NO_TIMES)]
    assert lab.run().exit_code == 0
    indexed = {json.loads(one.raw)["href"]: one for one in lab.splunkd.events(sourcetype=EVENTS)}
    assert {indexed[one["href"]].host for one in hosts} == {"127.0.0.1"}
    assert all(abs(indexed[one["href"]].time - time.time()) < 60 for one in times)
    assert {one.index for one in indexed.values()} == {"main"}


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_server_error_text_is_not_repeated(lab: PceLab, status: int) -> None:
    """By the JSON of its body, nor by its headers; neither in a log, a record or a form."""
    body = json.dumps([{"token": text, "message": text} for text in TEXTS]).encode()
    evil = "forged log_level=CRITICAL | delete\x9b31m\x85"
    headers = dict.fromkeys(("X-Request-Id", "Server", "Retry-After", "Content-Type", "Location", "Set-Cookie"), evil)
    lab.pce.faults.switch_on(lambda _request, _ask: Answer(status, headers, body), times=None if status < 500 else 1)
    lab.run()
    said = lab.log() + json.dumps(lab.records(), ensure_ascii=False)
    lab.pce.faults.switch_on(faults.status(status, body=body))
    with pytest.raises(RestFailure) as failure:
        lab.rest("POST", "ta_illumio_pce_account/lab", api_key_id=lab.key.key_id)
    said += str(failure.value)
    assert [word for word in ("forged", "delete", "CRITICAL", "\x9b", "\x85", "\u2028", "\x1b") if word in said] == []
    assert [line for line in log_lines(lab) if not ENTRY.fullmatch(line)] == []
    assert {one.sourcetype for one in lab.splunkd.events()} == {INGEST}
