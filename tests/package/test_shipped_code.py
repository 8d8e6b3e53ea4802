"""Rules for our shipped code that AppInspect and ruff do not hold, each with code that breaks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Rule = Callable[[ast.AST], bool]
SECRETS = re.compile(r"secret|password|session_key|authorization|credential|token", re.IGNORECASE)
LOG_LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
#: What Windows does not have. Where there is a counterpart, the import stands in a `try`.
POSIX_MODULES = {"fcntl", "grp", "posix", "pwd", "resource", "termios"}
POSIX_NAMES = {"fork", "getuid", "geteuid", "killpg", "setsid", "SIGKILL", "SIGALRM", "alarm", "SIGHUP", "SIGPIPE"}


def name_of(node: ast.AST) -> str:
    """The last part of a dotted name: `x` for `a.b.x`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def calls(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) in names


def passes(node: ast.AST, keyword: str, value: object) -> bool:
    """Whether a call or an assignment sets `keyword` to the constant `value`."""

    def is_value(given: ast.AST | None) -> bool:
        return isinstance(given, ast.Constant) and given.value is value

    if isinstance(node, ast.Call):
        return any(given.arg == keyword and is_value(given.value) for given in node.keywords)
    if isinstance(node, ast.Assign):
        return is_value(node.value) and keyword in map(name_of, node.targets)
    return False


def verifies_nothing(node: ast.AST) -> bool:
    unverified = {"CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "_create_stdlib_context"}
    return passes(node, "verify", False) or passes(node, "check_hostname", False) or name_of(node) in unverified


def plain_http(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and bool(re.search(r"http://(\w|$)", str(node.value)))


def starts_a_shell(node: ast.AST) -> bool:
    return passes(node, "shell", True) or calls(node, "system", "popen", "getoutput")


def weak_digest(node: ast.AST) -> bool:
    return name_of(node) == "md5" or (calls(node, "new") and any(
        isinstance(argument, ast.Constant) and argument.value == "md5" for argument in getattr(node, "args", [])
    ))  # fmt: skip


def runs_text(node: ast.AST) -> bool:
    return calls(node, "eval", "exec", "__import__") or (
        isinstance(node, ast.Import) and node.names[0].name == "pickle"
    )


def prints(node: ast.AST) -> bool:
    return calls(node, "print", "breakpoint", "input")


def logs_a_secret(node: ast.AST) -> bool:
    if not (calls(node, *LOG_LEVELS) and isinstance(node, ast.Call)):
        return False
    inside = [*node.args, *(keyword.value for keyword in node.keywords)]
    return any(SECRETS.search(name_of(part)) for argument in inside for part in ast.walk(argument))


def reaches_outside(node: ast.AST) -> bool:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    return any(name.split(".")[0] in ("workbench", "tools", "tests") for name in names)


def posix_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in POSIX_NAMES


RULES: dict[Rule, tuple[str, ...]] = {
    verifies_nothing: (
        "requests.get(url, verify=False)",
        "session.verify = False",
        "context.check_hostname = False",
        "context.verify_mode = ssl.CERT_NONE",
        "ssl._create_unverified_context()",
    ),
    plain_http: ("URL = 'http://pce.example.com'", "f'http://{host}'"),
    starts_a_shell: ("subprocess.run(text, shell=True)", "os.system(text)", "os.popen(text)"),
    weak_digest: ("hashlib.md5(data)", "hashlib.new('md5')"),
    runs_text: ("eval(text)", "exec(text)", "import pickle"),
    prints: ("print(event)",),
    logs_a_secret: ("logger.info('%s', account.api_secret)", "log.debug(f'{session_key}')", "logger.error(password)"),
    reaches_outside: ("import workbench.pce", "from tools.build import stage"),
    posix_name: ("os.fork()", "signal.SIGKILL"),
}


def findings(rule: Rule, source: str) -> Iterator[int]:
    """The lines that break a rule."""
    tree = ast.parse(source)
    return (getattr(node, "lineno", 0) for node in ast.walk(tree) if rule(node))


def shipped(repository: Path) -> list[Path]:
    return sorted((repository / "package" / "bin").rglob("*.py"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_shipped_code_keeps_the_rule(rule: Rule, repository: Path) -> None:
    paths = shipped(repository)
    assert len(paths) > 10
    broken = [
        f"{path.relative_to(repository)}:{line}" for path in paths for line in findings(rule, path.read_text("utf-8"))
    ]
    assert broken == []


@pytest.mark.parametrize(("rule", "code"), [(rule, code) for rule, codes in RULES.items() for code in codes])
def test_the_rule_finds_what_it_is_for(rule: Rule, code: str) -> None:
    assert list(findings(rule, code)) == [1]


def test_what_only_posix_has_is_imported_with_a_way_out(repository: Path) -> None:
    for path in shipped(repository):
        tree = ast.parse(path.read_text("utf-8"))
        guarded = {id(node) for guard in ast.walk(tree) if isinstance(guard, ast.Try) for node in ast.walk(guard)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import) and id(node) not in guarded:
                assert POSIX_MODULES.isdisjoint(alias.name for alias in node.names), path


def test_no_absolute_path_of_a_machine_is_written_down(repository: Path) -> None:
    machine = re.compile(r"(?<![\w.])/(?:work|root|home|tmp|usr|opt/(?!splunk))/\w")
    texts = [repository / "globalConfig.json", repository / "app.manifest", *shipped(repository)]
    texts += [path for path in (repository / "package").rglob("*") if path.suffix in (".conf", ".spec", ".meta")]
    assert [path.name for path in texts if machine.search(path.read_text("utf-8"))] == []


def test_no_registry_stands_in_the_requirements(repository: Path) -> None:
    texts = [*(repository / "requirements").iterdir(), repository / "package/lib/requirements.txt"]
    lines = [line for path in texts for line in path.read_text("utf-8").splitlines()]
    assert [line for line in lines if "://" in line or ("index-url" in line and "--no-emit" not in line)] == []
    pinned = [line for line in lines if re.match(r"[\w.-]+==\S+ .*\\$", line)]
    assert len(pinned) > 80
