"""A dashboard's whole definition, and the view that holds it.

What is shared comes first, what the dashboard says itself wins; null leaves out an input. A query may be a list of
lines; `{name}` in it stands for one of the `texts` of shared.json, the filters above all, or of the page. On a page
without the filter by severity the filters keep every severity.

A figure says once what it counts, as `figure` of its data source: `where`, which rows; `once_by`, a field, if several
rows are one; `largest`, if it is the largest value of that field, with `flagged`, the field that is 1 in rows to act on
(the least of them is `flagged_from`); `levels`, its thresholds if it has any; `then`, a line behind all of it. A table
of how many there are of each value says `count_by`, the value; `column` and `counted`, its two columns; `empty`, the
sentences for no such row and for no data. A source of another table has a query besides, and says as `figure` which
rows its clicks list. A click with `list` names that data source and opens the rows counted, with `columns`; with `row`,
or where they are counted by value, those of a table's row, each by itself. Links to other pages hand on the filters of
theirs.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any
from urllib.parse import quote

from tools.dashboards.model import Dashboard, Invalid, Json

_TOKEN = re.compile(r"(\$[\w.:-]+(?:\|[a-z]+)*\$)")
_PAGES = "/app/"
_SEARCH = "/app/TA_illumio_pce/search"
_FILTERS = ("pce", "org", "severity")
_SEVERITY = re.compile(r"\$severity(?:\|[a-z])+\$")
#: The macros that say why a table is empty: they want to know whether a filter is set.
_SAYS = re.compile(r"`illumio_pce_(?:wanted_)?or_say\(")
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
    inputs = {name: one for name, one in {**shared["inputs"], **own.get("inputs", {})}.items() if one}
    looks: Json = shared["visualizations"]
    sources = {**shared["dataSources"], **own["dataSources"]}
    texts = {**_texts(shared, inputs), **own.get("texts", {})}
    return {
        "title": dashboard.label,
        "description": " ".join(dashboard.description.split()),
        "inputs": inputs,
        "defaults": {**shared["defaults"], **own.get("defaults", {})},
        "visualizations": {
            name: _linked(merged(looks.get(panel["type"], {}), panel), sources, texts, _handed_on(inputs))
            for name, panel in own["visualizations"].items()
        },
        "dataSources": {name: _source(source, texts, _chosen(inputs)) for name, source in sources.items()},
        "layout": {**shared["layout"], "globalInputs": list(inputs), "structure": own["layout"]["structure"]},
    }


def merged(below: Any, above: Any) -> Any:
    """Two values as one: objects member by member, otherwise the one above."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{name: merged(below.get(name), value) for name, value in above.items()}}
    return above


def _texts(shared: Json, inputs: Json) -> dict[str, str]:
    """The texts of shared.json for a page with these inputs."""
    texts: dict[str, str] = shared["texts"]
    if "input_severity" in inputs:
        return texts
    return {name: _SEVERITY.sub('"*"', text) for name, text in texts.items()}


def _handed_on(inputs: Json) -> dict[str, str]:
    """The filters of a page that all pages have: the parameter of an address by token."""
    tokens = [one["options"]["token"] for one in inputs.values()]
    return {token: f"&form.{token}=${token}|u$" for token in tokens if token in _FILTERS}


def _chosen(inputs: Json) -> str:
    """What sets `filters`, for the sentence in an empty table."""
    tokens = [one["options"]["token"] for one in inputs.values() if one["type"] == "input.multiselect"]
    values = ",".join(f"${token}|s$" for token in tokens if token in (*_FILTERS, "node"))
    return f'eval filters=mvjoin(mvappend({values}),",") | ' if values else ""


def _linked(panel: Json, sources: Json, texts: dict[str, str], filters: dict[str, str]) -> Json:
    """A panel whose links are addresses: of what is searched (`search`), of what is counted (`list`), or of a page."""
    handlers = []
    for one in panel.get("eventHandlers", []):
        options = _address(one["options"], sources, texts)
        if one["options"].get("url", "").startswith(_PAGES):
            missing = [text for token, text in filters.items() if f"form.{token}=" not in options["url"]]
            options = {**options, "url": options["url"] + "".join(missing)}
        handlers.append({**one, "options": options})
    return {**panel, "eventHandlers": handlers} if handlers else panel


def _address(options: Json, sources: Json, texts: dict[str, str]) -> Json:
    if not {"search", "list"} & options.keys():
        return options
    text = _text(options["search"], texts) if "search" in options else _listed(options, sources, texts)
    parts = _TOKEN.split(text)
    # What stands between tokens is encoded here, what they stand for by their filter `u`.
    search = "".join(part if place % 2 else quote(part, safe="") for place, part in enumerate(parts))
    rest = {name: value for name, value in options.items() if name not in ("search", "list", "row", "columns")}
    return {"url": f"{_SEARCH}?q={search}&{_TIME}", **rest}


def _listed(options: Json, sources: Json, texts: dict[str, str]) -> str:
    """The search for the rows that a figure counts: its base up to the rows that say what was received, the filters."""
    source = sources[options["list"]]
    chosen = sources[source["options"]["extend"]]["options"]
    base, figure = sources[chosen["extend"]]["options"]["query"], source["figure"]
    events = base[: next(place for place, line in enumerate(base) if "`illumio_pce_received" in line)]
    rows = [f"| where {figure['where']}", "| sort 0 -_time"]
    row = options.get("row") or _row(figure)
    if row:
        rows.append(f"| where {row}")
    elif "once_by" in figure:
        rows.append(f"| dedup {figure['once_by']}")
    if "largest" in figure:
        rows.append(f"| eventstats max({figure['largest']}) AS largest | where {figure['largest']}=largest")
    chain = "| " + _text(chosen["query"], texts).lstrip("| ")
    verb = [] if events[0].startswith("|") else ["search"]
    return _text([*verb, *events, chain, *rows, options["columns"]], texts).replace("|s$", "|s|u$")


def _search(figure: Json) -> list[str]:
    return _counted(figure) if "count_by" in figure else _figure(figure)


def _row(figure: Json) -> str:
    """What tells the rows that a table's row counts."""
    return f"{figure['count_by']}==$row.{figure['column']}.value|s$" if "count_by" in figure else ""


def _counted(figure: Json) -> list[str]:
    """The search of a table of how many there are of each value, over the same rows as that of a figure."""
    column, counted = figure["column"], figure["counted"]
    return [
        f"| where isnotnull(received) OR ({figure['where']})",
        f'| eval {column}=if(isnull(received),{figure["count_by"]},"-")',
        f"| stats dc({figure['once_by']}) AS {counted} sum(received) AS received BY {column}",
        f"| eval {counted}=if(isnull(received),{counted},null())",
        f"| sort 0 -{counted}, {column}",
        f"| `illumio_pce_or_say({column},{figure['empty']})`",
        f"| table {column} {counted}",
    ]


def _figure(figure: Json) -> list[str]:
    """The search of a figure, over the rows of the base and those that say what was received."""
    rows = [f"| where isnotnull(received) OR ({figure['where']})"]
    if "once_by" in figure:
        rows.append(f"| eval unit=if(isnull(received),{figure['once_by']},null())")
        rows.append("| sort 0 -_time | dedup unit keepempty=true")
    count = "`illumio_pce_figure(hit)`"
    if "largest" in figure:
        count = f"eval largest={figure['largest']}, flagged={figure['flagged']} | `illumio_pce_figure_largest`"
    level = "`illumio_pce_no_level`"
    if "levels" in figure:
        level = f"eval severities={{severities}} | eval {figure['levels']} | `illumio_pce_level`"
    return [
        *rows,
        f"| eval hit=if(isnull(received),1,0) | {count}",
        f"| {level}",
        *([figure["then"]] if "then" in figure else []),
    ]


def _source(source: Json, texts: dict[str, str], chosen: str) -> Json:
    text = _text(source["options"].get("query") or _search(source["figure"]), texts)
    text = _SAYS.sub(lambda found: chosen + found[0], text)
    if "$" in _TOKEN.sub("", text):
        # Whether the framework takes $$ for a dollar is documented, and was seen by nobody here.
        raise Invalid(f"a query has no dollar but those of tokens; a pattern ends with \\z: {text}")
    rest = {name: value for name, value in source.items() if name != "figure"}
    return {**rest, "options": {**source["options"], "query": text}}


def _text(lines: str | list[str], texts: dict[str, str]) -> str:
    """A search as one text, with what `{name}` stands for put in."""
    text = lines if isinstance(lines, str) else "\n".join(lines)
    for name, replacement in texts.items():
        text = text.replace("{" + name + "}", replacement)
    return text
