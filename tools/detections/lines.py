"""Searches laid out for people: one stage a line, long stages and long settings continued on the next lines."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

#: No line of a generated conf file is longer than this.
LONGEST = 160
_WIDTH = 120
_INDENT = "  "
_DEEPEST = 20
# Quoted text and macro calls stay in one piece; commas, brackets and blanks are told apart from all else.
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|[,()\[\]]|\s+|[^\s"`,()\[\]]+|.')
_SEARCHES = ("search", "definition")
_JSON_BEGINS = ("[{", "{")
_EVAL = re.compile(r"(?:\| )?(?:eval |where |case\()")
_JSON = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^",])+,?\s*')


def laid_out(search: str) -> list[str]:
    """The lines of a search. It stays the same but for white space outside quotation marks."""
    return [line for depth, stage in _stages(search) for line in _stage_lines(stage, _INDENT * depth)]


def stages(search: str) -> list[str]:
    """The stages of a search, without their pipes and on one line each."""
    return [stage.removeprefix("| ") for _, stage in _stages(search) if stage]


def assignments(stage: str) -> list[str]:
    """What an eval assigns, `name=expression` each."""
    return [part.strip(" ,") for part in _split(stage.removeprefix("eval "), 0)]


def setting(key: str, value: str) -> str:
    """`key = value` for a conf file, with a line break at its end. Raises ValueError where a line stays too long."""
    # The blank keeps two words apart, whether the line break belongs to the value or not.
    text = " \\\n".join(_setting_lines(f"{key} = ", value)) + "\n"
    for line in text.splitlines():
        if len(line) > LONGEST:
            raise ValueError(f"a line of {len(line)} characters cannot be split: {line[:60]}")
    return text


def _setting_lines(begin: str, value: str) -> Iterable[str]:
    if begin.removesuffix(" = ") in _SEARCHES:
        first, *rest = laid_out(value)
        return [begin + first, *(_INDENT + line for line in rest)]
    if value.startswith(_JSON_BEGINS):
        return _filled(_JSON.findall(begin + value), "", _INDENT, _WIDTH)
    text = begin + " ".join(value.split())
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _stages(search: str) -> Iterator[tuple[int, str]]:
    """Each stage with its pipe, and how many brackets it stands in."""
    stage, depth, begins = "", 0, 0
    for word in _TOKEN.findall(search):
        if word == "|" and stage.strip() and not stage.rstrip().endswith("["):
            yield begins, stage.strip()
            stage, begins = "", depth
        depth += (word == "[") - (word == "]")
        stage += " " if word.isspace() else word
    yield begins, stage.strip()


def _stage_lines(stage: str, indent: str) -> Iterator[str]:
    stage = _tidied(stage) if _EVAL.match(stage) else stage
    if len(indent + stage) <= _WIDTH:
        yield indent + stage
        return
    # A long eval has a line for each of its assignments.
    parts = list(_split(stage, 0)) if _EVAL.match(stage) else [stage]
    hanging = indent + _INDENT * (1 if len(parts) == 1 else 2)
    for number, part in enumerate(parts):
        begin = indent + _INDENT if number else indent
        yield from _filled(_pieces(part.strip()), begin, hanging, _WIDTH)


def _tidied(stage: str) -> str:
    """Without blanks before the arguments of functions."""
    text, depth = "", 0
    for word in _TOKEN.findall(stage):
        depth += (word == "(") - (word == ")")
        text += "" if word.isspace() and depth and text[-1] in "(," else word
    return text


def _pieces(text: str, depth: int = 0) -> Iterator[str]:
    """What a line may end behind, a blank or a comma: what stands in brackets is split only if it is long.

    Behind a piece that ends in a line break the line has to end.
    """
    for piece in _split(text, depth, blanks=True):
        if len(piece) > _WIDTH - 30 and depth < _DEEPEST:
            *pieces, last = _pieces(piece.rstrip("\n"), depth + 1)
            yield from [*pieces, last + "\n" * piece.endswith("\n")]
        else:
            yield piece


def _split(text: str, deepest: int, *, blanks: bool = False) -> Iterator[str]:
    """The text split behind commas, and blanks, that stand in no more than so many brackets.

    In a `case` each condition stays with its value, and both have a line of their own.
    """
    piece, before = "", ""
    # Of each open bracket, how many commas it has seen if it is that of a case.
    commas: list[int | None] = []
    for word in _TOKEN.findall(text):
        if word == ")" and commas:
            commas.pop()
        seen = commas[-1] if commas else None
        if word == "," and seen is not None:
            seen = commas[-1] = seen + 1
        if word == "(":
            commas.append(0 if before.endswith("case") else None)
        piece += word
        before = word
        ends = word == "," and (seen is None or seen % 2 == 0)
        if len(commas) <= deepest and (ends or (blanks and word.isspace())):
            yield piece + "\n" * (word == "," and seen is not None)
            piece = ""
    yield piece


def _filled(pieces: Iterable[str], indent: str, hanging: str, width: int) -> Iterator[str]:
    line = indent
    for piece in pieces:
        if line.strip() and len((line + piece).rstrip()) > width:
            yield line.rstrip()
            line = hanging
        line += piece.rstrip("\n")
        if piece.endswith("\n") and line.strip():
            yield line.rstrip()
            line = hanging
    if line.strip():
        yield line.rstrip()
