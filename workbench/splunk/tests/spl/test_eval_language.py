"""Operators, null, numbers as they are written, and assignments."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval import Context, parse_assignments, parse_expression, to_field
from workbench.splunk.spl.values import Event

CONTEXT = Context(now=0)


def value(text: str, **event: Any) -> Any:
    return to_field(parse_expression(text).evaluate(event, CONTEXT))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("7 % 4", "3"),
        ("-2 - -5", "3"),
        ("10 / 4", "2.5"),
        ("1 / 0", None),
        ("180 / 3", "60"),
        ('"a" . 1', "a1"),
        ('"1" + "2"', "12"),
        ("x + 1", "8"),
        ('x . "b"', "007b"),
        ('if(x = 7, "number", "text")', "number"),
        ('if(x = "7", "equal", "other")', "other"),
        ("1 + missing", None),
        ('"a" . missing', None),
        ("word - 1", None),
        # AND before OR in eval: true OR (false AND false)
        ("if(1=1 OR 1=2 AND 1=2, 1, 0)", "1"),
        ("if(NOT 1=2 AND 1=1, 1, 0)", "1"),
        ("if(1=1 XOR 2=2, 1, 0)", "0"),
        # null is unknown: neither branch of a comparison is true
        ("if(missing=1, 1, 0)", "0"),
        ("if(missing!=1, 1, 0)", "0"),
        ("if(missing=1 OR 1=1, 1, 0)", "1"),
        # rounded to the least precise decimal, never left of the point; whole numbers limit nothing
        ("0.23 * 0.014", "0.0032"),
        ("2.2 * 1024", "2253"),
        ("2.1000 * 1024", "2150.4"),
        ("exact(0.23 * 0.014)", "0.00322"),
    ],
)
def test_operators(text: str, expected: str | None) -> None:
    assert value(text, x="007", word="abc") == expected


def test_field_names_with_other_characters_are_quoted() -> None:
    assert value("'action.src_ip' . \"!\"", **{"action.src_ip": "10.0.0.1"}) == "10.0.0.1!"
    assert value("a.b", a="1", b="2") == "12"


def test_equality_with_several_values_is_true_for_any() -> None:
    assert value('if(t="b", 1, 0)', t=["a", "b"]) == "1"
    assert value('if(t="c", 1, 0)', t=["a", "b"]) == "0"


def assigned(text: str, event: Event) -> Event:
    for assignment in parse_assignments(text):
        assignment.apply(event, CONTEXT)
    return event


def test_assignments_run_from_left_to_right() -> None:
    assert assigned('a=1, b=a+1, "the sum"=a+b', {}) == {"a": "1", "b": "2", "the sum": "3"}


def test_null_removes_a_field() -> None:
    assert assigned("a=null(), b=missing", {"a": "1", "b": "2"}) == {}


def test_braces_take_the_name_from_a_field() -> None:
    assert assigned('{kind}_id="7"', {"kind": "user"}) == {"kind": "user", "user_id": "7"}
    assert assigned('{missing}="7"', {}) == {}
    assert assigned("'list{}'=1", {}) == {"list{}": "1"}


@pytest.mark.parametrize("text", ["x=(1=1)", "x=true()", "x=1, y=a>b"])
def test_a_boolean_cannot_be_assigned(text: str) -> None:
    with pytest.raises(Refused, match="Boolean"):
        parse_assignments(text)


def test_a_boolean_that_only_the_event_shows_is_refused_then() -> None:
    with pytest.raises(Refused, match="Boolean"):
        assigned("x=if(a=1, true(), 5)", {"a": "1"})
