"""The searches: the engine knows them, and nothing in them is risky."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from workbench.splunk.dashboards.checks.complaint import Addon, Complaint, options, section
from workbench.splunk.dashboards.checks.tokens import find_tokens, fixed
from workbench.splunk.dashboards.view import View
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.search import check

#: Splunk warns of these in a dashboard (Securing Splunk, SPL safeguards for risky commands).
_RISKY = (
    "collect|crawl|delete|dump|input|map|mcollect|meventcollect|outputcsv|outputlookup|outputtext|run|runshellscript"
    "|script|sendalert|sendemail|tscollect"
)

_RISKY_STAGE = re.compile(rf"(?:^|[|\[])\s*({_RISKY})\b")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')


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
