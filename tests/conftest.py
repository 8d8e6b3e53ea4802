"""Puts the add-on on the path: the built one, which is what ships; `package/` where nothing was built."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
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
