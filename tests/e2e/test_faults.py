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
from typing import Any, NamedTuple

import pytest
from illumio_pce import events_run, log
from illumio_pce.limits import DEFAULT_LIMITS, Limits
from illumio_pce.stop import Stop

from tests.canary import traces
from tests.conftest import ADDON
from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from workbench.lab import APP, CHECKPOINTS, SCHEME, RestFailure
from workbench.pce import Pce, PceServer, faults
from workbench.pce.certificates import Certificates
from workbench.pce.proxy import Proxy
from workbench.splunk.splunkd.stream import StreamEvent, StreamParser

SECRET = 'c4nary/Wq8+tZ "\\é=k3y&0f#the%pce'
PROXY_SECRET = "pr0xy/Hc5+vB \"'é=w0rd@of:the?proxy"

#: Fault → the category of the error, and what the line that names the cause matches.
ANSWERS = {
    "status 203": ("broken_answer", "A proxy changed .*203"),
    "status 204": ("not_a_pce", "Unexpected HTTP status 204; this may not be a PCE"),
    "status 206": ("broken_answer", "part of the response .*206"),
    "status 304": ("not_a_pce", "Unexpected HTTP status 304"),
    "status 400": ("bad_request", "400"),
    "status 401": ("refused_key", "401"),
    "status 403": ("forbidden", "403"),
    "status 404": ("not_found", "404"),
    "status 406": ("bad_request", "406"),
    "status 407": ("proxy", "407"),
    "status 408": ("timeout", "waited too long for the request .*408"),
    "status 414": ("bad_request", "length of the URL .*414"),
    "status 418": ("not_a_pce", "Unexpected HTTP status 418"),
    "status 429": ("rate_limited", "429"),
    "status 431": ("bad_request", "length of the header .*431"),
    "status 500": ("server_error", "internal error .*500"),
    "status 502": ("server_error", "no valid response .*502"),
    "status 503": ("server_error", "not available .*503"),
    "status 504": ("server_error", "in time .*504"),
    "status 511": ("proxy", "sign-in .*511"),
    "status 520": ("server_error", "520"),
    "429 with Retry-After": ("rate_limited", "429"),
    "503 with Retry-After": ("server_error", "503"),
    "503 with a Retry-After that is no number": ("server_error", "503"),
    "429 with a Retry-After date": ("rate_limited", "429"),
    "503 with a Retry-After date": ("server_error", "503"),
    "HTML page": ("not_a_pce", "The response is a web page"),
    "HTML page 502": ("server_error", "502"),
    "redirect elsewhere": ("redirect", "another host"),
    "redirect on the same host": ("redirect", "a page that is not its API"),
    "redirect with a body without end": ("redirect", "another host"),
    "redirect to an address that is none": ("broken_answer", "returned an invalid URL"),
    "redirect without an address": ("broken_answer", "returned an invalid URL"),
    "redirect to another request": ("redirect", "another request"),
    "redirect in a circle": ("redirect", "form a loop"),
    "empty body": ("not_a_pce", "response is empty"),
    "object instead of array": ("not_a_pce", "not a JSON list"),
    "invalid JSON": ("broken_answer", "incomplete or malformed"),
    "truncated JSON": ("broken_answer", "incomplete or malformed"),
    "NUL behind the array": ("broken_answer", "malformed: there is text after"),
    "UTF-16": ("broken_answer", "UTF-16"),
    "UTF-16 without a mark": ("broken_answer", "UTF-16"),
    "truncated gzip": ("broken_answer", "ends early"),
    "half a second gzip member": ("broken_answer", "ends early"),
    "gzip that is plain text": ("broken_answer", "is not gzip"),
    "text behind gzip": ("broken_answer", "is damaged"),
    "gzip twice": ("broken_answer", "not asked for"),
    "deflate": ("broken_answer", "not asked for"),
    "an unknown encoding": ("broken_answer", "not asked for"),
    "compressed on the way": ("broken_answer", "not asked for"),
    "short body": ("broken_answer", "as long as"),
    "length that is no number": ("broken_answer", "as long as"),
    "length smaller than the body": ("broken_answer", "incomplete or malformed"),
    "two lengths that differ": ("broken_answer", "contradicts itself"),
    "chunks and another length": ("broken_answer", "as long as"),
    "cut without a length": ("broken_answer", "incomplete or malformed"),
    "chunks cut": ("broken_answer", "broke in the middle"),
    "hang up": ("connection", "closed the connection"),
    "reset": ("connection", "closed the connection"),
    "reset within the body": ("broken_answer", "broke in the middle|as long as"),
    "many headers": ("not_a_pce", "does not speak HTTP"),
    "a header of 200 KB": ("not_a_pce", "does not speak HTTP"),
    "no HTTP": ("not_a_pce", "does not speak HTTP"),
    "huge": ("too_large", "too large or too slow"),
    "gzip bomb": ("too_large", "too large or too slow"),
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
    "wrong_ca": ("tls", "authority that is not trusted"),
    "no_intermediate": ("tls", "authority that is not trusted"),
    "short_key": ("tls", "key .* too short"),
    "for_clients": ("tls", "may not be used by a server"),
    "client_certificate": ("tls", "refuses the TLS handshake"),
    "old_cipher": ("tls", "refuses the TLS handshake"),
    "tls10": ("tls", "TLS 1.2"),
    "tls11": ("tls", "TLS 1.2"),
    "plain": ("tls", "does not speak TLS"),
}
#: The same for a server that takes the connection and says nothing.
SPEECHLESS = {"silent": ("timeout", "did not answer in time: no connection")}
#: What is in the way → the same.
WAY = {
    "nobody listens": ("connection", "No connection to the PCE: its host refuses"),
    "the name is unknown": ("dns", "The PCE's host name cannot be resolved"),
    "the proxy wants another password": ("proxy", "wants a user name and password.*407"),
    "the proxy refuses": ("proxy", "does not allow connections to the PCE .403"),
    "the proxy cannot reach the PCE": ("proxy", "could not connect to the PCE .502"),
    "the proxy makes no connections": ("proxy", "does not make a connection .*405"),
    "nobody is at the proxy": ("proxy", "Nothing accepts connections at the proxy's host and port"),
    "the proxy's name is unknown": ("proxy", "The proxy's host name cannot be resolved"),
    "the proxy is of another type": ("tls", "The server at the proxy's host and port does not speak TLS"),
    "the proxy is of another type, and says nothing": ("proxy", "closed the connection"),
    "the proxy's certificate is not trusted": ("tls", "The proxy's certificate comes from an authority"),
    "the proxy's certificate has expired": ("tls", "The proxy's certificate, .* has expired"),
    "the socks proxy wants another password": ("proxy", "wants a user name and password"),
    "the socks proxy refuses": ("proxy", "does not allow connections to the PCE"),
    "the socks proxy cannot reach the PCE": ("proxy", "could not connect to the PCE"),
    "nobody is at the socks proxy": ("proxy", "Nothing accepts connections at the proxy's host and port"),
    "the socks proxy is none": ("proxy", "does not speak SOCKS5"),
}
#: What to do about it, where that hangs on the cause and not on its category alone.
FIXED_BY = {
    "status 401": "ID and the secret .* create a new API key",
    "status 403": "role .* look the same",
    "status 500": "its log",
    "status 502": "load balancer",
    "status 511": "sign-in page",
    "HTML page": "sign-in page.* look alike",
    "redirect on the same host": "signing in",
    "deflate": "proxy or load balancer .* compresses",
    "UTF-16": "converts texts",
    "self_signed": "fingerprint .* paste the certificate",
    "wrong_host": "Use a host name that stands in the certificate as the host of the account's PCE URL, or .* reissued",
    "expired": "administrator renew",
    "not_yet_valid": "clock of this machine",
    "wrong_ca": "Paste the certificate of the authority",
    "no_intermediate": "the intermediate ones too",
    "short_key": "2048 bits",
    "for_clients": "serverAuth",
    "client_certificate": "not demand a client certificate",
    "old_cipher": "current ciphers",
    "tls10": "TLS 1.2 or newer switched on",
    "plain": "8443",
    "silent": "firewall drops",
    "nobody listens": "PCE URL names its port.* looks the same",
    "the name is unknown": "name servers",
    "the proxy wants another password": "user name and password",
    "the proxy refuses": "administrator allow this Splunk instance",
    "the proxy cannot reach the PCE": "the proxy can resolve its name",
    "the proxy makes no connections": "CONNECT",
    "nobody is at the proxy": "the proxy is up",
    "the proxy's name is unknown": "proxy's host .* name servers",
    "the proxy is of another type": "type http",
    "the proxy is of another type, and says nothing": "proxy's type",
    "the proxy's certificate is not trusted": "authority that signed the proxy's certificate",
    "the proxy's certificate has expired": "proxy's administrator renew",
    "the socks proxy wants another password": "user name and password",
    "the socks proxy refuses": "administrator allow this Splunk instance",
    "the socks proxy cannot reach the PCE": "the proxy can resolve its name",
    "nobody is at the socks proxy": "the proxy is up",
    "the socks proxy is none": "proxy's type",
}
#: What the form's check says, which asks for an empty list, where that is something else.
CHECKED = {
    "huge": "not like its events API",
    "gzip bomb": "not like its events API",
    "reset within the body": "closed the connection",
}
HARMLESS = {"deep JSON"}  # tests/e2e/test_network.py


#: Time-outs that a test can wait for.
IMPATIENT = Limits(read_timeout_seconds=1.0, retry_seconds=0.0)


class Scene(NamedTuple):
    """A lab with one account and one input, whose PCE can be served by another server."""

    lab: PceLab
    certificates: Certificates
    stream: Path
    limits: Limits = DEFAULT_LIMITS

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
            events_run.run_input(stanza, parameters, metadata, self.limits)
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
        ready = Scene(lab, certificates, tmp_path_factory.mktemp("pipe") / "stream", IMPATIENT)
        assert len(ready.run()) == 61
        yield ready
    lab.server.stop()


@pytest.fixture(autouse=True)
def forgotten_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that knows no secrets of the test before."""
    monkeypatch.setattr(log.formatter, "_secrets", [])


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
def proxied(scene: Scene, kind: str = "http", *, believed: str = "", place: str = "", **how: Any) -> Iterator[None]:
    """A proxy that does not let us through, with an account for it; `believed`: the type that is configured.

    `place`: another host and port than the proxy's.
    """
    with Proxy(kind, **{"user": "ada", "password": "another password", **how}) as proxy:
        host, _, port = (place or f"127.0.0.1:{proxy.port}").partition(":")
        settings = {"proxy_type": believed or kind, "proxy_url": host, "proxy_port": port, "proxy_username": "ada"}
        own = {"proxy_enabled": "1", "proxy_password": PROXY_SECRET}
        scene.lab.rest("POST", "ta_illumio_pce_settings/proxy", **settings, **own)
        try:
            yield
        finally:
            scene.lab.rest("POST", "ta_illumio_pce_settings/proxy", **settings, proxy_enabled="0")


@contextmanager
def in_the_way(scene: Scene, name: str) -> Iterator[None]:
    account = "ta_illumio_pce_account"
    expired: dict[str, Any] = {"certificate": "expired", "certificates": scene.certificates}
    ways: dict[str, AbstractContextManager[None]] = {
        "nobody listens": configured(scene, account, "lab", pce_url="https://127.0.0.1:1"),
        "the name is unknown": configured(scene, account, "lab", pce_url="https://pce.invalid:8443"),
        "the proxy wants another password": proxied(scene),
        "the proxy refuses": proxied(scene, refuses=403),
        "the proxy cannot reach the PCE": proxied(scene, refuses=502),
        "the proxy makes no connections": proxied(scene, refuses=405),
        "nobody is at the proxy": proxied(scene, place="127.0.0.1:1"),
        "the proxy's name is unknown": proxied(scene, place="proxy.invalid:3128"),
        "the proxy is of another type": proxied(scene, believed="https"),
        "the proxy is of another type, and says nothing": proxied(scene, "socks5", believed="http"),
        "the proxy's certificate is not trusted": proxied(scene, "https"),
        "the proxy's certificate has expired": proxied(scene, "https", **expired),
        "the socks proxy wants another password": proxied(scene, "socks5"),
        "the socks proxy refuses": proxied(scene, "socks5", user="", refuses=2),
        "the socks proxy cannot reach the PCE": proxied(scene, "socks5", user="", refuses=5),
        "nobody is at the socks proxy": proxied(scene, "socks5", place="127.0.0.1:1"),
        "the socks proxy is none": proxied(scene, "http", believed="socks5"),
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
        said = failed_run(scene, category, word, FIXED_BY.get(name, "."))
        if name not in (*ENDLESS, *SPEECHLESS):
            said += refused_check(scene, CHECKED.get(name, word))
    assert before
    assert scene.watermarks() == before
    assert href in [json.loads(one.data).get("href") for one in scene.run()]
    everything = said + caplog.text + "".join(capfd.readouterr()) + stored(scene)
    assert traces(everything, SECRET, PROXY_SECRET) == []


def failed_run(scene: Scene, category: str, word: str, remedy: str) -> str:
    """A run that fails, in one record and one line; what it said."""
    (record,) = [json.loads(one.data) for one in scene.run()]
    assert (record["outcome"], record["error_category"], record["events"]) == ("failed", category, 0)
    assert re.search(word, record["error"])
    assert re.search(remedy, record["remedy"])
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
    assert len(TABLE) >= 100
    assert set(FIXED_BY) <= {row[1] for row in TABLE}
    assert {*TLS, *WAY} - set(FIXED_BY) == {"tls11"}


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
