"""A secret that is known is looked for in everything that the add-on's real processes say, store and start with."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.canary import traces
from tests.e2e.lab import PceLab
from tests.e2e.test_collection import event
from tests.e2e.test_faults import PROXY_SECRET, SECRET
from workbench.lab import APP, CHECKPOINTS, RestFailure
from workbench.pce import PceServer, faults
from workbench.pce.proxy import Proxy
from workbench.splunk.splunkd import Kill

ENDPOINTS = ("ta_illumio_pce_account", "ta_illumio_pce_settings/proxy", "ta_illumio_pce_illumio_pce_events")


@pytest.fixture
def secretive(empty_lab: PceLab) -> Iterator[PceLab]:
    """A lab at DEBUG, behind a proxy, with known secrets; whatever it wrote is searched at the end."""
    with Proxy("http", user="ada", password=PROXY_SECRET) as proxy:
        proxied = {"proxy_type": "http", "proxy_url": "127.0.0.1", "proxy_port": str(proxy.port)}
        own = {"proxy_enabled": "1", "proxy_username": "ada", "proxy_password": PROXY_SECRET}
        empty_lab.rest("POST", "ta_illumio_pce_settings/proxy", **proxied, **own)
        empty_lab.rest("POST", "ta_illumio_pce_settings/logging", loglevel="DEBUG")
        empty_lab.key.secret = SECRET
        empty_lab.add_account()
        empty_lab.add_input()
        yield empty_lab
        assert proxy.connections > 0
    home = empty_lab.splunkd.home
    for path in home.rglob("*"):
        if path.is_file() and path.stat().st_size < 50_000_000:
            assert traces(path.read_text("utf-8", "replace"), SECRET, PROXY_SECRET) == [], path
    said = json.dumps([empty_lab.records(), empty_lab.rest("GET", CHECKPOINTS), empty_lab.splunkd.messages])
    said += "".join(run.stderr for run in empty_lab.splunkd.runs) + "".join(e.raw for e in empty_lab.splunkd.events())
    assert traces(said, SECRET, PROXY_SECRET) == []


def test_no_response_of_any_endpoint_holds_a_secret(secretive: PceLab) -> None:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(secretive.splunkd.home / "etc/auth/cacert.pem")
    session.headers["Authorization"] = f"Splunk {secretive.splunkd.session_key()}"
    base = f"{secretive.splunkd.uri}/servicesNS/nobody/{APP}"
    paths = [*ENDPOINTS, f"{ENDPOINTS[0]}/lab", f"{ENDPOINTS[2]}/audit", "data/inputs/illumio_pce_events"]
    paths += [f"configs/conf-{name}" for name in ("ta_illumio_pce_account", "ta_illumio_pce_settings", "inputs")]
    for path in paths:
        for query in ({}, {"--cred--": "1"}, {"output_mode": "json", "--cred--": "true"}):
            answer = session.get(f"{base}/{path}", params=query, timeout=30)
            assert answer.status_code in (200, 400)
            assert traces(answer.text, SECRET, PROXY_SECRET) == []
    for path, form in ((ENDPOINTS[0], {"name": "lab"}), (f"{ENDPOINTS[0]}/lab", {"org_id": "7", "api_secret": SECRET})):
        answer = session.post(f"{base}/{path}", data=form, timeout=30)
        assert not answer.ok
        assert traces(answer.text, SECRET, PROXY_SECRET) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the system does not show processes' environments")
def test_no_process_is_started_with_a_secret(secretive: PceLab) -> None:
    secretive.pce.record(event(1))
    secretive.pce.faults.switch_on(faults.silence(0.5))
    run = secretive.splunkd.start_input("illumio_pce_events://audit")
    until = time.monotonic() + 20
    while not any("events" in request.path for request in secretive.server.requests[1:]):
        assert time.monotonic() < until
        time.sleep(0.05)
    mine = _started_by(secretive.splunkd.home)
    assert str(run.process.pid) in mine
    assert len(mine) >= 2  # the handler stays too
    for process in mine:
        for name in ("cmdline", "environ"):
            text = Path("/proc", process, name).read_bytes().decode("utf-8", "replace")
            assert "illumio" in text or name == "environ"
            assert traces(text, SECRET, PROXY_SECRET) == []
            assert not any(key in text for key in secretive.splunkd.sessions._keys)
    run.stop()


def _started_by(home: Path) -> list[str]:
    """Our children of this splunkd; a browser of other tests may be one too."""
    mark = f"SPLUNK_HOME={home}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"PPid:\t{os.getpid()}\n" in (process / "status").read_text()
            if ours and mark in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


def test_a_hostile_environment_changes_nothing(secretive: PceLab, tmp_path: Path) -> None:
    """Neither for a run nor for a form: other proxies and authorities, passwords of .netrc, a place for TLS keys."""
    keys, netrc = tmp_path / "keys.log", tmp_path / ".netrc"
    netrc.write_text("default login someone password else\n")
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:1")
    trusting = {"PYTHONHTTPSVERIFY": "0", "SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": str(tmp_path)}
    bundles = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "/dev/null")
    places = {"SSLKEYLOGFILE": str(keys), "NETRC": str(netrc), "HOME": str(tmp_path), "NO_PROXY": "*"}
    secretive.splunkd.handlers.stop()
    secretive.splunkd.environment = {**nowhere, **trusting, **bundles, **places}
    secretive.pce.record(event(1))
    assert secretive.run().exit_code == 0
    assert sum(secretive.delivered().values()) == 1
    secretive.rest("POST", "ta_illumio_pce_account/lab", api_key_id=secretive.key.key_id)
    assert {request.credentials for request in secretive.server.requests} == {secretive.key.pair}
    assert not keys.exists()
    with PceServer(secretive.pce, certificate="wrong_ca") as other:
        with pytest.raises(RestFailure, match="not trusted"):
            secretive.rest("POST", "ta_illumio_pce_account/lab", pce_url=other.url, api_secret=SECRET)
        assert other.requests == []


def test_a_killed_run_leaves_no_trace(secretive: PceLab) -> None:
    for number in range(200):
        secretive.pce.record(event(number))
    assert secretive.run(kill=Kill(after_events=50)).exit_code < 0
    assert secretive.run().exit_code == 0
