"""The page of the engine names every command and function that there is, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.splunk.spl import commands, functions
from workbench.splunk.spl.aggregates import names as statistics_names

PAGE = Path(__file__).resolve().parents[2] / "engine.md"


def named(beginning: str, end: str) -> set[str]:
    text = PAGE.read_text(encoding="utf-8")
    return set(re.findall(r"`(\w+)`", text[text.index(beginning) : text.index(end)]))


def test_commands() -> None:
    assert named("| group | commands |", "Statistical functions:") == set(commands.names())


def test_statistical_functions() -> None:
    assert named("Statistical functions:", "wildcards in `stats`") == set(statistics_names())


def test_eval_functions() -> None:
    assert named("| group | eval functions |", "### Assumed in searches") == set(functions.names())
