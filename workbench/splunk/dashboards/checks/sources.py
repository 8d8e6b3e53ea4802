"""Data sources: each exists, is used, and chains as Splunk allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.splunk.dashboards.checks.complaint import Addon, Complaint, options, section
from workbench.splunk.dashboards.view import View

#: A base, a chain on it, and a chain on that one (Chain searches together, 9.3).
_MOST_CHAINS = 2
_KINDS = ("ds.search", "ds.chain", "ds.savedSearch")


def complaints(view: View, addon: Addon) -> Iterator[Complaint]:
    """What is wrong with the view's data sources and with who refers to them."""
    sources = section(view, "dataSources")
    used = {options(source).get("extend") for source in sources.values()}
    for kind in ("visualizations", "inputs"):
        for name, element in section(view, kind).items():
            for source in element.get("dataSources", {}).values():
                used.add(source)
                if source not in sources:
                    yield Complaint(view.name, name, f"its data source {source} does not exist; add it")
    for name, source in sources.items():
        if name not in used:
            yield Complaint(view.name, name, "no panel, input or chain uses it, so it never runs; remove it")
        yield from (Complaint(view.name, name, text) for text in _about(name, source, sources, addon))


def _about(name: str, source: dict[str, Any], sources: dict[str, dict[str, Any]], addon: Addon) -> Iterator[str]:
    if set(source.get("name", "")) & set("/()"):
        yield "its name has a slash or a parenthesis, which breaks tokens from it; take another name"
    if source.get("type") not in _KINDS:
        yield f"type {source.get('type')} is none of {', '.join(_KINDS)}"
    elif source["type"] == "ds.chain":
        yield from _about_chain(name, source, sources)
    elif source["type"] == "ds.savedSearch" and options(source).get("ref") not in addon.reports:
        yield f"the add-on has no saved search {options(source).get('ref')}"


def _about_chain(name: str, source: dict[str, Any], sources: dict[str, dict[str, Any]]) -> Iterator[str]:
    for key in ("queryParameters", "refresh"):
        if key in options(source):
            yield f"a chain has no {key} of its own; give it to the base"
    above = [name]
    while sources.get(above[-1], {}).get("type") == "ds.chain":
        base = options(sources[above[-1]]).get("extend", "")
        if base not in sources:
            yield f"{above[-1]} extends {base or 'nothing'}, which does not exist"
            return
        if base in above:
            yield "the chain runs in a circle"
            return
        above.append(base)
    if len(above) > _MOST_CHAINS + 1:
        yield f"a chain of {len(above) - 1} on a base; Splunk documents {_MOST_CHAINS} at most: join two of them"
