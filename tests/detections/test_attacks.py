"""The given attacks and accidents: each is noticed, severely enough and in time, or is a known gap.

`python -m tests.detections.attacks` prints what notices each.
"""

from __future__ import annotations

import pytest

from tests.detections.attacks import Scenario, scenarios

GIVEN = {one.id: one for one in scenarios()}
#: Those that nothing notices yet, each with what is missing. What is noticed has to leave this list.
KNOWN_GAPS: dict[str, str] = {}


@pytest.mark.skipif(not GIVEN, reason="the scenarios are not beside the repository")
@pytest.mark.parametrize("scenario", GIVEN.values(), ids=lambda one: one.id)
def test_it_is_noticed_or_a_known_gap(scenario: Scenario) -> None:
    notices = scenario.notices()

    noticed = any(map(scenario.is_answered_by, notices))
    if scenario.id in KNOWN_GAPS:
        assert not noticed, f"it is noticed now: take {scenario.id} out of KNOWN_GAPS"
    else:
        assert noticed, f"{scenario.description}. Raised: {notices}"


@pytest.mark.skipif(not GIVEN, reason="the scenarios are not beside the repository")
def test_known_gaps_are_given_scenarios() -> None:
    assert KNOWN_GAPS.keys() <= GIVEN.keys()
