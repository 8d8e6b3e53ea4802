"""Informational functions: what a value is."""

from __future__ import annotations

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.functions.registry import function
from workbench.splunk.spl.values import Value


@function("isnull", 1, 1, "boolean", several=True, nulls=True)
def _isnull(value: Value) -> Value:
    return value is None


@function("isnotnull", 1, 1, "boolean", several=True, nulls=True)
def _isnotnull(value: Value) -> Value:
    return value is not None


@function("isnum", 1, 1, "boolean", nulls=True)
def _isnum(value: Value) -> Value:
    return isinstance(value, float)


@function("isint", 1, 1, "boolean", nulls=True)
def _isint(value: Value) -> Value:
    return isinstance(value, float) and value.is_integer()


@function("isstr", 1, 1, "boolean", nulls=True)
def _isstr(value: Value) -> Value:
    return isinstance(value, str)


@function("isbool", 1, 1, "boolean", nulls=True)
def _isbool(value: Value) -> Value:
    return isinstance(value, bool)


@function("typeof", 1, 1, "text", several=True, nulls=True)
def _typeof(value: Value) -> Value:
    if isinstance(value, list):
        raise Refused("the type of several values is documented nowhere")
    if value is None:
        return "Invalid"
    if isinstance(value, bool):
        return "Bool"
    return "Number" if isinstance(value, float) else "String"
