"""Search macros: backtick calls replaced by their definitions.

Source: macros.conf.spec 9.2; Knowledge Manager Manual, Use search macros in searches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval import Context, parse_expression
from workbench.splunk.spl.eval_tokens import unescape
from workbench.splunk.spl.values import parse_flag, text_of

Macros = Mapping[str, Mapping[str, str]]
"""Stanzas of macros.conf: name, or name(count of arguments), to its settings."""

_PIECE = re.compile(r'```.*?```|"(?:\\.|[^"\\])*"|`([^`]*)`|`', re.DOTALL)
_CALL = re.compile(r"\s*([^()\s]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_ARGUMENT = re.compile(r'\s*(?:"((?:\\.|[^"\\])*)"|([^",]*))\s*(?:,|$)', re.DOTALL)
_DEEPEST = 50


def expand(text: str, macros: Macros, depth: int = 0) -> str:
    """The search with its comments taken out and all macros expanded, nested ones too.

    Macros inside double quotes stay as they are. Raises Refused for an unknown macro and for arguments
    that the macro's validation rejects.
    """
    if depth > _DEEPEST:
        raise Refused("macros call each other without an end")

    def replace(found: re.Match[str]) -> str:
        if found.group().startswith("```"):
            return " "
        if found.group() == "`":
            raise Refused("a backtick is not closed", found.start())
        if found.group(1) is None:
            return found.group()
        try:
            return expand(_definition(found.group(1), macros), macros, depth + 1)
        except Refused as refusal:
            raise Refused(f"macro `{found.group(1)}`: {refusal.message}", found.start()) from None

    return _PIECE.sub(replace, text)


def _definition(call: str, macros: Macros) -> str:
    found = _CALL.fullmatch(call)
    if found is None:
        raise Refused("not a macro call")
    name, values = found.group(1), _arguments(found.group(2))
    key = f"{name}({len(values)})" if values else name
    stanza = macros.get(key)
    if stanza is None:
        raise Refused(f"no macro {key}")
    arguments = _named(stanza.get("args", ""), values) if values else {}
    _validate(stanza, arguments)
    definition = _substitute(stanza.get("definition", ""), arguments)
    if not parse_flag(stanza.get("iseval", "false")):
        return definition
    result = parse_expression(definition).evaluate({}, Context(now=0, macros=macros))
    if result is None or isinstance(result, (bool, list)):
        raise Refused("its eval definition gives no text")
    return text_of(result)


def _arguments(text: str | None) -> list[str]:
    """The arguments of a call; quotes around one keep its commas and are taken off."""
    if text is None or not text.strip():
        return []
    values, position = [], 0
    while position <= len(text):
        found = _ARGUMENT.match(text, position)
        if found is None:
            raise Refused(f"arguments {text!r} are not understood")
        values.append(unescape(found.group(1)) if found.group(1) is not None else found.group(2).strip())
        if not found.group().endswith(","):
            break
        position = found.end()
    return values


def _named(names: str, values: list[str]) -> dict[str, str]:
    """Arguments by name; a call may name them itself: `m(x=1)`."""
    known = [name.strip() for name in names.split(",")]
    if len(known) != len(values):
        raise Refused(f"args names {len(known)} arguments, the call has {len(values)}")
    keywords = [value.partition("=") for value in values]
    if all(sign and name.strip() in known for name, sign, _ in keywords):
        return {name.strip(): value.strip() for name, _, value in keywords}
    return dict(zip(known, values))


def _substitute(text: str, arguments: Mapping[str, str]) -> str:
    """Every `$name$` of an argument replaced, inside quotation marks as well."""
    if not arguments:
        return text
    names = "|".join(map(re.escape, arguments))
    return re.sub(rf"\$({names})\$", lambda found: arguments[found.group(1)], text)


def _validate(stanza: Mapping[str, str], arguments: Mapping[str, str]) -> None:
    validation = stanza.get("validation")
    if not validation:
        return
    expression = parse_expression(_substitute(validation, arguments))
    result = expression.evaluate({}, Context(now=0))
    failed = expression.is_boolean if result is None else result is not True
    if failed:
        raise Refused(stanza.get("errormsg") or (result if isinstance(result, str) else "validation failed"))
