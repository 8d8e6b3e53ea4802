"""Conformance cases of area `schedule`: what should alert against what does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.rows import differences
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.schedule.scheduler import Alert, Scheduler, read_searches
from workbench.splunk.spl.store import EventStore

_OPTIONAL = ("started", "severity", "tracked", "expires")


def check(case: Mapping[str, Any]) -> list[str]:
    """What is wrong with the alerts of a case; empty if they are as expected."""
    confs = Confs.load(case.get("confs", {}), lookups=case.get("lookups", {}))
    limits = confs.stanzas("limits").get("scheduler")
    knowledge = Knowledge(confs)
    stanzas = case.get("savedsearches") or {"saved search": case["savedsearch"]}
    searches = read_searches(stanzas, case.get("owners"))
    store = EventStore(case.get("events", []), knowledge)
    scheduler = Scheduler(store, knowledge, limits=limits.texts() if limits else {})
    alerts = scheduler.run(searches, case["run_from"], case["run_to"], case.get("busy", ()))
    return [] if case.get("refuses") else _compare(alerts, case["expect_alerts"])


def _compare(alerts: list[Alert], expected: list[Mapping[str, Any]]) -> list[str]:
    problems: list[str] = []
    left = list(alerts)
    for wanted in expected:
        found = next((alert for alert in left if _fits(alert, wanted)), None)
        if found is None:
            problems.append(f"no alert {dict(wanted)}")
        else:
            left.remove(found)
    return problems + [f"an alert of {alert.search.name} at {alert.time} with {alert.rows}" for alert in left]


def _fits(alert: Alert, wanted: Mapping[str, Any]) -> bool:
    if alert.time != wanted["time"] or alert.search.name != wanted.get("search", alert.search.name):
        return False
    rows = wanted["rows"]
    same = len(alert.rows) == rows if isinstance(rows, int) else not differences(alert.rows, rows, False, True)
    return same and all(getattr(alert, name) == wanted[name] for name in _OPTIONAL if name in wanted)
