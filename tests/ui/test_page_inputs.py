"""The page Inputs: every field, what is refused, and what each button of a row does."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.lab import PceLab
from tests.ui.conftest import Picture
from tests.ui.pages import Pages
from workbench.lab import CHECKPOINTS, RestFailure

INPUTS = "ta_illumio_pce_illumio_pce_events"


def inputs(lab: PceLab) -> dict[str, dict[str, str]]:
    return {entry["name"]: entry["content"] for entry in lab.rest("GET", INPUTS)["entry"]}


def test_every_field_is_saved_as_entered(empty_lab: PceLab, pages: Pages, picture: Picture) -> None:
    empty_lab.add_account()
    entered = {
        "name": "signins",
        "interval": "120",
        "start_time": "2026-01-31T08:00:00Z",
        "event_types": "user.*, request.authentication_failed",
        "late_arrival_window": "900",
    }
    form = pages.new_input().fill(**entered).choose("account", "lab").choose_index("main")
    form.choose("severities", "err", "crit").choose("statuses", "failure", "none").tick("include_system_events")
    assert form.overflowing() == []
    picture("input-form")
    form.save("Add")
    saved = inputs(empty_lab)["signins"]
    chosen = {"account": "lab", "index": "main", "severities": "err,crit", "statuses": "failure,none"}
    expected = {**entered, **chosen, "include_system_events": "1"}
    del expected["name"]
    assert {field: saved[field] for field in expected} == expected

    pages.open("inputs")
    assert pages.rows() == ["signins"]
    assert pages.row("signins").get_by_role("cell").all_inner_texts()[1:5] == ["signins", "lab", "main", "120"]
    edit = pages.act("signins", "Edit")
    assert {field: edit.text(field).input_value() for field in entered} == entered
    assert edit.chosen("severities") == ["err", "crit"]
    assert edit.chosen("statuses") == ["failure", "none"]
    assert edit.ticked("include_system_events")


#: The field, what is entered, and what form and server say to it.
MISTAKES = {
    "start time": (
        {"start_time": "yesterday"},
        "Enter the start time as ISO 8601 with a time zone, such as 2026-01-31T08:00:00Z, or relative to now, "
        "such as -24h or -7d (s, m, h, d or w).",
    ),
    "start time without a zone": (
        {"start_time": "2026-01-31T08:00:00"},
        "Enter the start time as ISO 8601 with a time zone, such as 2026-01-31T08:00:00Z, or relative to now, "
        "such as -24h or -7d (s, m, h, d or w).",
    ),
    "window": (
        {"late_arrival_window": "59"},
        "The late arrival window must be a whole number of seconds from 60 to 86400.",
    ),
    "interval": ({"interval": "29"}, "The polling interval must be a whole number of seconds from 30 to 86400."),
    "interval as cron": (
        {"interval": "*/5 * * * *"},
        "The polling interval must be a whole number of seconds from 30 to 86400.",
    ),
    "event type": (
        {"event_types": "user.sign_in; user.sign_out"},
        "Enter names such as user.sign_in, separated by commas, with * as a wildcard.",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_seen_in_the_form_at_once_and_on_the_server_again(
    empty_lab: PceLab, pages: Pages, mistake: str
) -> None:
    empty_lab.add_account()
    changes, sentence = MISTAKES[mistake]
    form = pages.new_input().choose("account", "lab").fill(name="audit", **changes)
    assert form.complain("Add") == sentence
    with pytest.raises(RestFailure, match=re.escape(sentence)):
        empty_lab.add_input(**changes)
    assert inputs(empty_lab) == {}


def test_a_name_is_given_once(lab: PceLab, pages: Pages) -> None:
    form = pages.new_input().choose("account", "lab").fill(name="audit", interval="300")
    assert "audit" in form.complain("Add")
    assert inputs(lab)["audit"]["interval"] == "60"


def test_a_second_input_on_the_same_events_is_saved_and_warned_of(lab: PceLab, pages: Pages) -> None:
    pages.new_input().choose("account", "lab").choose_index("main").fill(name="again").save("Add")
    assert sorted(inputs(lab)) == ["again", "audit"]
    (warning,) = lab.rest("GET", "messages")["entry"]
    assert warning["content"]["message"] == (
        "The input again reads the same PCE and organisation into the same index as audit. "
        "Unless their filters differ, every event is indexed more than once."
    )
    assert warning["content"]["severity"] == "warn"


def test_an_input_is_changed(lab: PceLab, pages: Pages) -> None:
    pages.open("inputs")
    pages.act("audit", "Edit").fill(interval="600", event_types="agent.*").save("Update")
    pages.open("inputs")
    expect(pages.row("audit")).to_contain_text("600")
    saved = inputs(lab)["audit"]
    assert (saved["interval"], saved["event_types"], saved["start_time"]) == ("600", "agent.*", "-2h")


def test_an_input_is_cloned(lab: PceLab, pages: Pages) -> None:
    pages.open("inputs")
    clone = pages.act("audit", "Clone")
    assert clone.text("start_time").input_value() == "-2h"
    clone.fill(name="copy", interval="90").save("Save")
    pages.open("inputs")
    assert sorted(pages.rows()) == ["audit", "copy"]
    saved = inputs(lab)
    assert (saved["copy"]["account"], saved["copy"]["interval"], saved["audit"]["interval"]) == ("lab", "90", "60")


def test_an_input_is_switched_off_and_on(lab: PceLab, pages: Pages) -> None:
    for status, disabled in (("Inactive", True), ("Active", False)):
        pages.open("inputs")
        with pages.saving():
            pages.row("audit").get_by_role("switch").click()
        pages.open("inputs")
        expect(pages.row("audit").get_by_role("cell").nth(5)).to_contain_text(status)
        assert (str(inputs(lab)["audit"]["disabled"]).lower() in ("1", "true")) is disabled


def test_a_deleted_input_takes_its_state_along(lab: PceLab, pages: Pages) -> None:
    lab.add_input("kept", index="illumio")
    for name in ("audit", "kept"):
        assert lab.run(name).exit_code == 0
    assert {document["input"] for document in lab.rest("GET", CHECKPOINTS)} == {"audit", "kept"}
    pages.open("inputs")
    pages.act("audit", "Delete").save("Delete")
    pages.open("inputs")
    assert pages.rows() == ["kept"]
    assert {document["input"] for document in lab.rest("GET", CHECKPOINTS)} == {"kept"}
