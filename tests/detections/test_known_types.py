"""The catalogue and the detections agree: no detection waits for a type that does not exist, no alert of a PCE is missed."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from tools.detections.model import Detection, read_all

ROOT = Path(__file__).resolve().parents[2]
_TYPES = re.compile(r'\bevent_type(?:=("[^"]+")| IN \(([^)]*)\))')
SEVERE = {"medium", "high", "critical"}
# What no list has as an event type, reviewed: names that follow from routes, or that lists have for notifications.
UNLISTED = {
    "security_principal_users.*", "service_account.create_api_key", "service_account_api_key.*",
    "user.csrf_validation_failed", "user_local_profile.update",
}  # fmt: skip
# Alerts without a detection, reviewed. A host that shuts down in order says goodbye.
ROUTINE = {"workload.offline_after_ven_goodbye"}


def _catalogue() -> dict[str, dict[str, str]]:
    with (ROOT / "content" / "event_types" / "event_types.csv").open(encoding="utf-8", newline="") as file:
        return {row["event_type"]: row for row in csv.DictReader(file)}


def _named(one: Detection) -> set[str]:
    text = " ".join(f"{one.events} {one.search}".split())
    return {name for found in _TYPES.findall(text) for name in re.findall(r'"([^"]+)"', " ".join(found))}


def _covers(name: str, event_type: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, name.split("*"))), event_type) is not None


def test_every_type_that_a_detection_names_is_in_the_catalogue() -> None:
    known = _catalogue().keys()

    unknown = {
        (one.id, name)
        for one in read_all()
        for name in _named(one)
        if not any(_covers(name, event_type) for event_type in known)
        and not any(_covers(unlisted, name) for unlisted in UNLISTED)
    }

    assert unknown == set()


def test_what_is_reviewed_is_still_there() -> None:
    named = {name for one in read_all() for name in _named(one)}

    assert all(any(_covers(unlisted, name) for name in named) for unlisted in UNLISTED)
    assert _catalogue().keys() >= ROUTINE


def test_every_alert_of_the_catalogue_and_all_that_is_severe_has_a_detection() -> None:
    named = {name for one in read_all() for name in _named(one)}

    missed = {
        event_type
        for event_type, row in _catalogue().items()
        if (row["type"] == "alert" or row["severity"] in SEVERE)
        and not any(_covers(name, event_type) for name in named)
    }

    assert missed == ROUTINE
