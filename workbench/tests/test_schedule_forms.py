"""Every key and every form of value that the shipped saved searches are scheduled by stands in a case of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from workbench.splunk.conformance import read_cases
from workbench.splunk.schedule.savedsearches_conf import saved_searches

HERE = Path(__file__).parent
# Free text, or a name of the search's own.
_WORDS = {"search", "description", "alert.suppress.fields"}


def _forms(stanzas: Iterable[Mapping[str, str]]) -> set[tuple[str, str]]:
    """Key and form. One time or period is as good as another, one switch or level is not."""
    return {_form(key, value) for stanza in stanzas for key, value in stanza.items()}


def _form(key: str, value: str) -> tuple[str, str]:
    if key.startswith("action.") and key.count(".") > 1:
        return key.split(".")[1], "a parameter"
    if key in _WORDS:
        return key, "words"
    return key, value if value.isdigit() else re.sub(r"\d+", "N", value)


def test_every_form_of_schedule_window_trigger_and_throttle_has_a_case() -> None:
    shipped = _forms(saved_searches([HERE.parents[1] / "package"]).values())
    cases = read_cases(HERE.parent / "splunk/tests/conformance/schedule.jsonl")
    stanzas = [one for case in cases for one in case.get("savedsearches", {"": case.get("savedsearch")}).values()]

    assert ("alert.suppress.period", "Nh") in shipped
    assert shipped - _forms(stanzas) == set()
