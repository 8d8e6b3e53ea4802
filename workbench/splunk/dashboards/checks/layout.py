"""What stands where, what it is called, and whether what a chart says can be read without seeing its colours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

from workbench.splunk.dashboards.checks.complaint import Addon, Complaint, section
from workbench.splunk.dashboards.view import View

_UNTITLED = {"splunk.markdown", "splunk.rectangle", "splunk.ellipse", "splunk.image", "abslayout.line"}
_CHARTS = {"splunk.line", "splunk.column", "splunk.area", "splunk.bar", "splunk.pie", "splunk.bubble"}
_GRID_WIDTH = 1200


class _Box(NamedTuple):
    item: str
    x: int
    y: int
    w: int
    h: int

    def meets(self, other: _Box) -> bool:
        return self.beside(other) and self.x < other.x + other.w and other.x < self.x + self.w

    def beside(self, other: _Box) -> bool:
        return self.y < other.y + other.h and other.y < self.y + self.h


def complaints(view: View, addon: Addon) -> Iterator[Complaint]:
    """What is wrong with the view's layout and titles."""
    for kind in ("visualizations", "inputs"):
        for name, element in section(view, kind).items():
            if not element.get("title") and element.get("type") not in _UNTITLED:
                yield Complaint(view.name, name, "it has no title; screen readers name it by its title")
    layout = view.definition.get("layout", {})
    if "structure" not in layout:
        yield Complaint(view.name, "layout", "9.3 reads the form {type, structure, globalInputs} only; write that one")
        return
    boxes = [_Box(part["item"], *(part["position"][key] for key in "xywh")) for part in layout["structure"]]
    yield from (Complaint(view.name, *found) for found in _placed(view, layout, [box.item for box in boxes]))
    yield from (Complaint(view.name, *found) for found in _inside(layout, boxes))
    yield from (Complaint(view.name, *found) for found in _charts(view, boxes))


def _placed(view: View, layout: dict[str, Any], items: list[str]) -> Iterator[tuple[str, str]]:
    """Everything has one place, and nothing else has."""
    panels, inputs = section(view, "visualizations"), section(view, "inputs")
    shown = items + layout.get("globalInputs", [])
    for name in (*panels, *inputs):
        if shown.count(name) != 1:
            yield name, f"it stands {shown.count(name)} times in the layout; it has to stand there once"
    for name in shown:
        if name not in panels and name not in inputs:
            yield name, "the layout shows it, and it does not exist"


def _inside(layout: dict[str, Any], boxes: list[_Box]) -> Iterator[tuple[str, str]]:
    width = layout.get("options", {}).get("width", _GRID_WIDTH)
    for one, other in combinations(boxes, 2):
        if one.meets(other):
            yield one.item, f"it overlaps {other.item}"
    for box in boxes:
        if box.x < 0 or box.y < 0 or box.x + box.w > width:
            yield box.item, f"it leaves the canvas, which is {width} wide (layout.options.width)"
        beside = sum(other.w for other in boxes if other.y <= box.y < other.y + other.h)
        if layout.get("type") == "grid" and beside != width:
            yield box.item, f"its row is {beside} wide; the widths of a grid's row add up to {width}"


def _charts(view: View, boxes: list[_Box]) -> Iterator[tuple[str, str]]:
    """A chart has a table beside it: colours and lines alone say nothing to a screen reader."""
    kinds = {name: panel.get("type") for name, panel in section(view, "visualizations").items()}
    for box in boxes:
        if kinds.get(box.item) in _CHARTS:
            beside = [other for other in boxes if kinds.get(other.item) == "splunk.table" and box.beside(other)]
            if not beside:
                yield box.item, "a chart without a table in its row; put the figures that it draws beside it"
