"""`./build.sh demo` as a user runs it: the story, and one collection from the user's own PCE."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ADDON, REPOSITORY
from tests.e2e.test_collection import event
from workbench.pce import Pce, PceServer
from workbench.pce.inventory import fill
from workbench.pce.jobs import JobRules
from workbench.splunk.dashboards.view import read_views


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PCE_")}
    return subprocess.run(
        [sys.executable, "-m", "workbench.demo", *arguments],
        cwd=REPOSITORY,
        env={**clean, "PYTHONPATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )


def test_the_story_ends_well_and_says_that_it_is_an_emulation() -> None:
    ended = demo("--headless")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "EMULATED" in ended.stdout
    assert "missing 0" in ended.stdout
    assert "25 events" in ended.stdout
    assert re.search(r"core0\.example\.com +medium +97 +40 +11 +cpu \(97 %\)", ended.stdout), ended.stdout
    assert re.search(r"pce\.example\.com +medium .*missing nodes \(1\)", ended.stdout), ended.stdout
    assert re.search(r"workloads +240 +240 added", ended.stdout), ended.stdout
    assert re.search(r"workloads +239 +3 changed, 1 deleted", ended.stdout), ended.stdout
    # The names of the first step's servers, in events that hold their hrefs alone.
    assert re.search(r"/orgs/1/workloads/\S+ +\S+\.kestrel-freight\.exam\S* +app=\w+, env=\w+", ended.stdout), (
        ended.stdout
    )
    assert "alerts of 33 detections; 0 of them in the normal hours" in ended.stdout
    assert re.search(r"labels:  app=\w+, env=\w+, loc=\w+", ended.stdout), ended.stdout
    assert "do first:  Call the person now; do not rely on email." in ended.stdout
    for dataset in ("Authentication", "Change.Endpoint_Changes", "Alerts", "Event_Signatures"):
        assert re.search(rf"by dataset: .*\b{dataset} \d", ended.stdout), ended.stdout
    for view in read_views(ADDON):
        assert f"/en-US/app/TA_illumio_pce/{view.name}" in ended.stdout
        assert re.search(rf"{view.label}: [1-9]\d* (panels drawn|searches found [1-9])", ended.stdout), ended.stdout
    assert "; failed: " not in ended.stdout


def test_demo_reads_from_a_real_pce_without_writing_to_it(tmp_path: Path) -> None:
    pce = Pce()
    key = pce.add_key()
    for number in range(3):
        pce.record(event(number, age=60))
    pce.job_rules = JobRules(pending_polls=0, polls=0)
    fill(pce.inventory, 20, now=pce.clock())
    ca_file = tmp_path / "ca.pem"
    with PceServer(pce) as server:
        ca_file.write_text(server.ca_pem, encoding="ascii")
        own = {"PCE_URL": server.url, "PCE_ORG_ID": "1", "PCE_API_KEY_ID": key.key_id, "PCE_CA_FILE": str(ca_file)}
        ended = demo(**own, PCE_API_SECRET=key.secret)
        refused = demo(**own, PCE_API_SECRET="wrong")
        assert {request.method for request in server.requests} == {"GET"}
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "3 events in all" in ended.stdout
    assert re.search(r"core1\.example\.com +informational +3 +40 +11 +-", ended.stdout), ended.stdout
    assert re.search(r"workloads +20 +20 added", ended.stdout), ended.stdout
    assert re.search(r"^ +full +\d", ended.stdout, re.MULTILINE), ended.stdout
    assert key.secret not in ended.stdout + ended.stderr
    assert refused.returncode == 1
    assert "refuses the API key" in refused.stdout


def test_a_missing_variable_is_named() -> None:
    ended = demo(PCE_URL="https://pce.example.com")
    assert ended.returncode != 0
    assert "PCE_ORG_ID, PCE_API_KEY_ID, PCE_API_SECRET" in ended.stderr
