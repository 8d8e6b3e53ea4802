"""Rules of writing that every search of the add-on and of its pages keeps."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tools.dashboards import model
from tools.dashboards.compose import compose
from tools.dashboards.model import Invalid
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.dashboards.view import read_views

#: What a sign that stands alone belongs to, Splunk's page of sort leaves open.
LOOSE_SIGN = re.compile(r"\bsort(?:\s+\d+)?\s+(?:[^|`\"]*,\s*)?[+-]\s")


@pytest.mark.parametrize("folder", ["package/default", "content", "docs"])
def test_each_sort_sign_is_next_to_its_field(repository: Path, folder: str) -> None:
    files = [
        path
        for path in sorted((repository / folder).rglob("*"))
        if path.suffix in {".conf", ".xml", ".json", ".yml", ".md"}
    ]
    assert len(files) > 10
    assert [path.name for path in files if LOOSE_SIGN.search(path.read_text(encoding="utf-8"))] == []


def test_what_the_rule_finds() -> None:
    assert LOOSE_SIGN.search("| sort - a")
    assert LOOSE_SIGN.search("| sort 0 a, - b")
    assert not LOOSE_SIGN.search("| sort 0 -a, b | eval c=d - e")


def calls_in_quotes(spl: str) -> list[str]:
    """The quoted texts of a search that hold a call of a macro, which no source says that Splunk expands there."""
    return [text for text in re.findall(r'"(?:[^"\\]|\\.)*"', spl, re.DOTALL) if re.search(r"`\w+(?:\(.*?\))?`", text)]


def test_no_macro_is_called_within_quotes(addon: Path) -> None:
    stanzas = Confs.load(addon).stanzas("macros")
    searches = {name: one["search"] for name, one in saved_searches([addon]).items() if "search" in one}
    searches |= {name: stanza.texts()["definition"] for name, stanza in stanzas.items()}
    for view in read_views(addon):
        for name, source in view.definition["dataSources"].items():
            searches[f"{view.name}, {name}"] = source["options"].get("query", "")
    assert len(searches) > 300
    assert {name: found for name, spl in searches.items() if (found := calls_in_quotes(spl))} == {}


def test_what_the_rule_of_quotes_finds() -> None:
    assert calls_in_quotes(r'eval a="b\" `c`"') == [r'"b\" `c`"']
    assert calls_in_quotes('eval a="b".`c(d)`."e"') == []


@pytest.mark.parametrize("query", ['| where match(user, "a$")', "| eval price=$$5", ["| head 1", "| eval a=$token"]])
def test_dashboard_queries_use_dollars_only_for_tokens(query: str | list[str]) -> None:
    one, shared = model.read_all()[0], model.shared()
    compose(one, shared)
    sources = {**one.own["dataSources"], "more": {"type": "ds.search", "options": {"query": query}}}
    with pytest.raises(Invalid, match="dollar"):
        compose(replace(one, own={**one.own, "dataSources": sources}), shared)
