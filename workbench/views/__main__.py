"""`python -m workbench.views [ADDON]`: says what is wrong with the built add-on's views; 1 if anything is."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.command_line import APP
from workbench.splunk.dashboards.checks import complaints, schema_complaints
from workbench.splunk.dashboards.checks.schema import missing
from workbench.splunk.dashboards.view import read_views
from workbench.views import macros


def main() -> int:
    """Check all views; the exit code."""
    addon = Path(sys.argv[1]) if len(sys.argv) > 1 else APP
    views = read_views(addon)
    found = [*complaints(views, addon), *macros.complaints(views, addon)]
    lacking = missing()
    if lacking:
        print(f"not checked against the framework's schema: {lacking}", file=sys.stderr)
    else:
        found += schema_complaints(views)
    for complaint in found:
        print(complaint)
    print(f"{len(views)} views, {len(found)} complaints", file=sys.stderr)
    return 1 if found or not views else 0


if __name__ == "__main__":
    sys.exit(main())
