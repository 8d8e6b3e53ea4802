"""build.sh and tools/build/*.sh: from where files are named, what is waited for, and why something could not be made."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.lacking import needs
from tools.build.registry import unreachable

#: Nothing listens there: the port is taken by nobody and needs rights.
CLOSED = "http://127.0.0.1:9"
#: Stands in for the environment, so that build.sh itself is run and nothing is fetched.
ENVIRONMENT = """
say() { printf '%s\\n' "$*" >&2; }
fail() { say "build.sh: $*"; exit 1; }
enter_environment() { :; }
leave_lock() { :; }
"""
TELL = "import json, os, sys; print(json.dumps([os.getcwd(), sys.argv[1:]]))"
IMPORTS = """import sys, time
print("started", file=sys.stderr, flush=True)
time.sleep(300)
"""
SLEEP = """import sys, time
try:
    print("started", file=sys.stderr, flush=True)
    time.sleep(300)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository with the real scripts, in which `search` tells where it runs and with what."""
    folder = tmp_path / "the add-on"
    shutil.copytree(REPOSITORY / "tools/build", folder / "tools/build", ignore=shutil.ignore_patterns("*.py", "__*"))
    shutil.copy(REPOSITORY / "tools/build/run.py", folder / "tools/build")
    shutil.copy(REPOSITORY / "build.sh", folder)
    (folder / "tools/build/environment.sh").write_text(ENVIRONMENT, encoding="utf-8")
    (folder / "tools/build/__main__.py").touch()
    (folder / "workbench").mkdir()
    (folder / "workbench/search.py").write_text(TELL, encoding="utf-8")
    return folder


def _environment(**more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "npm_", "NPM_"))
    }
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **more}


def _shell(script: str, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run functions of tools/build/environment.sh and dashboards.sh in a folder."""
    sources = "".join(f'source "{REPOSITORY}/tools/build/{name}.sh"\n' for name in ("environment", "dashboards"))
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{sources}{script}", "build.sh", *arguments],
        cwd=folder,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_files_are_those_of_the_callers_folder_also_through_links(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/first").symlink_to("../second")
    (tmp_path / "second").symlink_to(copy / "build.sh")
    caller = tmp_path / "a caller's folder"
    caller.mkdir()
    (caller / "json.py").write_text("raise SystemExit('the caller has a json of his own')", encoding="utf-8")
    for script in (copy / "build.sh", Path("../links/first"), Path("../the add-on/build.sh")):
        done = subprocess.run(
            [script, "search", "a b", "file name"], cwd=caller, env=_environment(), capture_output=True, check=True
        )
        assert json.loads(done.stdout) == [str(caller), ["a b", "file name"]]


@pytest.mark.parametrize(
    ("place", "program", "sentence"),
    [
        ("tools/build/__main__.py", SLEEP, "build.sh: ended by Ctrl-C.\n"),
        ("workbench/search.py", IMPORTS, "Ended by Ctrl-C.\n"),
    ],
    ids=["the build", "a command that is being imported"],
)
def test_ctrl_c_ends_in_a_sentence(copy: Path, place: str, program: str, sentence: str) -> None:
    (copy / place).write_text(program, encoding="utf-8")
    running = subprocess.Popen(
        ["./build.sh", "search"],
        cwd=copy,
        env=_environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr
    while running.stderr.readline() != "started\n":
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    assert running.stderr.read() == sentence
    assert running.wait(60) == 130


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("ERROR: [Errno 28] No space left on device\nWARNING: more\n", encoding="utf-8")
    done = _shell("fail_fetch pip log python3", tmp_path)
    assert done.returncode == 1
    assert done.stderr == "build.sh: the disk is full: ERROR: [Errno 28] No space left on device\n"


def test_a_second_one_says_what_it_waits_for(tmp_path: Path) -> None:
    (tmp_path / ".build").mkdir()
    script = 'enter_lock python3; echo "entered by $$, locked by $(cat .build/lock)"'
    with (tmp_path / ".build/lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        sources = f'source "{REPOSITORY}/tools/build/environment.sh"\n'
        waiting = subprocess.Popen(
            ["bash", "-c", f"set -euo pipefail\n{sources}{script}"],
            cwd=tmp_path, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert waiting.stderr
        assert waiting.stderr.readline() == "Waiting for another build.sh in this folder (process 4711) …\n"
        assert waiting.poll() is None
    out, err = waiting.communicate(timeout=60)
    assert out == f"entered by {waiting.pid}, locked by {waiting.pid}\n"
    assert err == ""


def test_pip_names_a_registry_that_cannot_be_reached(tmp_path: Path) -> None:
    (tmp_path / "tools").symlink_to(REPOSITORY / "tools")
    (tmp_path / "lock.txt").write_text("nothing==1 --hash=sha256:" + "0" * 64, encoding="ascii")
    own = {"PIP_INDEX_URL": f"{CLOSED}/simple", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    done = _shell("make_environment venv python3 lock.txt", tmp_path, **own)
    assert done.returncode == 1
    assert "build.sh: pip failed. The package registry cannot be reached: it refuses the connection." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "venv/stamp").exists()


#: The one that build.sh installed, or the system's.
NPM = shutil.which("npm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@needs("" if NPM else "there is no npm")
def test_npm_names_a_registry_that_cannot_be_reached(tmp_path: Path) -> None:
    (tmp_path / "tools").symlink_to(REPOSITORY / "tools")
    (tmp_path / "workbench").symlink_to(REPOSITORY / "workbench")
    own = {"npm_config_registry": CLOSED, "npm_config_fetch_retries": "0", "npm_config_cache": str(tmp_path / "npm")}
    own["PATH"] = os.pathsep.join([_environment()["PATH"], str(Path(NPM or "").parent)])
    done = _shell("make_dashboard_page", tmp_path, **own)
    assert done.returncode == 0  # the rest goes on without it
    assert "no dashboard is shown. The package registry 127.0.0.1 cannot be reached: it refuses" in done.stderr


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("HTTPSConnectionPool(host='pypi.example', port=443): Max retries exceeded with url: /simple/ (Caused by "
         "NameResolutionError(\"x: Failed to resolve\"))", "pypi.example cannot be reached: its name is not known"),
        ("npm error code ENOTFOUND\nnpm error request to https://npm.example/react failed, reason: getaddrinfo ENOTFOUND",
         "npm.example cannot be reached: its name is not known"),
        ("HTTPSConnectionPool(host='pypi.example', port=443): Read timed out. (read timeout=15)", "does not answer"),
        ("Could not fetch URL https://u:secret@pypi.example/simple: [SSL: CERTIFICATE_VERIFY_FAILED]", "not trusted"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "The package registry cannot be reached: its certificate"),
        ("(Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407')))", "the proxy"),
        ("npm error network read ECONNRESET", "it cuts the connection"),
    ],
)  # fmt: skip
def test_each_cause_is_told_apart(log: str, said: str) -> None:
    assert said in unreachable(f"some line\n{log}\nanother")
    assert "secret" not in unreachable(log)


@pytest.mark.parametrize(
    "log",
    ["", "ERROR: No matching distribution found for nothing==1", "ERROR: Could not install packages due to an OSError: "
     "[Errno 28] No space left on device", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."],
)  # fmt: skip
def test_another_error_is_not_taken_for_a_registrys(log: str) -> None:
    assert unreachable(log) == ""


def test_what_cannot_be_written_ends_the_build_in_a_sentence() -> None:
    command = [sys.executable, "-m", "tools.build", "--work", "/dev/null/work", "--output", "/dev/null/output"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The add-on cannot be built: ")
    assert "Traceback" not in done.stderr


def test_what_is_lacking_is_told_and_fails_where_ci_should_have_it(copy: Path) -> None:
    verbs = copy / "tools/build/verbs.sh"
    script = f'source "{copy}/tools/build/environment.sh"; source "{verbs}"; enter_environment() {{ :; }}\n' + (
        "build_addon() { :; }; make_dashboard_page() { :; };\n"
        "find_python() { return 1; }; ruff() { :; }; mypy() { :; }; vermin() { :; }; python() { :; }; verb_test\n"
    )
    for ci, code in (("", 0), ("true", 1)):
        done = _shell(script, copy, CI=ci)
        assert done.returncode == code, done.stderr
        told = done.stderr[done.stderr.index("Not tested here:") :]
        assert "no Python 3.9: " in told
        assert "no Python 3.13: " in told
        assert "no npm, or no way to its registry: no dashboard is drawn" in told
        assert ("Failed: what CI should have" in told) == (ci == "true")
