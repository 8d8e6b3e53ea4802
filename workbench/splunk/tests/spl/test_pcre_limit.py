"""The match limit: limits.conf and props.conf say that it bounds what PCRE spends on patterns that do not match."""

from __future__ import annotations

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.pcre import Pattern

COSTLY = Pattern(r"^(a+)+$", match_limit=1000)
TEXT = "a" * 60 + "!"


def test_a_match_over_the_limit_fails() -> None:
    assert COSTLY.search(TEXT) is None
    assert list(COSTLY.finditer(TEXT)) == []
    assert COSTLY.search("aaa") is not None


def test_a_replacement_over_the_limit_is_refused() -> None:
    with pytest.raises(Refused, match="match limit"):
        COSTLY.sub(lambda match: "", TEXT)


def test_a_match_that_needs_more_stack_than_there_is_is_refused() -> None:
    deep = Pattern(r"^((?:(?!b).)*)+(?1)c", match_limit=10_000_000)
    with pytest.raises(Refused, match="stack"):
        deep.search("a" * 1_000_000)
