"""What a person does on the dashboards: filter, page, sort, click into the events; and what hostile text does: nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import ADDON
from tests.dash.conftest import Opener, Sites
from tests.dash.hostile import HOSTILE
from tests.dash.sample import addon_with, definition
from tools.screenshots import ENTERED
from workbench.splunk.dashboards.browser import Dashboard
from workbench.splunk.dashboards.site import Site
from workbench.splunk.dashboards.view import read_views
from workbench.splunk.splunkd.engine import NothingFound, Results
from workbench.views.scenarios import NOW

LITERAL = re.compile(r'"(?:\\.|[^"\\])*"')


def table(dashboard: Dashboard, panel: str) -> Locator:
    return dashboard.page.locator(f"[data-test=viz-item][data-id={panel}]")


def column(dashboard: Dashboard, panel: str, name: str) -> list[str]:
    """The cells of a column on the page that a table shows."""
    found = table(dashboard, panel)
    heads = found.locator("[data-test=head-cell]").evaluate_all("cells => cells.map(cell => cell.dataset.testLabel)")
    place = heads.index(name)
    cells: list[str] = found.locator("[data-test=body] tr").evaluate_all(
        f"rows => rows.map(row => row.querySelectorAll('[data-test=cell]')[{place}].textContent.trim())"
    )
    return cells


def test_a_token_in_the_url_filters(sites: Sites, opener: Opener) -> None:
    dashboard = opener(sites("bad"), "events", "&form.severity=high")
    assert set(column(dashboard, "viz_events", "Severity")) == {"high"}
    assert "form.severity=high" in dashboard.page.url


def test_a_time_in_the_url_sets_the_search_time(sites: Sites, opener: Opener) -> None:
    site = sites("bad")
    before = len(site.web.searches.asked)
    range_of_address = "&form.global_time.earliest=-2h%40h&form.global_time.latest=now"
    dashboard = opener(site, "events", range_of_address)
    asked = site.web.searches.asked[before:]
    assert {(search.earliest, search.latest) for search in asked} == {("-2h@h", "now")}
    times = column(dashboard, "viz_events", "Time")
    assert times
    assert all(time >= "2026-03-02 22:00" for time in times)


def test_a_text_filters_each_panel(sites: Sites, opener: Opener) -> None:
    dashboard = opener(sites("bad"), "events")
    before = column(dashboard, "viz_types", "Type")
    box = dashboard.page.get_by_role("textbox", name="User or actor")
    box.fill("amara*")
    box.press("Enter")
    dashboard.settle()
    people = column(dashboard, "viz_events", "Who")
    assert people
    assert all(person.startswith("amara") for person in people)
    assert column(dashboard, "viz_types", "Type") != before


def test_a_table_pages_and_sorts_across_all_pages(sites: Sites, opener: Opener) -> None:
    dashboard = opener(sites("bad"), "events")
    first = column(dashboard, "viz_events", "Time")
    assert first == sorted(first, reverse=True)
    table(dashboard, "viz_events").get_by_role("button", name="Page 2", exact=True).click()
    dashboard.settle()
    second = column(dashboard, "viz_events", "Time")
    assert max(second) <= min(first)
    table(dashboard, "viz_events").locator("[data-test=head-cell][data-test-label=Time]").click()
    dashboard.settle()
    oldest = column(dashboard, "viz_events", "Time")
    assert oldest == sorted(oldest)
    assert max(oldest) < min(second)


def test_a_row_opens_the_whole_event_and_that_its_search(sites: Sites, opener: Opener) -> None:
    dashboard = opener(sites("bad"), "events")
    assert "No event is chosen" in column(dashboard, "viz_event", "Field")
    first = column(dashboard, "viz_events", "Time")[0]
    table(dashboard, "viz_events").locator("[data-test=body] [data-test=cell]").first.click()
    dashboard.settle()
    fields = dict(zip(column(dashboard, "viz_event", "Field"), column(dashboard, "viz_event", "Value")))
    assert fields["time"] == first
    with dashboard.page.expect_popup() as opened:
        table(dashboard, "viz_event").locator("[data-test=body] [data-test=cell]").first.click()
    search = opened.value
    expect(search.locator("#count")).to_have_text("1 results")
    expect(search.locator("#results")).to_contain_text(fields["id"].rpartition("/")[2])
    search.close()


def test_the_figure_of_the_events_opens_a_search_with_the_same_filters(sites: Sites, opener: Opener) -> None:
    dashboard = opener(sites("bad"), "events", "&form.severity=high&form.severity=medium&form.status=failure")
    figure = table(dashboard, "viz_export").locator("[data-test=majorValue]")
    chosen = figure.inner_text()
    with dashboard.page.expect_popup() as opened:
        figure.click()
    search = opened.value
    expect(search.locator("#count")).to_have_text(f"{chosen} results")
    assert 'mvappend("high","medium")' in search.locator("#search").inner_text()
    search.close()


def linked_figures() -> list[tuple[str, str]]:
    """View and panel of the first figure of each view that opens a search, in a tab of its own."""
    found: dict[str, tuple[str, str]] = {}
    for view in read_views(ADDON):
        for name, panel in view.definition["visualizations"].items():
            for handler in panel.get("eventHandlers", []):
                if panel["type"] == "splunk.singlevalue" and "/search?" in handler["options"].get("url", ""):
                    found.setdefault(view.name, (view.name, name))
    return list(found.values())


@pytest.mark.parametrize(("view", "panel"), linked_figures())
def test_a_single_value_opens_what_it_counts(sites: Sites, opener: Opener, view: str, panel: str) -> None:
    chosen = "&form.pce=pce-north.kestrel-freight.example&form.pce=a,b" + ENTERED.get(view, "")
    dashboard = opener(sites("bad"), view, chosen)
    figure = table(dashboard, panel).locator("[data-test=majorValue]")
    counted = figure.inner_text()
    with dashboard.page.expect_popup() as opened:
        figure.click()
    search = opened.value
    expect(search.locator("#count")).to_have_text(f"{counted} results")
    search.close()


@pytest.mark.parametrize(
    ("chosen", "case", "page"),
    [
        ("&form.pce=pce-south.kestrel-freight.example", "PCE is losing audit events", "pce_health"),
        ("", "Firewall tampering on a workload", "investigate"),
    ],
)
def test_a_case_opens_the_page_that_its_row_names(
    sites: Sites, opener: Opener, chosen: str, case: str, page: str
) -> None:
    dashboard = opener(sites("bad"), "security_overview", chosen)
    row = column(dashboard, "viz_needs", "What").index(case)
    with dashboard.page.expect_popup() as opened:
        table(dashboard, "viz_needs").locator("[data-test=body] tr").nth(row).locator("[data-test=cell]").first.click()
    address = urlsplit(opened.value.url)
    opened.value.close()
    assert address.path.endswith(f"/app/TA_illumio_pce/{page}")
    asked = parse_qs(address.query)
    assert asked["form.pce"] == [
        "pce-south.kestrel-freight.example" if page == "pce_health" else "pce-north.kestrel-freight.example"
    ]
    assert (asked["form.entered"] == ["-"]) is (page == "pce_health")


class Echo(NothingFound):
    """Finds one row, with a hostile text in it."""

    def __init__(self) -> None:
        self.text = ""

    def search(self, spl: str, earliest: str, latest: str) -> Results:
        return Results.of([{"href": self.text, "user": self.text, "count": "1"}])

    def post_process(self, base: Results, spl: str, earliest: str, latest: str) -> Results:
        return base


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def echoing(echo: Echo, sites: Sites, tmp_path: Path) -> Iterator[Site]:
    """The shipped views and the sample over the engine Echo."""
    shown = {view.name: view.definition for view in read_views(ADDON)}
    with Site.of(addon_with(ADDON, tmp_path, sample=definition(), **shown), echo, NOW) as site:
        yield site


def with_text_inputs() -> list[str]:
    views = [*(view for view in read_views(ADDON))]
    return ["sample"] + [
        view.name for view in views if any(e["type"] == "input.text" for e in view.definition["inputs"].values())
    ]


@pytest.mark.parametrize("view", with_text_inputs())
def test_hostile_text_in_an_input_stays_one_literal_of_the_search(echoing: Site, opener: Opener, view: str) -> None:
    assert len(HOSTILE) >= 50
    shown = next(one.definition for one in read_views(ADDON) if one.name == view) if view != "sample" else definition()
    tokens = [entry["options"]["token"] for entry in shown["inputs"].values() if entry["type"] == "input.text"]
    dashboard = opener(echoing, view)
    searches = echoing.web.searches

    def enter(text: str) -> list[str]:
        """What is searched once the text stands in each input: through the address, as a link would bring it."""
        literal = json.dumps(text, ensure_ascii=False)
        asked, chained = len(searches.asked), len(searches.chained)
        query = "&".join(f"form.{token}=" + "' + encodeURIComponent(text) + '" for token in tokens)
        dashboard.page.evaluate(
            f"text => {{ history.pushState({{}}, '', '?{query}'); dispatchEvent(new PopStateEvent('popstate')); }}",
            text,
        )
        for _ in range(200):
            found = [one.spl for one in searches.asked[asked:]] + [chain for _, chain in searches.chained[chained:]]
            if with_text and {LITERAL.sub('""', spl) for spl in found if literal in spl} >= with_text:
                return found
            dashboard.page.wait_for_timeout(25)
        return found

    def skeletons(found: list[str]) -> set[str]:
        return {LITERAL.sub('""', spl) for spl in found}

    with_text: set[str] = set()
    harmless = enter("harmless")
    with_text = {LITERAL.sub('""', spl) for spl in harmless if '"harmless"' in spl}
    assert with_text
    for text in HOSTILE:
        found = enter(text)
        literal = json.dumps(text, ensure_ascii=False)
        assert skeletons(found) <= skeletons(harmless), text
        # Another token may have the same value: `*` is that of every filter.
        assert {LITERAL.sub('""', spl) for spl in found if literal in spl} >= with_text, text


def test_a_typed_text_gets_into_the_search_the_same_way(echoing: Site, opener: Opener) -> None:
    dashboard = opener(echoing, "sample")
    box = dashboard.page.get_by_role("textbox", name="User")
    for text in ('" | delete', "[search index=_internal]", "$env:user$"):
        box.fill(text)
        box.press("Enter")
        dashboard.settle()
        assert f"user={json.dumps(text)})" in echoing.web.searches.asked[-1].spl


@pytest.mark.parametrize("text", ['" | delete', "a&q=*#x", "<script>alert(1)</script>", "\\", "$who$ `x` ]", "ü 漢字"])
def test_a_hostile_value_of_a_row_stays_one_literal_of_the_link(
    echo: Echo, echoing: Site, opener: Opener, text: str
) -> None:
    echo.text = text
    dashboard = opener(echoing, "sample")
    table(dashboard, "viz_rows").locator("[data-test=body] [data-test=cell]").first.click()
    dashboard.page.locator("#search").wait_for()
    spl = f"`illumio_pce_index` href={json.dumps(text, ensure_ascii=False)}"
    assert parse_qs(urlsplit(dashboard.page.url).query)["q"] == [spl]
    assert dashboard.page.locator("#search").inner_text() == spl
    assert dashboard.page.locator("main script").count() == 0
