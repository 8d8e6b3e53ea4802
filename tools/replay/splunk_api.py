"""As much of Splunk's REST API as a replay needs, over https.

Endpoints after Splunk's REST API Reference: `receivers/simple` (input), `search/v2/jobs/export` (search),
`server/info` (version).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests

_SECONDS = 60.0


class SplunkApi:
    """A Splunk's management port. The environment says who asks.

    SPLUNK_TOKEN, or SPLUNK_USER and SPLUNK_PASSWORD; SPLUNK_CA_FILE where no known authority signed its certificate.
    """

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        if not url.startswith("https://"):
            raise SystemExit(
                "The address of Splunk's management port has to begin with https://, since a secret goes there."
            )
        token, user, password = (environment.get(f"SPLUNK_{name}") for name in ("TOKEN", "USER", "PASSWORD"))
        if not token and not (user and password):
            raise SystemExit("Set SPLUNK_TOKEN, or SPLUNK_USER and SPLUNK_PASSWORD.")
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = environment.get("SPLUNK_CA_FILE") or True
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        else:
            self._session.auth = (str(user), str(password))

    def send(self, line: str, index: str, source: str, sourcetype: str) -> None:
        """Hand in one event. Raises requests.RequestException."""
        where = {"index": index, "source": source, "sourcetype": sourcetype, "host": "replay"}
        self._post("receivers/simple", where, line.encode())

    @property
    def version(self) -> str:
        """Splunk's version. Raises requests.RequestException."""
        answer = self._session.get(f"{self._url}/services/server/info?output_mode=json", timeout=_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["entry"][0]["content"]["version"])

    def search(self, spl: str, latest: str = "+10y") -> list[dict[str, Any]]:
        """The final rows of a search until `latest`. Raises requests.RequestException."""
        text = spl if spl.startswith("|") else f"search {spl}"
        form = {"search": text, "earliest_time": "0", "latest_time": latest, "output_mode": "json"}
        lines = self._post("search/v2/jobs/export", {}, form).text.split("\n")
        answers = [json.loads(line) for line in lines if line.strip()]
        return [answer["result"] for answer in answers if "result" in answer and not answer.get("preview")]

    def _post(self, path: str, query: dict[str, str], body: bytes | dict[str, str]) -> requests.Response:
        answer = self._session.post(f"{self._url}/services/{path}", params=query, data=body, timeout=_SECONDS)
        answer.raise_for_status()
        return answer
