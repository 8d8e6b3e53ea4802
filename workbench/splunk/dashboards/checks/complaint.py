"""What a check says, and what all of them know of the add-on and walk over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.dashboards.view import View
from workbench.splunk.schedule.savedsearches_conf import saved_searches


@dataclass(frozen=True)
class Complaint:
    """What is wrong with an element of a view, and what to do."""

    view: str
    element: str
    text: str

    def __str__(self) -> str:
        return f"{self.view}, {self.element}: {self.text}"


@dataclass(frozen=True)
class Addon:
    """The built add-on and its views."""

    folder: Path
    views: Sequence[View]

    @cached_property
    def knowledge(self) -> Knowledge:
        """Macros and lookups."""
        return Knowledge(Confs.load(self.folder))

    @cached_property
    def reports(self) -> frozenset[str]:
        """The names of the saved searches."""
        return frozenset(saved_searches([self.folder]))


def section(view: View, name: str) -> dict[str, dict[str, Any]]:
    """A part of the definition: `dataSources`, `visualizations` or `inputs`."""
    found: dict[str, dict[str, Any]] = view.definition.get(name, {})
    return found


def options(element: dict[str, Any]) -> dict[str, Any]:
    """An element's options."""
    found: dict[str, Any] = element.get("options", {})
    return found


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """All strings of a definition, each with its path (`/visualizations/viz_x/title`)."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from texts(part, f"{path}/{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from texts(part, f"{path}/{place}")
