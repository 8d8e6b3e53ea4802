"""However the demo ends, in the middle of a collection from one's own PCE: no process and no secret stays."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.test_collection import event
from workbench.demo.folder import PREFIX, remove_abandoned
from workbench.pce import Pce, PceServer
from workbench.pce.wire import Answer, Request

PROC = Path("/proc")
#: What the collector asks first, and what the account is tried with.
COLLECTOR, ACCOUNT = "/settings/events", "/orgs/1/events"


class OwnPce:
    """An emulated PCE, and the environment of a demo that reads from it."""

    def __init__(self, server: PceServer, pce: Pce, folder: Path) -> None:
        self.server = server
        self.pce = pce
        self.temporary = folder / "temporary files"
        self.temporary.mkdir()
        ca_file = folder / "ca.pem"
        ca_file.write_text(server.ca_pem, encoding="ascii")
        key = pce.add_key()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PCE_")},
            "PCE_URL": server.url,
            "PCE_ORG_ID": str(pce.org_id),
            "PCE_API_KEY_ID": key.key_id,
            "PCE_API_SECRET": key.secret,
            "PCE_CA_FILE": str(ca_file),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": "",
        }
        self.released = threading.Event()

    def demo(self, shell: str = 'exec "$@"') -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", shell, "demo", sys.executable, "-u", "-m", "workbench.demo"],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def hanging_demo(self, path: str = COLLECTOR, shell: str = 'exec "$@"') -> subprocess.Popen[str]:
        """A demo that waits for an answer of the PCE."""
        self.pce.faults.clear()
        held = self.pce.faults.switch_on(self._hold, path=path)
        running = self.demo(shell)
        wait_for(lambda: held.hits > 0)
        return running

    def _hold(self, _request: Request, ask: Callable[[], Answer]) -> Answer:
        self.released.wait(300)
        return ask()

    def folders(self) -> list[Path]:
        return sorted(self.temporary.glob(f"{PREFIX}*"))

    def nothing_is_left(self) -> bool:
        return not self.folders() and not self.processes()

    def processes(self) -> list[str]:
        """What runs out of a demo's folder."""
        return [line for line in _command_lines() if str(self.temporary) in line]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def _command_lines() -> Iterator[str]:
    for process in PROC.glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_text("utf-8", "replace")
        except OSError:
            continue


@pytest.fixture
def own_pce(tmp_path: Path) -> Iterator[OwnPce]:
    pce = Pce()
    pce.record(event(1, age=60))
    with PceServer(pce) as server:
        own = OwnPce(server, pce, tmp_path)
        yield own
        own.released.set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("path", [COLLECTOR, ACCOUNT])
def test_a_signal_ends_the_collector_and_removes_the_secret(own_pce: OwnPce, number: int, path: str) -> None:
    running = own_pce.hanging_demo(path)
    (folder,) = own_pce.folders()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert any(own_pce.processes()) or not PROC.exists()
    running.send_signal(number)
    told = "".join(running.communicate(timeout=120))
    assert running.returncode == 128 + number
    assert "Traceback" not in told
    assert ("Interrupted by Ctrl-C" in told) == (number == signal.SIGINT)
    assert own_pce.nothing_is_left()


def test_closing_its_terminal_ends_it(own_pce: OwnPce) -> None:
    window, terminal = os.openpty()
    name = os.ttyname(terminal)
    running = own_pce.hanging_demo(shell=f'exec "$@" <{name} >{name} 2>&1')
    os.close(terminal)
    os.close(window)
    assert running.wait(120) == 128 + signal.SIGHUP
    assert own_pce.nothing_is_left()


def test_a_second_signal_does_not_disturb_the_cleanup(own_pce: OwnPce) -> None:
    running = own_pce.hanging_demo()
    while running.poll() is None:
        running.send_signal(signal.SIGINT)
        time.sleep(0.02)
    assert "Traceback" not in "".join(running.communicate())
    assert own_pce.nothing_is_left()


def test_it_ends_when_its_output_is_closed(own_pce: OwnPce) -> None:
    running = own_pce.hanging_demo()
    assert running.stdout
    running.stdout.close()
    own_pce.released.set()
    assert running.wait(120) == 1
    assert running.stderr
    assert running.stderr.read() == ""
    assert own_pce.nothing_is_left()


def test_without_standard_streams_it_runs_to_its_end(own_pce: OwnPce) -> None:
    running = own_pce.demo('exec "$@" <&- >&- 2>&-')
    assert running.communicate(timeout=120) == ("", "")
    assert running.returncode == 0
    assert own_pce.nothing_is_left()


def test_a_full_disk_ends_it_with_a_clear_message(own_pce: OwnPce) -> None:
    running = own_pce.demo('ulimit -f 1; exec "$@"')  # files of one kilobyte
    _, told = running.communicate(timeout=120)
    assert running.returncode == 1
    assert told.startswith("The demo cannot continue: ")
    assert "Traceback" not in told
    assert own_pce.nothing_is_left()


def test_files_of_a_killed_demo_are_removed_by_the_next(own_pce: OwnPce) -> None:
    killed = own_pce.hanging_demo()
    (left,) = own_pce.folders()
    killed.kill()
    killed.communicate()
    assert left.is_dir()
    own_pce.released.set()
    wait_for(lambda: not own_pce.processes())
    own_pce.released.clear()
    alive = own_pce.hanging_demo()
    (folder,) = own_pce.folders()
    assert folder != left
    remove_abandoned(own_pce.temporary)
    assert own_pce.folders() == [folder]
    alive.terminate()
    alive.communicate()
    assert own_pce.nothing_is_left()


def test_only_own_folders_are_removed(tmp_path: Path) -> None:
    elsewhere, left = tmp_path / "elsewhere", tmp_path / f"{PREFIX}left"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").touch()
    left.mkdir()
    (left / "file").touch()
    remove_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", f"{PREFIX}file", f"{PREFIX}link"]
    assert (elsewhere / "file").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_another_users_folder_stays(tmp_path: Path) -> None:
    folder = tmp_path / f"{PREFIX}theirs"
    folder.mkdir()
    os.chown(folder, 65_534, 65_534)
    remove_abandoned(tmp_path)
    assert folder.is_dir()
