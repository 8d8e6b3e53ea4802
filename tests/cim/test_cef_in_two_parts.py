"""CEF cuts long changes in two: wherever the cut falls, the event reads as if it had not been cut."""

from __future__ import annotations

import pytest

from tests.cim import formats, splunk

HOSTILE = splunk.sample("hostile_name")["event"]
PLAIN = splunk.sample("workloads_enforcement")["event"]
LENGTH = len(formats.compact(HOSTILE["resource_changes"]))


@pytest.mark.parametrize("cut", range(2, LENGTH, 23))
def test_split_event_has_the_same_fields_as_the_whole_one(cut: int) -> None:
    whole = splunk.read(formats.as_json(HOSTILE))
    found = splunk.read(formats.as_cef(HOSTILE, cut=cut))
    assert found["changed"] == whole["changed"]
    assert found["object"] == whole["object"]
    assert found["href"] == whole["href"]
    assert found["notified"] == whole["notified"]


def test_seventy_changes_are_split_where_the_pce_splits() -> None:
    record = splunk.sample("label_deleted")["event"]["resource_changes"][0]
    event = {**HOSTILE, "resource_changes": [record] * 70}
    line = formats.as_cef(event)
    assert "cs3Label=resource_changes_2" in line
    found = splunk.read(line)
    assert len(found["changed"]) == 70
    assert "cs3Label" not in found["_raw"]


def test_parts_that_do_not_form_json_leave_the_line_unchanged() -> None:
    # The cut falls into a string, which the quote ends too early.
    broken = formats.as_cef(PLAIN, cut=90).replace(" cs3=", ' cs3="')
    found = splunk.read(broken)
    assert found["_raw"] == broken
    assert "changed" not in found
    assert (found["event_type"], found["href"]) == (PLAIN["event_type"], PLAIN["href"])
    assert (found["user"], found["src"]) == ("marit@harbour.example", "198.51.100.24")


def test_parts_with_format_keywords_keep_the_text_before_them() -> None:
    found = splunk.read(formats.as_cef(HOSTILE, cut=150).replace(" cs3=", ' cs3="'))
    assert (found["event_type"], found["dvc"], found["severity"]) == (
        "ip_list.update",
        "pce.harbour.example",
        "informational",
    )
    assert (found["user"], found["src"]) == ("unknown", "unknown")
    assert "changed" not in found
