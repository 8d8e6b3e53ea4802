"""`python -m tools.screenshots [VIEW…]`: pictures of the dashboards over a bad day, and beside each what stands in it.

They go to docs/images/dashboards, as VIEW.png and VIEW.txt, in the light theme. Data and clock are fixed. A test
compares what is shown with the text, so that a change is seen in review; then run this, and look at the pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from workbench.command_line import APP
from workbench.splunk.dashboards.browser import Dashboard, Panel, chromium
from workbench.splunk.dashboards.site import Site
from workbench.splunk.dashboards.view import read_views
from workbench.views.scenarios import NOW, engine

PICTURES = Path("docs/images/dashboards")
SCENARIO = "bad"
SIZE = (1366, 768)
#: What is entered on pages that open empty.
ENTERED = {"investigate": "&form.kind=person&form.entered=greta.lind%40kestrel-freight.example"}


def open_view(browser: Browser, site: Site, view: str) -> Dashboard:
    """A view on a page of the pictures' size, in the light theme."""
    width, height = SIZE
    page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
    dashboard = Dashboard(page, NOW)
    dashboard.open(f"{site.uri(view)}?theme=light{ENTERED.get(view, '')}")
    return dashboard


def text_of(panels: Sequence[Panel]) -> str:
    """What a view's panels show, in the order of the page."""
    return "\n".join(f"{panel.title}\n" + "".join(f"    {text}\n" for text in panel.texts[1:]) for panel in panels)


def main() -> None:
    """Write the pictures of the views named, or of all."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("views", nargs="*", metavar="VIEW")
    wanted = parser.parse_args().views or [view.name for view in read_views(APP)]
    PICTURES.mkdir(parents=True, exist_ok=True)
    with Site.of(APP, engine(SCENARIO, APP), NOW) as site, chromium() as browser:
        for view in wanted:
            dashboard = open_view(browser, site, view)
            (PICTURES / f"{view}.txt").write_text(text_of(dashboard.panels()), encoding="utf-8")
            dashboard.picture(PICTURES / f"{view}.png")
            dashboard.page.close()
            print(PICTURES / f"{view}.png", flush=True)


if __name__ == "__main__":
    main()
