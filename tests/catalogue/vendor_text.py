"""The names that Illumio's text lists, read from it at test time; nothing of the text is kept here."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
TEXT = SHARED / "reference" / "illumio-core-23.5-events-described.txt"
NEWER = SHARED / "data" / "new-event-types.csv"

_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*\.[a-z_]+")


def lines() -> list[str]:
    """The text's lines without blanks around them; skips the test where the text is not there."""
    if not TEXT.is_file():
        pytest.skip(f"Illumio's text is not at {TEXT.name} beside the repository")
    return [line.strip() for line in TEXT.read_text(encoding="utf-8").splitlines()]


def section(first: str, last: str) -> list[str]:
    """The lines between two headings."""
    text = lines()
    start = text.index(first)
    return text[start + 1 : text.index(last, start)]


def event_types() -> set[str]:
    """The names of "List of Event Types"."""
    return set(filter(_NAME.fullmatch, section("List of Event Types", "Notification Messages in Events")))


def common_criteria() -> set[str]:
    """The names of "Common Criteria Only Events"."""
    return set(filter(_NAME.fullmatch, section("Common Criteria Only Events", "View and Export Events")))


def ven_events() -> set[str]:
    """The VEN events that the console does not show: a table without dots in its names."""
    found = section("VEN Events not shown in PCE Web Console", "VEN href Added to Events Information")
    return {line for line in found if re.fullmatch(r"[a-z_]+", line)}


def notifications() -> set[str]:
    """The names of "Notification Messages in Events"."""
    found = section("Notification Messages in Events", "Common Criteria Only Events")
    return {line.lstrip("• ") for line in found if line.startswith("•")}


def recommended() -> set[str]:
    """The event types of "Recommended Events to Monitor"."""
    return {name for line in lines() for name in re.findall(r'^event_type="([a-z_.]+)', line)}


def newer(kind: str) -> dict[str, str]:
    """Names that the text lacks → the release that they are known from; `kind` is event or notification."""
    if not NEWER.is_file():
        pytest.skip("the list of newer event types is not beside the repository")
    with NEWER.open(newline="", encoding="utf-8") as file:
        return {row["event_type"]: row["first_known_release"] for row in csv.DictReader(file) if row["kind"] == kind}
