"""What of a base search the index can decide before an event is read: which events a search has to read.

The index holds an event's time, index, host, source, source type, and the words of its text. A word with minor
breakers, such as a dot, is looked up by its parts, all of which the event has to hold; one in TERM() as it is (Search
Manual 10.0, Use CASE() and TERM() to match phrases). What a field's value would say, what is negated, and a word that
begins with a star is decided event by event.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from workbench.splunk.spl.commands.tstats import INDEXED_FIELDS
from workbench.splunk.spl.search_language import Parser, Test
from workbench.splunk.spl.terms import segments, smaller_ones
from workbench.splunk.spl.values import Event

_ANY = "\0"
_terms = lru_cache(maxsize=20_000)(segments)


def read_by(base: str, events: Sequence[Event], as_words: Sequence[str] = ()) -> int:
    """How many of the events a base search, its macros expanded, has to read.

    `as_words`: fields that Splunk's own extraction makes, whose values it looks up as words of the text (assumed).
    """
    return sum(map(index_test(base, as_words), events))


def index_test(base: str, as_words: Sequence[str] = ()) -> Test:
    """Whether a base search has to read an event."""
    return _IndexPart(base, as_words).parse().test


class _IndexPart(Parser):
    """Of each part of a search whether the event may match it, for all that the index knows."""

    def __init__(self, text: str, as_words: Sequence[str]) -> None:
        super().__init__(text)
        self._as_words = as_words

    def of_not(self, test: Test) -> Test:
        return _may_be

    def of_phrase(self, phrase: str) -> Test:
        # A star, which in an event's text would end a word, stands for the rest of one here.
        return _all_there([word.replace(_ANY, "*") for word in smaller_ones(phrase.casefold().replace("*", _ANY))])

    def of_word(self, word: str, *, case_sensitive: bool = False) -> Test:
        return self.of_phrase(word)

    def of_term(self, term: str) -> Test:
        return _all_there([term.casefold()])

    def of_field(self, name: str, symbol: str, value: str) -> Test:
        if name in self._as_words and symbol == "=":
            return self.of_phrase(value)
        return super().of_field(name, symbol, value) if name in INDEXED_FIELDS else _may_be

    def of_list(self, name: str, values: list[str]) -> Test:
        return super().of_list(name, values) if name in INDEXED_FIELDS else _may_be


def _may_be(_event: Any) -> bool:
    return True


def _all_there(words: list[str]) -> Test:
    """Whether the event holds all the words; `*` at the end of one stands for the rest of it."""
    begins = [word[:-1] for word in words if word.endswith("*") and "*" not in word[:-1]]
    whole = [word for word in words if "*" not in word]

    def test(event: Any) -> bool:
        held = _terms(str(event["_raw"]))
        return held.issuperset(whole) and all(any(one.startswith(begin) for one in held) for begin in begins)

    return test
