"""How eval functions are declared and found."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval_nodes import Call, Context, Node
from workbench.splunk.spl.values import Value

Form = Callable[[Call], Node]


@dataclass(frozen=True)
class Function:
    """An ordinary function: all arguments are evaluated first.

    `kind` is the kind of its results, `takes` that of each argument (`any` behind the last): `text` is never a number,
    `number` never a string. Unless `nulls`, a null argument makes null; unless `null_call`, null() is refused; unless
    `several`, an argument with several values is.
    """

    run: Callable[..., Value]
    kind: str
    takes: tuple[str, ...]
    several: bool
    nulls: bool
    null_call: bool

    def build(self, call: Call) -> Node:
        """The call as a node. Refused where a real Splunk refuses the search: measured for null() and for literals."""
        for argument, wanted in zip(call.arguments, itertools.chain(self.takes, itertools.repeat("any"))):
            self._check(argument, wanted)
        arguments = [argument.run for argument in call.arguments]
        several, nulls, implementation = self.several, self.nulls, self.run

        def run(event: Mapping[str, Any], context: Context) -> Value:
            values = [argument(event, context) for argument in arguments]
            if not nulls and None in values:
                return None
            if not several and list in map(type, values):
                raise Refused("a field with several values is not supported here")
            return implementation(*values)

        return call.node(run, self.kind)

    def _check(self, argument: Node, wanted: str) -> None:
        if argument.kind == "null" and not self.null_call:
            raise Refused("null() is no argument for this function", argument.position)
        if argument.kind not in ("any", "null", wanted) and wanted != "any":
            raise Refused(f"a {argument.kind} where the function takes a {wanted}", argument.position)


@dataclass(frozen=True)
class _Entry:
    build: Form
    least: int
    most: int | None


_ENTRIES: dict[str, _Entry] = {}


def function(
    names: str,
    least: int,
    most: int | None,
    kind: str = "any",
    *,
    takes: str = "",
    several: bool = False,
    nulls: bool = False,
    null_call: bool | None = None,
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Declare an ordinary function under one or more names; these and the kinds in `takes` are separated by blanks."""

    def declare(run: Callable[..., Value]) -> Callable[..., Value]:
        entry = _Entry(
            Function(run, kind, tuple(takes.split()), several, nulls, nulls if null_call is None else null_call).build,
            least,
            most,
        )
        _ENTRIES.update(dict.fromkeys(names.split(), entry))
        return run

    return declare


def form(names: str, least: int, most: int | None) -> Callable[[Form], Form]:
    """Declare a function that decides itself what to evaluate, or that needs the search's clock."""

    def declare(build: Form) -> Form:
        _ENTRIES.update(dict.fromkeys(names.split(), _Entry(build, least, most)))
        return build

    return declare


def build_call(call: Call) -> Node:
    """The node of a function call. Raises Refused for an unknown name or a wrong number of arguments."""
    entry = _ENTRIES.get(call.name)
    if entry is None:
        raise Refused(f"unknown function {call.name}()", call.position)
    count = len(call.arguments)
    if count < entry.least or (entry.most is not None and count > entry.most):
        raise Refused(f"{call.name}() does not take {count} arguments", call.position)
    try:
        return entry.build(call)
    except Refused as refusal:
        raise refusal.at(call.position) from None


def names() -> list[str]:
    """All functions that are known."""
    return sorted(_ENTRIES)
