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
from workbench.splunk.schedule.savedsearches_conf import all_searches
from workbench.splunk.spl.macros import expand

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


#: Fields that automatic lookups with a default_match give, and the values that no row of those lookups has.
ONLY_DEFAULTS = {
    "signature": "unknown", "description": "unknown", "event_category": "unknown", "canonical_event_type": "unknown",
    "cim_dataset": "unknown", "object_category": "other", "change_type": "other",
}  # fmt: skip
_COMPARED = re.compile(r'(?<![\w.])(\w+)\s*(?:[!=]?=\s*("[^"]*"|[^\s()|]+)|\s+IN\s+\(([^)]*)\))')


def by_default(base: str) -> list[str]:
    """The comparisons of a base search that hold of what a lookup's default_match gives, but for `field=*` and NOT."""
    found = []
    for comparison in _COMPARED.finditer(base):
        name, value, values = comparison.groups()
        given = {one.strip(' "').lower() for one in (values or value).split(",")}
        if name in ONLY_DEFAULTS and ONLY_DEFAULTS[name] in given:
            found.append(comparison[0])
    return found


#: A command up to its pipe or bracket, and those behind it that become a part of the base search.
_PART = r'(?:[^|\]"]|"(?:[^"\\]|\\.)*")*'
_MERGED = rf"(?:\|\s*(?:search|where)\b{_PART})*"


def base_searches(spl: str, macros: dict[str, dict[str, str]]) -> list[str]:
    """What an index is asked for: what stands before the first pipe of a search and of each of its subsearches, and
    each `search` and `where` behind it, which Splunk merges into it."""
    text = expand(spl, macros)
    inner = re.findall(rf"\[\s*search\b({_PART}{_MERGED})", text)
    first = "" if text.lstrip().startswith("|") else re.match(rf"{_PART}{_MERGED}", text)[0]  # type: ignore[index]
    return [one for one in [first, *inner] if one]


def test_no_base_search_filters_on_what_only_a_default_match_gives(addon: Path) -> None:
    confs = Confs.load(addon)
    macros = {name: one.texts() for name, one in confs.stanzas("macros").items()}
    searches = {name: one["search"] for name, one in all_searches([addon]).items()}
    searches |= {name: one.text("search") for name, one in confs.stanzas("eventtypes").items()}
    searches |= {name: f"`{name}`" for name in macros if re.fullmatch(r"illumio_pce_\w+_events", name)}
    for view in read_views(addon):
        for name, source in view.definition["dataSources"].items():
            if source["type"] == "ds.search":
                searches[f"{view.name}, {name}"] = re.sub(r"\$[\w.:|]+\$", "x", source["options"]["query"])
    found = {name: by_default(base) for name, spl in searches.items() for base in base_searches(spl, macros)}
    assert len(found) > 100
    assert {name: one for name, one in found.items() if one} == {}


def test_what_the_rule_of_default_matches_finds() -> None:
    assert by_default('index=a (signature="unknown" OR b=c)') == ['signature="unknown"']
    assert by_default('cim_dataset IN ("Alerts", "unknown")') == ['cim_dataset IN ("Alerts", "unknown")']
    assert by_default("object_category=other x=unknown signature=*") == ["object_category=other"]
    assert by_default('signature=="unknown"') == ['signature=="unknown"']


def test_a_filter_behind_a_base_search_is_a_part_of_it() -> None:
    assert base_searches('index=a b="|" | search c=d | where e="]" | eval f=g | where h=i', {}) == [
        'index=a b="|" | search c=d | where e="]" '
    ]
    assert base_searches("| makeresults | append [search index=a | where b=c | stats count]", {}) == [
        " index=a | where b=c "
    ]
    assert base_searches("index=a | eval b=c | search b=unknown", {}) == ["index=a "]


def test_the_rule_knows_every_lookup_with_a_default_match(addon: Path) -> None:
    confs = Confs.load(addon)
    defaults = {name: one.text("default_match") for name, one in confs.stanzas("transforms").items()}
    given: dict[str, set[str]] = {}
    for stanza in confs.stanzas("props").values():
        for _, setting in stanza.classes("LOOKUP-"):
            table, _, outputs = re.sub(r"\s+OUTPUT(?:NEW)?\s+", "|", setting.value).partition("|")
            name = table.split()[0]
            for field in re.findall(r"(\w+)(?!\s+AS)(?=\s|$)", re.sub(r"\w+ AS ", "", outputs)):
                if defaults[name]:
                    given.setdefault(field, set()).add(defaults[name])
    # A severity that a row has too is found by that row.
    assert {name: {value} for name, value in ONLY_DEFAULTS.items()} | {"severity": {"informational"}} == given
