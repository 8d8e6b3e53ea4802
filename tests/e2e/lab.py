"""The built add-on between an emulated PCE and a stand-in for splunkd: its real process, real sockets, real pipes."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.package.pythons import label, pythons
from workbench import lab
from workbench.pce import Pce, PceServer

SCHEME = lab.SCHEME
SOURCETYPE = lab.EVENTS
#: Has splunkd run the add-on in turn on each Python that Splunk brings, in tests of `empty_lab` and what builds on it.
on_the_pythons_of_splunk = pytest.mark.parametrize("empty_lab", pythons()[1:], ids=label, indirect=True)


class PceLab(lab.Lab):
    """With a PCE besides."""

    def __init__(self, home: Path, addon: Path, pce: Pce, server: PceServer, python: str = sys.executable) -> None:
        super().__init__(home, addon, python)
        self.pce = pce
        self.server = server
        self.key = pce.add_key()

    def add_account(self, name: str = "lab", **fields: str) -> None:
        """An account of this PCE, unless told otherwise."""
        own = {
            "pce_url": self.server.url,
            "org_id": str(self.pce.org_id),
            "api_key_id": self.key.key_id,
            "api_secret": self.key.secret,
            "ca_certificate": self.server.ca_pem,
        }
        super().add_account(name, **{**own, **fields})

    def delivered(self) -> Counter:  # type: ignore[type-arg]
        """How often each href was indexed."""
        return Counter(json.loads(event.raw)["href"] for event in self.events())

    def recorded(self) -> list[str]:
        return [json.loads(text)["href"] for text in self.pce.recorded]
