"""`python -m tools.dashboards` writes what follows from content/dashboards/; `--check` only tells what is stale."""

from __future__ import annotations

import re
import sys

from tools import generated as common
from tools.dashboards import model
from tools.dashboards.causes import causes
from tools.dashboards.compose import compose, view
from tools.dashboards.cost import cost, shipped_macros
from tools.dashboards.model import ROOT
from tools.dashboards.nav import nav
from tools.dashboards.page import page
from tools.detections import model as detections

NOTICE = "Written by `python -m tools.dashboards` from content/dashboards/; change it there."
VIEWS = "package/default/data/ui/views"
_VIEWS = (f"{VIEWS}/*.xml",)


def generated() -> dict[str, str]:
    """Path under the repository → text that belongs there."""
    dashboards, shared = model.read_all(), model.shared()
    macros = shipped_macros()
    costs = {one.name: cost(compose(one, shared), macros) for one in dashboards}
    return {
        **{f"{VIEWS}/{one.name}.xml": view(one, shared) for one in dashboards},
        "package/default/data/ui/nav/default.xml": nav(dashboards, NOTICE),
        "package/lookups/illumio_pce_detections.csv": causes(detections.read_all()),
        "docs/dashboards.md": page(dashboards, costs, _thresholds(), detections.read_all(), NOTICE),
    }


def _thresholds() -> list[tuple[str, str, str]]:
    """The macros of macros.conf that an administrator may change for the dashboards: the comment says what each is."""
    text = (ROOT / "package" / "default" / "macros.conf").read_text(encoding="utf-8")
    found = re.findall(r"((?:^# .*\n)+)\[(illumio_pce_dashboard_\w+)\]\ndefinition = (.*)\n", text, re.MULTILINE)
    return [(name, value, " ".join(line[2:] for line in comment.splitlines())) for comment, name, value in found]


def stale() -> list[str]:
    """The generated files that differ, and views without a dashboard."""
    return common.stale(generated(), *_VIEWS)


if __name__ == "__main__":
    sys.exit(common.run("dashboards", generated, _VIEWS, sys.argv[1:]))
