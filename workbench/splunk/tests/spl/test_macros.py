"""Search macros. Source: macros.conf.spec 9.2; Knowledge Manager Manual, Use search macros in searches."""

from __future__ import annotations

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.macros import expand

MACROS = {
    "idx": {"definition": "index=main"},
    "of(1)": {"args": "who", "definition": '`idx` user="$who$"'},
    "of(2)": {"args": "who, n", "definition": "user=$who$ n>$n$"},
    "checked(1)": {
        "args": "n",
        "definition": "n=$n$",
        "validation": 'match("$n$", "^\\d+$")',
        "errormsg": "n has to be a number",
    },
    "told(1)": {"args": "n", "definition": "n=$n$", "validation": 'if($n$ > 5, null(), "too small")'},
    "built(1)": {"args": "f", "definition": '"$f$" . "=1"', "iseval": "1"},
    "loop": {"definition": "`loop`"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`idx` error", "index=main error"),
        ("`of(ann)`", 'index=main user="ann"'),
        ("`of(ann, 3)`", "user=ann n>3"),
        ('`of("ann, bob", 3)`', "user=ann, bob n>3"),
        ("`of(n=4, who=eve)`", "user=eve n>4"),
        ("`checked(7)`", "n=7"),
        ("`told(7)`", "n=7"),
        ("`built(status)`", "status=1"),
        ('x="`idx`"', 'x="`idx`"'),
        ("a ```a note | with `idx` ``` b", "a   b"),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, MACROS) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("`nosuch`", "no macro nosuch"),
        ("`idx(1)`", r"no macro idx\(1\)"),
        ("`checked(x)`", "n has to be a number"),
        ("`told(3)`", "too small"),
        ("`loop`", "without an end"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        expand(text, MACROS)
