"""A stand-in for splunkd with the built add-on in it, configured through the add-on's own REST handlers.

The demo and the end-to-end tests work with it. It is an emulation of splunkd, and says so to whoever looks.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from workbench.indexed import search
from workbench.splunk.splunkd import Event, InputRun, Kill, Reading, Splunkd
from workbench.splunk.splunkd.search_command import CommandRun, run_command

APP = "TA_illumio_pce"
SCHEME = "illumio_pce_events"
HEALTH_SCHEME = "illumio_pce_health"
INVENTORY_SCHEME = "illumio_pce_inventory"
EVENTS = "illumio:pce:events"
CLUSTER_HEALTH = "illumio:pce:cluster_health"
INVENTORY = "illumio:pce:inventory"
INGEST = "illumio:pce:ingest"
CHECKPOINTS = "storage/collections/data/ta_illumio_pce_checkpoints"


class RestFailure(Exception):
    """The add-on or splunkd refused a request; the text is what a form would show."""


class Lab:
    """One splunkd with the add-on."""

    def __init__(self, home: Path, addon: Path, python: str = sys.executable) -> None:
        if not (addon / "app.manifest").exists():
            raise SystemExit(f"{addon} contains no add-on: build it first, with ./build.sh")
        self.addon = addon
        self.splunkd = Splunkd(home, python=python)
        self.splunkd.install(addon)
        self.splunkd.search = self._search

    def rest(self, method: str, path: str, user: str = "admin", **fields: str) -> Any:
        """Ask splunkd's REST API in the add-on's namespace; the answer's JSON. Raises RestFailure."""
        answer = requests.request(
            method,
            f"{self.splunkd.uri}/servicesNS/nobody/{APP}/{path}",
            params={"output_mode": "json", **(fields if method in ("GET", "DELETE") else {})},
            data=fields if method == "POST" else None,
            headers={"Authorization": f"Splunk {self.splunkd.session_key(user)}"},
            verify=str(self.splunkd.home / "etc/auth/cacert.pem"),
            timeout=150,
        )
        if not answer.ok:
            raise RestFailure(_message(answer.text))
        return answer.json()

    def add_account(self, name: str = "lab", **fields: str) -> None:
        """Save an account as the configuration page does; the PCE is asked."""
        self.rest("POST", "ta_illumio_pce_account", name=name, **fields)

    def add_input(self, name: str = "audit", **fields: str) -> None:
        """Save an input as the page does."""
        settings = {"account": "lab", "index": "main", "interval": "60", "start_time": "-2h", **fields}
        self.rest("POST", f"ta_illumio_pce_{SCHEME}", name=name, **settings)

    def add_health(self, name: str = "health", **fields: str) -> None:
        """Save a health input as the page does."""
        settings = {"account": "lab", "index": "main", "interval": "60", **fields}
        self.rest("POST", f"ta_illumio_pce_{HEALTH_SCHEME}", name=name, **settings)

    def run_health(self, name: str = "health", kill: Kill = Kill()) -> InputRun:  # noqa: B008
        """Run a health input once, to its end."""
        return self.splunkd.run_input(f"{HEALTH_SCHEME}://{name}", kill=kill)

    def health(self) -> list[dict[str, Any]]:
        """The indexed health events, oldest first."""
        return [json.loads(event.raw) for event in self.splunkd.events(sourcetype=CLUSTER_HEALTH)]

    def add_inventory(self, name: str = "fleet", **fields: str) -> None:
        """Save an inventory input as the page does."""
        settings = {"account": "lab", "index": "main", "interval": "14400", **fields}
        self.rest("POST", f"ta_illumio_pce_{INVENTORY_SCHEME}", name=name, **settings)

    def run_inventory(self, name: str = "fleet", kill: Kill = Kill()) -> InputRun:  # noqa: B008
        """Run an inventory input once, to its end."""
        return self.splunkd.run_input(f"{INVENTORY_SCHEME}://{name}", kill=kill)

    def inventory(self) -> list[dict[str, Any]]:
        """The indexed inventory events, oldest first."""
        return [json.loads(event.raw) for event in self.splunkd.events(sourcetype=INVENTORY)]

    def run(self, name: str = "audit", reading: Reading = Reading(), kill: Kill = Kill()) -> InputRun:  # noqa: B008
        """Run an input once, to its end."""
        return self.splunkd.run_input(f"{SCHEME}://{name}", reading=reading, kill=kill)

    def command(self, name: str, *arguments: str, user: str = "admin") -> CommandRun:
        """Run one of the add-on's own generating search commands."""
        return run_command(self.splunkd, APP, name, arguments, user)

    def _search(self, spl: str, earliest: str, latest: str) -> list[Any]:
        indexed = self.splunkd.index.events()
        return search(spl.removeprefix("search "), indexed, self.addon, self.splunkd.clock(), earliest, latest)

    def events(self) -> Iterator[Event]:
        """The indexed audit events."""
        return self.splunkd.events(sourcetype=EVENTS)

    def records(self) -> list[dict[str, Any]]:
        """The collector's own record of each run, oldest first."""
        return [json.loads(event.raw) for event in self.splunkd.events(sourcetype=INGEST)]

    def log(self) -> str:
        """Everything that the add-on and splunkd logged."""
        folder = self.splunkd.home / "var" / "log" / "splunk"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.iterdir()))


def _message(text: str) -> str:
    """What a form cuts out of splunkd's answer (UCC's pages do the same)."""
    found = re.search(r"REST Error \[\d+\]: [A-Za-z ]+ -- (.*?)\\?\"?\. See splunkd\.log", text, re.DOTALL)
    return found[1].replace('\\"', '"') if found else text
