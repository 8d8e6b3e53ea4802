"""Whatever the text, the engine answers or refuses; it never breaks in another way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.commands import names as command_names
from workbench.splunk.spl.eval import Context, parse_assignments, parse_expression
from workbench.splunk.spl.functions import names as function_names
from workbench.splunk.spl.search import check, run
from workbench.splunk.spl.search_filter import parse_search

NOW = 1_700_000_000.0
EVENTS: list[dict[str, Any]] = [
    {"_time": NOW - 60, "index": "main", "_raw": '{"a": [1, 2], "b": null}', "x": "5", "t": ["a", "b"], "u": "ann"},
    {"_time": NOW - 120, "index": "main", "_raw": "plain text", "x": "abc", "v": "1.5"},
]

WORDS = st.sampled_from(
    [
        *function_names(),
        "x",
        "t",
        "u",
        "v",
        "'a.b'",
        '"text"',
        '"%Y"',
        '"a{}"',
        "5",
        "1.5",
        "0",
        "-1",
        "nosuch",
        "(",
        ")",
        ",",
        "=",
        "==",
        "!=",
        "<",
        "+",
        "-",
        "*",
        "/",
        "%",
        ".",
        "AND",
        "OR",
        "NOT",
        "LIKE",
        "IN",
        "by",
        "as",
    ]
)
EXPRESSIONS = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


def calls(arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.lists(arguments, max_size=3).map(", ".join)
    return st.builds(lambda name, inside: f"{name}({inside})", st.sampled_from(function_names()), listed)


ATOMS = st.sampled_from(
    ["x", "t", "u", "v", "nosuch", '"text"', '"%Y"', '"a{}.b"', "5", "1.5", "true()", "null()", "x=5"]
)


def outcome(act: Callable[[], Any]) -> Any:
    """What comes of it: a value, or a refusal that says something. Any other exception fails the test."""
    try:
        return act()
    except Refused as refusal:
        assert str(refusal)
        return refusal


def evaluated(text: str, event: dict[str, Any]) -> Any:
    return parse_expression(text).evaluate(event, Context(now=NOW))


def assert_evaluated_or_refused(text: str) -> None:
    for event in EVENTS:
        value = outcome(partial(evaluated, text, event))
        assert value is None or isinstance(value, (str, bool, int, float, list, tuple, Refused))


@settings(deadline=None)
@given(EXPRESSIONS)
def test_any_words_as_an_expression_are_evaluated_or_refused(text: str) -> None:
    assert_evaluated_or_refused(text)


@settings(max_examples=400, deadline=None)
@given(st.recursive(ATOMS, calls, max_leaves=5))
def test_any_well_formed_call_is_evaluated_or_refused(text: str) -> None:
    assert_evaluated_or_refused(text)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_an_expression_an_assignment_a_search_or_refused(text: str) -> None:
    for parse in (parse_expression, parse_assignments, parse_search):
        assert outcome(partial(parse, text)) is not None
    assert isinstance(outcome(lambda: check(text)), (Refused, type(None)))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(command_names()),
    st.lists(
        WORDS
        | st.sampled_from(["span=1h", "limit=1", "[search x=5]", "[eval y=1]", "_time", "count", "max_match=2", "*"]),
        max_size=8,
    ).map(" ".join),
)
def test_any_command_with_any_arguments_runs_or_is_refused(name: str, arguments: str) -> None:
    text = f"index=main | {name} {arguments}"
    found = outcome(lambda: run(text, EVENTS, now=NOW, earliest="-1h", latest="now"))
    assert isinstance(found, Refused) or all(isinstance(row, Mapping) for row in found)


def test_nesting_without_an_end_is_refused() -> None:
    for parse in (parse_expression, parse_search):
        with pytest.raises(Refused, match="too deeply"):
            parse("(" * 5000)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("1 + nosuch(2)", 4),
        ("a = ", 4),
        ('"open', 0),
        ("1 2", 2),
        ("if(x>1, 2)", 0),
        ('x - "a"', 2),
        ("a . b + c", 6),
    ],
)
def test_a_refused_expression_names_its_position(text: str, position: int) -> None:
    with pytest.raises(Refused) as caught:
        parse_expression(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("index=main | nosuch x", 13),
        ("index=main | eval x=nosuch(1)", 20),
        ("index=main | stats nosuch(x)", 19),
        ("index=main (a=1", 11),
        ("index=main | where x=1 | search earliest=-1h a=1", 31),
        ("eventtype=a foo(b)", 12),
    ],
)
def test_a_refused_search_names_its_position(text: str, position: int) -> None:
    with pytest.raises(Refused) as caught:
        run(text, EVENTS, now=NOW)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("index=main | eval a=1, b=len(t)", 25),
        ("index=main | where a=1 OR t!=2", 27),
        ("index=main | stats count(eval(len(t)>1)) AS n", 30),
        ("index=main | head (t<5)", 20),
    ],
)
def test_a_refusal_that_only_an_event_causes_names_its_position_too(text: str, position: int) -> None:
    with pytest.raises(Refused) as caught:
        run(text, EVENTS, now=NOW)
    assert caught.value.position == position
