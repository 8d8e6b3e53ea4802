"""The add-on's own rule for its views: a search goes through the macros that say where its events are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workbench.splunk.dashboards.checks.complaint import Addon, Complaint, options, section
from workbench.splunk.dashboards.checks.links import linked_search
from workbench.splunk.dashboards.checks.searches import filled
from workbench.splunk.dashboards.view import View
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.macros import expand

_CALL = re.compile(r"`\s*([^`(\s]+)")
_WITHOUT_EVENTS = re.compile(r"\s*\|\s*(?:makeresults|inputlookup|rest)\b")
_LINK = "the search that its link opens does not go through `illumio_pce_index`"
_NO_AUDIT = {
    f"illumio:pce:{name}" for name in ("ingest", "system_health", "cluster_health", "flows", "inventory")
}  # fmt: skip


def complaints(views: Sequence[View], addon: Path) -> Iterator[Complaint]:
    """What is wrong with the searches of views, and with those that their links open."""
    known = Addon(addon, views)
    for view in views:
        for name, source in section(view, "dataSources").items():
            if source.get("type") == "ds.search":
                texts = _about_source(filled(options(source).get("query", ""), view), known.knowledge.macros)
                yield from (Complaint(view.name, name, text) for text in texts)
        for name, panel in section(view, "visualizations").items():
            for handler in panel.get("eventHandlers", []):
                url = options(handler).get("url", "")
                if f"/app/{addon.name}/search?" in url and not _through_index(filled(linked_search(url), view), known):
                    yield Complaint(view.name, name, _LINK)


def _through_index(spl: str, addon: Addon) -> bool:
    return "illumio_pce_index" in reached(spl, addon.knowledge.macros)


def _about_source(spl: str, macros: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if _WITHOUT_EVENTS.match(spl):
        return
    called = reached(spl, macros)
    if "illumio_pce_index" not in called:
        yield "it does not go through `illumio_pce_index`, which says where the events are"
    try:
        audit = _reads_audit_events(expand(spl, macros))
    except Refused:
        return  # the check of searches says so
    if audit and "illumio_pce_latest" not in called:
        yield "it counts an event as often as it came; go through `illumio_pce_latest`"


def _reads_audit_events(spl: str) -> bool:
    """Whether a search may find audit events one by one. tstats, which sees no search-time field, counts lines."""
    base = spl.partition("|")[0] if not spl.lstrip().startswith("|") else ""
    named = set(re.findall(r"illumio:pce:\w+", base))
    return bool(base) and not (named and named <= _NO_AUDIT)


def reached(text: str, macros: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The names of the macros that a search calls, and that these call."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        for name in _CALL.findall(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting += [
                    stanza.get("definition", "") for key, stanza in macros.items() if key.partition("(")[0] == name
                ]
    return found
