"""Cryptographic functions, as lower-case hexadecimal text."""

from __future__ import annotations

import hashlib

from workbench.splunk.spl.functions.registry import function
from workbench.splunk.spl.values import Value, text_of


@function("md5", 1, 1, "text", takes="text")
def _md5(value: Value) -> Value:
    return hashlib.md5(text_of(value).encode(), usedforsecurity=False).hexdigest()


@function("sha256", 1, 1, "text", takes="text")
def _sha256(value: Value) -> Value:
    return hashlib.sha256(text_of(value).encode()).hexdigest()
