"""spath over JSON."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.json_fields import EXTRACTION_CUTOFF, extract
from workbench.splunk.spl.json_paths import values_at
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event, from_texts, set_field


@command("spath")
def parse_spath(arguments: Arguments) -> Runner:
    """`spath [input=_raw] [output=…] [path]`; without a path all fields of the first 5,000 characters."""
    options = arguments.options("input", "output", "path")
    path = options.text("path")
    if not path and not arguments.finished:
        path = arguments.name()
    arguments.finish()
    source, output = options.text("input", "_raw"), options.text("output", path)
    if "output" in options and not path:
        raise arguments.refuse("output= needs a path")
    if "@" in path:
        raise arguments.refuse("XML attributes are not supported")

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        cutoff = int(runtime.knowledge.limits.get("spath", {}).get("extraction_cutoff", EXTRACTION_CUTOFF))
        for row in rows:
            text = row.get(source)
            if isinstance(text, list):
                raise Refused(f"spath of {source}, which has several values, is not supported")
            if text is not None and text.lstrip().startswith("<"):
                raise Refused("spath over XML is not supported")
            if text is not None:
                _into(row, {output: values_at(text, path)} if path else extract(text, cutoff))
        return rows

    return run


def _into(row: Event, found: dict[str, list[str]]) -> None:
    for name, values in found.items():
        if values:
            set_field(row, name, from_texts(values))
