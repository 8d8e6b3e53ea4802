"""Every view, over a quiet day, a bad day, no data and failing searches, in both themes, on a laptop and a wall screen."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ADDON
from tests.dash.conftest import LAPTOP, WALL, Opener, Sites
from tools.screenshots import ENTERED, PICTURES, SCENARIO, text_of
from workbench.splunk.dashboards.browser import Dashboard, Panel
from workbench.splunk.dashboards.view import View, read_views
from workbench.views.scenarios import FAILURE

VIEWS = {view.name: view for view in read_views(ADDON)}
LOOKS = [("dark", *LAPTOP), ("light", *WALL), ("light", *LAPTOP), ("dark", *WALL)]
#: What a panel says that got nothing: the framework's words, which tell no reason, and the views' own.
SPEECHLESS = re.compile("No search results|Set token value|Search is waiting|could not|N/A")
NO_DATA = re.compile(
    r"no data|(?i:no daily summary|no events were received|no run was recorded|no status was received|no events of|"
    r"no inventory)"
)
#: These show the same whatever came.
CONSTANT = {"splunk.markdown", "splunk.rectangle", "splunk.ellipse", "splunk.image"}
#: They tell of saved searches.
NO_EVENTS = {"viz_enabled", "viz_detections"}
#: A panel that waits for a click says so.
WAITS = "Click a row"


def kind(view: View, panel: Panel) -> str:
    return str(view.definition["visualizations"][panel.name]["type"])


def said(view: View, panel: Panel) -> list[str]:
    """A panel's texts without its title and description."""
    shown = view.definition["visualizations"][panel.name]
    return [text for text in panel.texts if text not in (shown.get("title"), shown.get("description"))]


def panels(view: View, dashboard: Dashboard) -> list[Panel]:
    found = [panel for panel in dashboard.panels() if kind(view, panel) not in CONSTANT]
    constant = [name for name, shown in view.definition["visualizations"].items() if shown["type"] in CONSTANT]
    assert len(found) + len(constant) == len(view.definition["visualizations"])
    return found


def assert_it_looks_right(dashboard: Dashboard, looks: list[tuple[str, int, int]]) -> None:
    wrong = {}
    for look in looks:
        dashboard.show(*look)
        for what in ("clipped", "broken", "wide", "cut", "overlapping", "outside", "faint"):
            if found := dashboard.look(what):
                wrong[f"{what} {look}"] = found
    assert wrong == {}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("scenario", ["quiet", "bad"])
def test_every_panel_shows_data_or_says_that_there_is_none(
    sites: Sites, opener: Opener, scenario: str, name: str
) -> None:
    dashboard = opener(sites(scenario), name, ENTERED.get(name, "") if scenario == SCENARIO else "")
    for panel in panels(VIEWS[name], dashboard):
        texts = said(VIEWS[name], panel)
        assert texts, f"{panel.title} shows nothing"
        assert not [text for text in texts if SPEECHLESS.search(text)], panel
        assert not [text for text in texts if NO_DATA.search(text)], panel
    if scenario == SCENARIO:
        reviewed = (PICTURES / f"{name}.txt").read_text("utf-8")
        assert text_of(dashboard.panels()) == reviewed, "look at it, then run python -m tools.screenshots"
    assert_it_looks_right(dashboard, LOOKS)


@pytest.mark.parametrize("name", VIEWS)
def test_without_data_every_panel_says_so(sites: Sites, opener: Opener, name: str) -> None:
    dashboard = opener(sites("none"), name)
    for panel in panels(VIEWS[name], dashboard):
        texts = said(VIEWS[name], panel)
        if panel.name not in NO_EVENTS and not any(WAITS in text for text in texts):
            assert [text for text in texts if NO_DATA.search(text)], panel
    assert_it_looks_right(dashboard, LOOKS[:2])


@pytest.mark.parametrize("name", VIEWS)
def test_a_failing_search_is_reported_in_its_panel(sites: Sites, opener: Opener, name: str) -> None:
    refused = ("Failed to load resource: the server responded with a status of 400", "failed to create search job")
    dashboard = opener(sites("failing"), name, expected=refused)
    for panel in panels(VIEWS[name], dashboard):
        # A figure has no room for the sentence: it is marked, and the mark's own text tells.
        assert panel.failed, panel
        assert FAILURE in panel.texts or kind(VIEWS[name], panel) == "splunk.singlevalue", panel
    assert_it_looks_right(dashboard, LOOKS[:1])


def test_each_view_has_its_pictures_and_no_other_is_kept() -> None:
    wanted = {f"{name}{end}" for name in VIEWS for end in (".png", ".txt")}
    assert {path.name for path in PICTURES.iterdir()} == wanted
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < 3_500_000
