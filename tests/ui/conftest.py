"""Chromium before the add-on's pages, the stand-ins for Splunk behind them, and an emulated PCE behind those.

With SCREENSHOTS=FOLDER in the environment, the tests write there what they look at:
`SCREENSHOTS=docs/images pytest tests/ui`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.e2e.conftest import empty_lab, lab
from tests.e2e.lab import PceLab
from tests.ui.pages import Pages
from tests.ui.panels import Panels
from workbench.splunk.splunkd.web import Web

__all__ = ["empty_lab", "lab"]

Picture = Callable[[str], None]

#: How long something may take to appear (ms): the dashboard's script alone has 11 MB.
_PATIENCE = 20_000
expect.set_options(timeout=_PATIENCE)

_LAPTOP = ViewportSize(width=1280, height=800)
_WHOLE_FORM = ViewportSize(width=1280, height=1320)

#: What the browser may report as an error: nothing but its own line about an answer that refuses to save.
_REVIEWED = [re.compile(r"Failed to load resource: the server responded with a status of 500")]


@pytest.fixture
def web(empty_lab: PceLab) -> Iterator[Web]:
    served = Web(empty_lab.splunkd, engine=Panels())
    yield served
    served.close()
    assert served.refused == []


@pytest.fixture
def context(chromium: Browser, web: Web) -> Iterator[BrowserContext]:
    opened = chromium.new_context(viewport=_LAPTOP, reduced_motion="reduce")
    opened.set_default_timeout(_PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing goes wrong unnoticed."""
    errors: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    assert [error for error in errors if not any(known.match(error) for known in _REVIEWED)] == []


@pytest.fixture
def pages(page: Page, web: Web) -> Pages:
    return Pages(page, web.uri)


@pytest.fixture
def picture(page: Page) -> Picture:
    """Keep what the page shows as FOLDER/NAME.png; nothing without SCREENSHOTS=FOLDER."""
    folder = os.environ.get("SCREENSHOTS")

    def take(name: str) -> None:
        if folder:
            page.set_viewport_size(_WHOLE_FORM)
            page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled", caret="hide")

    return take
