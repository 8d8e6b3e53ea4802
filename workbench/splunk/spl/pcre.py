"""Regular expressions as Splunk runs them: PCRE, with its limit on backtracking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Callable, Protocol

import pcre2

from workbench.splunk.refusal import Refused

# limits.conf [rex] match_limit and props.conf MATCH_LIMIT have the same default.
MATCH_LIMIT = 100_000


class Match(Protocol):
    """What is used of a match of the library."""

    def group(self, key: int | str = 0) -> str | None:
        """The text of a group, None where it took no part."""

    def groups(self) -> tuple[str | None, ...]:
        """All groups from the first on."""

    def groupdict(self) -> dict[str, str | None]:
        """The named groups."""

    def start(self, key: int | str = 0) -> int:
        """Offset in characters of the group's first character."""

    def end(self, key: int | str = 0) -> int:
        """Offset in characters behind the group's last character."""


class Pattern:
    """A compiled pattern. A match that would exceed the match limit counts as none, as in Splunk."""

    def __init__(self, pattern: str, flags: str = "", match_limit: int = MATCH_LIMIT) -> None:
        self.pattern = pattern
        # Without UCP \d and \w are ASCII, which is PCRE's own default (assumed for Splunk).
        prefix = f"(*LIMIT_MATCH={match_limit})" + (f"(?{flags})" if flags else "")
        #: As PCRE is given it.
        self.source = prefix + pattern
        try:
            self._code = pcre2.compile(self.source, pcre2.ASCII)
        except (pcre2.PatternError, pcre2.LibraryError) as error:
            reason = re.sub(r"^compilation failed at position \d+; ", "", str(error))
            raise Refused(f"regular expression {pattern!r}: {reason}") from error
        self.groups: int = self._code.groups
        # In the order of the groups' numbers.
        self.names: list[str] = sorted(self._code.groupindex, key=self._code.groupindex.__getitem__)

    def search(self, text: str) -> Match | None:
        """The first match anywhere in the text."""
        try:
            found: Match | None = self._code.search(text)
        except pcre2.LibraryError as error:
            self._expect_limit(error)
            return None
        return found

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches from left to right that do not overlap."""
        try:
            yield from self._code.finditer(text)
        except pcre2.LibraryError as error:
            self._expect_limit(error)

    def sub(self, replacement: Callable[[Match], str], text: str, count: int = 0) -> str:
        """The text with its matches (the first `count` of them, 0 = all) replaced."""
        try:
            result: str = self._code.sub(replacement, text, count)
        except pcre2.LibraryError as error:
            raise Refused(f"regular expression {self.pattern!r}: {error}") from error
        return result

    def _expect_limit(self, error: pcre2.LibraryError) -> None:
        if "match limit" not in str(error):
            raise Refused(f"regular expression {self.pattern!r}: {error}") from error


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str, flags: str = "", match_limit: int = MATCH_LIMIT) -> Pattern:
    """The pattern, compiled once. `flags` are PCRE's inline letters, e.g. `ms`.

    Raises Refused where PCRE does not compile it.
    """
    return Pattern(pattern, flags, match_limit)


def expand(template: str, match: Match) -> str:
    r"""A replacement text with `\1`…`\9` filled in from the match; other backslashes stay."""
    return re.sub(r"\\(\d)", lambda reference: match.group(int(reference.group(1))) or "", template)
