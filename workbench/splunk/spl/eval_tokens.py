"""The words of an eval expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.splunk.refusal import Refused

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w]))
      | (?P<name>[A-Za-z_]\w*)
      | (?P<text>"(?:\\.|[^"\\])*")
      | (?P<field>'(?:\\.|[^'\\])*')
      | (?P<operator>==|!=|<=|>=|[<>=+\-*/%.,()])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPED = re.compile(r"""\\(["'\\])""")

# How the operators that are written as words appear among the tokens.
_WORD_OPERATORS = frozenset({"AND", "OR", "XOR", "NOT", "LIKE", "IN"})


@dataclass(frozen=True)
class Token:
    """One word: its kind (number, name, text, field, operator, end), its text without quotes, its offset."""

    kind: str
    text: str
    position: int


def unescape(text: str) -> str:
    r"""A quoted text's content: `\"`, `\'` and `\\` lose a backslash, every other backslash stays (`\d`)."""
    return _ESCAPED.sub(r"\1", text)


def tokenize(text: str) -> list[Token]:
    """The words of an expression, an `end` last. Raises Refused for a character that begins none."""
    tokens, position = [], 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            what = (
                "a quote that is not closed" if text[position] in "\"'" else f"{text[position]!r} begins nothing known"
            )
            raise Refused(what, position)
        kind, word = str(found.lastgroup), found.group()
        if kind in ("text", "field"):
            word = unescape(word[1:-1])
        elif kind == "name" and word.upper() in _WORD_OPERATORS:
            kind, word = "operator", word.upper()
        if kind != "space":
            tokens.append(Token(kind, word, position))
        position = found.end()
    return [*tokens, Token("end", "", len(text))]
