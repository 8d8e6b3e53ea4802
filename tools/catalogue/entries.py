"""The catalogue as it stands in `catalogue/`: event types, notification types, and groups of them."""

from __future__ import annotations

import csv
import fnmatch
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "catalogue"

Row = dict[str, str]

#: Verbs of changes by which a type that is not listed goes, as search patterns, with the action that they mean.
CHANGE_VERBS = {
    "create": "created",
    "update": "modified",
    "delete": "deleted",
    "bulk_create": "created",
    "bulk_update": "modified",
    "bulk_delete": "deleted",
}


def rows(name: str) -> list[Row]:
    """The rows of one file of the catalogue, column → value."""
    with (CATALOGUE / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def event_types(dataset: str = "") -> list[Row]:
    """The event types of one CIM dataset or of a data model (`Change`); all without a name."""
    return [row for row in rows("event_types") if row["cim_dataset"].startswith(dataset)]


def names(found: list[Row]) -> list[str]:
    """The names of event types."""
    return [row["event_type"] for row in found]


def alert_notifications() -> list[str]:
    """Notification types that are alerts whatever event they come with."""
    return [row["notification_type"] for row in rows("notification_types") if row["alert"] == "1"]


def goes_by_verb(event_type: str) -> bool:
    """Whether the verb alone says that the type is a change."""
    return any(fnmatch.fnmatchcase(event_type, f"*.{verb}") for verb in CHANGE_VERBS)


def category_by_resource(event_type: str) -> str:
    """The kind of object that the resource in the type's name says, one of them where it names several."""
    return re.sub(r"([^s])s$", r"\1", re.sub(r"ies$", "y", event_type.partition(".")[0]))


def action_by_verb(event_type: str) -> str:
    """What the verb alone says was done; empty where it says nothing."""
    return CHANGE_VERBS.get(event_type.partition(".")[2], "")
