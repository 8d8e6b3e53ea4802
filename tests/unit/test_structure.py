"""How the collector's modules depend on each other."""

from __future__ import annotations

import ast
from pathlib import Path

import illumio_pce

MODULES = sorted(Path(illumio_pce.__file__).parent.glob("*.py"))


def imported_by(path: Path) -> set[str]:
    """The modules of the package that one imports, wherever in it, for types only as well."""
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.module for node in found if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module}


def test_no_import_points_back() -> None:
    """Modules that import nothing of what is left are taken away, until none is left."""
    left = {path.stem: imported_by(path) for path in MODULES}
    assert {"collector", "delivery", "state"} <= set(left)
    assert set().union(*left.values()) <= set(left)
    while leaves := [name for name, imported in left.items() if not imported & set(left)]:
        for name in leaves:
            del left[name]
    assert left == {}
