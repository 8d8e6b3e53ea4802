"""A Dashboard Studio view: XML around a definition in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from workbench.splunk.refusal import Refused

VIEWS = Path("default/data/ui/views")


@dataclass(frozen=True)
class View:
    """One view. `theme` is `light`, `dark` or empty: the user's own."""

    name: str
    label: str
    theme: str
    definition: dict[str, Any]


def read_view(path: Path) -> View | None:
    """The view of a file; None if it is none of Dashboard Studio. Raises Refused for what Splunk could not read."""
    try:
        root = ET.parse(path).getroot()  # noqa: S314 - the add-on's own file
    except ET.ParseError as error:
        raise Refused(f"not well-formed: {error}", path.name) from None
    if root.tag != "dashboard" or root.get("version") != "2":
        return None
    try:
        definition = json.loads(root.findtext("definition", ""))
    except ValueError as error:
        raise Refused(f"<definition> is not JSON: {error}", path.name) from None
    if not isinstance(definition, dict):
        raise Refused("<definition> is not a JSON object", path.name)
    return View(path.stem, root.findtext("label", ""), root.get("theme", ""), definition)


def read_views(addon: Path) -> list[View]:
    """All Dashboard Studio views of an add-on's folder, in the order of its navigation, the others behind."""
    found = [view for path in sorted((addon / VIEWS).glob("*.xml")) if (view := read_view(path))]
    order = _navigation(addon)
    return sorted(found, key=lambda view: order.index(view.name) if view.name in order else len(order))


def _navigation(addon: Path) -> list[str]:
    path = addon / "default/data/ui/nav/default.xml"
    if not path.is_file():
        return []
    return [view.get("name", "") for view in ET.parse(path).iter("view")]  # noqa: S314 - the add-on's own file
