"""Tokens: each is set by somebody, and none gets into a search or a link unquoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from workbench.splunk.dashboards.checks.complaint import Addon, Complaint, options, section, texts
from workbench.splunk.dashboards.view import View

#: As @splunk/dashboard-utils 29.6.0 finds them: `$name$`, `$namespace:name$`, `$name|filter|filter$`.
_TOKEN = re.compile(
    r"\$(?:(?P<space>[ \w.-]+):)?(?P<name>(?=[\w.-])[\w .-]*[\w.-])(?P<filters>(?:\|[a-zA-Z]+)*)\$", re.ASCII
)
_TIMES = ("earliest", "latest")
_PAYLOAD = re.compile(r"name|value|row\..+\.value")
_ENVIRONMENT = {"app", "user", "locale"}


class Token(NamedTuple):
    """A token as it is written."""

    space: str
    name: str
    filters: tuple[str, ...]

    def __str__(self) -> str:
        return "$" + (f"{self.space}:" if self.space else "") + "|".join((self.name, *self.filters)) + "$"


def find_tokens(text: str) -> list[Token]:
    """The tokens of a text; `$$` is a dollar."""
    found = (match for match in re.finditer(rf"\$\$|{_TOKEN.pattern}", text, re.ASCII) if match["name"])
    return [
        Token(match["space"] or "", match["name"], tuple(filter(None, match["filters"].split("|")))) for match in found
    ]


def without_tokens(text: str) -> str:
    """What is left of a text without its tokens and written-out dollars."""
    return re.sub(rf"\$\$|{_TOKEN.pattern}", "", text, flags=re.ASCII)


def set_by_view(view: View) -> set[str]:
    """The names of all tokens that somebody sets."""
    found = set(view.definition.get("defaults", {}).get("tokens", {}).get("default", {}))
    for entry in section(view, "inputs").values():
        name = options(entry).get("token", "")
        found |= {f"{name}.{end}" for end in _TIMES} if entry.get("type") == "input.timerange" else {name}
    return found | {token["token"] for token, _ in _clicked(view)}


def fixed(view: View) -> dict[str, str]:
    """Tokens whose values nobody but the view's author writes, each with one of them; a list's are joined by commas."""
    found = {
        f"{options(entry).get('token')}.{end}": "-24h" for entry in _inputs(view, "input.timerange") for end in _TIMES
    }
    for entry in _inputs(view, "input.dropdown"):
        items = options(entry).get("items")
        if isinstance(items, list) and items and not entry.get("dataSources"):
            found[options(entry)["token"]] = str(items[0]["value"])
    return found


def complaints(view: View, addon: Addon) -> Iterator[Complaint]:
    """Tokens that nobody sets, anywhere in the view; unquoted ones and lone dollars in its searches."""
    known = set_by_view(view)
    for path, text in texts(view.definition):
        payload = "/eventHandlers/" in path
        for token in find_tokens(text):
            if token.space:
                good = token.space == "env" and token.name in _ENVIRONMENT
            else:
                good = token.name in known or (payload and bool(_PAYLOAD.fullmatch(token.name)))
            if not good:
                yield Complaint(view.name, path, f"nobody sets {token}, so what needs it waits for ever")
    for name, source in section(view, "dataSources").items():
        query = options(source).get("query", "")
        for token in find_tokens(query):
            if not token.space and token.name not in fixed(view) and token.filters != ("s",):
                yield Complaint(
                    view.name, name, f"{token} could end the search; write ${token.name}|s$, without quotes around it"
                )
        if re.search(r'"[^"]*\$[^"$]*\|s\$', re.sub(r'"(?:\\.|[^"\\$])*"', "", query)):
            yield Complaint(view.name, name, "a token with |s inside quotes; it brings its own")
        if "$" in without_tokens(query):
            yield Complaint(view.name, name, "a lone $ may be taken for a token's; write $$")


def _inputs(view: View, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in section(view, "inputs").values() if entry.get("type") == kind]


def _clicked(view: View) -> Iterator[tuple[dict[str, Any], str]]:
    """What drilldown.setToken sets, and the panel."""
    for name, panel in section(view, "visualizations").items():
        for handler in panel.get("eventHandlers", []):
            if handler.get("type") == "drilldown.setToken":
                yield from ((token, name) for token in options(handler).get("tokens", []))
