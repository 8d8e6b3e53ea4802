"""What is wrong with Dashboard Studio views.

The framework's own schema (`schema`), and what it lets pass: references that lead nowhere, chains, layouts, titles,
features that 9.3 lacks, tokens and their quoting, searches, links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.splunk.dashboards.checks import features, layout, links, schema, searches, sources, tokens
from workbench.splunk.dashboards.checks.complaint import Addon, Complaint
from workbench.splunk.dashboards.view import View

__all__ = ["Complaint", "complaints", "schema_complaints"]

schema_complaints = schema.complaints


def complaints(views: Sequence[View], addon: Path) -> Iterator[Complaint]:
    """Everything that our own checks find; the schema's are `schema_complaints`, since they need Node.js."""
    known = Addon(addon, views)
    for view in views:
        for check in (sources, layout, features, tokens, searches, links):
            yield from check.complaints(view, known)
