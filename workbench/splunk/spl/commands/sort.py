"""sort."""

from __future__ import annotations

from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.ordering import sort_rows
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event

_DEFAULT_LIMIT = 10_000


def sort_keys(arguments: Arguments) -> list[tuple[str, bool, str]]:
    """Fields with their direction and kind of comparison: `-count, +user, num(port)`.

    Refused where the page leaves open which fields a sign belongs to: without commas, and behind a sign that stands
    alone before several fields.
    """
    keys: list[tuple[str, bool, str]] = []
    loose = False
    while not arguments.finished and not arguments.match(r"(?=(?:desc|d)\s*$)"):
        sign = arguments.match(r"([+-])(\s*)")
        loose = loose or bool(sign and sign.group(2))
        kind = arguments.match(r"(auto|str|ip|num)\(")
        field = arguments.name()
        if kind and not arguments.match(r"\)"):
            raise arguments.refuse("a parenthesis is not closed")
        keys.append((field, bool(sign and sign.group(1) == "-"), kind.group(1).lower() if kind else "auto"))
        if loose and len(keys) > 1:
            raise arguments.refuse("write the sign beside its field: -a, b")
        if not arguments.match(",") and not arguments.match(r"(?=(?:desc|d)?\s*$)"):
            raise arguments.refuse("fields are separated by commas")
    return keys


@command("sort")
def parse_sort(arguments: Arguments) -> Runner:
    """`sort [N] keys [desc]`; 10,000 rows unless N says otherwise, 0 = all."""
    options = arguments.options("limit")
    bare = arguments.match(r"(\d+)(?=\s)")
    limit = options.count("limit", int(bare.group(1)) if bare else _DEFAULT_LIMIT)
    keys = sort_keys(arguments)
    if arguments.match(r"(?:desc|d)\s*$"):
        keys = [(field, not descending, kind) for field, descending, kind in keys]
    arguments.finish()
    if not keys:
        raise arguments.refuse("a field is expected")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        ordered = sort_rows(rows, keys)
        return ordered[:limit] if limit else ordered

    return run
