"""Puts the add-on on the path: the built one, which is what ships; `package/` where nothing was built."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parents[1]
BUILT = REPOSITORY / "output" / "TA_illumio_pce"
ADDON = Path(os.environ.get("ADDON", BUILT if BUILT.is_dir() else REPOSITORY / "package"))

for folder in (ADDON / "lib", ADDON / "bin"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# A run in the background ignores Ctrl-C, one under nohup the end of its terminal, and child processes inherit that.
for name in ("SIGINT", "SIGHUP"):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

#: Suites of the built add-on; and those that need the environment that ./build.sh makes, but no build.
OF_THE_BUILD = ("dash", "e2e", "handlers", "package", "soak", "ui")
OF_THE_TOOLS = ("catalogue", "cim", "dashboards", "detections")
NOT_COLLECTED = {
    *(OF_THE_TOOLS if find_spec("pcre2") is None else ()),
    *(() if BUILT.is_dir() and find_spec("pcre2") else OF_THE_BUILD),
}


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the suites that cannot run here."""
    return True if _suite(collection_path) in NOT_COLLECTED else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests of these suites that were named one by one."""
    for item in items:
        if _suite(item.path) in NOT_COLLECTED:
            item.add_marker(pytest.mark.skip("needs ./build.sh, and .build/venv/bin/pytest"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which suites were left out."""
    if NOT_COLLECTED:
        left_out = ", ".join(sorted(NOT_COLLECTED))
        terminalreporter.line(f"Not collected, since they need ./build.sh and .build/venv/bin/pytest: {left_out}.")


def _suite(path: Path) -> str:
    """The folder of `tests/` that a path is in, or is; empty for any other path."""
    tests = REPOSITORY / "tests"
    return path.relative_to(tests).parts[0] if tests in path.parents else ""


# No test has a timing: a busy machine is slow, and not wrong.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for all that looks at pages: a process cannot hold a second one. Not every Python here has Playwright."""
    from tests.lacking import lacking
    from workbench.splunk.dashboards import browser

    if browser.chromium_path() is None:
        lacking(browser.NO_CHROMIUM)
    with browser.chromium() as opened:
        yield opened
