"""Searches as contentctl reads them: it takes what stands between two backticks without a blank for a macro's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.detections.macros import Macro

_PART = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|[^"`]+')
_CALL = re.compile(r"`(\w+)(\(.*\))?`", re.DOTALL)


class Macros:
    """The macros that searches may call. Where two differ in their arguments alone, each has a name of its own."""

    def __init__(self, macros: Iterable[Macro]) -> None:
        self._macros: dict[str, dict[int, Macro]] = {}
        for one in macros:
            self._macros.setdefault(one.name, {})[len(one.arguments)] = one

    def name(self, macro: Macro) -> str:
        """What the macro is called in the project."""
        several = len(self._macros[macro.name]) > 1 and macro.arguments
        return f"{macro.name}_{len(macro.arguments)}" if several else macro.name

    def called(self, text: str) -> Iterator[Macro]:
        """The macros that a search calls by itself."""
        for call in filter(None, map(_CALL.fullmatch, _PART.findall(text))):
            yield self._found(call)

    def all_called(self, texts: Iterable[str]) -> list[Macro]:
        """Those of all searches, and those that these call in turn, by name."""
        found: dict[str, Macro] = {}
        pending = [one for text in texts for one in self.called(text)]
        while pending:
            one = pending.pop()
            if self.name(one) not in found:
                found[self.name(one)] = one
                pending += self.called(one.definition)
        return [found[name] for name in sorted(found)]

    def written(self, text: str) -> str:
        """The search on one line, with a blank behind each call, which changes nothing outside of quotes."""
        done = ""
        for part in _PART.findall(text):
            if part.startswith('"'):
                done += part
                continue
            if done.endswith("`") and not re.match(r"[\s\w]", part):
                done += " "
            call = _CALL.fullmatch(part)
            done += f"`{self.name(self._found(call))}{call[2] or ''}`" if call else re.sub(r"\s+", " ", part)
        return done.strip()

    def _found(self, call: re.Match[str]) -> Macro:
        named = self._macros[call[1]]
        # No argument of a macro that shares its name holds a comma that does not part two of them.
        count = call[2].count(",") + 1 if call[2] else 0
        return next(iter(named.values())) if len(named) == 1 else named[count]
