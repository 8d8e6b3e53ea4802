"""What XML 1.0 has a meaning for, and what it cannot carry."""

from __future__ import annotations

import re

#: What has to be written in another way in character data (XML 1.0, section 2.4).
MARKUP = "&<>"
#: What XML 1.0 cannot carry (section 2.2, production Char), besides lone surrogates.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Text as character data (quotes stand for themselves there), U+FFFD for what XML cannot carry."""
    text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_for_json(text: str) -> str:
    r"""JSON in characters that XML can carry: the others become `\uXXXX`, which means the same."""
    return _NOT_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
