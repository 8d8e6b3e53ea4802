"""How a run of an input ends, whatever happens to it: in one record, in one line of the log, and without its lock."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from illumio_pce import events_run, input_run
from illumio_pce.breadcrumb import path_of
from illumio_pce.collector import Run
from illumio_pce.config import Account, EventsSettings
from illumio_pce.errors import CollectorError, PipeClosed, SplunkdError, StateError
from illumio_pce.heartbeats import Heartbeat, Heartbeats, interval_seconds
from illumio_pce.lease import ClusterLease, FileLock
from illumio_pce.log import logger
from illumio_pce.output import SplunkdStream
from illumio_pce.stop import Stop
from illumio_pce.unconfirmed import UnconfirmedMark

from tests.simulation import World
from workbench.splunk.splunkd.roles import CAPTAIN, MEMBER, STANDALONE
from workbench.splunk.splunkd.stream import StreamParser

STANZA = "illumio_pce_events://audit"
PARAMETERS = {"account": "lab", "start_time": "-1h", "interval": "60", "index": "default"}


class Stage:
    """A run in this process, between a simulated world and a splunkd that answers from memory."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World()
        self.folder = folder
        self.roles: list[str] = list(STANDALONE)
        self.startup_time: Any = 1
        self.enabled: dict[str, Mapping[str, Any]] | None = {}
        self.asked: list[str] = []
        self.announced: list[str] = []
        self.metadata = {
            "server_host": "forwarder",
            "server_uri": "https://127.0.0.1:1",
            "session_key": "a session key",
            "checkpoint_dir": str(folder),
        }
        self.stream = folder / "stream"
        self._patch = monkeypatch
        self.put(input_run, "Splunkd", lambda *_: self)
        self.put(input_run, "read_settings", lambda _: {})
        account = Account("lab", "pce.example.com", 8443, 1, "api_1", "s3cret-s3cret")
        self.put(input_run, "read_account", lambda *_: account)
        self.put(input_run, "read_proxy", lambda *_: None)
        self.put(input_run, "HttpsTransport", lambda *_: self.world)
        self.put(input_run, "KvStore", lambda *_: self.world)
        self.put(input_run, "SystemClock", lambda: self.world.clock)
        self.put(input_run, "open_log", lambda *_: None)
        self.put(Stop, "listen", lambda _: None)

    def put(self, owner: Any, name: str, value: Any) -> None:
        self._patch.setattr(owner, name, value)

    def server_info(self) -> dict[str, Any]:
        self.asked.append("server_info")
        return {"guid": "member-1", "startup_time": self.startup_time, "server_roles": self.roles}

    def inputs_with_account(self, _account: str) -> int:
        return 1

    def enabled_inputs(self, _scheme: str) -> dict[str, Mapping[str, Any]] | None:
        self.asked.append("enabled_inputs")
        return self.enabled

    def announce(self, _key: str, text: str) -> None:
        self.announced.append(text)

    def run(self) -> bool:
        with self.stream.open("wb", buffering=0) as pipe, pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", pipe)
            return events_run.run_input(STANZA, PARAMETERS, self.metadata)

    def written(self) -> list[dict[str, Any]]:
        """The events and records of the last run, whose stream has to be well-formed and whole."""
        found: list[dict[str, Any]] = []
        parser = StreamParser(lambda event: found.append(json.loads(event.data)))
        parser.feed(self.stream.read_bytes())
        assert parser.close(), parser.error
        return found

    def records(self) -> list[dict[str, Any]]:
        return [one for one in self.written() if "kind" in one]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What is logged at ERROR."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR:
                lines.append(record.getMessage())

    handler = Handler()
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a bug")


#: Everything that a run goes through, in its order: whose, and its name.
SEAMS: list[tuple[Any, str]] = [
    (input_run, "open_log"),
    (Stop, "listen"),
    (Stop, "watching"),
    (FileLock, "acquire"),
    (input_run, "Splunkd"),
    (input_run, "read_settings"),
    (input_run, "set_level"),
    (Stage, "server_info"),
    (EventsSettings, "parse"),
    (input_run, "read_account"),
    (input_run, "read_proxy"),
    (input_run, "KvStore"),
    (input_run, "is_shared"),
    (ClusterLease, "acquire"),
    (input_run, "HttpsTransport"),
    (input_run, "Pce"),
    (events_run, "BreadcrumbFile"),
    (events_run, "State"),
    (events_run, "splunkd_boot_id"),
    (events_run, "Run"),
    (World, "find"),
    (World, "send"),
    (Run, "collect"),
    (Run, "write_record"),
    (input_run, "_log_for_monitoring"),
    (ClusterLease, "keep"),
    (Heartbeats, "leave"),
    (Heartbeats, "silent"),
    (FileLock, "release"),
]


@pytest.mark.parametrize(("owner", "name"), SEAMS, ids=[f"{owner.__name__}.{name}" for owner, name in SEAMS])
def test_a_bug_anywhere_leaves_one_record_and_one_log_line(
    owner: Any, name: str, stage: Stage, errors: list[str]
) -> None:
    stage.roles = list(CAPTAIN)
    stage.put(owner, name, broken)
    assert stage.run() is False
    (record,) = [one for one in stage.records() if one["outcome"] == "failed"]
    assert record["error_category"] == "internal"
    assert "RuntimeError" in record["error"]
    assert len(errors) == 1
    assert "category=internal" in errors[0]


def test_a_record_that_cannot_be_written_still_leaves_a_log_line(stage: Stage, errors: list[str]) -> None:
    stage.put(input_run, "read_settings", broken)
    stage.put(input_run, "not_started", broken)
    assert stage.run() is False
    assert stage.written() == []
    assert len(errors) == 1


def test_a_stream_that_cannot_be_closed_is_reported(stage: Stage, errors: list[str]) -> None:
    stage.put(SplunkdStream, "close", broken)
    assert stage.run() is False
    assert b'"error_category": "internal"' in stage.stream.read_bytes()
    assert len(errors) == 1


@pytest.mark.parametrize("missing", ["server_uri", "session_key", "checkpoint_dir"])
def test_missing_metadata_is_reported_in_a_record(missing: str, stage: Stage, errors: list[str]) -> None:
    del stage.metadata[missing]
    assert stage.run() is False
    assert [record["error_category"] for record in stage.records()] == ["internal"]
    assert len(errors) == 1


def test_it_runs_without_a_host_name(stage: Stage) -> None:
    del stage.metadata["server_host"]
    assert stage.run() is True


def test_an_unusable_folder_does_not_prevent_collecting(stage: Stage) -> None:
    stage.metadata["checkpoint_dir"] = str(stage.folder / "gone")
    stage.world.pce.record()
    assert stage.run() is True
    assert [record["outcome"] for record in stage.records()] == ["ok"]


@pytest.mark.parametrize(
    ("name", "error", "category"),
    [
        ("read_settings", SplunkdError("splunkd cannot be reached."), "splunkd"),
        ("read_account", CollectorError("account", "The account 'lab' does not exist."), "account"),
        ("HttpsTransport", ValueError("The CA certificate is none."), "account"),
        ("KvStore", StateError("The input's state cannot be written."), "state"),
    ],
)
def test_configuration_errors_are_named(
    name: str, error: Exception, category: str, stage: Stage, errors: list[str]
) -> None:
    def refuse(*_: Any) -> Any:
        raise error

    stage.put(input_run, name, refuse)
    assert stage.run() is False
    (record,) = stage.records()
    assert (record["outcome"], record["error_category"], record["input"]) == ("failed", category, "audit")
    assert str(error.args[0]) in record["error"]
    assert len(errors) == 1


def test_unusable_parameters_are_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARAMETERS, "start_time", "yesterday")
    assert stage.run() is False
    (record,) = stage.records()
    assert record["error_category"] == "input"
    assert "ISO 8601" in record["error"]


def test_a_second_run_is_kept_out_and_says_so(stage: Stage) -> None:
    lock = FileLock(path_of(stage.folder, "audit", "lock"))
    assert lock.acquire()
    assert stage.run() is False
    assert [record["error_category"] for record in stage.records()] == ["overlap"]
    lock.release()
    assert stage.run() is True


@pytest.mark.parametrize(("owner", "seam"), [(input_run, "read_settings"), (events_run, "Run")])
def test_the_lock_is_free_after_a_run_that_failed(owner: Any, seam: str, stage: Stage) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, seam, broken)
        assert stage.run() is False
    assert stage.run() is True


# --- search head clusters ----------------------------------------------------------------------------


@pytest.mark.parametrize("roles", [CAPTAIN, MEMBER, STANDALONE])
def test_it_collects_wherever_splunkd_starts_it(roles: tuple[str, ...], stage: Stage) -> None:
    stage.roles = list(roles)
    stage.world.pce.record()
    assert stage.run() is True
    assert [record["events"] for record in stage.records()] == [1]
    assert ("audit.lease" in stage.world.documents) is (roles != STANDALONE)


def other_member_collects(stage: Stage) -> ClusterLease:
    lease = ClusterLease(stage.world, "audit", "member-2", stage.world.clock)
    assert lease.acquire() is None
    return lease


def test_an_input_of_another_member_is_skipped_without_a_record(stage: Stage) -> None:
    stage.roles = list(MEMBER)
    stage.world.pce.record()
    assert stage.world.run() == "ok"
    other_member_collects(stage)
    assert stage.run() is True
    assert stage.written() == []


def test_a_member_that_holds_the_input_and_stores_nothing_is_reported(stage: Stage) -> None:
    stage.roles = list(CAPTAIN)
    assert stage.world.run() == "ok"
    stage.world.clock.now += 3 * 60 + 900
    other_member_collects(stage)
    assert stage.run() is True
    stage.world.clock.now += 1
    assert stage.run() is False
    (record,) = stage.records()
    assert (record["kind"], record["outcome"], record["error_category"]) == ("run", "failed", "overlap")
    assert "member-2" in record["error"]
    assert "18 minutes" in record["error"]


def test_the_first_run_on_another_member_is_waited_for_as_long(stage: Stage) -> None:
    stage.roles = list(CAPTAIN)
    stage.world.insert({"_key": "audit", "kind": "created", "input": "audit", "made_at": stage.world.clock.now})
    stage.world.clock.now += 3 * 60 + 901
    other_member_collects(stage)
    assert stage.run() is False


@pytest.mark.parametrize("requested", [False, True])
def test_a_member_keeps_the_input_unless_it_is_stopped(requested: bool, stage: Stage) -> None:
    stage.roles = list(MEMBER)

    def collect(run: Any) -> None:
        run._context.stop.requested = requested

    stage.put(Run, "collect", collect)
    assert stage.run() is True
    second = ClusterLease(stage.world, "audit", "member-2", stage.world.clock)
    assert (second.acquire() is None) is requested


# --- splunkd that has gone ---------------------------------------------------------------------------


def close_the_pipe_at(stage: Stage, name: str) -> None:
    def closed(*_: Any) -> Any:
        raise PipeClosed

    stage.put(Run, name, closed)


def test_a_pipe_that_closes_marks_what_was_delivered_and_asks_the_kv_store_nothing(
    stage: Stage, errors: list[str]
) -> None:
    stage.world.pce.record()
    close_the_pipe_at(stage, "write_record")
    assert stage.run() is False
    assert UnconfirmedMark(stage.folder, "audit").is_set()
    assert stage.world.trace[-1] == "breadcrumb" or stage.world.trace[-1].startswith("save")
    assert errors == ["action=failed input=audit category=pipe splunkd closed the pipe"]


def test_a_pipe_that_closes_before_anything_was_delivered_leaves_no_mark(stage: Stage) -> None:
    close_the_pipe_at(stage, "collect")
    assert stage.run() is False
    assert not UnconfirmedMark(stage.folder, "audit").is_set()


def test_a_failure_after_splunkd_is_gone_is_one_log_line(stage: Stage, errors: list[str]) -> None:
    def collect(run: Any) -> None:
        run._context.stop.gone = True
        raise StateError("The input's state cannot be written in the KV store (splunkd has gone).")

    stage.put(Run, "collect", collect)
    assert stage.run() is False
    assert errors == ["action=failed input=audit category=pipe splunkd closed the pipe"]


def test_the_mark_is_set_seen_and_cleared(tmp_path: Path) -> None:
    mark = UnconfirmedMark(tmp_path, "audit")
    assert [mark.is_set(), mark.set(), mark.is_set(), mark.clear(), mark.is_set(), mark.clear()] == [
        False, True, True, True, False, True,
    ]  # fmt: skip
    assert not UnconfirmedMark(tmp_path, "audit-2").is_set()


def test_a_mark_that_cannot_be_set_says_so(tmp_path: Path) -> None:
    mark = UnconfirmedMark(tmp_path / "gone", "audit")
    assert [mark.set(), mark.is_set(), mark.clear()] == [False, False, True]
    folder = tmp_path / "input_audit.unconfirmed"
    folder.mkdir()
    assert UnconfirmedMark(tmp_path, "audit").clear() is False


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


@pytest.fixture
def terminated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that this process would get."""
    found: list[int] = []
    monkeypatch.setattr(signal, "pthread_kill", lambda _thread, number: found.append(number))
    return found


def listening() -> Stop:
    stop = Stop(watch_seconds=0.01)
    stop._listening = True
    return stop


def test_a_pipe_that_nobody_reads_any_more_ends_the_run(terminated: list[int]) -> None:
    reader, writer = os.pipe()
    stop = listening()
    with stop.watching(writer):
        time.sleep(0.05)
        assert (stop.gone, terminated) == (False, [])
        os.close(reader)
        wait_for(lambda: terminated != [])
    assert (stop.gone, terminated) == (True, [signal.SIGTERM])
    os.close(writer)


def test_a_parent_that_ends_ends_the_run(terminated: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    stop = listening()
    with stop.watching(writer):
        monkeypatch.setattr(os, "getppid", lambda: 1)
        wait_for(lambda: terminated != [])
    assert stop.gone
    os.close(reader)
    os.close(writer)


def test_a_pipe_that_closes_after_the_run_has_no_effect(terminated: list[int]) -> None:
    reader, writer = os.pipe()
    stop = listening()
    with stop.watching(writer):
        pass
    os.close(reader)
    os.close(writer)
    time.sleep(0.05)
    assert (stop.gone, terminated) == (False, [])


# --- inputs that stopped running ---------------------------------------------------------------------

SILENT = 3 * 60 + 900


def test_an_ordinary_run_does_not_ask_splunkd_about_other_inputs(stage: Stage) -> None:
    Heartbeats(stage.folder).leave(Heartbeat("other", stage.world.clock.now - SILENT, 60))
    assert stage.run() is True
    assert stage.asked == ["server_info"]


def test_a_silent_enabled_input_is_reported_once_a_day(stage: Stage) -> None:
    Heartbeats(stage.folder).leave(Heartbeat("other", stage.world.clock.now - SILENT - 1, 60))
    stage.enabled = {"other": {}, "audit": {}}
    assert stage.run() is True
    (text,) = stage.announced
    assert "The input other is enabled" in text
    assert stage.run() is True
    assert len(stage.announced) == 1
    stage.world.clock.now += 86_400
    assert stage.run() is True
    assert len(stage.announced) == 2


@pytest.mark.parametrize("as_sent", [int, str])
def test_an_input_is_not_silent_until_it_had_time_to_run_since_splunkd_was_started(
    as_sent: Callable[[float], Any], stage: Stage
) -> None:
    clock = stage.world.clock
    Heartbeats(stage.folder).leave(Heartbeat("other", clock.now - 86_400, 60))
    stage.enabled = {"other": {}, "audit": {}}
    stage.startup_time = as_sent(int(clock.now) - SILENT)
    assert stage.run() is True
    assert stage.announced == []
    clock.now += 1
    assert stage.run() is True
    assert len(stage.announced) == 1


@pytest.mark.parametrize("nothing", [None, "", "unknown", []])
def test_a_splunkd_that_does_not_say_when_it_was_started_hides_no_silent_input(nothing: Any, stage: Stage) -> None:
    Heartbeats(stage.folder).leave(Heartbeat("other", stage.world.clock.now - SILENT - 1, 60))
    stage.enabled = {"other": {}, "audit": {}}
    stage.startup_time = nothing
    assert stage.run() is True
    assert len(stage.announced) == 1


@pytest.mark.parametrize(("enabled", "kept"), [({}, False), (None, True)])
def test_a_disabled_input_is_forgotten_and_an_unknown_one_is_asked_about_again(
    enabled: dict[str, Mapping[str, Any]] | None, kept: bool, stage: Stage
) -> None:
    heartbeats = Heartbeats(stage.folder)
    heartbeats.leave(Heartbeat("other", stage.world.clock.now - SILENT - 1, 60))
    stage.enabled = enabled
    assert stage.run() is True
    assert stage.announced == []
    assert bool(heartbeats.silent(stage.world.clock.now, "audit")) is kept


def test_an_input_that_moved_to_another_member_is_not_reported(stage: Stage) -> None:
    heartbeats, now = Heartbeats(stage.folder), stage.world.clock.now
    heartbeats.leave(Heartbeat("other", now - SILENT - 1, 60))
    stage.enabled = {"other": {}}
    stage.world.insert({"_key": "other", "kind": "created", "input": "other", "made_at": now - SILENT})
    assert stage.run() is True
    assert stage.announced == []
    assert heartbeats.silent(now, "audit") == []


def test_a_run_leaves_a_heartbeat_whether_it_collects_fails_or_is_skipped(stage: Stage) -> None:
    heartbeats, now = Heartbeats(stage.folder), stage.world.clock

    def left() -> bool:
        return heartbeats.silent(now.now + SILENT - 1, "") == [] and heartbeats.silent(now.now + SILENT + 1, "") != []

    assert stage.run() is True
    assert left()
    now.now += 10_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(input_run, "read_account", broken)
        assert stage.run() is False
    assert left()
    now.now += 10_000
    stage.roles = list(MEMBER)
    assert stage.world.run() == "ok"
    other_member_collects(stage)
    assert stage.run() is True
    assert left()


def test_an_unreadable_heartbeat_is_ignored(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"at": "soon", "interval": 60, "told_at": 0}'):
        path_of(tmp_path, "other", "sign").write_text(text)
        assert Heartbeats(tmp_path).silent(1e12, "audit") == []


@pytest.mark.parametrize(
    ("interval", "seconds"), [("60", 60), ("", 60), (None, 60), ("0.5", 0.5), ("-1", 86_400), ("*/5 * * * *", 86_400)]
)
def test_an_interval_is_in_seconds_or_defaults_to_a_day(interval: str | None, seconds: float) -> None:
    assert interval_seconds(interval) == seconds
