"""What an inventory input is configured with."""

from __future__ import annotations

import pytest
from illumio_pce.inventory_settings import InventorySettings

DEFAULTS = ("workloads", "vens", "labels", "label_groups", "ip_lists", "services", "rule_sets")


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = InventorySettings.parse("inv", {"account": "lab"})
    assert (settings.index, settings.interval, settings.full_every) == ("default", 14_400, 24)
    assert settings.collections == DEFAULTS
    assert settings.source == "illumio_pce_inventory://inv"


def test_collections_are_taken_in_any_order_and_spelling() -> None:
    settings = InventorySettings.parse("inv", {"account": "lab", "collections": " Users ,labels,, vens,labels"})
    assert settings.collections == ("vens", "labels", "users")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"collections": "workloads,pods"}, "'pods'"),
        ({"full_every": "0"}, "from 1 to 168"),
        ({"full_every": "a day"}, "whole number of hours"),
        ({"full_every": "169"}, "from 1 to 168"),
        ({"account": " "}, "Choose an account"),
        ({"index": "_internal"}, "not a valid index name"),
    ],
)
def test_what_no_run_can_do_is_refused(changes: dict[str, str], words: str) -> None:
    for parse in (InventorySettings.parse, InventorySettings.parse_form):
        with pytest.raises(ValueError, match=words):
            parse("inv", {"account": "lab", **changes})


@pytest.mark.parametrize("interval", ["599", "86401", "0 */4 * * *"])
def test_an_interval_that_is_none_is_refused_by_the_form_and_noted_by_a_run(interval: str) -> None:
    conf = {"account": "lab", "interval": interval}
    with pytest.raises(ValueError, match="from 600 to 86400"):
        InventorySettings.parse_form("inv", conf)
    settings = InventorySettings.parse("inv", conf)
    assert (settings.interval, len(settings.notes)) == (14_400, 1)


def test_a_name_that_no_input_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="must start with a letter"):
        InventorySettings.parse("1", {"account": "lab"})
