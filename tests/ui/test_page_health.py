"""The form of a health input on the page Inputs, beside the one for events."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.lab import PceLab
from tests.ui.pages import Pages
from workbench.lab import RestFailure

HEALTH = "ta_illumio_pce_illumio_pce_health"
KIND = "PCE health"


def inputs(lab: PceLab) -> dict[str, dict[str, str]]:
    return {entry["name"]: entry["content"] for entry in lab.rest("GET", HEALTH)["entry"]}


def test_it_is_saved_as_entered_changed_and_deleted(empty_lab: PceLab, pages: Pages) -> None:
    empty_lab.add_account()
    form = pages.new_input(KIND).choose("account", "lab").choose_index("main").fill(name="health", interval="300")
    assert form.overflowing() == []
    form.save("Add")
    saved = inputs(empty_lab)["health"]
    assert [saved[field] for field in ("account", "index", "interval")] == ["lab", "main", "300"]
    assert empty_lab.run_health().exit_code == 0
    assert len(empty_lab.health()) == 5

    pages.open("inputs")
    edit = pages.act("health", "Edit")
    assert edit.text("interval").input_value() == "300"
    edit.fill(interval="120").save("Update")
    assert inputs(empty_lab)["health"]["interval"] == "120"
    pages.open("inputs")
    expect(pages.row("health")).to_contain_text("120")
    pages.act("health", "Delete").save("Delete")
    assert inputs(empty_lab) == {}


@pytest.mark.parametrize("interval", ["29", "*/5 * * * *"])
def test_a_mistake_is_seen_in_the_form_at_once_and_on_the_server_again(
    empty_lab: PceLab, pages: Pages, interval: str
) -> None:
    empty_lab.add_account()
    sentence = "The polling interval must be a whole number of seconds from 30 to 86400."
    form = pages.new_input(KIND).choose("account", "lab").fill(name="health", interval=interval)
    assert form.complain("Add") == sentence
    with pytest.raises(RestFailure, match=re.escape(sentence)):
        empty_lab.add_health(interval=interval)
    assert inputs(empty_lab) == {}


def test_an_account_that_only_a_health_input_uses_cannot_be_deleted(empty_lab: PceLab, pages: Pages) -> None:
    empty_lab.add_account()
    empty_lab.add_health()
    pages.open("configuration")
    assert "is used by health (health)" in pages.act("lab", "Delete").refuse("Delete")
