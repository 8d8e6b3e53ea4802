"""Our own events against those that others wrote, where these are: the same shapes, none of their values."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.pce.events.oddities import HOSTILE_NAMES
from workbench.pce.events.parts import Json
from workbench.pce.events.shapes import SHAPES, examples
from workbench.pce.events.times import parse_micros
from workbench.pce.events.world import World

SHARED = Path(__file__).resolve().parents[4] / "shared"
DATA = SHARED / "data"
DESCRIBED = SHARED / "reference" / "illumio-core-23.5-events-described.txt"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the events written by others (../shared/data) are not here")


@pytest.fixture(scope="module")
def ours() -> list[Json]:
    return [event for _, event in examples(World(5))]


@pytest.fixture(scope="module")
def by_name() -> dict[str, Json]:
    return {shape.name: event for shape, event in examples(World(5))}


def theirs() -> list[Json]:
    """The events of others, as JSON objects: from the API, from syslog, and from a log table."""
    found: list[Json] = list(json.loads((DATA / "api-events.json").read_text()))
    found += [pair["event"] for pair in json.loads((DATA / "json-cef-pairs.json").read_text())["audit"]]
    return found


def streamed() -> Iterator[Json]:
    for name in ("syslog-json-events.samples", "syslog-json-events-18.2.samples"):
        for text in re.findall(r"(?m)\{\"href.*\}", (DATA / name).read_text()):
            yield json.loads(text)
    with (DATA / "growing-events-rows.csv").open(newline="", encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            parsed = {name: json.loads(row[name]) if row[name] else None for name in ("created_by", "action")}
            parsed.update((name, json.loads(row[name])) for name in ("resource_changes", "notifications"))
            yield {"href": row["href"], "event_type": row["event_type"], "status": row["status"], **parsed}


def paths(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Each path in an event with the kind of value there; list indices are left out."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from paths(member, f"{at}.{name}")
    elif isinstance(value, list):
        yield f"{at}[]", "empty" if not value else "list"
        for member in value:
            yield from paths(member, f"{at}[]")
    else:
        yield at, "number" if isinstance(value, (int, float)) and value is not True else type(value).__name__


def values(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each string in an event with the name of its member."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from values(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from values(member, name)
    elif isinstance(value, str):
        yield name, value


@needs_data
def test_each_api_event_of_others_has_a_counterpart_of_the_same_shape(ours: list[Json]) -> None:
    shapes: dict[tuple[str, Any], list[set[tuple[str, str]]]] = defaultdict(list)
    for event in ours:
        shapes[event["event_type"], event["status"]].append(set(paths(event)))
    wanted = theirs()
    assert len(wanted) == 13
    missing = [e["event_type"] for e in wanted if set(paths(e)) not in shapes[e["event_type"], e["status"]]]
    assert missing == []


@needs_data
def test_each_event_type_of_others_occurs(ours: list[Json]) -> None:
    types = {event["event_type"] for event in ours}
    assert {event["event_type"] for event in [*theirs(), *streamed()]} - types == set()


@needs_data
def test_each_event_written_out_in_the_documentation_has_its_type(ours: list[Json]) -> None:
    written = set(re.findall(r'"event_type": "([a-z_.]+)"', DESCRIBED.read_text(encoding="utf-8")))
    assert len(written) >= 6
    assert written - {event["event_type"] for event in ours} == set()


@needs_data
def test_no_value_of_others_occurs(ours: list[Json]) -> None:
    names = {"href", "hostname", "username", "uuid", "pce_fqdn", "supplied_username", "name"}
    taken = {value for event in [*theirs(), *streamed()] for name, value in values(event) if name in names}
    assert len(taken) > 60
    own = {value for event in ours for name, value in values(event) if name in names}
    assert own & taken <= {"eth0"}


def test_the_actors(ours: list[Json]) -> None:
    actors = {tuple(sorted(event["created_by"] or ())) for event in ours}
    assert actors >= {
        ("user",), ("agent",), ("agent", "ven"), ("container_cluster",), ("service_account",), ("system",), ()
    }  # fmt: skip


def test_what_may_be_null_or_missing_is_somewhere(ours: list[Json]) -> None:
    assert {event["status"] for event in ours} == {"success", "failure", None}
    assert {event["severity"] for event in ours} == {"info", "warning", "err", "error"}
    assert any(event["action"] is None for event in ours)
    assert any(event["action"] and event["action"]["api_endpoint"] is None for event in ours)
    assert any(event["action"] and event["action"]["src_ip"] == "FILTERED" for event in ours)
    for name in ("href", "timestamp", "version", "org_id"):
        assert any(name in event for event in ours)
        assert any(name not in event for event in ours)
    assert any(note["info"] is None for event in ours for note in event["notifications"] or ())


def test_sizes_up_to_megabytes(ours: list[Json]) -> None:
    sizes = sorted(len(json.dumps(event)) for event in ours)
    assert sizes[-1] > 2_000_000
    assert any(5_000 < size < 100_000 for size in sizes)


@pytest.mark.parametrize("kind", sorted(HOSTILE_NAMES))
def test_a_hostile_name_survives_in_one_line_of_json(kind: str, by_name: dict[str, Json]) -> None:
    text = json.dumps(by_name[f"named_with_{kind}"])
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["resource_changes"][0]["resource"]["label"]["value"] == HOSTILE_NAMES[kind]


def test_a_key_without_expiry(by_name: dict[str, Json]) -> None:
    changes = by_name["api_key_for_ever"]["resource_changes"][0]["changes"]
    assert changes["expiration_in_seconds"] == {"before": None, "after": -1}


def test_broad_scopes_are_null_or_empty(by_name: dict[str, Json]) -> None:
    def scope(name: str) -> Any:
        return by_name[name]["resource_changes"][0]["resource"]["rule_set"]["scopes"]

    assert [label["label"]["href"] is None for label in scope("rule_set_all_environments")[0]] == [False, True, False]
    assert scope("rule_set_everything") == [[]]


def test_system_events_have_no_organisation(by_name: dict[str, Json]) -> None:
    assert by_name["login_failed"]["href"].startswith("/system_events/")
    assert by_name["login"]["href"].startswith("/orgs/1/events/")


def test_hrefs_are_unique(ours: list[Json]) -> None:
    hrefs = [event["href"] for event in ours if "href" in event]
    assert len(set(hrefs)) == len(hrefs)


def test_every_shape_but_two_has_a_readable_time(by_name: dict[str, Json]) -> None:
    unreadable = {name for name, event in by_name.items() if parse_micros(event.get("timestamp")) is None}
    assert unreadable == {"without_timestamp", "with_unreadable_timestamp"}


def test_a_wide_variety() -> None:
    types = {event["event_type"] for _, event in examples(World(0))}
    assert len(types) > 150
    assert sum(1 for shape in SHAPES.values() if shape.share) > 100


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("1970-01-01t01:00:00.0000019+01:00", 1),
        ("1969-12-31T23:59:59.999-00:00", -1_000),
        ("1970-01-01T00:00:00", None),
        ("1970-01-01", None),
        ("1970-13-01T00:00:00Z", None),
        (None, None),
    ],
)
def test_a_time_is_read_with_its_zone(text: object, micros: int | None) -> None:
    assert parse_micros(text) == micros
