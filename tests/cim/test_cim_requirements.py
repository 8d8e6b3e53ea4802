"""CIM's own lists, as pytest-splunk-addon ships them, say which fields and values a dataset has to have."""

from __future__ import annotations

import csv
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.cim import flows, formats, splunk
from tests.cim.test_system_health import MARKS, RSYSLOG
from tests.lacking import lacking

Dataset = dict[str, Any]

WRITERS = {"json": formats.as_json, "cef": formats.as_cef, "leef": formats.as_leef}
#: Children of a model whose fields our events have to have as well, by the tag that selects them.
CHILDREN = {"account", "cpu", "memory", "storage"}


def model(name: str) -> Dataset:
    """The root dataset of a data model."""
    package = find_spec("pytest_splunk_addon")
    if package is None or package.origin is None:
        lacking("pytest-splunk-addon is not installed")
    path = Path(package.origin).parent / "data_models" / f"{name}.json"
    root: Dataset = json.loads(path.read_text(encoding="utf-8"))["objects"][0]
    return root


def exceptions() -> set[tuple[str, str]]:
    with (Path(__file__).parent / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        return {(row["dataset"], row["field"]) for row in csv.DictReader(file)}


def fields_of(name: str, tags: set[str]) -> list[dict[str, Any]]:
    root = model(name)
    found: list[dict[str, Any]] = list(root["fields"])
    for child in root["child_dataset"]:
        if {tag for group in child["tags"] for tag in group} & CHILDREN & tags:
            found += child["fields"]
    return found


def required(name: str, field: dict[str, Any], event: splunk.Fields) -> bool:
    """Whether the model wants the field of this event; conditions are those that our events can meet."""
    if field["type"] == "required":
        return True
    conditions = {
        "result": event.get("status") == "failure",
        "src_user": name == "Change" and event.get("object_category") == "user",
        "dest_port": event.get("transport") in ("tcp", "udp"),
        "src_port": event.get("transport") in ("tcp", "udp"),
        "protocol_version": event.get("protocol") == "ip",
    }
    return field["type"] == "conditional" and conditions.get(field["name"], False)


def complaints(name: str, event: splunk.Fields) -> set[tuple[str, str]]:
    """What the event lacks of the model, and values that the model does not know."""
    found = set()
    for field in fields_of(name, set(splunk.values(event.get("tag")))):
        values = splunk.values(event.get(field["name"]))
        if not values and required(name, field, event):
            found.add((name, field["name"]))
        if field.get("expected_values") and not set(values) <= set(field["expected_values"]):
            found.add((name, f"{field['name']}={values}"))
    return found


def models(event: splunk.Fields) -> set[str]:
    return {dataset.partition(".")[0] for dataset in splunk.datasets(event)}


def observed(lines: list[str]) -> set[tuple[str, str]]:
    events = [splunk.read(line) for line in lines]
    return {complaint for event in events for name in models(event) for complaint in complaints(name, event)}


@pytest.mark.parametrize("format_", sorted(WRITERS))
def test_audit_events_have_what_cim_requires(format_: str) -> None:
    samples = [splunk.sample(name) for name in splunk.sample_names()]
    lines = [WRITERS[format_](sample["event"], sample.get("client")) for sample in samples]
    assert observed(lines) - exceptions() == set()


def test_flows_and_health_have_what_cim_requires() -> None:
    lines = [write(decision) for write in (flows.as_json, flows.as_cef, flows.as_leef) for decision in flows.DECISIONS]
    lines.append(RSYSLOG + MARKS.format(sev="INFO") + "cpu=1% memory=2% disk=3%")
    assert observed(lines) - exceptions() == set()


def test_every_exception_is_needed() -> None:
    lines = [formats.as_json(splunk.sample(name)["event"]) for name in splunk.sample_names()]
    lines += [flows.as_json("allowed"), RSYSLOG + MARKS.format(sev="INFO") + "cpu=1% memory=2% disk=3%"]
    assert exceptions() - observed(lines) == set()


def test_missing_field_and_foreign_value_are_found() -> None:
    event = splunk.read(formats.as_json(splunk.sample("sign_in_success")["event"]))
    broken = {**event, "action": "maybe", "user": None}
    assert complaints("Authentication", broken) == {("Authentication", "user"), ("Authentication", "action=['maybe']")}
