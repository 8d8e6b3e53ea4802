"""Reading of a command's arguments, from left to right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Callable

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.eval_tokens import unescape
from workbench.splunk.spl.relative_time import seconds_of
from workbench.splunk.spl.values import parse_flag

_NAME = re.compile(r"""\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([^\s,="'()\[\]|]+))""", re.DOTALL)
_OPENING = {"(": ")", "[": "]"}


def _content(name: re.Match[str]) -> str:
    """A matched name without its quotes."""
    quoted, single, bare = name.groups()
    return str(bare) if bare is not None else unescape(quoted if quoted is not None else single)


def skip_quoted(text: str, position: int) -> int:
    """The offset behind the double-quoted text that begins at `position`."""
    index = position + 1
    while index < len(text):
        if text[index] == "\\":
            index += 1
        elif text[index] == '"':
            return index + 1
        index += 1
    raise Refused("a quote is not closed", position)


def skip_enclosed(text: str, position: int) -> int:
    """The offset behind the bracket that closes the one at `position`; brackets inside quotes do not count."""
    closing, index = [_OPENING[text[position]]], position + 1
    while index < len(text):
        char = text[index]
        if char == '"':
            index = skip_quoted(text, index)
            continue
        if char == closing[-1]:
            closing.pop()
            if not closing:
                return index + 1
        elif char == "[" or (char == "(" and closing[0] == ")"):
            closing.append(_OPENING[char])
        index += 1
    raise Refused(f"{text[position]!r} is not closed", position)


@lru_cache(maxsize=1024)
def bracketed(text: str) -> tuple[tuple[int, int, str], ...]:
    """The places and the insides of the square brackets, those outside of quotation marks and of each other."""
    return tuple(_each_bracket(text))


def _each_bracket(text: str) -> Iterator[tuple[int, int, str]]:
    index = 0 if "[" in text else len(text)
    while index < len(text):
        if text[index] == '"':
            index = skip_quoted(text, index)
        elif text[index] == "[":
            end = skip_enclosed(text, index)
            yield index, end, text[index + 1 : end - 1]
            index = end
        else:
            index += 1


class Arguments:
    """A command's arguments. `position` is the offset of their text in the whole search."""

    def __init__(self, command: str, text: str, position: int) -> None:
        self.command = command
        self.text = text
        self.position = position
        self.index = 0

    def refuse(self, message: str) -> Refused:
        """A refusal at the present place."""
        return Refused(f"{self.command}: {message}", self.position + self.index)

    @property
    def finished(self) -> bool:
        """Whether nothing but blanks is left."""
        return not self.text[self.index :].strip()

    def finish(self) -> None:
        """Refuse whatever is left."""
        if not self.finished:
            raise self.refuse(f"{self.text[self.index :].strip()!r} is not understood")

    def match(self, pattern: str) -> re.Match[str] | None:
        """Take what matches at the present place, behind blanks."""
        found = re.compile(rf"\s*{pattern}", re.IGNORECASE).match(self.text, self.index)
        if found:
            self.index = found.end()
        return found

    def keyword(self, word: str) -> bool:
        """Take a word such as BY or AS, in any case."""
        return self.match(rf"{word}(?![\w.])") is not None

    def name(self) -> str:
        """Take a field name or a value, quoted or bare."""
        found = _NAME.match(self.text, self.index)
        if found is None:
            raise self.refuse("a name is expected")
        self.index = found.end()
        return _content(found)

    def names(self, *, stops: Iterable[str] = ()) -> list[str]:
        """Take names, separated by commas or blanks, up to the end or one of the words."""
        found: list[str] = []
        while not self.finished and not any(self._comes(word) for word in stops):
            found.append(self.name())
            self.match(",")
        return found

    def _comes(self, word: str) -> bool:
        return re.compile(rf"\s*{word}(?![\w.])", re.IGNORECASE).match(self.text, self.index) is not None

    def enclosed(self) -> tuple[str, int]:
        """Take a bracketed text: its content, and the content's offset in the whole search."""
        start = self.index + len(self.text[self.index :]) - len(self.text[self.index :].lstrip())
        if self.text[start : start + 1] not in _OPENING:
            raise self.refuse("a bracket is expected")
        self.index = self._behind(skip_enclosed, start)
        return self.text[start + 1 : self.index - 1], self.position + start + 1

    def _behind(self, skip: Callable[[str, int], int], start: int) -> int:
        """Where the quoted or bracketed text that begins at `start` is over."""
        try:
            return skip(self.text, start)
        except Refused as refusal:
            raise refusal.moved(self.position) from None

    def rest(self) -> str:
        """Take all that is left."""
        text, self.index = self.text[self.index :], len(self.text)
        return text

    def options(self, *names: str, stop: str = "") -> Options:
        """Take `name=value` options from anywhere outside quotes and brackets, leaving blanks in their place.

        Nothing is taken behind the word `stop`.
        """
        found: dict[str, str] = {}
        end = re.compile(rf"\b{stop}\b", re.IGNORECASE) if stop else None
        pattern = re.compile(rf"(?<![\w.])({'|'.join(names)})\s*=\s*(?![=])", re.IGNORECASE)
        index = self.index
        while index < len(self.text):
            char = self.text[index]
            if end and end.match(self.text, index):
                break
            if char == '"':
                index = self._behind(skip_quoted, index)
            elif char in _OPENING:
                index = self._behind(skip_enclosed, index)
            elif (option := pattern.match(self.text, index)) is not None:
                index = self._take_option(option, found)
            else:
                index += 1
        return Options(self, found)

    def _take_option(self, option: re.Match[str], found: dict[str, str]) -> int:
        value = _NAME.match(self.text, option.end())
        name = option.group(1).lower()
        if value is None or name in found:
            raise Refused(f"{self.command}: {name}= has no value or stands twice", self.position + option.start())
        found[name] = _content(value)
        blank = " " * (value.end() - option.start())
        self.text = self.text[: option.start()] + blank + self.text[value.end() :]
        return value.end()


class Options:
    """The options of a command, as they were written."""

    def __init__(self, arguments: Arguments, values: dict[str, str]) -> None:
        self._arguments = arguments
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def _refuse(self, name: str, what: str) -> Refused:
        arguments = self._arguments
        return Refused(f"{arguments.command}: {name}={self.values[name]} is not {what}", arguments.position)

    def flag(self, name: str, default: bool) -> bool:
        """A Boolean."""
        if name not in self.values:
            return default
        try:
            return parse_flag(self.values[name])
        except Refused:
            raise self._refuse(name, "a Boolean") from None

    def count(self, name: str, default: int) -> int:
        """A whole number, 0 or more."""
        if name not in self.values:
            return default
        if not self.values[name].isdigit():
            raise self._refuse(name, "a whole number")
        return int(self.values[name])

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        return self.values.get(name, default)

    def choice(self, name: str, default: str, *choices: str) -> str:
        """One of several words."""
        value = self.values.get(name, default).lower()
        if value not in (default, *choices):
            raise self._refuse(name, f"one of {', '.join((default, *choices))}")
        return value

    def seconds(self, name: str) -> int | None:
        """A span of time in seconds, None where the option is absent."""
        return seconds_of(self.values[name]) if name in self.values else None
