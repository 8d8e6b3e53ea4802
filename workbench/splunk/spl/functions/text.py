"""Text functions."""

from __future__ import annotations

from typing import Callable
from urllib.parse import unquote

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.functions.registry import function
from workbench.splunk.spl.json_paths import values_at
from workbench.splunk.spl.pcre import compile_pattern, expand
from workbench.splunk.spl.values import Value, from_texts, number_of, text_of, texts_of


@function("len", 1, 1, "number", takes="text")
def _len(value: Value) -> Value:
    """Code points, not bytes."""
    return float(len(text_of(value)))


def _declare_each(name: str, change: Callable[[str], str]) -> None:
    """A function of one text that the reference page also allows on several values."""

    @function(name, 1, 1, takes="text", several=True)
    def _run(value: Value) -> Value:
        texts = [change(text) for text in texts_of(value)]
        return texts if len(texts) > 1 else texts[0]


_declare_each("lower", str.lower)
_declare_each("upper", str.upper)


def _declare_trim(name: str, strip: Callable[[str, str], str]) -> None:
    @function(name, 1, 2, "text", takes="text text")
    def _run(value: Value, characters: Value = " \t") -> Value:
        return strip(text_of(value), text_of(characters))


_declare_trim("trim", str.strip)
_declare_trim("ltrim", str.lstrip)
_declare_trim("rtrim", str.rstrip)


@function("replace", 3, 3, "text", takes="text text text")
def _replace(value: Value, pattern: Value, replacement: Value) -> Value:
    r"""Every match of the regular expression; `\1`…`\9` are its groups."""
    template = text_of(replacement)
    return compile_pattern(text_of(pattern)).sub(lambda match: expand(template, match), text_of(value))


@function("substr", 2, 3, "text", takes="text number number")
def _substr(value: Value, start: Value, length: Value = None) -> Value:
    """Counted from 1; a negative start counts from the end."""
    text, first = text_of(value), number_of(start)
    count = number_of(length) if length is not None else float(len(text))
    if first is None or count is None:
        return None
    if first == 0 or count < 0:
        raise Refused("a start of 0 or a negative length is documented nowhere")
    offset = int(first) - 1 if first > 0 else max(0, len(text) + int(first))
    return text[offset : offset + int(count)]


@function("urldecode", 1, 1, "text", takes="text")
def _urldecode(value: Value) -> Value:
    return unquote(text_of(value))


@function("spath", 2, 2, takes="text text")
def _spath(value: Value, path: Value) -> Value:
    return from_texts(values_at(text_of(value), text_of(path)))
