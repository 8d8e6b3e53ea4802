"""The views that ship pass every check."""

from __future__ import annotations

from tests.conftest import ADDON
from tests.lacking import needs
from workbench.splunk.dashboards.checks import complaints, schema_complaints
from workbench.splunk.dashboards.checks.schema import missing
from workbench.splunk.dashboards.view import read_views
from workbench.views import macros

VIEWS = read_views(ADDON)


def test_nothing_is_wrong_with_them() -> None:
    assert [str(complaint) for complaint in [*complaints(VIEWS, ADDON), *macros.complaints(VIEWS, ADDON)]] == []


@needs(missing())
def test_they_pass_the_frameworks_schema() -> None:
    assert [str(complaint) for complaint in schema_complaints(VIEWS)] == []


def test_they_are_in_the_order_of_the_navigation() -> None:
    assert [view.name for view in VIEWS] == [
        "security_overview",
        "investigate",
        "access",
        "workload_protection",
        "fleet",
        "policy_changes",
        "pce_health",
        "events",
        "ingest",
        "weekly",
    ]
