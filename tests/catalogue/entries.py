"""The catalogue as it stands in `content/event_types/`: event types, notification types, kinds of resources."""

from __future__ import annotations

import csv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "content/event_types"

Row = dict[str, str]


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
