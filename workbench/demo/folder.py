"""The demo's folder: all that it writes, a secret among it. It is gone when the demo is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "illumio-demo-"


@contextlib.contextmanager
def demo_folder() -> Iterator[Path]:
    """A new folder (mode 0700) for this demo and for all its temporary files; removed at the end.

    A demo holds a lock on its folder, which the system releases however it ends: folders of this user that nobody
    locks were left by demos that were killed, and are removed first. Raises OSError.
    """
    parent = Path(tempfile.gettempdir())
    remove_abandoned(parent)
    folder, lock = _locked_folder(parent)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = os.environ["TMPDIR"] = str(parent)
        shutil.rmtree(folder)
        os.close(lock)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of this user's demos that were killed."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            lock = _open(folder)
        except OSError:  # another user's, a link, or gone by now
            continue
        try:
            if os.fstat(lock).st_uid == os.geteuid() and _locked(lock, fcntl.LOCK_NB):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """A new folder and its open lock; made again where another demo took it for an abandoned one."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        with contextlib.suppress(FileNotFoundError):
            lock = _open(folder)
            _locked(lock)
            if folder.is_dir():
                return folder, lock
            os.close(lock)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _locked(lock: int, flags: int = 0) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | flags)
    except BlockingIOError:
        return False
    return True
