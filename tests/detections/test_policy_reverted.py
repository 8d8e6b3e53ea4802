"""Drafts that are thrown away, and versions of the policy that come back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, EVA, Json, change, event, indexed, request
from tests.detections.replay import replay


def thrown_away(number: int, **members: Any) -> Json:
    made = [change("rule_set", {}, number=place) for place in range(number)]
    return event("sec_policy_pending.delete", made, **members)


def _alerts(one: Json) -> list[dict[str, Any]]:
    return replay("policy_reverted", indexed([one]), BEGIN, BEGIN + 3600)


REVERTED: dict[str, tuple[Json, str, str]] = {
    "all drafts": (thrown_away(0), "threw away all draft changes that were pending", "low"),
    "many drafts": (thrown_away(10), "threw away the draft changes of 10 objects", "low"),
    "an earlier version": (
        event("sec_policy.restore", action=request("/api/v2/orgs/1/sec_policy/412/restore")),
        "brought back the policy of version 412", "medium",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "said", "severity"), REVERTED.values(), ids=REVERTED)
def test_what_is_undone_alerts(one: Json, said: str, severity: str) -> None:
    (alert,) = _alerts(one)

    assert str(alert["reason"]) == f"{EVA['user']['username']} {said}"
    assert (alert["severity"], alert["href"]) == (severity, one["href"])


@pytest.mark.parametrize("one", [thrown_away(3), thrown_away(0, status="failure"), event("sec_policy.create")])
def test_a_draft_of_ones_own_is_silent(one: Json) -> None:
    assert _alerts(one) == []
