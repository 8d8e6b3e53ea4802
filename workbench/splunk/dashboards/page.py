"""The HTML around a Dashboard Studio view, and the scripts that draw it, as `./build.sh` bundled them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from workbench.splunk.dashboards.view import View

#: Made by tools/build/dashboards.sh from workbench/splunk/dashboards/page.
BUNDLE = Path(__file__).resolve().parents[3] / ".build/dash/bundle"
MISSING = "the page that shows dashboards is not made: ./build.sh demo makes it, or says what it lacks"

_HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/en-US/static/@1/dashboards/page.css">
<style>
body {{ margin: 0; }}
#frame {{ font: 13px sans-serif; background: #171d21; color: #fff; padding: 8px 20px; }}
#frame a {{ color: #9fc8ff; margin-right: 14px; }}
</style>
</head>
<body>
<nav id="frame" aria-label="Dashboards">{links}<span>An emulation of Splunk Web</span></nav>
{body}
</body>
</html>
"""
_BODY = """<main id="dashboard"></main>
<script type="application/json" id="view">{view}</script>
<script src="/en-US/config?autoload=1"></script>
<script src="/en-US/static/@1/dashboards/page.js"></script>"""


def dashboard_html(view: View, theme: str, app: str, views: Sequence[View]) -> str:
    """The page of one view among the others. `theme` is `light`, `dark` or empty: the view's own, else light."""
    shown = {"definition": view.definition, "theme": theme or view.theme or "light"}
    # </script> inside the JSON would end it
    body = _BODY.format(view=json.dumps(shown).replace("<", "\\u003c"))
    return frame_html(view.label, body, app, views)


def frame_html(title: str, body: str, app: str, views: Sequence[View]) -> str:
    """A page of the emulated Splunk Web, with links to the dashboards."""
    links = "".join(f'<a href="/en-US/app/{app}/{view.name}">{escape(view.label)}</a>' for view in views)
    return _HTML.format(title=escape(title), links=links, body=body)


def script(name: str) -> Path | None:
    """`page.js` or `page.css`; None where there is none."""
    file = BUNDLE / name
    return file if name in ("page.js", "page.css") and file.is_file() else None
