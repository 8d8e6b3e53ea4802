"""makeresults: rows out of nothing, or out of inline data."""

from __future__ import annotations

import csv
import io
import json

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner
from workbench.splunk.spl.values import Event, number_text

_MOST = 1_000_000
_LONGEST_DATA = 29_999


@command("makeresults", generates=True)
def parse_makeresults(arguments: Arguments) -> Runner:
    """`makeresults [count=1]`, or `format=csv|json data="…"`; each row has _time, the time of the run."""
    options = arguments.options("count", "annotate", "format", "data", "splunk_server", "splunk_server_group")
    count = options.count("count", 1)
    arguments.finish()
    if set(options.values) - {"count", "format", "data"} or count > _MOST:
        raise arguments.refuse("only count=, format= and data= are supported")
    if ("format" in options) != ("data" in options):
        raise arguments.refuse("format= and data= belong together")
    if "data" not in options:
        return lambda _rows, runtime: [{"_time": number_text(int(runtime.now))} for _ in range(count)]
    data = options.text("data")
    if len(data) > _LONGEST_DATA:
        raise arguments.refuse(f"data= takes at most {_LONGEST_DATA} characters")
    rows = _csv(data) if options.choice("format", "csv", "json") == "csv" else _json(data)
    return lambda _rows, _runtime: [dict(row) for row in rows]


def _csv(data: str) -> list[Event]:
    return [{name: value for name, value in row.items() if value} for row in csv.DictReader(io.StringIO(data))]


def _json(data: str) -> list[Event]:
    try:
        documents = json.loads(data, parse_int=str, parse_float=str)
    except ValueError as error:
        raise Refused(f"data= is not JSON: {error}") from None
    rows: list[Event] = []
    for document in documents if isinstance(documents, list) else [documents]:
        if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
            raise Refused("data= with members that are neither strings nor numbers is not supported")
        rows.append(dict(document))
    return rows
