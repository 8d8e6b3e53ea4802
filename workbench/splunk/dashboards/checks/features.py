"""What Splunk 9.3 does not know. Source: the introduction of each feature in the release notes of Dashboard Studio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.splunk.dashboards.checks.complaint import Addon, Complaint, section
from workbench.splunk.dashboards.view import View

_KEYS = {
    "title",
    "description",
    "defaults",
    "inputs",
    "dataSources",
    "visualizations",
    "layout",
    "applicationProperties",
}
_NEWER_KEYS = {
    "expressions": "conditions and evals",
    "visibility": "conditional visibility",
    "showConditions": "conditional visibility",
    "hideConditions": "conditional visibility",
    "submitButton": "the submit button",
    "enableSmartSources": "search results as tokens",
    "useSavedTimeRange": "the time range of a saved search",
    "tabs": "tabs",
    "layoutDefinitions": "tabs",
}
_NEWER_TYPES = {
    "input.button",
    "drilldown.switchToTab",
    "drilldown.setTimeRange",
    "drilldown.resetTokens",
    "drilldown.unsetTokens",
    "splunk.networkGraph",
}
_HANDLERS = {"drilldown.customUrl", "drilldown.setToken"}


def complaints(view: View, addon: Addon) -> Iterator[Complaint]:
    """Keys, types and handlers that 9.3 lacks, or that nothing here could check."""
    for key in view.definition:
        if key not in _KEYS and key not in _NEWER_KEYS:
            yield Complaint(view.name, key, f"no key of a definition; known are {', '.join(sorted(_KEYS))}")
    for path, key in _keys(view.definition):
        if key in _NEWER_KEYS:
            yield Complaint(view.name, path, f"{_NEWER_KEYS[key]} are not in Splunk 9.3; say it in the search instead")
    for kind in ("visualizations", "inputs"):
        for name, element in section(view, kind).items():
            handlers = [handler.get("type", "") for handler in element.get("eventHandlers", [])]
            for found in (element.get("type", ""), *handlers):
                if found in _NEWER_TYPES:
                    yield Complaint(view.name, name, f"{found} is not in Splunk 9.3")
                elif found.startswith("drilldown.") and found not in _HANDLERS:
                    yield Complaint(view.name, name, f"{found} cannot be tried here; use drilldown.customUrl")


def _keys(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield f"{path}/{key}", key
            yield from _keys(part, f"{path}/{key}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _keys(part, f"{path}/{place}")
