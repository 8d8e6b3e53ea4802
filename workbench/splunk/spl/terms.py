"""Keywords and phrases: what of an event's raw text a search term matches.

An event is cut into tokens at major breakers, and these into smaller ones at minor breakers
(segmenters.conf, the standard segmentation). A keyword has to begin and end where a token does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Callable

Test = Callable[[Mapping[str, Any]], bool]

_MAJOR = "[]<>(){}|!;,'\"*\n\r \t&?+"
_MAJOR_SEQUENCES = ("--", "%21", "%26", "%2526", "%3B", "%7C", "%20", "%2B", "%3D", "%2520", "%5D", "%5B", "%3A", "%0A")
_MINOR = "/:=@.-$#%\\_"


def _boundary(characters: str) -> tuple[str, str]:
    """Patterns for where a token may begin and end."""
    single = f"[{re.escape(characters)}]"
    before = "".join(f"|(?<={re.escape(sequence)})" for sequence in _MAJOR_SEQUENCES)
    after = "".join(f"|(?={re.escape(sequence)})" for sequence in _MAJOR_SEQUENCES)
    return rf"(?:\A|(?<={single}){before})", rf"(?:\Z|(?={single}){after})"


_TOKEN_START, _TOKEN_END = _boundary(_MAJOR + _MINOR)
_WHOLE_START, _WHOLE_END = _boundary(_MAJOR)


_ANY_MAJOR = "|".join([f"[{re.escape(_MAJOR)}]", *(re.escape(one.casefold()) for one in _MAJOR_SEQUENCES)])
_ANY_BREAKER = f"{_ANY_MAJOR}|[{re.escape(_MINOR)}]"


def _body(term: str, any_text: str) -> str:
    return any_text.join(map(re.escape, term.split("*")))


def _raw_test(term: str, start: str, end: str, any_text: str, *, case_sensitive: bool = False) -> Test:
    # At a star, or where the term itself begins or ends with a breaker, no boundary has to follow.
    first = "" if term[:1] == "*" or term[:1] in _MAJOR + _MINOR else start
    last = "" if term[-1:] == "*" or term[-1:] in _MAJOR + _MINOR else end
    pattern = re.compile(first + _body(term, any_text) + last, 0 if case_sensitive else re.IGNORECASE)
    longest = max(term.casefold().split("*"), key=len)

    def test(event: Mapping[str, Any]) -> bool:
        raw = event.get("_raw") or ""
        # Most events lack the words, which is soon seen; what ignores case may fold otherwise than this outside ASCII.
        absent = longest.isascii() and raw.isascii() and longest not in raw.casefold()
        return not absent and pattern.search(raw) is not None

    return test


def keyword_test(term: str, *, case_sensitive: bool = False) -> Test:
    """A bare word; `*` stands for the rest of a token."""
    inside = f"[^{re.escape(_MAJOR)}]*"
    return _raw_test(term, _TOKEN_START, _TOKEN_END, inside, case_sensitive=case_sensitive)


def phrase_test(phrase: str) -> Test:
    """A quoted phrase: its words, one behind the other."""
    if not phrase.strip("* "):
        return lambda _event: True
    return _raw_test(phrase, _TOKEN_START, _TOKEN_END, ".*")


def whole_token_test(term: str) -> Test:
    """TERM(): the text between two major breakers."""
    return _raw_test(term, _WHOLE_START, _WHOLE_END, f"[^{re.escape(_MAJOR)}]*")


def segments(raw: str) -> frozenset[str]:
    """The terms of an event that the index holds, in lower case: its tokens, and the smaller ones within them."""
    tokens = re.split(_ANY_MAJOR, raw.casefold())
    return frozenset(tokens) | frozenset(smaller_ones("\n".join(tokens)))


def smaller_ones(text: str) -> list[str]:
    """What remains of a text between breakers of either kind."""
    return [part for part in re.split(_ANY_BREAKER, text) if part]
