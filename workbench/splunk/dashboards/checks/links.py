"""Where a click leads: to a view that is there, with every value encoded and, inside a search, quoted."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from workbench.splunk.dashboards.checks.complaint import Addon, Complaint, options, section
from workbench.splunk.dashboards.checks.searches import filled
from workbench.splunk.dashboards.checks.tokens import Token, find_tokens, fixed, set_by_view
from workbench.splunk.dashboards.view import View
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.search import check

#: A whole address that the search of a table has made, in a hidden column.
_MADE = "$row._link.value$"


def complaints(view: View, addon: Addon) -> Iterator[Complaint]:
    """What is wrong with each drilldown.customUrl."""
    for name, panel in section(view, "visualizations").items():
        for handler in panel.get("eventHandlers", []):
            if handler.get("type") == "drilldown.customUrl":
                url = options(handler).get("url", "")
                yield from (Complaint(view.name, name, text) for text in _about(url, view, addon))


def _about(url: str, view: View, addon: Addon) -> Iterator[str]:
    start = f"/app/{addon.folder.name}/"
    if url == _MADE:
        return
    if not url.startswith(start):
        yield f"the link {url} leads out of the add-on; links begin with {start}"
        return
    target = url.removeprefix(start).partition("?")[0]
    for field in url.partition("?")[2].split("&"):
        key, _, value = field.partition("=")
        yield from (_quoting(token, key, view) for token in find_tokens(value) if not _safe(token, key, view))
    if target == "search":
        yield from _about_search(url, view, addon)
        return
    # A row may name its dashboard, which then ignores what only others take.
    by_row = [token for token in find_tokens(target) if str(token) == target and token.filters == ("u",)]
    shown = [one for one in addon.views if by_row or one.name == target]
    if not shown:
        yield f"the link leads to {target}, which is no dashboard of the add-on"
        return
    taken = {f"form.{token}" for one in shown for token in set_by_view(one)}
    for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        if key not in taken:
            yield f"the link sets {key}, and {target} has no such input"


def _safe(token: Token, key: str, view: View) -> bool:
    if key == "q" and token.name not in fixed(view):
        return token.filters == ("s", "u")
    return token.filters == ("u",) or (key == "q" and token.filters == ("s", "u"))


def _quoting(token: Token, key: str, view: View) -> str:
    wanted = "|s|u" if key == "q" and token.name not in fixed(view) else "|u"
    return f"{token} in {key} could change the link; write ${token.name}{wanted}$"


def linked_search(url: str) -> str:
    """The search that a link to the search page opens, with its tokens."""
    fields = dict(field.partition("=")[::2] for field in url.partition("?")[2].split("&"))
    return unquote(fields.get("q", ""))


def _about_search(url: str, view: View, addon: Addon) -> Iterator[str]:
    spl = filled(linked_search(url), view)
    try:
        check(spl, addon.knowledge)
    except Refused as refusal:
        yield f"the engine refuses the search that the link opens: {refusal}"
