"""Each check of a view, with a broken twin of the sample that has to fail it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ADDON
from tests.dash.sample import addon_with, definition
from tests.lacking import needs
from workbench.splunk.dashboards.checks import complaints, schema_complaints
from workbench.splunk.dashboards.checks.schema import missing
from workbench.splunk.dashboards.checks.tokens import find_tokens, without_tokens
from workbench.splunk.dashboards.view import View, read_views
from workbench.splunk.refusal import Refused
from workbench.views import macros

Break = Callable[[dict[str, Any]], object]


def found(shown: dict[str, Any]) -> list[tuple[str, str]]:
    view = View("sample", "Sample", "", shown)
    return [
        (complaint.element, complaint.text)
        for complaint in [*complaints([view], ADDON), *macros.complaints([view], ADDON)]
    ]


def source(shown: dict[str, Any], name: str) -> dict[str, Any]:
    options: dict[str, Any] = shown["dataSources"][name]["options"]
    return options


def query(name: str, text: str) -> Break:
    return lambda shown: source(shown, name).update(query=text)


def url(text: str) -> Break:
    return lambda shown: shown["visualizations"]["viz_rows"]["eventHandlers"][0]["options"].update(url=text)


def chain(shown: dict[str, Any], **names: str) -> None:
    for name, base in names.items():
        shown["dataSources"][name] = {"type": "ds.chain", "options": {"extend": base, "query": "head 1"}}
        shown["visualizations"]["viz_hours"]["dataSources"][name] = name


def test_the_sample_is_right() -> None:
    assert found(definition()) == []


TWINS: dict[str, tuple[Break, str, str]] = {
    "no such data source": (
        lambda shown: shown["visualizations"]["viz_count"].update(dataSources={"primary": "nowhere"}),
        "viz_count",
        "data source nowhere does not exist",
    ),
    "unused": (lambda shown: shown["dataSources"].update(more=shown["dataSources"]["rate"]), "more", "it never runs"),
    "chain on nothing": (lambda shown: source(shown, "rows").update(extend="gone"), "rows", "extends gone, which does not"),
    "three chains": (lambda shown: chain(shown, one="rows", two="one"), "two", "a chain of 3"),
    "a circle": (lambda shown: source(shown, "rows").update(extend="rows"), "rows", "in a circle"),
    "chain with its own time": (
        lambda shown: source(shown, "rows").update(queryParameters={"earliest": "-1h"}), "rows", "no queryParameters"),
    "refresh of a chain": (lambda shown: source(shown, "rows").update(refresh="5m"), "rows", "no refresh"),
    "a slash in a name": (lambda shown: shown["dataSources"]["base"].update(name="a/b"), "base", "slash"),
    "no such saved search": (
        lambda shown: shown["dataSources"].update(rate={"type": "ds.savedSearch", "options": {"ref": "gone"}}),
        "rate", "no saved search gone"),
    "another kind of source": (lambda shown: shown["dataSources"]["rate"].update(type="ds.test"), "rate", "ds.test is none"),
    "untitled panel": (lambda shown: shown["visualizations"]["viz_rows"].pop("title"), "viz_rows", "no title"),
    "untitled input": (lambda shown: shown["inputs"]["input_who"].pop("title"), "input_who", "no title"),
    "new layout": (lambda shown: shown.update(layout={"tabs": {}, "layoutDefinitions": {}}), "layout", "9.3 reads"),
    "not placed": (lambda shown: shown["layout"]["structure"].pop(0), "viz_count", "stands 0 times"),
    "input not placed": (lambda shown: shown["layout"]["globalInputs"].pop(), "input_who", "stands 0 times"),
    "placed and not there": (lambda shown: shown["visualizations"].pop("viz_count"), "viz_count", "does not exist"),
    "overlap": (
        lambda shown: shown["layout"]["structure"][3]["position"].update(y=200), "viz_count", "overlaps viz_rows"),
    "off the canvas": (lambda shown: shown["layout"].update(options={}), "viz_rows", "canvas, which is 1200 wide"),
    "short row": (lambda shown: shown["layout"]["structure"][2]["position"].update(w=500), "viz_hours", "row is 1400 wide"),
    "chart alone": (
        lambda shown: shown["visualizations"]["viz_hours"].update(type="splunk.singlevalue"), "viz_rate", "without a table"),
    "unknown key": (lambda shown: shown.update(widgets={}), "widgets", "no key of a definition"),
    "conditional visibility": (
        lambda shown: shown["visualizations"]["viz_rows"].update(containerOptions={"visibility": {}}),
        "/visualizations/viz_rows/containerOptions/visibility", "not in Splunk 9.3"),
    "conditions": (lambda shown: shown.update(expressions={}), "/expressions", "not in Splunk 9.3"),
    "a newer input": (lambda shown: shown["inputs"]["input_who"].update(type="input.button"), "input_who", "not in Splunk 9.3"),
    "a newer handler": (
        lambda shown: shown["visualizations"]["viz_rows"]["eventHandlers"].append({"type": "drilldown.unsetTokens"}),
        "viz_rows", "not in Splunk 9.3"),
    "a handler that is not in npm": (
        lambda shown: shown["visualizations"]["viz_rows"]["eventHandlers"].append({"type": "drilldown.linkToSearch"}),
        "viz_rows", "cannot be tried"),
    "token in a search": (
        query("rows", "search user=$whom|s$"), "/dataSources/rows/options/query", "nobody sets $whom|s$"),
    "token in refresh": (
        lambda shown: source(shown, "base").update(refresh="$often$"), "/dataSources/base/options/refresh", "nobody sets"),
    "token in a title": (
        lambda shown: shown["visualizations"]["viz_rows"].update(title="Events of $whom$"),
        "/visualizations/viz_rows/title", "nobody sets $whom$"),
    "token in markdown": (
        lambda shown: shown["visualizations"]["viz_hours"].update(type="splunk.markdown", options={"markdown": "$a:b$"}),
        "/visualizations/viz_hours/options/markdown", "nobody sets $a:b$"),
    "token in a link": (
        url("/app/TA_illumio_pce/sample?form.who=$whom|u$"),
        "/visualizations/viz_rows/eventHandlers/0/options/url", "nobody sets $whom|u$"),
    "unquoted": (query("rows", "search user=$who$"), "rows", "write $who|s$"),
    "for HTML": (query("rows", "search user=$who|h$"), "rows", "write $who|s$"),
    "quoted twice": (query("rows", 'search user="$who|s$"'), "rows", "brings its own"),
    "quoted twice in a longer text": (query("rows", 'search user="*$who|s$*"'), "rows", "brings its own"),
    "lone dollar": (query("rows", 'where match(user, "^a$")'), "rows", "write $$"),
    "unknown command": (query("rows", "transmogrify"), "rows", "unknown command transmogrify"),
    "unknown macro": (query("rate", "`illumio_pce_nothing`"), "rate", "no macro illumio_pce_nothing"),
    "no search": (query("rows", " "), "rows", "no search"),
    "risky": (query("rows", "outputlookup illumio_pce_event_types.csv"), "rows", "outputlookup is a risky command"),
    "risky inside": (
        query("rows", "append [search `illumio_pce_index` | outputlookup illumio_pce_event_types.csv]"),
        "rows", "outputlookup is a risky command"),
    "not through the index macro": (
        query("base", "index=main | `illumio_pce_latest` | search user=$who|s$"), "base", "`illumio_pce_index`"),
    "each line counted": (
        query("base", "`illumio_pce_index` user=$who|s$ | stats count"), "base", "`illumio_pce_latest`"),
    "link out of the add-on": (url("https://example.com/"), "viz_rows", "leads out"),
    "address of a row with more behind it": (url("$row._link.value$/more"), "viz_rows", "leads out"),
    "address of a column that is shown": (url("$row.link.value$"), "viz_rows", "leads out"),
    "page of a row, not encoded": (
        url("/app/TA_illumio_pce/$row._page.value$?form.who=x"), "viz_rows", "leads to $row._page.value$"),
    "page of a row, and no input of any": (
        url("/app/TA_illumio_pce/$row._page.value|u$?form.what=x"), "viz_rows", "has no such input"),
    "link to nowhere": (url("/app/TA_illumio_pce/other"), "viz_rows", "leads to other"),
    "link to no input": (url("/app/TA_illumio_pce/sample?form.what=x"), "viz_rows", "has no such input"),
    "value not encoded": (url("/app/TA_illumio_pce/sample?form.who=$row.user.value$"), "viz_rows", "row.user.value|u$"),
    "value not quoted in a search": (
        url("/app/TA_illumio_pce/search?q=%60illumio_pce_index%60%20user%3D$row.user.value|u$"),
        "viz_rows", "row.user.value|s|u$"),
    "search beside the index macro": (
        url("/app/TA_illumio_pce/search?q=index%3Dmain"), "viz_rows", "does not go through `illumio_pce_index`"),
    "search that is none": (
        url("/app/TA_illumio_pce/search?q=%60illumio_pce_index%60%20%7C%20nonsense"), "viz_rows", "unknown command nonsense"),
}  # fmt: skip


@pytest.mark.parametrize("twin", TWINS)
def test_a_broken_twin_is_reported(twin: str) -> None:
    break_it, element, text = TWINS[twin]
    shown = definition()
    break_it(shown)
    assert [said for place, said in found(shown) if place == element and text in said], found(shown)


def test_a_row_may_name_the_page_that_it_leads_to() -> None:
    shown = definition()
    url("/app/TA_illumio_pce/$row._page.value|u$?form.who=$row.user.value|u$")(shown)
    assert found(shown) == []


def test_events_outside_the_audit_trail_need_no_dedup() -> None:
    shown = definition()
    source(shown, "rate")["query"] = "`illumio_pce_index` sourcetype=illumio:pce:ingest | stats count"
    assert found(shown) == []


def test_a_fixed_list_needs_no_quotes() -> None:
    shown = definition()
    items = [{"label": "Day", "value": "1d"}, {"label": "Hour", "value": "1h"}]
    shown["inputs"]["input_span"] = {
        "type": "input.dropdown",
        "title": "Span",
        "options": {"token": "span", "items": items, "defaultValue": "1h"},
    }
    shown["layout"]["globalInputs"].append("input_span")
    source(shown, "rate")["query"] = "`illumio_pce_index` sourcetype=illumio:pce:flows | timechart span=$span$ count"
    assert found(shown) == []


def test_a_table_may_make_the_whole_address_in_a_hidden_column() -> None:
    shown = definition()
    url("$row._link.value$")(shown)
    assert found(shown) == []


def test_tokens_are_distinguished_from_dollars_like_in_the_framework() -> None:
    text = 'user=$who|s$ cost="$$5" a=$env:user$ re="^10$|^20$" $row.a b.value|u$ foo$bar$'
    assert [str(token) for token in find_tokens(text)] == ["$who|s$", "$env:user$", "$row.a b.value|u$", "$bar$"]
    assert without_tokens(text) == 'user= cost="5" a= re="^10$|^20$"  foo'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<dashboard version='2'><definition>{</definition></dashboard>", "is not JSON"),
        ("<dashboard version='2'><definition>[]</definition></dashboard>", "is not a JSON object"),
        ("<dashboard version='2'>", "not well-formed"),
    ],
)
def test_a_view_that_splunk_could_not_read_is_refused(tmp_path: Path, text: str, message: str) -> None:
    addon = addon_with(ADDON, tmp_path, sample=definition())
    (addon / "default/data/ui/views/sample.xml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=message) as refusal:
        read_views(addon)
    assert refusal.value.position == "sample.xml"


SCHEMA_TWINS: dict[str, tuple[Break, str]] = {
    "unknown visualization": (
        lambda shown: shown["visualizations"]["viz_rows"].update(type="splunk.grid"), "/visualizations/viz_rows/type"),
    "option of the wrong type": (
        lambda shown: shown["visualizations"]["viz_rows"]["options"].update(count="many"),
        "/visualizations/viz_rows/options/count"),
    "malformed handler": (
        lambda shown: shown["visualizations"]["viz_rows"]["eventHandlers"].append({"options": {}}),
        "/visualizations/viz_rows/eventHandlers/1"),
    "two inputs on one token": (
        lambda shown: shown["inputs"].update(input_again=shown["inputs"]["input_who"]), "Error: Token duplicated"),
}  # fmt: skip


@needs(missing())
def test_the_frameworks_schema_accepts_the_sample_and_rejects_its_twins() -> None:
    views = [View("sample", "Sample", "", definition())]
    for name, (break_it, _) in SCHEMA_TWINS.items():
        shown = definition()
        break_it(shown)
        views.append(View(name, name, "", shown))
    said = schema_complaints(views)
    assert [complaint for complaint in said if complaint.view == "sample"] == []
    for name, (_, element) in SCHEMA_TWINS.items():
        places = [complaint.element for complaint in said if complaint.view == name]
        assert any(place.startswith(element) for place in places), (name, said)
