"""What the README promises of a fresh machine: Python and a shell are enough. Everything goes through build.sh."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ADDON, REPOSITORY
from tests.lacking import lacking
from workbench.splunk.dashboards.view import read_views

#: What a fresh machine may lack, by the name before the first dot or hyphen.
ABSENT = {"node", "nodejs", "npm", "npx", "git", "chromium", "google"}
#: What the copy of the repository goes without: everything that is made.
MADE = {".git", ".build", "output", "dist", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
_SUITABLE = "import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"


@dataclass(frozen=True)
class Machine:
    """A user without rights and without tools, whose folders have blanks in their names."""

    folder: Path
    user: str | None
    environment: dict[str, str]

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ./build.sh in the copy of the repository."""
        return subprocess.run(
            ["./build.sh", *arguments],
            cwd=self.folder / "the add-on",
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2400,
            check=False,
            **_as(self.user),
        )


def _as(user: str | None) -> dict[str, Any]:
    """Arguments of subprocess that run something as another user."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _python(user: str | None) -> Path | None:
    """A Python that the user may run and that can make environments."""
    own = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    found = [own, *(Path(f"/usr/bin/python3.{minor}") for minor in (13, 12, 11))]
    for python in found:
        try:
            ended = subprocess.run([python, "-c", _SUITABLE], capture_output=True, check=False, cwd="/", **_as(user))
        except OSError:
            continue
        if ended.returncode == 0:
            return python
    return None


def _tools(folder: Path, python: Path) -> None:
    """A folder for PATH: everything that the system has, without what a fresh machine may lack."""
    folder.mkdir()
    (folder / "python3").symlink_to(python)
    for tool in [*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()]:
        link = folder / tool.name
        if re.split(r"[.-]", tool.name)[0] not in ABSENT and not link.is_symlink():
            link.symlink_to(tool)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    user = "nobody" if os.geteuid() == 0 else None
    python = _python(user)
    if python is None:
        lacking("there is no Python 3.11 to 3.13 that another user may run")
    # not in pytest's folder, which no other user may enter
    folder = Path(tempfile.mkdtemp(prefix="a fresh machine "))
    try:
        _tools(folder / "bin", python)
        shutil.copytree(REPOSITORY, folder / "the add-on", ignore=lambda _, names: MADE.intersection(names))
        for name in ("home folder", "temporary files"):
            (folder / name).mkdir()
        if user:
            subprocess.run(["chown", "-hR", user, folder], check=True)
        (folder / "home folder").chmod(0o555)
        yield Machine(folder, user, _environment(folder))
    finally:
        shutil.rmtree(folder)


def _environment(folder: Path) -> dict[str, str]:
    """This one's, since how to reach a registry may stand there; but nothing of the environment that runs the tests."""
    dropped = ("CI", "PCE_", "PYTHON", "VIRTUAL_ENV", "PYTEST", "PYENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    made = {"PATH": folder / "bin", "HOME": folder / "home folder", "TMPDIR": folder / "temporary files"}
    if os.geteuid() != 0:  # a folder that the same user may read
        kept.setdefault("PIP_CACHE_DIR", str(Path.home() / ".cache/pip"))
        kept.setdefault("npm_config_cache", str(Path.home() / ".npm"))
    return {**kept, **{name: str(path) for name, path in made.items()}}


@pytest.mark.slow
def test_the_demo_needs_only_python_and_a_shell(machine: Machine) -> None:
    ended = machine.build("demo", "--headless")
    told = ended.stdout + ended.stderr
    assert ended.returncode == 0, told
    assert "Traceback" not in told
    assert "missing 0" in ended.stdout
    # npm, which came from PyPI, has made the page of the dashboards
    assert (machine.folder / "the add-on/.build/venv/bin/npm").is_file(), told
    assert (machine.folder / "the add-on/.build/dash/bundle/page.js").is_file(), told
    assert "there is no Chromium here" in ended.stdout
    for view in read_views(ADDON):
        assert re.search(rf"{view.label}: [1-9]\d* searches found [1-9]", ended.stdout), told
    assert list((machine.folder / "temporary files").glob("illumio-demo-*")) == []


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who has no other Python")
def test_the_whole_test_command_says_what_it_skipped(machine: Machine) -> None:
    """One suite stands for all of them: one that skips for lack of a tool."""
    ended = machine.build("test", "tests/dash", "tests/package/test_identity.py")
    told = ended.stdout + ended.stderr
    assert ended.returncode == 0, told
    assert "Traceback" not in told
    passed = re.search(r"(\d+) passed, (\d+) skipped", ended.stdout)
    assert passed, told
    not_tested = told.partition("Not tested here:\n")[2]
    assert "no Chromium: no pages are tested in a browser" in not_tested
    assert "no Python 3.9: " in not_tested
    assert "npm" not in not_tested
