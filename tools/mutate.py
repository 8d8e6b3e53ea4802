"""`python -m tools.mutate [--count N] [--seed N]`: changes the collector a little, and sees whether a test fails.

Of the modules that decide what is new, delivered and committed, one place at a time is changed: a comparison, a
Boolean, an arithmetic sign, a number, a statement left out. The tests have to fail for nine in ten. Those that live
are printed: each is a change without effect, or a test that is missing.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ADDON = REPOSITORY / "output" / "TA_illumio_pce"
MODULES = ("checkpoint", "collector", "delivery", "events", "lease", "requested", "seen", "state", "windows")
#: The quickest to find something first.
TESTS = (
    "tests/unit/test_collector_delivery.py",
    "tests/unit/test_collector_endings.py",
    "tests/unit/test_state.py",
    "tests/unit/test_lease.py",
    "tests/unit/test_missed.py",
    "tests/unit/test_leaves.py",
    "tests/unit/test_collector_errors.py",
    "tests/unit/test_json_and_events.py",
    "tests/stateful/test_histories.py",
)
_SECONDS = 150
_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Continue: ast.Break,
}  # fmt: skip
_CHANGEABLE = (
    ast.Compare, ast.BoolOp, ast.BinOp, ast.AugAssign, ast.Constant, ast.Name, ast.IfExp, ast.If, ast.While,
    ast.UnaryOp, ast.Expr,
)  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """A module with one change: where, what it was and what it became."""

    module: str
    line: int
    was: str
    became: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}: {self.was}  =>  {self.became}"


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module of the built add-on."""
    tree = ast.parse((ADDON / "bin" / "illumio_pce" / f"{module}.py").read_text(encoding="utf-8"))
    for at in [at for at, node in enumerate(ast.walk(tree)) if isinstance(node, _CHANGEABLE)]:
        for choice in range(2):
            changed = copy.deepcopy(tree)
            statements = {id(child): node for node in ast.walk(changed) for child in ast.iter_child_nodes(node)}
            node = next(node for index, node in enumerate(ast.walk(changed)) if index == at)
            line = node
            while not isinstance(line, (ast.stmt, ast.mod)):
                line = statements[id(line)]
            if isinstance(line, (ast.mod, ast.Import, ast.ImportFrom)):
                break
            before = ast.unparse(line).splitlines()[0]
            if not _change(node, statements.get(id(node)), choice):
                break
            after = ast.unparse(line) if line is not node or not isinstance(node, ast.Expr) else "pass"
            yield Mutant(module, getattr(line, "lineno", 0), before, after.splitlines()[0], ast.unparse(changed))


def _change(node: ast.AST, parent: ast.AST | None, choice: int) -> bool:
    """Change a node in place; whether there was anything to change. Some nodes can be changed in two ways."""
    if isinstance(node, ast.Compare) and choice == 0 and type(node.ops[0]) in _OTHER:
        node.ops[0] = _OTHER[type(node.ops[0])]()  # type: ignore[call-overload]
    elif (isinstance(node, ast.BoolOp) and choice == 0) or (
        isinstance(node, (ast.BinOp, ast.AugAssign)) and choice == 0 and type(node.op) in _OTHER
    ):
        node.op = _OTHER[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool) and choice == 0:
        node.value = not node.value
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value = node.value + (1 if choice == 0 else -1)  # type: ignore[operator]
    elif isinstance(node, ast.Name) and node.id in _NAMES and choice == 0:
        node.id = _NAMES[node.id]
    elif isinstance(node, ast.IfExp) and choice == 0:
        node.body, node.orelse = node.orelse, node.body
    elif isinstance(node, (ast.If, ast.While)):
        node.test = ast.Constant(value=choice == 0 and isinstance(node, ast.If))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and choice == 0:
        node.operand = ast.UnaryOp(op=ast.Not(), operand=node.operand)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and parent is not None and choice == 0:
        node.value = ast.Constant(value=None)
    else:
        return False
    return True


def dies(mutant: Mutant, folder: Path) -> bool:
    """Whether a test fails, or does not end, with the mutant in the add-on's place."""
    addon = folder / ADDON.name
    shutil.rmtree(addon, ignore_errors=True)
    shutil.copytree(ADDON / "bin", addon / "bin", ignore=shutil.ignore_patterns("__pycache__"))
    (addon / "lib").symlink_to(ADDON / "lib")
    (addon / "bin" / "illumio_pce" / f"{mutant.module}.py").write_text(mutant.source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS]
    environment = {**os.environ, "ADDON": str(addon), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        run = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


def main() -> int:
    """Try mutants; 1 where fewer than nine in ten died."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=__doc__)
    parser.add_argument("--count", type=int, default=150, help="how many, by chance (default %(default)s); 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--module", choices=MODULES, help="of this module alone")
    options = parser.parse_args()
    every = [m for module in ([options.module] if options.module else MODULES) for m in mutants_of(module)]
    chosen = random.Random(options.seed).sample(every, min(options.count or len(every), len(every)))  # noqa: S311
    until, alive, tried = time.monotonic() + options.minutes * 60, [], 0
    with tempfile.TemporaryDirectory() as folder:
        for mutant in chosen:
            if time.monotonic() > until:
                break
            tried += 1
            if not dies(mutant, Path(folder)):
                alive.append(mutant)
                print(f"alive  {mutant}", flush=True)
    print(f"{tried} of {len(every)} mutants tried (seed {options.seed}): {tried - len(alive)} died, {len(alive)} live")
    return int(len(alive) * 10 > tried)


if __name__ == "__main__":
    sys.exit(main())
