"""Where a dashboard's links to the events end: the search of the URL, run, and what it found as a plain table.

It stands in for Splunk's own search page, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from workbench.splunk.dashboards.page import frame_html
from workbench.splunk.dashboards.view import View
from workbench.splunk.refusal import Refused
from workbench.splunk.splunkd.engine import Engine, Results

_MOST = 100
_BODY = """<main style="font: 14px sans-serif; padding: 8px 20px">
<h1 style="font-size: 18px">Search (an emulation of Splunk's search page)</h1>
<pre id="search">{spl}</pre>
<p id="range">from {earliest} to {latest}</p>
{found}
</main>"""


def search_html(engine: Engine, spl: str, earliest: str, latest: str, app: str, views: Sequence[View]) -> str:
    """The page of a search, with the first hundred of its results."""
    try:
        found = _table(engine.search(spl, earliest, latest))
    except Refused as refusal:
        found = f'<p id="refused">The search was refused: {escape(str(refusal))}</p>'
    body = _BODY.format(
        spl=escape(spl), earliest=escape(earliest or "the first event"), latest=escape(latest or "now"), found=found
    )
    return frame_html("Search", body, app, views)


def _table(results: Results) -> str:
    columns = ["_time", "_raw"] if "_raw" in results.columns else list(results.columns)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_cell(row.get(name))}</td>' for name in columns)}</tr>" for row in results.rows[:_MOST]
    )
    return f'<p id="count">{len(results.rows)} results</p><table id="results"><tr>{head}</tr>{rows}</table>'


def _cell(value: Any) -> str:
    return escape("" if value is None else "\n".join(value) if isinstance(value, list) else str(value))
