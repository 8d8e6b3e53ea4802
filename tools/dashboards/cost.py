"""What a view's searches cost: which of them read events, and which ask the index alone."""

from __future__ import annotations

import re
from typing import NamedTuple

from tools.dashboards.model import ROOT, Json
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.spl.macros import Macros, expand

_LITERAL = re.compile(r'"(?:\\.|[^"\\])*"')
_TYPE = re.compile(r'"(illumio:pce:[\w*]+)"')


class Cost(NamedTuple):
    """The source types that each search of a view reads events of; how many answers come from the index alone."""

    scans: list[frozenset[str]]
    index_only: int


def cost(definition: Json, macros: Macros) -> Cost:
    """The cost of a view: its data sources, and the subsearches in them. A chain reads only in a subsearch."""
    scans, index_only = [], 0
    for source in definition["dataSources"].values():
        text = expand(source["options"]["query"], macros)
        blank = _LITERAL.sub(lambda found: '"' + "x" * (len(found[0]) - 2) + '"', text)
        begins = [0] if source["type"] == "ds.search" else []
        begins += [found.end() for found in re.finditer(r"\[\s*(?=\||search\b)", blank)]
        for begin in begins:
            if not blank[begin:].lstrip().startswith("|"):
                end = re.search(r"[|\]]|$", blank[begin:])
                scans.append(frozenset(_TYPE.findall(text[begin : begin + (end.start() if end else 0)])))
        index_only += len(re.findall(r"\|\s*tstats\b", blank))
    return Cost(scans, index_only)


def shipped_macros() -> Macros:
    """The macros of the package."""
    return Knowledge(Confs.load(ROOT / "package")).macros
