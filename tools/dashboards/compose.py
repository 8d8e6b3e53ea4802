"""A dashboard's whole definition, and the view that holds it.

What is shared comes first, what the dashboard says itself wins. A query may be a list of lines; `{name}` in it stands
for a text of shared.json, the filters above all.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any
from urllib.parse import quote

from tools.dashboards.model import Dashboard, Invalid, Json

_TOKEN = re.compile(r"(\$[\w.:-]+(?:\|[a-z]+)*\$)")
_SEARCH = "/app/TA_illumio_pce/search"
_TIME = "earliest=$global_time.earliest|u$&latest=$global_time.latest|u$"

_VIEW = """\
<!-- {notice} -->
<dashboard version="2" theme="dark">
    <label>{label}</label>
    <description>{description}</description>
    <definition><![CDATA[
{definition}
    ]]></definition>
    <meta type="hiddenElements"><![CDATA[
{{"hideEdit": false, "hideOpenInSearch": false, "hideExport": false}}
    ]]></meta>
</dashboard>
"""


def view(dashboard: Dashboard, shared: Json, notice: str) -> str:
    """The text of <name>.xml, which begins with the notice. Raises Invalid."""
    definition = json.dumps(compose(dashboard, shared), indent=2, ensure_ascii=False)
    if "]]>" in definition:
        raise Invalid(f"{dashboard.name}: ']]>' would end the view's CDATA")
    texts = {"label": escape(dashboard.label), "description": escape(" ".join(dashboard.description.split()))}
    return _VIEW.format(notice=notice, definition=definition, **texts)


def compose(dashboard: Dashboard, shared: Json) -> Json:
    """The definition as Splunk reads it."""
    own = dashboard.own
    inputs = {**shared["inputs"], **own.get("inputs", {})}
    looks: Json = shared["visualizations"]
    sources = {**shared["dataSources"], **own["dataSources"]}
    return {
        "title": dashboard.label,
        "description": " ".join(dashboard.description.split()),
        "inputs": inputs,
        "defaults": {**shared["defaults"], **own.get("defaults", {})},
        "visualizations": {
            name: _linked(merged(looks.get(panel["type"], {}), panel), shared["texts"])
            for name, panel in own["visualizations"].items()
        },
        "dataSources": {name: _source(source, shared["texts"]) for name, source in sources.items()},
        "layout": {**shared["layout"], "globalInputs": list(inputs), "structure": own["layout"]["structure"]},
    }


def merged(below: Any, above: Any) -> Any:
    """Two values as one: objects member by member, otherwise the one above."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{name: merged(below.get(name), value) for name, value in above.items()}}
    return above


def _linked(panel: Json, texts: dict[str, str]) -> Json:
    """A panel whose links to Search are addresses: `search` in a handler's options is what is searched."""
    handlers = [
        {**one, "options": _address(one["options"], texts)} if "search" in one["options"] else one
        for one in panel.get("eventHandlers", [])
    ]
    return {**panel, "eventHandlers": handlers} if handlers else panel


def _address(options: Json, texts: dict[str, str]) -> Json:
    parts = _TOKEN.split(_text(options["search"], texts))
    # What stands between tokens is encoded here, what they stand for by their filter `u`.
    search = "".join(part if place % 2 else quote(part, safe="") for place, part in enumerate(parts))
    rest = {name: value for name, value in options.items() if name != "search"}
    return {"url": f"{_SEARCH}?q={search}&{_TIME}", **rest}


def _source(source: Json, texts: dict[str, str]) -> Json:
    text = _text(source["options"]["query"], texts)
    if "$" in _TOKEN.sub("", text):
        # Whether the framework takes $$ for a dollar is documented, and was seen by nobody here.
        raise Invalid(f"a query has no dollar but those of tokens; a pattern ends with \\z: {text}")
    return {**source, "options": {**source["options"], "query": text}}


def _text(lines: str | list[str], texts: dict[str, str]) -> str:
    """A search as one text, with what `{name}` stands for put in."""
    text = lines if isinstance(lines, str) else "\n".join(lines)
    for name, replacement in texts.items():
        text = text.replace("{" + name + "}", replacement)
    return text
