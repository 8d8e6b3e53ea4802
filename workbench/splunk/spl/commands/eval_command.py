"""eval, where, and fieldformat, which changes only how a field is shown."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.eval import parse_assignments, parse_expression
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.values import Event


@command("eval")
def parse_eval(arguments: Arguments) -> Runner:
    """Assignments, from left to right."""
    assignments = parse_assignments(arguments.rest(), arguments.position)

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        context = runtime.context
        for row in rows:
            for assignment in assignments:
                assignment.apply(row, context)
        return rows

    return run


@command("where")
def parse_where(arguments: Arguments) -> Runner:
    """Keeps the rows for which the condition is true, neither false nor null."""
    condition = parse_expression(arguments.rest(), arguments.position)
    if not condition.node.is_condition:
        raise Refused("where takes a condition", arguments.position)

    def run(rows: list[Event], runtime: Runtime) -> list[Event]:
        context = runtime.context
        return [row for row in rows if condition.test(row, context)]

    return run


@command("fieldformat")
def parse_fieldformat(arguments: Arguments) -> Runner:
    """Nothing changes in the values."""
    parse_eval(arguments)
    return lambda rows, _runtime: rows
