"""Imports point one way: the commands use the stand-in for Splunk and the emulated PCE; neither knows more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

WORKBENCH = Path(__file__).resolve().parents[1]


def modules(folder: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((WORKBENCH / folder).rglob("*.py")):
        yield path.relative_to(WORKBENCH).as_posix(), path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", ["splunk", "pce"])
def test_an_emulation_imports_nothing_else_of_the_repository(folder: str) -> None:
    others = [
        (name, module)
        for name, path in modules(folder)
        for module in imported(path)
        if module.split(".")[0] in ("workbench", "tests", "tools", "illumio_pce")
        and not module.startswith(f"workbench.{folder}.")
    ]
    assert others == []


def test_the_emulated_splunk_does_not_mention_illumio() -> None:
    files = [path for path in sorted((WORKBENCH / "splunk").rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    assert len(files) > 150
    texts = {path.relative_to(WORKBENCH).as_posix(): path.read_text(encoding="utf-8").lower() for path in files}
    assert [name for name, text in texts.items() if "illumio" in text] == []
