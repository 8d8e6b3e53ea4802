"""A dashboard as content/dashboards/ describes it: a definition of Dashboard Studio, and words about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from tools.detections import model as detections

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "dashboards"

Json = dict[str, Any]


class Invalid(Exception):
    """A description that says too little, or what nobody reads."""


@dataclass(frozen=True)
class Dashboard:
    """One dashboard. `own` is its definition without what all share; the rest are the words of its .yml."""

    name: str
    own: Json
    label: str
    description: str
    answers: list[str]
    look_at: list[str]
    empty: str


def shared(folder: Path = CONTENT) -> Json:
    """What all dashboards have: order, inputs, data sources, looks by type of visualization, texts for searches.

    Among the texts are the events that each detection looks at, as `{events of ID}`, and the filters once more for the
    searches of links, as `{filters of a link}`.
    """
    found = cast("Json", json.loads((folder / "shared.json").read_text(encoding="utf-8")))
    found["texts"]["filters of a link"] = found["texts"]["filters"].replace("|s$", "|s|u$")
    found["texts"].update({f"events of {one.id}": one.events for one in detections.read_all()})
    return found


def read_all(folder: Path = CONTENT) -> list[Dashboard]:
    """All dashboards, in the order of the navigation. Raises Invalid."""
    order = cast("list[str]", shared(folder)["order"])
    found = {path.stem for path in folder.glob("*.yml")}
    if found != set(order):
        raise Invalid(f"shared.json orders {sorted(order)}, but there are {sorted(found)}")
    return [read(folder, name) for name in order]


def read(folder: Path, name: str) -> Dashboard:
    """One dashboard. Raises Invalid."""
    words = cast("Json", yaml.safe_load((folder / f"{name}.yml").read_text(encoding="utf-8")))
    own = cast("Json", json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
    try:
        found = Dashboard(name, own, **words)
    except TypeError as error:
        raise Invalid(f"{name}.yml: {error}") from error
    if not all(isinstance(text, str) for text in [*found.answers, *found.look_at]):
        raise Invalid(f"{name}.yml: answers and look_at are sentences; one with a colon in it needs quotes")
    return found
