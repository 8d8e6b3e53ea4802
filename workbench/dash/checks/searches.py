"""The searches: the engine knows them, nothing in them is risky, and they look where the add-on's macros say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from workbench.dash.checks.complaint import Addon, Complaint, options, section
from workbench.dash.checks.tokens import find_tokens, fixed
from workbench.dash.view import View
from workbench.refusal import Refused
from workbench.spl.macros import expand
from workbench.spl.search import check

#: Splunk warns of these in a dashboard (Securing Splunk, SPL safeguards for risky commands).
_RISKY = (
    "collect|crawl|delete|dump|input|map|mcollect|meventcollect|outputcsv|outputlookup|outputtext|run|runshellscript"
    "|script|sendalert|sendemail|tscollect"
)

_RISKY_STAGE = re.compile(rf"(?:^|[|\[])\s*({_RISKY})\b")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_CALL = re.compile(r"`\s*([^`(\s]+)")
_WITHOUT_EVENTS = re.compile(r"\s*\|\s*(?:makeresults|inputlookup|rest)\b")
_NO_AUDIT = {"illumio:pce:ingest", "illumio:pce:system_health", "illumio:pce:flows"}


def complaints(view: View, addon: Addon) -> Iterator[Complaint]:
    """What is wrong with each data source's search."""
    for name, source in section(view, "dataSources").items():
        if source.get("type") == "ds.savedSearch":
            continue
        query = options(source).get("query", "")
        if not isinstance(query, str) or not query.strip():
            yield Complaint(view.name, name, "it has no search")
            continue
        chained = source.get("type") == "ds.chain"
        yield from (Complaint(view.name, name, text) for text in _about(query, view, addon, chained=chained))


def filled(text: str, view: View) -> str:
    """The text with a harmless value for each token, as the page puts it in."""
    values = fixed(view)
    for token in find_tokens(text):
        value = values.get(token.name, "x")
        text = text.replace(str(token), json.dumps(value) if "s" in token.filters else value)
    return text.replace("$$", "$")


def _about(query: str, view: View, addon: Addon, *, chained: bool) -> Iterator[str]:
    spl = filled(query, view)
    if chained:
        spl = "|" + spl.strip().removeprefix("|")
    try:
        check(spl, addon.knowledge)
        expanded = expand(spl, addon.knowledge.macros)
    except Refused as refusal:
        yield f"the engine refuses the search: {refusal}"
        return
    for risky in sorted(set(_RISKY_STAGE.findall(_QUOTED.sub('""', expanded)))):
        yield f"{risky} is a risky command, of which Splunk warns in a dashboard"
    if chained or _WITHOUT_EVENTS.match(spl):
        return
    macros = reached(spl, addon.knowledge.macros)
    if "illumio_pce_index" not in macros:
        yield "it does not go through `illumio_pce_index`, which says where the events are"
    if "illumio_pce_latest" not in macros and _reads_audit_events(expanded):
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
