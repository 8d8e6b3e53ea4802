"""Patterns of event types: what they match, and that none of them takes long."""

from __future__ import annotations

import pytest
from illumio_pce.filters import Filters, matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("user.sign_in", "user.sign_in", True),
        ("user.sign_in", "user.sign_inn", False),
        ("user.sign_in", "xuser.sign_in", False),
        ("user.*", "user.", True),
        ("user.*", "users.x", False),
        ("*.create", "a.create", True),
        ("*.create", "a.created", False),
        ("a*b*c", "abc", True),
        ("a*b*c", "a--b--bc", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("*ab*ab*", "xabx", False),
        ("*ab*ab*", "xabab", True),
        ("a.c", "abc", False),
        ("*", "", True),
        ("*", "a\nb", True),
        ("**", "anything", True),
        ("*a" * 90, "a" * 89, False),
        ("*a" * 90, "a" * 90, True),
    ],
)
def test_a_pattern(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_no_pattern_takes_long_for_any_event() -> None:
    """A regular expression would not end with these."""
    for pattern in ("*" * 150 + "x", "*a" * 99 + "*x"):
        filters = Filters.parse(pattern, None, None)
        assert not filters.accept({"event_type": "a" * 100_000})
        assert filters.accept({"event_type": "a" * 100_000 + "x"})


def test_consecutive_asterisks_are_collapsed() -> None:
    assert Filters.parse("user.***, **.create", None, None).event_types == ("*.create", "user.*")
    assert Filters.from_json({"event_types": ["a**b"], "severities": [], "statuses": []}).accept({"event_type": "a--b"})


def test_filters_have_a_length_limit() -> None:
    with pytest.raises(ValueError, match=r"8192 characters"):
        Filters.parse("a," * 4097, None, None)
