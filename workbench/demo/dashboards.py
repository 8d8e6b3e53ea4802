"""The demo's last step: the dashboards, over a day at an invented company."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import yaml

from workbench.demo.show import say, step
from workbench.lab import APP, Lab
from workbench.splunk.dashboards.browser import NO_CHROMIUM, Dashboard, chromium, chromium_path
from workbench.splunk.dashboards.page import BUNDLE, MISSING
from workbench.splunk.dashboards.run import run_searches
from workbench.splunk.dashboards.site import Site
from workbench.splunk.dashboards.view import View, read_views
from workbench.splunk.splunkd.engine import Engine
from workbench.views.scenarios import company_engine

_CONTENT = Path(__file__).resolve().parents[2] / "content/dashboards"
_DAY = 86_400


def show_dashboards(lab: Lab, number: int, *, stay: bool) -> None:
    """Say where they are and what to look at; with `stay` until Ctrl-C, else look at each and end."""
    step(
        number,
        "The dashboards for a bad day at a company with two PCEs (generated events)",
    )
    now = float(int(time.time()) // _DAY * _DAY)
    engine = company_engine(lab.addon, now)
    with contextlib.closing(Site(lab.splunkd, APP, engine)) as site:
        views = read_views(lab.addon)
        for view in views:
            say(f"{view.label}: {site.uri(view.name)}")
            say(f"    {_look_at(view)}")
        say(f"Configuration: {site.uri('configuration')} (all of it an emulation of Splunk Web, until the demo ends)")
        if not (BUNDLE / "page.js").is_file():
            say(f"They are blank: {MISSING}.")
        if stay:
            say("Press Ctrl-C to end the demo")
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(1)
        else:
            _look(site, views, engine, now)


def _look_at(view: View) -> str:
    """The first of the things to look at, as the dashboard's own description has it."""
    about = yaml.safe_load((_CONTENT / f"{view.name}.yml").read_text("utf-8"))
    return f"Look at: {about['look_at'][0]}"


def _look(site: Site, views: list[View], engine: Engine, now: float) -> None:
    """Open each view in Chromium, or at least run what it searches."""
    if not (BUNDLE / "page.js").is_file() or chromium_path() is None:
        say(f"{MISSING if chromium_path() else NO_CHROMIUM}; the searches run anyway")
        for view in views:
            rows = run_searches(view, engine)
            say(f"{view.label}: {len(rows)} searches found {sum(rows.values()):,} rows")
        return
    with chromium() as browser:
        for view in views:
            page = browser.new_page(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
            dashboard = Dashboard(page, now)
            dashboard.open(site.uri(view.name))
            panels = dashboard.panels()
            failed = [panel.title for panel in panels if panel.failed] + dashboard.errors
            say(f"{view.label}: {len(panels)} panels drawn" + "".join(f"; failed: {what}" for what in failed))
            page.close()
