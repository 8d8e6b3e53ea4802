"""What the parser of eval expressions makes: small functions from an event to a value."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Value


@dataclass(frozen=True)
class Context:
    """What an expression may ask beside the event: the search's clock (epoch seconds) and the macros."""

    now: float = field(default_factory=time.time)
    macros: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Values of function calls by their text, where several expressions are evaluated on one event.
    memo: dict[Any, Any] | None = None


Run = Callable[[Mapping[str, Any], Context], Value]


@dataclass(frozen=True)
class Node:
    """A part of an expression.

    `kind` is what is known of its values before any event is seen: number, text, boolean, null or any.
    `literal` is set for a constant, `field` for a bare field name.
    """

    run: Run
    kind: str
    position: int
    literal: Value = None
    field: str | None = None
    fields: frozenset[str] = frozenset()

    @property
    def is_condition(self) -> bool:
        """Whether it may stand where true or false is asked for."""
        return self.kind in ("boolean", "any")


@dataclass(frozen=True)
class Call:
    """A function call as the parser found it; `text` is the whole of it, empty where its place changes its value."""

    name: str
    arguments: list[Node]
    position: int
    text: str = ""

    @property
    def fields(self) -> frozenset[str]:
        """The fields that its arguments read."""
        return frozenset().union(*(argument.fields for argument in self.arguments))

    def node(self, run: Run, kind: str = "any") -> Node:
        """The call as a node; a refusal while it runs gets the call's place."""
        text = self.text

        def placed(event: Mapping[str, Any], context: Context) -> Value:
            memo = context.memo if text else None
            if memo is not None and text in memo:
                known: Value = memo[text]
                return known
            try:
                value = run(event, context)
            except Refused as refusal:
                if refusal.position is None:
                    raise Refused(f"{self.name}: {refusal.message}", self.position) from None
                raise
            if memo is not None:
                memo[text] = value
            return value

        return Node(placed, kind, self.position, fields=self.fields)

    def literal_text(self, index: int) -> str:
        """The argument's constant text. Raises Refused where it is anything else."""
        value = self.arguments[index].literal
        if not isinstance(value, str):
            raise Refused(f"{self.name}: argument {index + 1} has to be a literal string", self.position)
        return value


def truth(value: Value) -> bool | None:
    """A condition's value: true, false or null. Raises Refused for a value that is neither."""
    if value is None or isinstance(value, bool):
        return value
    raise Refused("a condition is neither true nor false")
