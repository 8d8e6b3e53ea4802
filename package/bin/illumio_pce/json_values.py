"""Reads values of JSON, in whichever form they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def object_of(value: Any) -> Mapping[str, Any]:
    """An object, without members for anything else."""
    return value if isinstance(value, Mapping) else {}
