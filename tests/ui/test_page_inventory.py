"""The form of an inventory input on the page Inputs, beside those for events and health."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.lab import PceLab
from tests.ui.pages import Pages
from workbench.lab import RestFailure

INVENTORY = "ta_illumio_pce_illumio_pce_inventory"
KIND = "PCE inventory"
DEFAULT = ["workloads", "vens", "labels", "label_groups", "ip_lists", "services", "rule_sets"]


def inputs(lab: PceLab) -> dict[str, dict[str, str]]:
    return {entry["name"]: entry["content"] for entry in lab.rest("GET", INVENTORY)["entry"]}


def test_it_is_saved_as_entered_changed_and_deleted(empty_lab: PceLab, pages: Pages) -> None:
    empty_lab.add_account()
    form = pages.new_input(KIND).choose("account", "lab").choose_index("main").fill(name="fleet")
    assert form.chosen("collections") == DEFAULT
    assert (form.text("interval").input_value(), form.text("full_every").input_value()) == ("14400", "24")
    assert form.overflowing() == []
    form.fill(interval="599")
    assert form.complain("Add") == "The polling interval must be a whole number of seconds from 600 to 86400."
    form.fill(interval="7200", full_every="0")
    assert form.complain("Add") == "The time between full snapshots must be a whole number of hours from 1 to 168."
    form.fill(full_every="12").choose("collections", "users").save("Add")
    saved = inputs(empty_lab)["fleet"]
    assert [saved[field] for field in ("account", "index", "interval", "collections", "full_every")] == [
        "lab", "main", "7200", ",".join([*DEFAULT, "users"]), "12",
    ]  # fmt: skip
    with pytest.raises(RestFailure, match="from 600 to 86400"):
        empty_lab.add_inventory("other", interval="599")

    pages.open("inputs")
    edit = pages.act("fleet", "Edit")
    assert edit.chosen("collections") == [*DEFAULT, "users"]
    edit.fill(interval="3600").save("Update")
    pages.open("inputs")
    expect(pages.row("fleet")).to_contain_text("3600")
    pages.act("fleet", "Delete").save("Delete")
    assert inputs(empty_lab) == {}
