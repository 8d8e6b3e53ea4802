"""The mutants of a module: its text with one place changed, which a test should notice.

Left out, since no test of behaviour can tell: annotations, decorators, docstrings, `__repr__`, and calls that log.
Left out, since any test tells: an attribute that `__init__` does not set.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_LOG_CALLS = {"debug", "info", "warning", "error", "exception"}
_LEFT_OUT = {"annotation", "returns", "decorator_list"}
_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Pow: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """A module with one change. `lines`: one of them a test has to run to meet it; None where it is met on import.

    `function`, `was` and `became` name it for good: they hold no number of a line.
    """

    module: str
    function: str
    was: str
    became: str
    line: int
    lines: range | None
    source: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is known by in the list of reviewed ones."""
        return self.module, self.function, self.was, self.became

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line} {self.function}: {self.was}  =>  {self.became}"


class _Place(NamedTuple):
    """Where a node lies: the function or class, whether it runs on import, and in which f-string."""

    function: str
    on_import: bool
    text: ast.JoinedStr | None


class _Change(NamedTuple):
    """What goes, from one node to another, and what comes instead."""

    place: _Place
    first: ast.expr | ast.stmt
    last: ast.expr | ast.stmt
    instead: str


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Every mutant of a module's source."""
    text = source.encode()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for place, first, last, instead in _walk(ast.parse(source), _Place("", True, None)):
        last_line = last.end_lineno or first.lineno
        begin = starts[first.lineno - 1] + first.col_offset
        end = starts[last_line - 1] + (last.end_col_offset or 0)
        before, behind = text[starts[first.lineno - 1] : begin], text[end : starts[last_line]]
        was = _one_line(before + text[begin:end] + behind)
        became = _one_line(before + instead.encode() + behind)
        lines = None if place.on_import else range(first.lineno, last_line + 1)
        changed = (text[:begin] + instead.encode() + text[end:]).decode()
        found.append(Mutant(module, place.function, was, became, first.lineno, lines, changed))
    return found


def _one_line(text: bytes) -> str:
    return " ".join(part.strip() for part in text.decode().splitlines())


def _walk(node: ast.AST, place: _Place) -> Iterator[_Change]:
    if isinstance(node, ast.expr):
        yield from _of_expression(node, place)
        if place.on_import and _is_number(node):
            return
    elif isinstance(node, ast.stmt):
        yield from _of_statement(node, place)
    for name, value in ast.iter_fields(node):
        if name in _LEFT_OUT:
            continue
        inner = _inner(node, name, place)
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST) and getattr(child, "name", "") != "__repr__":
                yield from _walk(child, inner)
        for one, two in zip(children, children[1:]):
            if _is_effect(one) and _is_effect(two) and (isinstance(one, ast.Expr) or isinstance(two, ast.Expr)):
                yield _Change(inner, one, two, f"{ast.unparse(two)}\n{' ' * one.col_offset}{ast.unparse(one)}")


def _inner(node: ast.AST, name: str, place: _Place) -> _Place:
    """The place of what stands in a node under that name."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and name == "body":
        function = f"{place.function}.{node.name}".lstrip(".")
        return _Place(function, place.on_import and isinstance(node, ast.ClassDef), None)
    if isinstance(node, ast.JoinedStr):
        return place._replace(text=place.text or node)
    return place


def _is_effect(node: object) -> bool:
    """Whether it is a statement that does something to the world, or to an object."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    return isinstance(node, ast.Assign) and all(isinstance(t, (ast.Attribute, ast.Subscript)) for t in node.targets)


def _of_statement(node: ast.stmt, place: _Place) -> Iterator[_Change]:
    begins = isinstance(node, ast.Assign) and place.function.endswith("__init__")
    if isinstance(node, (ast.Raise, ast.AugAssign)) or (_is_effect(node) and not _is_log(node) and not begins):
        yield _Change(place, node, node, "pass")
    if isinstance(node, ast.AugAssign) and type(node.op) in _OTHER:
        other = copy.copy(node)
        other.op = _OTHER[type(node.op)]()  # type: ignore[assignment]
        yield _Change(place, node, node, ast.unparse(other))
    if isinstance(node, ast.Continue):
        yield _Change(place, node, node, "break")
    if isinstance(node, (ast.If, ast.While)):
        yield from (_Change(place, node.test, node.test, value) for value in _conditions(node))


def _conditions(node: ast.If | ast.While) -> tuple[str, ...]:
    return ("True", "False") if isinstance(node, ast.If) else ("False",)


def _is_log(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _LOG_CALLS


def _of_expression(node: ast.expr, place: _Place) -> Iterator[_Change]:
    for other in _others(node, place):
        if place.text is None:
            bare = isinstance(other, (ast.Name, ast.Constant))
            yield _Change(place, node, node, ast.unparse(other) if bare else f"({ast.unparse(other)})")
        else:  # before Python 3.12, what stands in an f-string has no position
            yield _Change(place, place.text, place.text, _with(place.text, node, other))
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) and place.text is None:
        for condition in (condition for part in node.generators for condition in part.ifs):
            yield _Change(place, condition, condition, "True")


def _with(text: ast.JoinedStr, node: ast.expr, other: ast.expr) -> str:
    class Exchange(ast.NodeTransformer):
        def visit(self, found: ast.AST) -> ast.AST:
            if ast.dump(found, include_attributes=True) == ast.dump(node, include_attributes=True):
                return other
            return self.generic_visit(found)

    return ast.unparse(Exchange().visit(copy.deepcopy(text)))


def _others(node: ast.expr, place: _Place) -> Iterator[ast.expr]:
    """What an expression becomes, one change each."""
    other = copy.copy(node)
    if isinstance(other, ast.Compare):
        for at, operator in enumerate(other.ops):
            one = copy.copy(other)
            one.ops = [*other.ops[:at], _OTHER[type(operator)](), *other.ops[at + 1 :]]  # type: ignore[list-item]
            yield one
    elif place.on_import and isinstance(other, ast.BinOp) and _is_number(other):
        number = eval(ast.unparse(other), {"__builtins__": {}})  # noqa: S307 - figures and their signs
        yield from (ast.Constant(value) for value in _values(number, place))
    elif isinstance(other, (ast.BoolOp, ast.BinOp)) and type(other.op) in _OTHER:
        other.op = _OTHER[type(other.op)]()  # type: ignore[assignment]
        yield other
    elif isinstance(other, ast.Constant) and type(other.value) in (bool, int, float):
        yield from (ast.Constant(value) for value in _values(other.value, place))  # type: ignore[arg-type]
    elif isinstance(other, ast.Name) and other.id in _NAMES:
        other.id = _NAMES[other.id]
        yield other
    elif isinstance(other, ast.IfExp):
        other.body, other.orelse = other.orelse, other.body
        yield other
    elif isinstance(other, ast.UnaryOp) and isinstance(other.op, ast.Not):
        yield other.operand


def _is_number(node: ast.expr) -> bool:
    """Whether an expression is a number that is written as a calculation, such as 16 * 1024."""
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _values(value: float, place: _Place) -> tuple[float, ...]:
    """A module's large constants half or twice as large, since they are chosen; any other number one more or less."""
    if isinstance(value, bool):
        return (not value,)
    if place.on_import and abs(value) >= 10:
        return (value * 2, value // 2)
    return (value + 1, value - 1)
