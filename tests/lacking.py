"""Tests that need a tool which not every machine has."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"


def lacking(what: str) -> NoReturn:
    """Skip the test for want of a tool; fail it in CI (CI=true), where every tool should be installed."""
    if IN_CI:
        pytest.fail(f"CI lacks a tool: {what}", pytrace=False)
    pytest.skip(what)


def needs(missing: str) -> pytest.MarkDecorator:
    """Mark tests that need what `missing` names as missing; empty where nothing is. In CI they run all the same."""
    return pytest.mark.skipif(bool(missing) and not IN_CI, reason=missing or "nothing is missing")
