"""Everything that a view searches, run without a page."""

from __future__ import annotations

from workbench.splunk.dashboards.checks.complaint import options, section
from workbench.splunk.dashboards.checks.tokens import find_tokens
from workbench.splunk.dashboards.view import View
from workbench.splunk.splunkd.engine import Engine, Results


def run_searches(view: View, engine: Engine, earliest: str = "-24h@h", latest: str = "now") -> dict[str, int]:
    """The number of rows that each data source finds with `*` in every filter. Raises Refused as the engine does."""
    found: dict[str, Results] = {}
    sources = section(view, "dataSources")

    def results(name: str) -> Results:
        if name not in found:
            query = options(sources[name]).get("query", "")
            for token in find_tokens(query):
                query = query.replace(str(token), '"*"' if "s" in token.filters else "*")
            query = query.replace("$$", "$")
            base = options(sources[name]).get("extend")
            found[name] = (
                engine.post_process(results(base), query, earliest, latest)
                if base
                else engine.search(query, earliest, latest)
            )
        return found[name]

    return {name: len(results(name).rows) for name, source in sources.items() if source["type"] != "ds.savedSearch"}
