"""`python -m workbench.splunk.splunkd`."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

from workbench.splunk.tests.splunkd.sample_addon import APP, build_sample_addon

REPOSITORY = Path(__file__).parents[4]


def test_the_command_serves_the_pages_until_it_is_asked_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench.splunk.splunkd", "--home", str(tmp_path / "splunk")]
    addon = build_sample_addon(tmp_path)
    with subprocess.Popen(
        [*command, "--app", str(addon)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(3)]
        assert "not Splunk" in said[0]
        page = said[1].split()[-1]
        assert page.endswith(f"/app/{APP}/configuration")
        with urllib.request.urlopen(page, timeout=10) as answer:
            assert b"sample" in answer.read()
        process.terminate()
        assert process.wait(20) == 0
