"""Base searches: precedence, comparisons, keywords. Sources: Search Reference 10.0, search; Search Manual 10.0."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.search_filter import parse_search


def matches(text: str, **event: Any) -> bool:
    return parse_search(text).matches(event)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user=ANN", True),
        ("User=ann", False),
        ("user=an*", True),
        ('user="*nn"', True),
        ("user!=bob", True),
        ("missing!=bob", False),
        ("NOT missing=bob", True),
        ("user!=*", False),
        ("NOT missing=*", True),
        ("port>100", True),
        ("port>1000", False),
        ("port<=443", True),
        ("port=443.0", False),
        ("user>aaa", True),
        ("src=10.1.0.0/16", True),
        ("src=10.2.0.0/16", False),
        ("src=10.1.*", True),
        ("user IN (bob, a*)", True),
        ("user in (bob, carl)", False),
        ("NOT user IN (bob)", True),
        ("tags=x", True),
        ("tags=z", False),
        # OR binds tighter than the implied AND: port=1 AND (user=ann OR user=bob)
        ("port=1 user=ann OR user=bob", False),
        ("port=443 user=carl OR user=ann", True),
        # NOT takes the next term only
        ("NOT user=bob port=1", False),
        ("NOT (user=bob OR port=443)", False),
        ("NOT ( )", False),
        ("", True),
        ("*", True),
    ],
)
def test_comparisons(text: str, expected: bool) -> None:
    assert matches(text, user="ann", port="443", src="10.1.2.3", tags=["x", "y"], _raw="") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("failed", True),
        ("FAILED", True),
        ("fail", False),
        ("fail*", True),
        ("sign_in", True),
        ("user.sign_in", True),
        ("sign", True),
        ('"sign-in failed"', True),
        ('"failed sign-in"', False),
        ("failed user", True),
        ("CASE(failed)", False),
        ("CASE(Failed)", True),
        ("TERM(user.sign_in)", False),
        ("TERM(type=user.sign_in)", True),
        ('"10.0.0.7"', True),
        ("0.0.7", True),
        ("10.0.0", True),
        ("10.0.0.77", False),
    ],
)
def test_keywords_are_whole_tokens_of_the_raw_text(text: str, expected: bool) -> None:
    assert matches(text, _raw="sign-in Failed type=user.sign_in, from 10.0.0.7") is expected


def test_time_modifiers_and_indexes_are_kept_apart() -> None:
    predicate = parse_search("index=main earliest=-1h latest=now user=ann")
    assert {name: text for name, (text, _) in predicate.times.items()} == {"earliest": "-1h", "latest": "now"}
    assert predicate.indexes == ["main"]
    assert predicate.matches({"index": "main", "user": "ann"})


@pytest.mark.parametrize(
    "text",
    [
        "(a=1",
        "a=1)",
        "a=",
        "a==1",
        "OR a=1",
        "a=1 OR",
        "x (earliest=-1h)",
        "a=1 OR earliest=-1h",
        "host::x",
        "daysago=3",
        "a IN ()",
        "a>1*",
        "foo(b)",
        'a="x',
        r"a=b\*",
        "splunk_server=x",
    ],
)
def test_unsupported_search_text_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_search(text)
    assert isinstance(caught.value.position, int)
