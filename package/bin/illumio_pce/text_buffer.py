"""The text of a response that arrives in chunks: as much of it as somebody wants to see, and how far it was taken."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from .json_text import skip_space


class TextBuffer:
    """UTF-8 in chunks, decoded; a byte order mark at the beginning is skipped (RFC 8259, section 8.1).

    `text` is what has arrived and was not dropped, `at` the position in it up to which it was taken.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._dropped = 0
        self.text = ""
        self.at = 0
        self.ended = False

    @property
    def position(self) -> int:
        """How much was taken since the beginning (characters)."""
        return self._dropped + self.at

    @property
    def left(self) -> int:
        """How much of the text that has arrived is not taken yet (characters)."""
        return len(self.text) - self.at

    @property
    def unread(self) -> str:
        """The text that has arrived and is not taken yet."""
        return self.text[self.at :]

    def see(self, characters: int) -> None:
        """Have at least that much after the present position, or all there is."""
        missing = characters - self.left
        if missing <= 0:
            return
        pieces = [self.unread]
        self._dropped += self.at
        while missing > 0 and not self.ended:
            chunk = next(self._chunks, None)
            self.ended = chunk is None
            pieces.append(self._decode(chunk or b"", self.ended))
            missing -= len(pieces[-1])
        self.text = "".join(pieces)
        self.at = 0

    def next_character(self) -> str:
        """The next character that is not white space, not taken; empty at the end of the text."""
        while True:
            self.at = skip_space(self.text, self.at)
            if self.left:
                return self.text[self.at]
            if self.ended:
                return ""
            self.see(1)
