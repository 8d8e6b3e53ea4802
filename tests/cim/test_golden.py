"""Every shape of event that is known reads as the table says, row by row after cim-readings.md.

A cell of golden.csv is a text, or with `$` the members of the event that the field is to be taken from; `{id}` in it
is the id that ends the request's path. Several values, `; ` between them, stand in any order.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue import entries
from tests.cim import splunk
from workbench.pce.events.generate import text_of
from workbench.pce.events.parts import Json
from workbench.pce.events.shapes import SHAPES
from workbench.pce.events.world import World

FIELDS = [
    *("user", "user_type", "src_user", "src", "dest", "app", "object", "object_id", "object_category"),
    *("action", "change_type", "status", "severity"),
]
#: 2026-03-08T08:15:30Z, milliseconds.
MOMENT = 1_772_957_730_000


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, str]]:
    with (Path(__file__).parent / "golden.csv").open(newline="", encoding="utf-8") as file:
        return {row["shape"]: row for row in csv.DictReader(file)}


def example(shape: str) -> Json:
    """One event of the shape, the same each time and whatever other shapes there are."""
    world = World(5)
    world.ms = MOMENT
    return SHAPES[shape].make(world)


def members(value: Any, path: list[str]) -> set[str]:
    """The texts at a path of names; `[]` stands for every element. What is null or missing is none."""
    if not path:
        # Half a pair of surrogates, which UTF-8 cannot hold, is shown by the replacement character.
        return {re.sub("[\ud800-\udfff]", "\ufffd", value)} if isinstance(value, str) else set()
    name, many, _ = path[0].partition("[]")
    inner = value.get(name) if isinstance(value, dict) else None
    elements = (inner or []) if many else [inner]
    return {text for element in elements for text in members(element, path[1:])}


def expected(cell: str, event: Json) -> set[str]:
    if "{id}" in cell:
        return {cell.replace("{id}", re.findall(r"/([^/]*\d[^/]*)", event["action"]["api_endpoint"])[-1])}
    parts = cell.split("; ") if cell else []
    found = [members(event, part[1:].split(".")) if part.startswith("$") else {part} for part in parts]
    return set().union(*found)


@pytest.mark.parametrize("shape", SHAPES)
def test_shape_reads_as_the_table_says(shape: str) -> None:
    row, event = table()[shape], example(shape)
    found = splunk.read(text_of(event), "illumio:pce:events")
    wanted = {field: expected(row[field], event) for field in FIELDS}
    assert {field: set(splunk.values(found.get(field))) for field in FIELDS} == wanted
    assert splunk.datasets(found) == row["datasets"].split("; ")
    assert found["event_type"] == row["event_type"] == event["event_type"]


def test_table_names_members_that_are_there() -> None:
    for shape, row in table().items():
        event = example(shape)
        assert [row[field] for field in FIELDS if row[field] and not expected(row[field], event)] == []


def test_dataset_is_the_catalogues_own_but_for_alerts_refusals_and_changes() -> None:
    """What carries a change is a Change, whatever its type usually is."""
    catalogue = {row["event_type"]: row["cim_dataset"].partition(".")[0] for row in entries.event_types()}
    for row in table().values():
        if row["event_type"] in catalogue and not row["event_type"].endswith("authorization_failed"):
            root = catalogue[row["event_type"]]
            changed = bool(example(row["shape"]).get("resource_changes"))
            assert root in row["datasets"] or row["datasets"] == "Alerts" or (changed and "Change" in row["datasets"])
