"""A stand-in for splunkd with the built add-on, an https server in a PCE's place, and a client of the endpoints."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from workbench.splunk.splunkd import Splunkd

ADDON = Path(__file__).resolve().parents[2] / "output" / "TA_illumio_pce"
#: A check of a form's field as globalConfig.json has it.
Validator = dict[str, Any]
SECRET = "s3cret-0f-tests/with+signs="


@dataclass
class TinyPce:
    """Answers every request alike; `requests` holds the Authorization headers that came."""

    port: int
    certificate: str
    status: int = 200
    body: str = "[]"
    requests: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"


@dataclass
class Answer:
    """What an endpoint said: the entities by name, and what the pages would show of an error."""

    status: int
    entities: dict[str, dict[str, object]]
    text: str

    @property
    def shown(self) -> str:
        """The part of an error that UCC's pages cut out of it."""
        match = re.search(r"REST Error \[\d+\]: [^-]+ -- (.*)\"\. See splunkd", self.text, re.DOTALL)
        return match[1] if match else ""


class Client:
    """Calls the add-on's endpoints as one user."""

    def __init__(self, splunkd: Splunkd, user: str = "admin") -> None:
        self._base = f"{splunkd.uri}/servicesNS/nobody/TA_illumio_pce"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(splunkd.home / "etc/auth/cacert.pem")
        self._session.headers["Authorization"] = f"Splunk {splunkd.session_key(user)}"

    def fetch(self, path: str) -> list[dict[str, str]]:
        """The documents of a KV store collection."""
        documents: list[dict[str, str]] = self._session.get(f"{self._base}/{path}", timeout=60).json()
        return documents

    def insert(self, path: str, document: dict[str, str]) -> None:
        """Put a document into a KV store collection."""
        self._session.post(f"{self._base}/{path}", json=document, timeout=60).raise_for_status()

    def call(self, method: str, path: str, **form: str) -> Answer:
        """Send a request; a POST carries `form`, others put it into the address."""
        values: dict[str, str | list[str]] = {**form, "output_mode": "json"}
        return self._send(method, path, values)

    def post_twice(self, path: str, field: str, *values: str) -> Answer:
        """POST one field several times."""
        return self._send("POST", path, {field: list(values), "output_mode": "json"})

    def _send(self, method: str, path: str, values: dict[str, str | list[str]]) -> Answer:
        in_body, in_address = (values, None) if method == "POST" else (None, values)
        address = f"{self._base}/{path}"
        reply = self._session.request(method, address, data=in_body, params=in_address, timeout=60)
        content = reply.json() if reply.content.startswith(b"{") else {}
        text = " ".join(message["text"] for message in content.get("messages", []))
        return Answer(reply.status_code, {e["name"]: e["content"] for e in content.get("entry", [])}, text)

    def get(self, path: str, **query: str) -> Answer:
        return self.call("GET", path, **query)

    def post(self, path: str, **form: str) -> Answer:
        return self.call("POST", path, **form)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)


@pytest.fixture
def splunkd(tmp_path: Path) -> Iterator[Splunkd]:
    with Splunkd(tmp_path / "splunk") as running:
        running.install(ADDON)
        yield running
        assert running.refused == []
    assert [log.name for log in (tmp_path / "splunk/var/log").rglob("*.log") if SECRET in log.read_text("utf-8")] == []


@pytest.fixture
def client(splunkd: Splunkd) -> Client:
    return Client(splunkd)


@pytest.fixture
def pce() -> Iterator[TinyPce]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tiny.requests.append(self.headers["Authorization"])
            body = tiny.body.encode()
            self.send_response(tiny.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    tiny = TinyPce(server.server_port, authority.cert_pem.bytes().decode())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield tiny
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def account(pce: TinyPce) -> dict[str, str]:
    """What a user enters for an account on the tiny PCE."""
    return {
        "pce_url": pce.url,
        "org_id": "3",
        "api_key_id": "api_1f2e3d",
        "api_secret": SECRET,
        "ca_certificate": pce.certificate,
    }


@pytest.fixture
def saved_account(client: Client, account: dict[str, str]) -> str:
    assert client.post("ta_illumio_pce_account", name="lab", **account).status in (200, 201)
    return "lab"


@pytest.fixture
def validators() -> dict[str, list[Validator]]:
    """The browser's checks of each field of accounts, proxy and inputs, by the field's name; of several, the first's."""
    settings = json.loads((ADDON / "appserver/static/js/build/globalConfig.json").read_text("utf-8"))
    pages = settings["pages"]
    forms = [*pages["configuration"]["tabs"], *pages["inputs"]["services"]]
    found = reversed([entity for form in forms for entity in form["entity"]])
    return {entity["field"]: entity.get("validators", []) for entity in found}
