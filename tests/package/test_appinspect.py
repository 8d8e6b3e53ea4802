"""AppInspect in precert mode, for Splunk Cloud: nothing fails, and every warning was reviewed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lacking import lacking

TAGS = ("cloud", "private_victoria", "private_classic")
BUNDLES = "appserver/static/js/build/"
REVIEWED = Path(__file__).with_name("appinspect-warnings.yml")


@pytest.fixture(scope="module")
def report(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    try:
        import magic  # noqa: F401 - what AppInspect needs of the system
    except ImportError:
        lacking("there is no libmagic, which AppInspect needs")
    target = tmp_path_factory.mktemp("appinspect") / "report.json"
    tool = shutil.which("splunk-appinspect", path=str(Path(sys.executable).parent))
    assert tool
    command = [tool, "inspect", str(archive), "--mode", "precert", "--output-file", str(target)]
    for tag in TAGS:
        command += ["--included-tags", tag]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert target.is_file(), run.stdout + run.stderr
    found: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return found


def test_nothing_fails_now_or_later(report: dict[str, Any]) -> None:
    summary = report["summary"]
    assert {kind: summary[kind] for kind in ("error", "failure", "future_failure")} == {
        "error": 0,
        "failure": 0,
        "future_failure": 0,
    }
    assert summary["success"] > 100


def test_every_warning_is_reviewed_and_every_reviewed_one_still_occurs(report: dict[str, Any]) -> None:
    checks = [check for part in report["reports"] for group in part["groups"] for check in group["checks"]]
    found = {}
    for check in checks:
        if check["result"] == "warning":
            files = (message["message_filename"] for message in check["messages"] if message["result"] == "warning")
            found[check["name"]] = sorted({_family(str(name)) for name in files})
    reviewed = yaml.safe_load(REVIEWED.read_text("utf-8"))
    assert found == {name: sorted(entry["files"]) for name, entry in reviewed.items()}


def _family(name: str) -> str:
    """Where a warning points: the generated pages' bundles are one family, whatever their hashes."""
    return BUNDLES if name.startswith(BUNDLES) else name
