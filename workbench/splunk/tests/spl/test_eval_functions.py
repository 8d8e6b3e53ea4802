"""Eval functions: what Search Reference 10.0 says of each, with values worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval import Context, parse_expression, to_field

# 2026-03-04 05:06:07 UTC, a Wednesday.
NOW = 1_772_600_767.0
EVENT: dict[str, Any] = {
    "n": "12",
    "zip": "007",
    "half": "0.5",
    "word": "Gate",
    "mv": ["red", "blue", "red"],
    "ports": ["22", "443", "8443"],
    "doc": '{"name": "gw", "ports": [22, 443], "on": true, "up": null, "site": {"id": "s1", "w": 1.50}}',
    "list": '["a", "b"]',
}


def value(text: str) -> Any:
    return to_field(parse_expression(text).evaluate(EVENT, Context(now=NOW)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Comparison and conditional
        ('case(n>20, "big", n>10, "middle", true(), "small")', "middle"),
        ('case(n>20, "big")', None),
        ('validate(isint(n), "no number", n<10, "too big")', "too big"),
        ('validate(isint(n), "no number")', None),
        ('coalesce(missing, word, "x")', "Gate"),
        ('nullif(word, "Gate")', None),
        ('nullif(word, "Door")', "Gate"),
        ('if(cidrmatch("10.1.0.0/16", "10.1.200.3"), "in", "out")', "in"),
        ('if(cidrmatch("10.1.0.0/16", "10.2.0.1"), "in", "out")', "out"),
        ('if(like(word, "G%e"), 1, 0)', "1"),
        ('if(like(word, "g%"), 1, 0)', "0"),
        ('if(like(word, "Gat"), 1, 0)', "0"),
        ('if(match(word, "^G.t"), 1, 0)', "1"),
        ('if(match(word, "^at"), 1, 0)', "0"),
        ('if(word IN ("Door", "Gate"), 1, 0)', "1"),
        ('if(in(n, "12", "13"), 1, 0)', "1"),
        # Informational
        ("typeof(n)", "Number"),
        ("typeof(word)", "String"),
        ("typeof(missing)", "Invalid"),
        ("typeof(1=2)", "Bool"),
        ("if(isnum(word), 1, 0)", "0"),
        ("if(isint(half), 1, 0)", "0"),
        ("if(isstr(word), 1, 0)", "1"),
        ("if(isnull(missing) AND isnotnull(word), 1, 0)", "1"),
        # Conversion
        ('tonumber("1f", 16)', "31"),
        ("tonumber(word)", None),
        ("tostring(n=12)", "True"),
        ('tostring(255, "hex")', "0xFF"),
        ('tostring(1234567, "commas")', "1,234,567"),
        ('tostring(1234.567, "commas")', "1,234.57"),
        ('tostring(93784, "duration")', "1+02:03:04"),
        ('printf("%05.1f|%s|%d%%", half, word, n)', "000.5|Gate|12%"),
        # Mathematics
        ("abs(-3)", "3"),
        ("ceiling(1.2) + floor(1.8)", "3"),
        ("round(2.5)", "3"),
        ("round(3.14159, 2)", "3.14"),
        ("sqrt(81)", "9"),
        ("ln(0)", None),
        ('max(3, "abc", 10)', "abc"),
        ("min(ports, 100)", "22"),
        ("sum(ports)", "8908"),
        ("avg(2, 4)", "3"),
        # Text
        ("len(word)", "4"),
        ("upper(mv)", ["RED", "BLUE", "RED"]),
        ('ltrim("  x ")', "x "),
        ('rtrim("xyyy", "y")', "x"),
        ('replace("a-b-c", "-", "+")', "a+b+c"),
        ('replace("ab", "(a)(b)", "\\2\\1")', "ba"),
        ('substr("station", 4, 3)', "tio"),
        ('substr("station", -3)', "ion"),
        ('urldecode("a%20b%2Fc")', "a b/c"),
        # Multivalue
        ('mvappend(word, missing, mv, "x")', ["Gate", "red", "blue", "red", "x"]),
        ("mvdedup(mv)", ["red", "blue"]),
        ("mvsort(ports)", ["22", "443", "8443"]),
        ('mvsort(split("b,a,B,10,9", ","))', ["10", "9", "B", "a", "b"]),
        ('mvjoin(mv, "; ")', "red; blue; red"),
        ("mvindex(ports, 1) + 1", "444"),
        ("mvindex(ports, -2, -1)", ["443", "8443"]),
        ("mvindex(ports, 2, 1)", None),
        ('mvfind(mv, "^bl")', "1"),
        ("mvzip(mv, ports)", ["red,22", "blue,443", "red,8443"]),
        ('mvzip(mv, ports, "=")', ["red=22", "blue=443", "red=8443"]),
        ("mvfilter(ports > 100)", ["443", "8443"]),
        ('mvfilter(match(mv, "zzz"))', None),
        ("mvmap(ports, ports + 1)", ["23", "444", "8444"]),
        ("mvrange(0, 3)", ["0", "1", "2"]),
        ("mvrange(3, 3)", None),
        ('split("a::b", "::")', ["a", "b"]),
        ('split("a,,b", ",")', ["a", "", "b"]),
        # JSON
        ('json_extract(doc, "name")', "gw"),
        ('json_extract(doc, "ports{1}")', "443"),
        ('json_extract(doc, "site.w")', "1.50"),
        ('json_extract(doc, "up")', None),
        ('json_extract(doc, "on")', "true"),
        ('json_extract(doc, "site")', '{"id":"s1","w":1.5}'),
        ('mvjoin(json_array_to_mv(json_extract(doc, "ports{}")), "/")', "22/443"),
        ('json_array_to_mv(json_extract(doc, "name", "site.id"))', ["gw", "s1"]),
        ("json_extract(word)", None),
        ('json_extract_exact(json_object("a.b", 5), "a.b")', "5"),
        ("json_array_to_mv(json_keys(doc))", ["name", "ports", "on", "up", "site"]),
        ("json_array_to_mv(list)", ["a", "b"]),
        ('json_extract(json_object("a", json_object("b", "c")), "a.b")', "c"),
        ('spath(doc, "up")', "null"),
        ('spath(doc, "ports{}")', ["22", "443"]),
        # Cryptography: digests of "abc" from FIPS 180 and RFC 1321
        ('md5("abc")', "900150983cd24fb0d6963f7d28e17f72"),
        ('sha256("abc")', "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ],
)
def test_function_gives_its_documented_value(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "len(mv)",
        'tonumber("seven")',
        "true",
        "typeof(mv)",
        "mvfilter(n=1 AND half=2)",
        'mvmap("x", 1)',
        'split(word, "")',
        "mvindex(ports, 0, 9)",
        "mvrange(0, 200000)",
        "mvrange(1, 11, 2)",
        "if(word, 1, 2)",
        "case(n=1)",
        "time()",
        'tostring(1.5, "commas")',
        'strptime("2026-01-01Z", "%Y-%m-%d%z")',
        'strftime(0, "%V")',
        "mv != 3",
        'mv < "x"',
        "(-5) % 3",
        "word + 5",
    ],
)
def test_undocumented_uses_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        value(text)
