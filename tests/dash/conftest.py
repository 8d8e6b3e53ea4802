"""The dashboards in Chromium: one site for each scenario, and pages on which nothing goes wrong unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import ADDON
from tests.lacking import lacking
from workbench.splunk.dashboards.browser import Dashboard
from workbench.splunk.dashboards.page import BUNDLE, MISSING
from workbench.splunk.dashboards.site import Site
from workbench.views.scenarios import NOW, engine

Sites = Callable[[str], Site]
Opener = Callable[..., Dashboard]

LAPTOP = (1366, 768)
WALL = (1920, 1080)


@pytest.fixture(scope="session")
def sites(chromium: Browser) -> Iterator[Sites]:
    """The site of a scenario: `quiet`, `bad`, `none` or `failing`."""
    if not (BUNDLE / "page.js").is_file():
        lacking(MISSING)
    opened: dict[str, Site] = {}
    with ExitStack() as stack:

        def site(scenario: str) -> Site:
            if scenario not in opened:
                opened[scenario] = stack.enter_context(Site.of(ADDON, engine(scenario, ADDON), NOW))
            return opened[scenario]

        yield site
        assert {name: site.web.refused for name, site in opened.items() if site.web.refused} == {}


@pytest.fixture
def opener(chromium: Browser) -> Iterator[Opener]:
    """Opens a view of a site: `opener(site, view, form="…")`; what its pages say to the console fails the test."""
    dashboards: list[Dashboard] = []

    def opened(site: Site, view: str, query: str = "", *, expected: tuple[str, ...] = ()) -> Dashboard:
        width, height = LAPTOP
        page = chromium.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        dashboard = Dashboard(page, NOW, expected)
        dashboards.append(dashboard)
        dashboard.open(f"{site.uri(view)}?theme=dark{query}")
        return dashboard

    yield opened
    errors: list[Any] = [error for dashboard in dashboards for error in dashboard.errors]
    for dashboard in dashboards:
        dashboard.page.close()
    assert errors == []
