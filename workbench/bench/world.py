"""The surroundings of a benchmark: an emulated PCE behind TLS, a stand-in for splunkd, and the built add-on in it.

Both serve from threads of this process; what is measured are the processes that they serve.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from workbench.lab import SCHEME, Lab
from workbench.pce import Answer, Pce, PceServer, Request
from workbench.pce.events.times import render_ms
from workbench.pce.timeline import Timeline
from workbench.splunk.splunkd.environment import script_environment

from .process import Cost, run

ADDON = Path(__file__).resolve().parents[2] / "output/TA_illumio_pce"


class SlowPce:
    """Answers as a PCE does, `seconds` later."""

    def __init__(self, pce: Pce) -> None:
        self.pce = pce
        self.seconds = 0.0

    def answer(self, request: Request) -> Answer:
        """See `Pce.answer`."""
        time.sleep(self.seconds)
        return self.pce.answer(request)


@dataclass
class World:
    """What a benchmark needs."""

    pce: Pce
    slow: SlowPce
    server: PceServer
    lab: Lab
    folder: Path
    python: str

    def add_input(self, name: str = "audit", **fields: str) -> None:
        """An input of the account `lab`."""
        self.lab.add_input(name, **fields)

    def remove_input(self, name: str) -> None:
        """Delete an input: those of one account share the PCE's limit of requests."""
        self.lab.rest("DELETE", f"ta_illumio_pce_{SCHEME}/{name}")

    def collect(self, name: str = "audit") -> Cost:
        """One run of the shipped input, from its start to its exit."""
        splunkd = self.lab.splunkd
        stanza = splunkd.inputs.enabled()[f"{SCHEME}://{name}"]
        host = splunkd.host(splunkd.session_key(), SCHEME)
        return run(
            splunkd.inputs.command(SCHEME),
            given=splunkd.inputs.configuration(stanza, host),
            environment=script_environment(splunkd.home, {}),
        )

    def rival(self, name: str, targets: Sequence[str], **more: object) -> Cost:
        """One run of a program of `rivals/`, with the shipped libraries."""
        key = next(iter(self.pce.keys.values()))
        ca_file = self.folder / "ca.pem"
        ca_file.write_text(self.server.ca_pem, encoding="ascii")
        job = self.folder / "job.json"
        authorization = "Basic " + base64.b64encode(f"{key.key_id}:{key.secret}".encode()).decode()
        content = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "authorization": authorization,
            "ca": self.server.ca_pem,
            "ca_file": str(ca_file),
            "targets": list(targets),
            **more,
        }
        job.write_text(json.dumps(content), encoding="utf-8")
        script = Path(__file__).parent / "rivals" / f"{name}.py"
        library = str((ADDON / "lib").resolve())
        environment = {**script_environment(self.lab.splunkd.home, {}), "PYTHONPATH": library}
        return run([self.python, str(script), str(job)], environment=environment)


def targets_of(windows: Sequence[tuple[int, int]]) -> list[str]:
    """The paths that ask for these ranges of time (ms)."""
    return [
        "/api/v2/orgs/1/events?"
        + urlencode({"timestamp[gte]": render_ms(low), "timestamp[lte]": render_ms(high), "max_results": 10_000})
        for low, high in windows
    ]


@contextmanager
def a_world(python: str = sys.executable, timeline: Timeline | None = None) -> Iterator[World]:
    """A world with an account `lab` and without inputs. `timeline`: the PCE's events."""
    pce = Pce()
    if timeline is not None:
        pce.replace_events(timeline)
    slow = SlowPce(pce)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, PceServer(slow) as server:
        lab = Lab(Path(folder) / "splunk", ADDON, python)
        key = pce.add_key()
        with lab.splunkd:
            lab.add_account(
                pce_url=server.url,
                org_id="1",
                api_key_id=key.key_id,
                api_secret=key.secret,
                ca_certificate=server.ca_pem,
            )
            yield World(pce, slow, server, lab, Path(folder), python)
