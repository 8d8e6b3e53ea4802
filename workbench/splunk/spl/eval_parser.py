"""Parser of eval expressions: recursive descent, one method for each level of precedence.

AND binds tighter than OR (Search Reference 10.0, Boolean expressions). Where no source gives the order of two
operators (the dot beside + or *, XOR beside AND), parentheses are demanded.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl import operators
from workbench.splunk.spl.eval_nodes import Call, Context, Node, truth
from workbench.splunk.spl.eval_tokens import Token, tokenize
from workbench.splunk.spl.functions import build_call
from workbench.splunk.spl.values import Value, Written, read_field

_LOGIC = {"AND": operators.both, "OR": operators.either, "XOR": operators.one_of_two}


class Parser:
    """Reads one expression; `parse` for a whole text, `expression` where a caller reads on behind it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.tokens = tokenize(text)
        self.index = 0
        self._exact = 0

    @property
    def token(self) -> Token:
        """The next word."""
        return self.tokens[self.index]

    def take(self, *symbols: str) -> Token | None:
        """The next word if it is one of these operators."""
        token = self.token
        if token.kind == "operator" and token.text in symbols:
            self.index += 1
            return token
        return None

    def need(self, symbol: str) -> Token:
        """The next word, which has to be this operator."""
        token = self.take(symbol)
        if token is None:
            raise self.unexpected(f"{symbol!r} is missing")
        return token

    def unexpected(self, why: str = "") -> Refused:
        """A refusal at the next word."""
        token = self.token
        found = "the expression ends" if token.kind == "end" else f"{token.text!r} is not expected"
        return Refused(f"{why or found}", token.position)

    def parse(self) -> Node:
        """The whole text as one expression."""
        node = self.expression()
        if self.token.kind != "end":
            raise self.unexpected()
        return node

    def expression(self) -> Node:
        """OR and XOR, which bind least."""
        node, used = self._and(), ""
        while (sign := self.take("OR", "XOR")) is not None:
            if used not in ("", sign.text):
                raise Refused("OR beside XOR needs parentheses", sign.position)
            used = sign.text
            node = self._logic(sign, node, self._and())
        return node

    def _and(self) -> Node:
        node = self._not()
        while (sign := self.take("AND")) is not None:
            node = self._logic(sign, node, self._not())
        return node

    def _logic(self, sign: Token, left: Node, right: Node) -> Node:
        join = _LOGIC[sign.text]
        first, second = _condition(left), _condition(right)
        shortcut = {"AND": False, "OR": True}.get(sign.text)

        def run(event: Mapping[str, Any], context: Context) -> Value:
            known = first(event, context)
            return known if known is shortcut and known is not None else join(known, second(event, context))

        return Node(run, "boolean", sign.position, fields=left.fields | right.fields)

    def _not(self) -> Node:
        sign = self.take("NOT")
        if sign is None:
            return self._comparison()
        inner = self._not()
        condition = _condition(inner)

        def run(event: Mapping[str, Any], context: Context) -> Value:
            value = condition(event, context)
            return None if value is None else not value

        return Node(run, "boolean", sign.position, fields=inner.fields)

    def _comparison(self) -> Node:
        left = self._sum()
        sign = self.take(*operators.COMPARISONS, "LIKE", "IN")
        if sign is None:
            return left
        if sign.text == "IN":
            return build_call(Call("in", [left, *self._arguments()], sign.position))
        right = self._sum()
        if sign.text == "LIKE":
            return build_call(Call("like", [left, right], sign.position))
        return _compare(sign, left, right)

    def _sum(self) -> Node:
        node, tight = self._product()
        used: set[str] = set()
        while (sign := self.take("+", "-", ".")) is not None:
            right, right_tight = self._product()
            tight = tight or right_tight
            used.add("." if sign.text == "." else "+")
            if len(used) > 1 or ("." in used and tight):
                raise Refused("a dot beside an arithmetic operator needs parentheses", sign.position)
            node = self._calculate(sign, node, right)
        return node

    def _product(self) -> tuple[Node, bool]:
        """A product, and whether it is more than one factor."""
        node, tight = self._factor(), False
        while (sign := self.take("*", "/", "%")) is not None:
            node, tight = self._calculate(sign, node, self._factor()), True
        return node, tight

    def _calculate(self, sign: Token, left: Node, right: Node) -> Node:
        symbol, exact = sign.text, self._exact > 0
        kinds = {left.kind, right.kind}
        if kinds & {"boolean", "null"}:
            raise Refused(f"{symbol!r} on a Boolean or on null()", sign.position)
        if symbol not in "+." and "text" in kinds:
            raise Refused(f"{symbol!r} only takes numbers", sign.position)
        if symbol == "+" and kinds == {"number", "text"}:
            raise Refused("'+' takes two numbers or two strings", sign.position)
        # With a string + joins, even if both sides look like numbers.
        joins = symbol == "." or (symbol == "+" and "text" in kinds)
        kind = "text" if joins else "number" if symbol != "+" or kinds == {"number"} else "any"

        def run(event: Mapping[str, Any], context: Context) -> Value:
            first, second = left.run(event, context), right.run(event, context)
            if joins:
                return operators.concatenate(first, second)
            return operators.calculate(symbol, first, second, exact=exact)

        return Call(f"'{symbol}'", [left, right], sign.position).node(run, kind)

    def _factor(self) -> Node:
        sign = self.take("-", "+")
        if sign is None:
            return self._primary()
        inner = self._factor()
        if inner.kind in ("text", "boolean", "null"):
            raise Refused(f"{sign.text!r} only takes numbers", sign.position)
        zero = _constant(0.0, sign.position)
        if sign.text == "+":
            return inner
        if isinstance(inner.literal, float):
            text = f"-{inner.literal.text}" if isinstance(inner.literal, Written) else None
            return _constant(Written(text) if text else -inner.literal, sign.position)
        return self._calculate(Token("operator", "-", sign.position), zero, inner)

    def _primary(self) -> Node:
        token = self.token
        if self.take("("):
            node = self.expression()
            self.need(")")
            return node
        if token.kind == "number":
            self.index += 1
            decimal = "." in token.text and not self._exact
            return _constant(Written(token.text) if decimal else float(token.text), token.position)
        if token.kind in ("text", "field"):
            self.index += 1
            return _constant(token.text, token.position) if token.kind == "text" else _field(token)
        if self._calls(token):
            self.index += 1
            return self._call(token)
        if token.kind != "name":
            raise self.unexpected()
        if token.text.lower() in ("true", "false", "null"):
            raise Refused(f"a bare {token.text} is documented nowhere; write {token.text}()", token.position)
        self.index += 1
        return _field(token)

    def _calls(self, token: Token) -> bool:
        """Whether a function call begins here; `in` and `like` are operators and functions."""
        if token.kind != "name" and token.text not in ("IN", "LIKE"):
            return False
        following = self.tokens[self.index + 1]
        return following.kind == "operator" and following.text == "("

    def _call(self, token: Token) -> Node:
        exact = token.text.lower() == "exact"
        self._exact += exact
        arguments = self._arguments()
        self._exact -= exact
        end = self.tokens[self.index - 1].position + 1
        text = "" if self._exact else sys.intern(self._text[token.position : end])
        return build_call(Call(token.text.lower(), arguments, token.position, text))

    def _arguments(self) -> list[Node]:
        self.need("(")
        arguments: list[Node] = []
        while not self.take(")"):
            if arguments:
                self.need(",")
            arguments.append(self.expression())
        return arguments


def _constant(value: Value, position: int) -> Node:
    kind = "text" if isinstance(value, str) else "number"
    return Node(lambda _event, _context: value, kind, position, literal=value)


def _field(token: Token) -> Node:
    name = token.text
    return Node(
        lambda event, _context: read_field(event, name), "any", token.position, field=name, fields=frozenset({name})
    )


def _condition(node: Node) -> Callable[[Mapping[str, Any], Context], bool | None]:
    if not node.is_condition:
        raise Refused(f"a {node.kind} where a condition is expected", node.position)

    def run(event: Mapping[str, Any], context: Context) -> bool | None:
        try:
            return truth(node.run(event, context))
        except Refused as refusal:
            raise refusal.at(node.position) from None

    return run


def _compare(sign: Token, left: Node, right: Node) -> Node:
    kinds = {left.kind, right.kind} - {"any"}
    if "null" in kinds:
        raise Refused(f"{sign.text!r} compares with null(); use isnull()", sign.position)
    if len(kinds) > 1:
        raise Refused(f"{sign.text!r} compares a {left.kind} with a {right.kind}", sign.position)

    def run(event: Mapping[str, Any], context: Context) -> Value:
        return operators.compare(sign.text, left.run(event, context), right.run(event, context))

    return Call(f"'{sign.text}'", [left, right], sign.position).node(run, "boolean")
