"""Tries mutants: each in a process forked from a warm one, with the tests that meet its line, the quickest first.

The warm process has everything imported but the add-on and its tests. A first run of all tests, without a change,
finds which test meets which line; it is made again when the add-on or a test changes.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import coverage
import pytest
from hypothesis import Phase, settings

from tools.mutate.mutants import Mutant

REPOSITORY = Path(__file__).resolve().parents[2]
ADDON = REPOSITORY / "output" / "TA_illumio_pce"
PACKAGE = ADDON / "bin" / "illumio_pce"
TESTS = ("tests/unit", "tests/stateful")
_MAP = REPOSITORY / ".build" / "mutate.json"
_ARGUMENTS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
#: A test that takes so much longer than without a change does not end: so many times as long, and seconds more.
_TIMES, _MORE_SECONDS = 4, 3.0
#: The same by the clock, for one that waits.
_WAITING_SECONDS = 180.0
#: So many of the histories are played here, out of those that the test command plays.
_HISTORIES = {"PLAYED": 150, "CRASHED": 3}
_MACHINES = 25
#: What the tests import besides.
_WARM = ("coverage", "hypothesis.stateful", "_hypothesis_pytestplugin", "requests", "xml.dom.minidom")
#: So many tests are tried by themselves: most mutants die of them, and fewer files have to be read.
_FIRST = 12
#: Of a parametrized test with more cases than this, every second, third … is left out.
_CASES = 24
_MEMORY = 4 * 1024**3


@dataclass
class Map:
    """How long each test takes (CPU seconds), and which tests meet which line of which module."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    def tests_for(self, mutant: Mutant, most: float) -> list[str]:
        """The tests that meet a mutant: first one of each function's, the quickest first.

        Those that take more than `most` seconds by themselves are left out.
        """
        met: Iterable[str] = self.seconds
        if mutant.lines is not None:
            by_line = self.lines.get(mutant.module, {})
            met = sorted({test for line in mutant.lines for test in by_line.get(line, [])})
        functions: dict[str, list[str]] = {}
        for test in met:
            if self.seconds[test] <= most:
                functions.setdefault(test.split("[")[0], []).append(test)
        rank = {
            test: (turn, self.seconds[test]) for siblings in functions.values() for turn, test in enumerate(siblings)
        }
        return sorted(rank, key=rank.__getitem__)


class _Plugin:
    """What pytest has to do otherwise than usual: fewer histories and cases, nothing shrunk, nothing remembered."""

    def pytest_configure(self) -> None:
        settings.register_profile("mutate", database=None, phases=[Phase.explicit, Phase.generate], derandomize=True)
        settings.load_profile("mutate")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for module in {item.module for item in items if isinstance(item, pytest.Function)}:
            for name in _HISTORIES.keys() & vars(module).keys():
                setattr(module, name, _HISTORIES[name])
            if hasattr(module, "TestCollector"):
                module.TestCollector.settings = settings(module.TestCollector.settings, max_examples=_MACHINES)
        functions: dict[str, list[pytest.Item]] = {}
        for item in items:
            functions.setdefault(item.nodeid.split("[")[0], []).append(item)
        items[:] = [item for cases in functions.values() for item in cases[:: -(-len(cases) // _CASES)]]


class _Selection(_Plugin):
    """The tests that meet a mutant, in order; a test has its time, and no more."""

    def __init__(self, seconds: dict[str, float], wanted: Sequence[str]) -> None:
        self._seconds = seconds
        self._rank = {test: rank for rank, test in enumerate(wanted)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        super().pytest_collection_modifyitems(items)
        items[:] = sorted(
            (item for item in items if item.nodeid in self._rank), key=lambda item: self._rank[item.nodeid]
        )

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        limit_time(self._seconds[item.nodeid] * _TIMES + _MORE_SECONDS)


class _Recorder(_Plugin):
    """Notes which test runs which line, and for how long."""

    def __init__(self) -> None:
        self._coverage = coverage.Coverage(data_file=None, include=[f"{PACKAGE}/*"], messages=False)
        self._seconds: dict[str, float] = {}
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        began = time.process_time()
        yield
        self._seconds[item.nodeid] = round(time.process_time() - began, 4)

    def found(self) -> dict[str, Any]:
        """Of each file of tests: its tests' seconds, and by module and line which of them, by number, meet it."""
        self._coverage.stop()
        data = self._coverage.get_data()
        files: dict[str, dict[str, Any]] = {}
        for test, seconds in self._seconds.items():
            files.setdefault(test.split("::")[0], {"seconds": {}, "lines": {}})["seconds"][test] = seconds
        number = {test: at for file in files.values() for at, test in enumerate(file["seconds"])}
        for path in data.measured_files():
            for line, tests in data.contexts_by_lineno(path).items():
                for test in number.keys() & set(tests):
                    by_line = files[test.split("::")[0]]["lines"].setdefault(Path(path).stem, {})
                    by_line.setdefault(line, []).append(number[test])
        return files


class _InPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports a mutant in its module's place."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"illumio_pce.{mutant.module}"
        self._path = str(PACKAGE / f"{mutant.module}.py")
        self._source = mutant.source

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self, origin=self._path) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._path
        exec(compile(self._source, self._path, "exec"), module.__dict__)  # noqa: S102


def limit_time(seconds: float) -> None:
    """This process ends when it has computed for so long, or waited for very long."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, _WAITING_SECONDS + seconds)


def in_child(work: Callable[[], int], output: Path = Path(os.devnull)) -> int:
    """Fork a process that does some work and ends with what that returns; its id."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        code = work()
    finally:
        sys.stdout.flush()
        os._exit(code)


def every_file() -> list[Path]:
    """The files of tests of which a mutant has to fail one."""
    return sorted(path for folder in TESTS for path in (REPOSITORY / folder).glob("test_*.py"))


def make_map(files: list[Path]) -> Map:
    """The map for these files of tests; made again for those that changed.

    SystemExit where a test fails without any change.
    """
    known = json.loads(_MAP.read_text(encoding="utf-8")) if _MAP.exists() else {}
    helpers = sorted({*PACKAGE.glob("*.py"), *REPOSITORY.glob("tests/*.py")})
    common = _digest(helpers)
    marks = {str(path.resolve().relative_to(REPOSITORY)): common + _digest([path]) for path in files}
    known = {file: found for file, found in known.items() if found["mark"].startswith(common)}
    if stale := sorted(file for file, mark in marks.items() if known.get(file, {}).get("mark") != mark):
        print("running tests once, to see which lines they meet …", file=sys.stderr, flush=True)
        output = _MAP.with_suffix(".txt")
        _, status = os.waitpid(in_child(lambda: _record(stale, known, marks), output), 0)
        if status:
            raise SystemExit(f"without any change the tests fail:\n{output.read_text(encoding='utf-8')[-3000:]}")
        known = json.loads(_MAP.read_text(encoding="utf-8"))
    return _joined(known[file] for file in marks)


def _joined(files: Iterable[dict[str, Any]]) -> Map:
    found = Map({}, {})
    for file in files:
        tests = list(file["seconds"])
        found.seconds.update(file["seconds"])
        for module, by_line in file["lines"].items():
            lines = found.lines.setdefault(module, {})
            for line, numbers in by_line.items():
                lines.setdefault(int(line), []).extend(tests[at] for at in numbers)
    return found


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def _record(stale: list[str], known: dict[str, Any], marks: dict[str, str]) -> int:
    recorder = _Recorder()
    code = pytest.main([*_ARGUMENTS, *stale], plugins=[recorder])
    if code == 0:
        found = {file: {"mark": marks[file], **value} for file, value in recorder.found().items()}
        _MAP.write_text(json.dumps({**known, **found}), encoding="utf-8")
    return int(code)


def warm_up() -> None:
    """Import what the tests need, but for the add-on's own modules and the tests themselves."""
    sys.path[:0] = [str(REPOSITORY), str(ADDON / "lib")]
    for name in _WARM:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _try(mutant: Mutant, tests: Sequence[str], seconds: dict[str, float]) -> int:
    sys.meta_path.insert(0, _InPlace(mutant))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for part in filter(None, (tests[:_FIRST], tests[_FIRST:])):
        limit_time(60)
        files = sorted({test.split("::")[0] for test in part})
        if code := int(pytest.main([*_ARGUMENTS, *files], plugins=[_Selection(seconds, part)])):
            return code
    return 0


def outcomes(mutants: Iterable[Mutant], found: Map, jobs: int, most: float) -> Iterator[tuple[Mutant, str]]:
    """Each mutant with what became of it: `alive`, `failed` (a test failed), or `endless` (a test did not end)."""
    running: dict[int, Mutant] = {}
    for mutant in mutants:
        tests = found.tests_for(mutant, most)
        if not tests:
            yield mutant, "alive"
            continue
        running[in_child(lambda mutant=mutant, tests=tests: _try(mutant, tests, found.seconds))] = mutant  # type: ignore[misc]
        if len(running) >= jobs:
            yield _next(running)
    while running:
        yield _next(running)


def _next(running: dict[int, Mutant]) -> tuple[Mutant, str]:
    child, status = os.wait()
    outcome = "endless" if os.WIFSIGNALED(status) else "failed" if os.WEXITSTATUS(status) else "alive"
    return running.pop(child), outcome
