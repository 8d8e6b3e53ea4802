"""Scopes of rule sets: what is broad, what becomes wider, and what the reason says.

A scope is a list of labels; a key that it leaves out stands for all labels of that key, and `[[]]` is everything
(Illumio's REST API guide, "Rulesets").
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, change, event, indexed
from tests.detections.replay import replay


def label(key: str, value: str | None, **more: Any) -> Json:
    href = f"/orgs/1/labels/{sum(map(ord, key + value))}" if value else None
    return {"label": {"href": href, "key": key, "value": value}, **more}


SHOP, PROD, EMDEN = label("app", "shop"), label("env", "prod"), label("loc", "emden")
BARE: Json = {"label": {"href": "/orgs/1/labels/562"}}
GROUP: Json = {"label_group": {"href": "/orgs/1/sec_policy/draft/label_groups/5", "name": "All tests"}}


def rule_set(kind: str, changes: Json, **members: Any) -> Json:
    return event(f"rule_set.{kind}", [change("rule_set", changes, kind, name="Shop", **members)])


def written(*scopes: list[Json]) -> Json:
    return rule_set("create", {"scopes": {"before": None, "after": list(scopes)}})


def changed(before: list[list[Json]], after: list[list[Json]]) -> Json:
    return rule_set("update", {"scopes": {"before": before, "after": after}})


def switched(on: bool, *scopes: list[Json]) -> Json:
    return rule_set("update", {"enabled": {"before": not on, "after": on}}, scopes=list(scopes))


# Change → what the reason says of it, and how severe it is.
BROAD: dict[str, tuple[Json, str, str]] = {
    "no label": (written([]), "rule set Shop: new scope everything", "medium"),
    "no scope": (written(), "everything", "medium"),
    "no application": (written([PROD, EMDEN]), "new scope env=prod loc=emden (all applications)", "medium"),
    "an application that is null": (written([label("app", None), PROD, EMDEN]), "(all applications)", "medium"),
    "no environment": (written([SHOP]), "new scope app=shop (all environments)", "medium"),
    "one label without its key": (written([BARE]), "new scope labels/562 (one label)", "medium"),
    "all but one application": (written([label("app", "shop", exclusion=True), PROD]), "(all applications)", "medium"),
    "the second of two": (written([SHOP, PROD], [PROD]), "app=shop env=prod or env=prod (all applications)", "medium"),
    "the first step": (
        changed([[SHOP, PROD, EMDEN]], [[SHOP, PROD]]),
        "scope from app=shop env=prod loc=emden to app=shop env=prod", "medium",
    ),
    "the second step": (changed([[SHOP, PROD]], [[SHOP]]), "from app=shop env=prod to app=shop", "medium"),
    "the last step": (changed([[SHOP]], [[]]), "scope from app=shop to everything", "high"),
    "a step by a null": (changed([[SHOP, PROD]], [[SHOP, label("env", None)]]), "to app=shop (all environments)", "medium"),
    "the application for a location": (changed([[SHOP, PROD]], [[PROD, EMDEN]]), "(all applications)", "medium"),
    "a broad scope added": (rule_set("update", {"scopes": {"created": [[PROD]]}}), "new scope env=prod", "medium"),
    "one exchanged for a wider one": (
        rule_set("update", {"scopes": {"created": [[SHOP, PROD]], "deleted": [[SHOP, PROD, EMDEN]]}}),
        "from app=shop env=prod loc=emden to app=shop env=prod", "medium",
    ),
    "a broad one deleted": (rule_set("delete", {}, scopes=[[PROD]]), "deleted scope env=prod", "medium"),
    "a broad one switched off": (switched(False, [PROD]), "disabled scope env=prod", "medium"),
    "a broad one switched on": (switched(True, []), "enabled scope everything", "medium"),
    "within another event": (
        event("container_cluster.create", [change("rule_set", {"scopes": {"after": [[]]}}, "create", name="Kube")]),
        "rule set Kube: new scope everything", "medium",
    ),
}  # fmt: skip

NARROW: dict[str, Json] = {
    "an application in an environment": written([SHOP, PROD]),
    "all locations": written([SHOP, PROD, label("loc", None)]),
    "two labels without their keys": written([BARE, BARE]),
    "a label group": written([GROUP, PROD]),
    "a label more": changed([[SHOP, PROD]], [[SHOP, PROD, EMDEN]]),
    "another label": changed([[SHOP, PROD]], [[SHOP, label("env", "test")]]),
    "narrowed, though still broad": changed([[]], [[PROD]]),
    "a narrow scope added": changed([[SHOP, PROD, EMDEN]], [[SHOP, PROD, EMDEN], [label("app", "till"), PROD]]),
    "a narrow one switched off": switched(False, [SHOP, PROD]),
    "a broad one renamed": rule_set("update", {"name": {"before": "a", "after": "b"}}, scopes=[[]]),
    "refused": written([]) | {"status": "failure"},
}  # fmt: skip


def _alerts(events: list[Json]) -> list[dict[str, Any]]:
    return replay("policy_broad_scope", indexed(events), None, BEGIN + 3600)


@pytest.mark.parametrize(("one", "said", "severity"), BROAD.values(), ids=BROAD)
def test_a_broad_or_wider_scope_alerts_and_says_so(one: Json, said: str, severity: str) -> None:
    (alert,) = _alerts([one])

    assert said in str(alert["reason"])
    assert (alert["severity"], alert["href"]) == (severity, one["href"])


@pytest.mark.parametrize("one", NARROW.values(), ids=NARROW)
def test_a_narrow_scope_is_silent(one: Json) -> None:
    assert _alerts([one]) == []
