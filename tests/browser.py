"""Chromium for the tests that look at pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from workbench.dash.browser import NO_CHROMIUM, chromium_path
from workbench.dash.browser import chromium as open_chromium


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if chromium_path() is None:
        pytest.skip(NO_CHROMIUM)
    with open_chromium() as browser:
        yield browser
