"""Secrets that are looked for: in every encoding that they could have leaked in, whole or in pieces."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

#: As short a piece as is still taken for a trace.
_PIECE = 8


def _encodings(secret: str) -> list[str]:
    data = secret.encode()
    shifted = (base64.b64encode(bytes(before) + data).decode()[-(-before * 8 // 6) :] for before in range(3))
    whole = [secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]]
    return [*whole, *(text.rstrip("=") for text in shifted), data.hex()]


def traces(text: str, *secrets: str) -> list[str]:
    """The pieces of 8 characters of the secrets, in any encoding and in either direction, that stand in a text."""
    pieces = {
        directed[at : at + _PIECE]
        for secret in secrets
        for encoded in _encodings(secret)
        for directed in (encoded, encoded[::-1])
        for at in range(len(directed) - _PIECE + 1)
    }
    return sorted(piece for piece in pieces if piece in text)
