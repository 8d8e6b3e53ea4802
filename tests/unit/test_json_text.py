"""JSON as text, one rule at a time: where values end, what members an object has, and what is written otherwise."""

from __future__ import annotations

import pytest
from illumio_pce.json_text import (
    CLEAN,
    CLOSED,
    NOT_CLOSED,
    Incomplete,
    Member,
    end_of_value,
    members,
    on_one_line,
    shapes_of,
    skip_space,
)
from illumio_pce.xml_text import escape_for_json


@pytest.mark.parametrize(
    ("text", "at", "end"), [("", 0, 0), (" \t\r\nx", 0, 4), ("x", 0, 0), ("x  ", 1, 3), ("\u00a0x", 0, 0)]
)
def test_only_json_white_space_is_skipped(text: str, at: int, end: int) -> None:
    assert skip_space(text, at) == end


@pytest.mark.parametrize(
    ("text", "at", "end"),
    [
        ('"a\\"b"c', 0, 6), ('""', 0, 2), ("12,3", 0, 2), ("true]", 0, 4), ("-1.5e3 ", 0, 6), ("[[1],2]3", 0, 7),
        ('{"a":"}"}x', 0, 9), ('["]",1]', 0, 7), ('x"y"', 1, 4), ("[{}]", 1, 3), ('{"a":[{"b":"[{"}]}', 0, 18),
    ],
)  # fmt: skip
def test_a_value_ends_after_its_last_character(text: str, at: int, end: int) -> None:
    assert end_of_value(text, at) == end


@pytest.mark.parametrize(
    ("text", "at"), [("", 0), ("x", 1), ('"a', 0), ('"a\\"', 0), ("[", 0), ('{"a":"}', 0), ("[{}", 0)]
)
def test_an_unterminated_value_is_incomplete(text: str, at: int) -> None:
    with pytest.raises(Incomplete):
        end_of_value(text, at)


@pytest.mark.parametrize("text", [",", "]", "}", " 1"])
def test_positions_without_a_value_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON value at character 0"):
        end_of_value(text, 0)


def test_members_have_their_bounds() -> None:
    assert members(' { "a" : 1 , "b\\u0041":[2],"a":{} } ') == [
        Member("a", 3, 9, 10), Member("bA", 13, 23, 26), Member("a", 27, 31, 33),
    ]  # fmt: skip
    assert members("{}") == []
    # a control character that JSON does not allow in a name is no reason to lose the event's members
    assert members('{"a\tb":1}') == [Member("a\tb", 1, 7, 8)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ("{1 :2}", "no member at character 1"),
        ('{"a"}', "no member at character 1"),
        ('{"a" 1}', "no member at character 1"),
        ('{"a":1 "b":2}', "neither comma nor brace at character 7"),
        ('{"a":1]', "neither comma nor brace at character 6"),
        ('{"a":1', "neither comma nor brace at character 6"),
        ('{"a":}', "no JSON value at character 5"),
        ('{"a":1,', ""),
        ('{"a"', "no member at character 1"),
        ("{", ""),
    ],
)
def test_non_objects_have_no_members(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem or None):
        members(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":\n1}', '{"a": 1}'), ('{\r\n\r\n"a":1}', '{ "a":1}'), ('{"a":"x\ny\rz"}', '{"a":"x\\ny\\rz"}'),
        ('{"a":"\\"\n"}', '{"a":"\\"\\n"}'), ("\n[\n]\n", " [ ] "), ('{"a":1}', '{"a":1}'), ("\r", " "),
    ],
)  # fmt: skip
def test_line_breaks_in_strings_are_escaped_and_others_become_spaces(text: str, expected: str) -> None:
    assert on_one_line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x00\x08\x0b\x0c\x0e\x1f", "\\u0000\\u0008\\u000b\\u000c\\u000e\\u001f"), ("\t\n\r ~\x7f\x85", "\t\n\r ~\x7f\x85"),
        ("\ud7ff\ud800\udfff\ue000", "\ud7ff\\ud800\\udfff\ue000"), ("\ufffd\ufffe\uffff\U00010000", "\ufffd\\ufffe\\uffff\U00010000"),
    ],
)  # fmt: skip
def test_characters_that_xml_cannot_carry_are_escaped(text: str, expected: str) -> None:
    assert escape_for_json(text) == expected


@pytest.mark.parametrize("text", ["{}}", "{{}", "{}{}", "{[}", "{]}", "{[]]}"])
def test_fragments_of_objects_are_not_closed(text: str) -> None:
    assert shapes_of([text]) == [NOT_CLOSED]
    assert shapes_of(["{}", text]) == [CLEAN, NOT_CLOSED]


def test_each_object_has_its_own_shape() -> None:
    assert shapes_of([]) == []
    assert shapes_of(["{}"] * 5) == [CLEAN] * 5
    assert shapes_of(['{"a":[[],{}]}', '{"b":"x"}']) == [CLEAN, CLEAN]
    assert shapes_of(['{"a":[}', "{]}"]) == [NOT_CLOSED, NOT_CLOSED]
    assert shapes_of(['{"a":"}', '{"}']) == [NOT_CLOSED, NOT_CLOSED]


@pytest.mark.parametrize("inside", ["&", "<", ">", "\u00e9", "\uffff", "&amp;", "<>", "\\\\<", "\\<"])
def test_an_object_that_xml_must_escape_is_closed_but_not_clean(inside: str) -> None:
    text = '{"a":"' + inside + '"}'
    assert shapes_of([text, "{}"]) == [CLOSED, CLEAN]
    assert shapes_of(["{}", text + "}"]) == [CLEAN, NOT_CLOSED]
