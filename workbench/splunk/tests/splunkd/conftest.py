"""A started stand-in with the sample add-on, and a client of its REST API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Callable, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from workbench.splunk.splunkd import Splunkd
from workbench.splunk.tests.splunkd.sample_addon import APP, STANZA, build_sample_addon


class Answer(NamedTuple):
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def entries(self) -> dict[str, dict[str, Any]]:
        return {entry["name"]: entry["content"] for entry in self.json["entry"]}

    @property
    def text(self) -> str:
        return str(self.json["messages"][0]["text"])


class Client:
    """One user's requests in the sample add-on's namespace."""

    def __init__(self, splunkd: Splunkd, user: str = "admin") -> None:
        self._splunkd = splunkd
        self._user = user

    def __call__(self, method: str, path: str, form: dict[str, str] | None = None, value: Any = None) -> Answer:
        where, _, query = path.partition("?")
        target = where if where.startswith("/") else f"/servicesNS/nobody/{APP}/{where}"
        headers = {"Authorization": f"Splunk {self._splunkd.session_key(self._user)}"}
        body: bytes | None = None
        if value is not None:
            headers["Content-Type"], body = "application/json", json.dumps(value).encode()
        elif form is not None:
            body = urlencode(form).encode()
        connection = HTTPConnection("127.0.0.1", urlsplit(self._splunkd.uri).port or 0, timeout=30)
        try:
            connection.request(method, f"{target}?output_mode=json&{query}", body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()


@pytest.fixture
def splunkd(tmp_path: Path) -> Iterator[Splunkd]:
    stand_in = Splunkd(tmp_path / "splunk", tls=False)
    stand_in.install(build_sample_addon(tmp_path / "built"))
    with stand_in:
        yield stand_in


@pytest.fixture
def admin(splunkd: Splunkd) -> Client:
    return Client(splunkd)


@pytest.fixture
def viewer(splunkd: Splunkd) -> Client:
    return Client(splunkd, "viewer")


@pytest.fixture
def set_script(splunkd: Splunkd) -> Callable[[str], None]:
    """Give the sample input a script; it is run with `out` (standard output) and `params` in sight."""

    def write(script: str) -> None:
        splunkd.confs.write(APP, "inputs", STANZA, {"script": script, "account": "a", "disabled": "0"})

    return write
