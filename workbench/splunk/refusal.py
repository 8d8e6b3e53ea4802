"""The one way in which the workbench says that it does not know something."""

from __future__ import annotations

from typing import Union

Position = Union[int, str, None]


class Refused(Exception):
    """The workbench does not know, or Splunk itself rejects, what stands at `position`.

    `position` is an offset in characters into the text being read, or the name of a place
    (`props.conf [stanza] KEY`), or None where the caller adds it (`at`).
    """

    def __init__(self, message: str, position: Position = None) -> None:
        self.message = message
        self.position = position
        super().__init__(message)

    def __str__(self) -> str:
        if self.position is None:
            return self.message
        place = f"at character {self.position + 1}" if isinstance(self.position, int) else f"in {self.position}"
        return f"{self.message} ({place})"

    def at(self, position: Position) -> Refused:
        """The same refusal with a place, unless it already has one."""
        return self if self.position is not None else Refused(self.message, position)

    def moved(self, offset: int) -> Refused:
        """The same refusal with its offset counted from `offset` characters earlier."""
        return Refused(self.message, self.position + offset) if isinstance(self.position, int) else self.at(offset)
