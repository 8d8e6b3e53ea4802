"""Every fault on the way to the PCE, against live servers, in a run and in the form's check: one line names it, the
watermark stays, no secret leaves a trace, and once the fault is over everything comes, once.

The run is the add-on's own, in this process so that its patience can be shortened; splunkd is the stand-in.
"""

from __future__ import annotations

import gc
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import pytest
from illumio_pce import input_run, log
from illumio_pce import pce as api
from illumio_pce.stop import Stop

from tests.canary import traces
from tests.conftest import ADDON
from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from workbench.lab import APP, CHECKPOINTS, SCHEME, RestFailure
from workbench.pce import Pce, PceServer, faults
from workbench.pce.certificates import Certificates
from workbench.pce.proxy import Proxy
from workbench.splunkd.stream import StreamEvent, StreamParser

SECRET = 'c4nary/Wq8+tZ "\\é=k3y&0f#the%pce'
PROXY_SECRET = "pr0xy/Hc5+vB \"'é=w0rd@of:the?proxy"

#: Fault → the category of the error, and what the line that names the cause matches.
ANSWERS = {
    "status 400": ("bad_request", "400"),
    "status 401": ("refused_key", "401"),
    "status 403": ("forbidden", "403"),
    "status 404": ("not_found", "404"),
    "status 406": ("bad_request", "406"),
    "status 407": ("proxy", "407"),
    "status 429": ("rate_limited", "429"),
    "status 500": ("server_error", "500"),
    "status 502": ("server_error", "502"),
    "status 503": ("server_error", "503"),
    "status 504": ("server_error", "504"),
    "429 with Retry-After": ("rate_limited", "429"),
    "503 with Retry-After": ("server_error", "503"),
    "503 with a Retry-After that is no number": ("server_error", "503"),
    "HTML page": ("not_a_pce", "no JSON list"),
    "HTML page 502": ("server_error", "502"),
    "redirect elsewhere": ("redirect", "another host"),
    "redirect on the same host": ("redirect", "circle"),
    "redirect with a body without end": ("redirect", "another host"),
    "redirect to an address that is none": ("broken_answer", "address that is none"),
    "redirect without an address": ("broken_answer", "address that is none"),
    "redirect in a circle": ("redirect", "circle"),
    "empty body": ("not_a_pce", "no JSON list"),
    "object instead of array": ("not_a_pce", "no JSON list"),
    "invalid JSON": ("broken_answer", "not whole"),
    "truncated JSON": ("broken_answer", "not whole"),
    "truncated gzip": ("broken_answer", "ends early"),
    "short body": ("broken_answer", "as long as"),
    "length that is no number": ("broken_answer", "as long as"),
    "length smaller than the body": ("broken_answer", "not whole"),
    "chunks cut": ("broken_answer", "broke in the middle"),
    "hang up": ("connection", "closed the connection"),
    "reset": ("connection", "closed the connection"),
    "reset within the body": ("broken_answer", "broke in the middle|as long as"),
    "many headers": ("connection", "closed the connection"),
    "a header of 200 KB": ("connection", "closed the connection"),
    "no HTTP": ("connection", "closed the connection"),
    "huge": ("too_large", "do not end"),
    "gzip bomb": ("too_large", "do not end"),
}
#: The same for what never ends: the run's time-outs are a second here, the form's check is left out.
ENDLESS = {
    "silence": ("timeout", "did not answer in time"),
    "silence within the body": ("timeout", "stopped in the middle"),
    "endless drip": ("timeout", "stopped in the middle"),
    "headers without end": ("timeout", "did not answer in time"),
    "interim answers without end": ("timeout", "did not answer in time"),
    "trailers without end": ("timeout", "stopped in the middle"),
}
#: What the server's side of TLS is like → the same.
TLS = {
    "self_signed": ("tls", "self-signed"),
    "wrong_host": ("tls", "for another"),
    "expired": ("tls", "expired"),
    "not_yet_valid": ("tls", "not valid yet"),
    "wrong_ca": ("tls", "not trusted"),
    "tls10": ("tls", "TLS 1.2"),
    "tls11": ("tls", "TLS 1.2"),
    "plain": ("tls", "TLS 1.2"),
}
#: The same for a server that takes the connection and says nothing.
SPEECHLESS = {"silent": ("timeout", "did not answer in time")}
#: What is in the way → the same.
WAY = {
    "nobody listens": ("connection", "No connection"),
    "the name is unknown": ("dns", "cannot be resolved"),
    "the proxy wants another password": ("proxy", "proxy"),
    "the proxy refuses": ("proxy", "proxy"),
    "nobody is at the proxy": ("proxy", "proxy"),
    "the socks proxy wants another password": ("proxy", "proxy"),
}
#: What the form's check says, which asks for an empty list, where that is something else.
CHECKED = {
    "status 400": "not as its events API should",
    "status 406": "not as its events API should",
    "huge": "not as its events API should",
    "gzip bomb": "not as its events API should",
    "reset within the body": "closed the connection",
}
HARMLESS = {"deep JSON"}  # tests/e2e/test_network.py


class Scene(NamedTuple):
    """A lab with one account and one input, whose PCE can be served by another server."""

    lab: PceLab
    certificates: Certificates
    stream: Path

    def run(self) -> list[StreamEvent]:
        """One run of the input; what it wrote to splunkd."""
        stanza = f"{SCHEME}://audit"
        key = self.lab.splunkd.session_key("splunk-system-user")
        parameters = self.lab.splunkd.inputs.enabled()[stanza].settings
        metadata = {name: str(value) for name, value in asdict(self.lab.splunkd.host(key, SCHEME)).items()}
        with self.stream.open("wb", buffering=0) as pipe, pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", pipe)
            patch.setattr(Stop, "listen", lambda _stop: None)
            patch.setenv("SPLUNK_HOME", str(self.lab.splunkd.home))
            input_run.run_input(stanza, parameters, metadata)
        gc.collect()  # the input's lock ends with its process; here with what refers to it
        written: list[StreamEvent] = []
        parser = StreamParser(written.append)
        parser.feed(self.stream.read_bytes())
        assert parser.error is None
        assert traces(self.stream.read_text("utf-8"), key) == []
        return written

    def watermarks(self) -> list[str]:
        return re.findall(r'watermark\\*": ?(\d+)', json.dumps(self.lab.rest("GET", CHECKPOINTS)))

    def new_log_lines(self) -> list[str]:
        path = self.lab.splunkd.home / "var/log/splunk/ta_illumio_pce_illumio_pce_events_audit.log"
        lines = path.read_text("utf-8").splitlines()
        path.write_text("")
        return lines


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    pce, certificates = Pce(), Certificates()
    server = PceServer(pce, certificates=certificates).start()
    lab = PceLab(tmp_path_factory.mktemp("splunk"), ADDON, pce, server)
    lab.key.secret = SECRET
    with lab.splunkd:
        lab.add_account()
        lab.add_input()
        lab.rest("POST", "ta_illumio_pce_settings/logging", loglevel="DEBUG")
        for number in range(60):
            lab.pce.record(event(number, note="x" * 2000))
        ready = Scene(lab, certificates, tmp_path_factory.mktemp("pipe") / "stream")
        assert len(ready.run()) == 61
        yield ready
    lab.server.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs that a test can wait for, and a log that knows no secrets of the test before."""
    monkeypatch.setattr(api, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(api.Pce.__init__, "__defaults__", _impatient(api.Pce.__init__.__defaults__))
    monkeypatch.setattr(log.formatter, "_secrets", [])


def _impatient(defaults: tuple[object, ...] | None) -> tuple[object, ...]:
    return tuple(0.0 if value == api.PATIENCE_SECONDS else value for value in defaults or ())


def serve(scene: Scene, certificate: str) -> None:
    """Put another server in the place of the PCE's."""
    port = scene.lab.server.port
    scene.lab.server.stop()
    scene.lab.server = PceServer(
        scene.lab.pce, certificate=certificate, certificates=scene.certificates, port=port
    ).start()


@contextmanager
def answering(scene: Scene, name: str) -> Iterator[None]:
    scene.lab.pce.faults.switch_on(faults.EVERY[name])
    try:
        yield
    finally:
        scene.lab.pce.faults.clear()


@contextmanager
def served(scene: Scene, certificate: str) -> Iterator[None]:
    serve(scene, certificate)
    try:
        yield
    finally:
        serve(scene, "good")


@contextmanager
def configured(scene: Scene, conf: str, stanza: str, **settings: str) -> Iterator[None]:
    """Other settings, as an administrator writes them into a file."""
    confs = scene.lab.splunkd.confs
    before = confs.stanzas(APP, conf)[stanza].settings
    confs.write(APP, conf, stanza, settings)
    try:
        yield
    finally:
        confs.write(APP, conf, stanza, {name: before.get(name, "") for name in settings})


@contextmanager
def proxied(scene: Scene, kind: str = "http", *, refuses: int = 0, listens: bool = True) -> Iterator[None]:
    """A proxy that does not let us through, with an account for it."""
    with Proxy(kind, user="ada", password="another password", refuses=refuses) as proxy:
        port = str(proxy.port) if listens else "1"
        settings = {"proxy_type": kind, "proxy_url": "127.0.0.1", "proxy_port": port, "proxy_username": "ada"}
        own = {"proxy_enabled": "1", "proxy_password": PROXY_SECRET}
        scene.lab.rest("POST", "ta_illumio_pce_settings/proxy", **settings, **own)
        try:
            yield
        finally:
            scene.lab.rest("POST", "ta_illumio_pce_settings/proxy", **settings, proxy_enabled="0")


@contextmanager
def in_the_way(scene: Scene, name: str) -> Iterator[None]:
    account = "ta_illumio_pce_account"
    ways: dict[str, AbstractContextManager[None]] = {
        "nobody listens": configured(scene, account, "lab", pce_url="https://127.0.0.1:1"),
        "the name is unknown": configured(scene, account, "lab", pce_url="https://pce.invalid:8443"),
        "the proxy wants another password": proxied(scene),
        "the proxy refuses": proxied(scene, refuses=403),
        "nobody is at the proxy": proxied(scene, listens=False),
        "the socks proxy wants another password": proxied(scene, "socks5"),
    }
    with ways[name]:
        yield


Fault = Callable[[Scene, str], AbstractContextManager[None]]
TABLE: list[tuple[Fault, str, str, str]] = [
    (meet, name, category, word)
    for meet, rows in (
        (answering, ANSWERS),
        (answering, ENDLESS),
        (served, TLS),
        (served, SPEECHLESS),
        (in_the_way, WAY),
    )
    for name, (category, word) in rows.items()
]


@pytest.mark.parametrize(("meet", "name", "category", "word"), TABLE, ids=[row[1] for row in TABLE])
def test_a_fault(
    meet: Fault, name: str, category: str, word: str, scene: Scene, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    lab = scene.lab
    before = scene.watermarks()
    href = lab.pce.record(event(len(lab.pce.recorded) + 1))
    scene.new_log_lines()
    with meet(scene, name):
        said = failed_run(scene, category, word)
        if name not in (*ENDLESS, *SPEECHLESS):
            said += refused_check(scene, CHECKED.get(name, word))
    assert before
    assert scene.watermarks() == before
    assert href in [json.loads(one.data).get("href") for one in scene.run()]
    everything = said + caplog.text + "".join(capfd.readouterr()) + stored(scene)
    assert traces(everything, SECRET, PROXY_SECRET) == []


def failed_run(scene: Scene, category: str, word: str) -> str:
    """A run that fails, in one record and one line; what it said."""
    (record,) = [json.loads(one.data) for one in scene.run()]
    assert (record["outcome"], record["error_category"], record["events"]) == ("failed", category, 0)
    assert re.search(word, record["error"])
    assert len(record["remedy"]) > 20
    lines = scene.new_log_lines()
    (line,) = [line for line in lines if "log_level=ERROR" in line]
    assert f"category={category} error=" in line
    assert record["error"].replace('"', "'") in line
    assert record["remedy"].replace('"', "'") in line
    assert all(re.match(r"\d{4}-\d\d-\d\d \S+ log_level=", line) for line in lines)
    return "\n".join(lines) + json.dumps(record, ensure_ascii=False)


def refused_check(scene: Scene, word: str) -> str:
    """The form's check of the account as it is stored; its refusal."""
    with pytest.raises(RestFailure) as failure:
        scene.lab.rest("POST", "ta_illumio_pce_account/lab", api_key_id=scene.lab.key.key_id)
    assert re.search(word, str(failure.value))
    return str(failure.value)


def stored(scene: Scene) -> str:
    """What is on the disk and in the KV store, logs and confs among it."""
    home = scene.lab.splunkd.home
    texts = [
        path.read_text("utf-8", "replace") for path in home.rglob("*") if path.suffix in (".conf", ".log", ".meta")
    ]
    return "".join(texts) + json.dumps(scene.lab.rest("GET", CHECKPOINTS))


def test_every_fault_has_its_line() -> None:
    assert set(faults.EVERY) == {*ANSWERS, *ENDLESS, *HARMLESS}
    assert len(TABLE) >= 50


def test_a_trace_would_be_found(scene: Scene) -> None:
    leaks = [
        SECRET[3:12],
        SECRET[::-1],
        json.dumps(SECRET),
        "c4nary%2FWq8",
        "authorization: Basic YXBpX2E6YzRuYXJ5L1dxOCt0",
    ]
    assert [bool(traces(f"before {leak} after", SECRET)) for leak in leaks] == [True] * len(leaks)
    assert traces(stored(scene), "n0body/hasThis+0ne") == []
