"""Every fault on the way to the PCE's health, against live servers: it is one event and one error, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from illumio_pce.clock import SystemClock
from illumio_pce.config import Account
from illumio_pce.errors import PceError
from illumio_pce.health_mark import HealthMark
from illumio_pce.health_run import HealthRun
from illumio_pce.health_settings import HealthSettings
from illumio_pce.limits import Limits
from illumio_pce.output import SplunkEvents
from illumio_pce.pce import Pce as Client
from illumio_pce.stop import Stop
from illumio_pce.transport import HttpsTransport

from tests.canary import traces
from workbench.pce import Pce, PceServer, faults

SHORT = Limits(retry_seconds=0, read_timeout_seconds=1, slow_response_seconds=1)


class Written:
    """What a run wrote."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def write(self, events: SplunkEvents) -> int:
        self.events += map(json.loads, events.texts)
        return 1


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Pce, PceServer]]:
    pce = Pce()
    with PceServer(pce) as server:
        yield pce, server


@pytest.mark.parametrize("name", sorted(faults.EVERY))
def test_a_fault_is_one_event_and_one_error(name: str, served: tuple[Pce, PceServer], tmp_path: Path) -> None:
    pce, server = served
    key, written, clock = pce.add_key(), Written(), SystemClock()
    account = Account("lab", "127.0.0.1", server.port, 1, key.key_id, key.secret, server.ca_pem)
    client = Client(account, HttpsTransport(account, None), clock, limits=SHORT)
    settings = HealthSettings.parse("health", {"account": "lab"})
    mark = HealthMark(tmp_path, "health", account.source)
    run = HealthRun(settings, account, client, written, clock, Stop(), mark)
    pce.faults.clear()
    pce.faults.switch_on(faults.EVERY[name], path="/health")
    with pytest.raises(PceError) as caught:
        run.collect()
    error = caught.value
    (event,) = written.events
    assert (event["kind"], event["error_category"], event["error"]) == ("pce", error.category, error.args[0])
    assert traces(json.dumps(event) + str(error), key.secret) == []
