"""Own events of every shape read as cim-readings.md fixes it, and alike in JSON, CEF and LEEF."""

from __future__ import annotations

import pytest

from tests.cim import formats, splunk

WRITERS: dict[str, formats.Writer] = {"cef": formats.as_cef, "leef": formats.as_leef}

#: Fields that are compared between formats: all that the add-on computes for audit events.
FIELDS = sorted(splunk.audit_fields())


def sorted_values(value: object) -> object:
    """A field's values without their order, which is promised for `changed` alone."""
    return sorted(value) if isinstance(value, list) else value


@pytest.mark.parametrize("name", splunk.sample_names())
def test_json_event_has_its_fields(name: str) -> None:
    sample = splunk.sample(name)
    event = splunk.read(formats.as_json(sample["event"]))
    assert event["sourcetype"] == "illumio:pce:events"
    found = {field: sorted_values(event.get(field)) for field in sample["fields"]}
    assert found == {field: sorted_values(value) for field, value in sample["fields"].items()}
    assert [field for field in sample["absent"] if field in event] == []


@pytest.mark.parametrize("name", splunk.sample_names())
@pytest.mark.parametrize("format_", ["json", "cef", "leef"])
def test_event_is_in_its_datasets(name: str, format_: str) -> None:
    sample = splunk.sample(name)
    write = WRITERS.get(format_, formats.as_json)
    assert splunk.datasets(splunk.read(write(sample["event"], sample.get("client")))) == sorted(sample["datasets"])


@pytest.mark.parametrize("name", splunk.sample_names())
@pytest.mark.parametrize("format_", ["cef", "leef"])
def test_other_format_differs_only_as_listed(name: str, format_: str) -> None:
    sample = splunk.sample(name)
    as_json = splunk.read(formats.as_json(sample["event"]))
    other = splunk.read(WRITERS[format_](sample["event"], sample.get("client")))
    assert other["sourcetype"] == f"illumio:pce:{format_}"
    differing = {field: other.get(field) for field in FIELDS if other.get(field) != as_json.get(field)}
    assert differing == sample[format_]
    assert other["_time"] == as_json["_time"]
    assert other.get("changed") == as_json.get("changed")


@pytest.mark.parametrize("name", splunk.sample_names())
def test_member_order_and_blanks_do_not_matter(name: str) -> None:
    event = splunk.sample(name)["event"]
    plain = splunk.read(formats.as_json(event))
    spaced = splunk.read(formats.spaced_json(event))
    assert {f: sorted_values(spaced.get(f)) for f in FIELDS} == {f: sorted_values(plain.get(f)) for f in FIELDS}


@pytest.mark.parametrize("delimiter", ["", "x09|", "0x09|", "\t|", "|"])
@pytest.mark.parametrize("between", ["\t", " "])
def test_leef_is_read_with_tabs_and_with_blanks(between: str, delimiter: str) -> None:
    """LEEF 2.0 may name its delimiter in the header."""
    event = splunk.sample("workloads_enforcement")["event"]
    found = splunk.read(formats.as_leef(event, between=between).replace("|src=", f"|{delimiter}src="))
    assert (found["user"], found["object"]) == ("marit@harbour.example", ["crane-01", "crane-02"])


def test_changed_keeps_records_whole_and_in_order() -> None:
    event = splunk.sample("mixed_changes")["event"]
    found = splunk.read(formats.as_json(event))
    assert found["changed"] == [formats.compact(record) for record in event["resource_changes"]]
