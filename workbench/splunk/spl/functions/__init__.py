"""The functions of eval and where, by group as Search Reference 10.0 groups them."""

from __future__ import annotations

from workbench.splunk.spl.functions import (
    condition,
    conversion,
    crypto,
    date_time,
    information,
    json_functions,
    mathematics,
    multivalue,
    text,
)
from workbench.splunk.spl.functions.registry import build_call, names

__all__ = [
    "build_call",
    "condition",
    "conversion",
    "crypto",
    "date_time",
    "information",
    "json_functions",
    "mathematics",
    "multivalue",
    "names",
    "text",
]
