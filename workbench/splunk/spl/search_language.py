"""The language of base searches, event types and the search command.

Source: Search Reference 10.0, search; Search Manual 10.0, Boolean expressions. OR binds tighter than the AND
that blanks imply, NOT takes the next term only, `=` compares text without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval_tokens import unescape
from workbench.splunk.spl.field_tests import field_in, field_test
from workbench.splunk.spl.terms import keyword_test, phrase_test, whole_token_test

Event = Mapping[str, Any]
Test = Callable[[Event], bool]

TIME_MODIFIERS = frozenset({"earliest", "latest", "_index_earliest", "_index_latest"})
_REFUSED_MODIFIERS = re.compile(
    r"starttime|endtime|timeformat|startdaysago|starthoursago|startminutesago|startmonthsago|enddaysago|endhoursago"
    r"|endminutesago|endmonthsago|searchtimespan\w+|daysago|hoursago|minutesago|monthsago|splunk_server(_group)?"
    r"|savedsearch|savedsplunk"
)

_TOKEN = re.compile(
    r"""(?P<space>[\s]+)
      | (?P<text>"(?:\\.|[^"\\])*")
      | (?P<open>\() | (?P<close>\)) | (?P<comma>,)
      | (?P<operator>!=|<=|>=|=|<|>)
      | (?P<word>(?:\\.|[^\s"(),=<>!]|!(?!=))+)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One word: kind, text (quoted ones without quotes), offset; `tight` = no blank before it."""

    kind: str
    text: str
    position: int
    tight: bool


@dataclass
class Predicate:
    """A parsed base search. `times` holds its time modifiers as written, `indexes` the index terms."""

    test: Test
    times: dict[str, tuple[str, int]] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)

    def matches(self, event: Event) -> bool:
        """Whether the event, with its search-time fields, satisfies the search (time modifiers apart)."""
        return self.test(event)


def _tokenize(text: str) -> list[Token]:
    tokens: list[Token] = []
    position, tight = 0, False
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise Refused(f"{text[position]!r} is not understood here", position)
        kind, word = str(found.lastgroup), found.group()
        if kind == "text":
            word = unescape(word[1:-1])
        if kind != "space":
            tokens.append(Token(kind, word, position, tight))
        tight = kind != "space"
        position = found.end()
    return [*tokens, Token("end", "", len(text), False)]


class Parser:
    """Reads a base search. The methods `of_…` make the tests; who asks something else of a search overrides them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokenize(text)
        self.index = 0
        self.depth = 0
        self.times: dict[str, tuple[str, int]] = {}
        self.indexes: list[str] = []

    @property
    def token(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.index]

    def next(self) -> Token:
        """Take the next token."""
        token = self.token
        self.index += token.kind != "end"
        return token

    def word(self, *words: str) -> bool:
        """Take the next token if it is one of the words."""
        if self.token.kind == "word" and self.token.text in words:
            self.index += 1
            return True
        return False

    def parse(self) -> Predicate:
        """The whole search. Raises Refused."""
        test = self.conjunction() if self.token.kind != "end" else _everything
        if self.token.kind != "end":
            raise Refused(f"{self.token.text!r} is not expected", self.token.position)
        return Predicate(test, self.times, self.indexes)

    def conjunction(self) -> Test:
        """What stands side by side, or with AND between."""
        tests = [self.disjunction()]
        while self.token.kind not in ("end", "close"):
            self.word("AND")
            tests.append(self.disjunction())
        return tests[0] if len(tests) == 1 else _all_of([test for test in tests if test is not _everything])

    def disjunction(self) -> Test:
        """Terms with OR between."""
        start = self.token.position
        tests = [self.negation()]
        while self.word("OR"):
            tests.append(self.negation())
        if len(tests) == 1:
            return tests[0]
        if any(position >= start for _, position in self.times.values()):
            raise Refused("a time modifier beside OR is not supported", start)
        return _any_of(tests)

    def negation(self) -> Test:
        """A term, or NOT and a term."""
        if not self.word("NOT"):
            return self.term()
        self.depth += 1
        test = self.negation()
        self.depth -= 1
        return self.of_not(test)

    def term(self) -> Test:
        """Parentheses, a comparison, or words."""
        token = self.next()
        if token.kind == "open":
            self.depth += 1
            # A subsearch without rows inserts NOT ( ), which no event satisfies.
            test = _everything if self.token.kind == "close" else self.conjunction()
            self.depth -= 1
            if self.next().kind != "close":
                raise Refused("a parenthesis is not closed", token.position)
            return test
        if "\\*" in token.text or (token.kind == "word" and "::" in token.text and self.token.kind != "operator"):
            raise Refused(f"{token.text!r}: an escaped star and field::value are not supported", token.position)
        if token.kind not in ("word", "text") or (token.kind == "word" and token.text in ("AND", "OR")):
            raise Refused(f"{token.text or 'the end'!r} is not expected", token.position)
        if self.token.kind == "operator":
            return self._comparison(token)
        if token.kind == "word" and self.token.kind == "word" and self.token.text.upper() == "IN":
            following = self.tokens[self.index + 1]
            if following.kind == "open":
                return self._in(token)
        return self._keyword(token)

    def _keyword(self, token: Token) -> Test:
        if token.kind == "text":
            return self.of_phrase(token.text)
        directive = token.text.upper()
        if directive in ("TERM", "CASE") and self.token.kind == "open" and self.token.tight:
            start = self.next().position + 1
            while self.token.kind not in ("close", "end"):
                self.next()
            content = self.text[start : self.token.position].strip().strip('"')
            if self.next().kind != "close" or not content:
                raise Refused(f"{directive}() is not closed", token.position)
            return self.of_term(content) if directive == "TERM" else self.of_word(content, case_sensitive=True)
        if self.token.kind == "open" and self.token.tight:
            raise Refused(f"{token.text}() is not a part of the search language", token.position)
        return _everything if token.text == "*" else self.of_word(token.text)

    def _comparison(self, name: Token) -> Test:
        operator, value = self.next(), self.next()
        if value.kind not in ("word", "text"):
            raise Refused(f"a value is missing behind {name.text}{operator.text}", value.position)
        if name.text in TIME_MODIFIERS:
            return self._time(name, operator, value)
        if _REFUSED_MODIFIERS.fullmatch(name.text):
            raise Refused(f"{name.text}= is not supported", name.position)
        self._note_index(name, [value.text])
        try:
            return self.of_field(name.text, operator.text, _value(value))
        except Refused as refusal:
            raise refusal.at(name.position) from None

    def _in(self, name: Token) -> Test:
        self.index += 2
        values: list[str] = []
        while (token := self.next()).kind != "close":
            if token.kind in ("word", "text"):
                values.append(_value(token))
            elif token.kind != "comma":
                raise Refused("a list of values is expected", token.position)
        if not values:
            raise Refused("an empty list", name.position)
        self._note_index(name, values)
        return self.of_list(name.text, values)

    def of_not(self, test: Test) -> Test:
        """NOT before what `test` tests."""
        return lambda event: not test(event)

    def of_phrase(self, phrase: str) -> Test:
        """A quoted phrase."""
        return phrase_test(phrase)

    def of_word(self, word: str, *, case_sensitive: bool = False) -> Test:
        """A bare word, or CASE()."""
        return keyword_test(word, case_sensitive=case_sensitive)

    def of_term(self, term: str) -> Test:
        """TERM()."""
        return whole_token_test(term)

    def of_field(self, name: str, symbol: str, value: str) -> Test:
        """A field's comparison. Raises Refused."""
        return field_test(name, symbol, value)

    def of_list(self, name: str, values: list[str]) -> Test:
        """A field's IN()."""
        return field_in(name, values)

    def _note_index(self, name: Token, values: list[str]) -> None:
        if name.text == "index":
            self.indexes.extend(values)

    def _time(self, name: Token, operator: Token, value: Token) -> Test:
        if operator.text != "=" or self.depth or name.text in self.times:
            raise Refused(f"{name.text} is only supported once, with =, outside parentheses", name.position)
        self.times[name.text] = (value.text, name.position)
        return _everything


def _value(token: Token) -> str:
    """A value to compare with; a backslash in a bare word takes the next character as it is."""
    if "\\*" in token.text:
        raise Refused("an escaped star is not supported", token.position)
    return token.text if token.kind == "text" else re.sub(r"\\(.)", r"\1", token.text)


def _everything(_event: Event) -> bool:
    return True


def _all_of(tests: list[Test]) -> Test:
    def test(event: Event) -> bool:
        return all(each(event) for each in tests)

    return test


def _any_of(tests: list[Test]) -> Test:
    def test(event: Event) -> bool:
        return any(each(event) for each in tests)

    return test


@lru_cache(maxsize=4096)
def parse_expanded(text: str) -> Predicate:
    """Parse a base search without macros; Refused carries the offset into the text."""
    try:
        return Parser(text).parse()
    except RecursionError:
        raise Refused("the search is nested too deeply", 0) from None
