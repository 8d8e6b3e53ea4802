"""The workbench's servers on the command line: a busy port and a wrong folder end in a sentence."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ADDON, REPOSITORY


def _ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("server", ["pce", "splunkd"])
def test_a_busy_port_is_named(tmp_path: Path, server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = {
            "pce": ["workbench.pce", "--events", "1", "--port", port],
            "splunkd": ["workbench.splunk.splunkd", "--home", str(tmp_path), "--app", str(ADDON), "--web-port", port],
        }
        done = _ended(*options[server])
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} cannot be used: ")
    assert "Traceback" not in done.stderr


def test_a_folder_without_an_add_on_is_named(tmp_path: Path) -> None:
    done = _ended("workbench.splunk.splunkd", "--home", str(tmp_path / "home"), "--app", str(tmp_path / "none"))
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path / 'none'} contains no add-on: build it first, with ./build.sh\n"
    assert not (tmp_path / "home").exists()
