"""rex and regex."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.arguments import Arguments
from workbench.splunk.spl.commands.registry import command
from workbench.splunk.spl.pcre import Pattern, compile_pattern
from workbench.splunk.spl.runtime import Runner, Runtime
from workbench.splunk.spl.sed import parse_sed
from workbench.splunk.spl.values import Event, from_texts, set_field


def _single(row: Event, field: str, what: str) -> str | None:
    value = row.get(field)
    if isinstance(value, list):
        raise Refused(f"{what} of {field}, which has several values, is not supported")
    return value


@command("rex")
def parse_rex(arguments: Arguments) -> Runner:
    """`rex [field=_raw] [max_match=1] "regex with named groups"`, or mode=sed."""
    options = arguments.options("field", "max_match", "mode")
    field = options.text("field", "_raw")
    limit = options.count("max_match", 1)
    mode = options.choice("mode", "", "sed")
    text = arguments.match(r'"((?:\\.|[^"\\])*)"')
    if text is None:
        raise arguments.refuse("a quoted regular expression is expected")
    arguments.finish()
    expression = _unquote(text.group(1))
    if mode == "sed":
        return _sed(field, expression)
    pattern = compile_pattern(expression)
    if not pattern.names:
        raise arguments.refuse("the regular expression has no named group")

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        for row in rows:
            value = _single(row, field, "rex")
            if value is not None:
                _extract(row, pattern, value, limit)
        return rows

    return run


def _unquote(text: str) -> str:
    r"""The regular expression of a quoted argument: only `\"` loses its backslash."""
    return text.replace('\\"', '"')


def _extract(row: Event, pattern: Pattern, value: str, limit: int) -> None:
    found: dict[str, list[str]] = {}
    for count, match in enumerate(pattern.finditer(value), start=1):
        for name, text in match.groupdict().items():
            if text is not None:
                found.setdefault(name, []).append(text)
        if count == limit:
            break
    for name, texts in found.items():
        set_field(row, name, from_texts(texts))


def _sed(field: str, expression: str) -> Runner:
    edit = parse_sed(expression)

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        for row in rows:
            value = _single(row, field, "rex")
            if value is not None:
                row[field] = edit(value)
        return rows

    return run


@command("regex")
def parse_regex(arguments: Arguments) -> Runner:
    """`regex field="…"` keeps rows that match, `field!="…"` the others, `"…"` looks at _raw."""
    named = arguments.match(r"([^\s=!\"]+)\s*(!?=)\s*")
    field, negated = (named.group(1), named.group(2) == "!=") if named else ("_raw", False)
    text = arguments.match(r'"((?:\\.|[^"\\])*)"') or arguments.match(r"(\S+)")
    if text is None:
        raise arguments.refuse("a regular expression is expected")
    arguments.finish()
    pattern = compile_pattern(_unquote(text.group(1)))

    def run(rows: list[Event], _runtime: Runtime) -> list[Event]:
        return [row for row in rows if _matches(row) != negated]

    def _matches(row: Event) -> bool:
        value = _single(row, field, "regex")
        if value is None and negated:
            raise Refused(f"regex {field}!= on an event without {field} is documented nowhere")
        return value is not None and pattern.search(value) is not None

    return run
