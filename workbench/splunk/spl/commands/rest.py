"""rest: the rows of an endpoint of splunkd."""

from __future__ import annotations

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.runtime import Runner


@command("rest", generates=True)
def parse_rest(arguments: Arguments) -> Runner:
    """`rest path splunk_server=local count=0` (Search Reference, rest): one row an entry, `title` and its settings.

    Which endpoints there are, the confs know. Without splunk_server=local the indexers would be asked too, and without
    count=0 only the first entries would be told: both are refused.
    """
    path = arguments.match(r"(/services\S*)")
    options = arguments.options("splunk_server", "count")
    arguments.finish()
    if path is None or options.values.get("splunk_server") != "local" or options.count("count", -1) != 0:
        raise arguments.refuse("a path, splunk_server=local and count=0 are expected")
    return lambda _rows, runtime: [dict(row) for row in runtime.knowledge.rest(path.group(1))]
