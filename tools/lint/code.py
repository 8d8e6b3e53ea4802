"""Rules over the syntax tree of shipped Python. A rule looks at one node and says whether it breaks the rule.

They match names, whatever object these belong to: a false alarm is renamed, a miss would ship. What ruff finds as well
(weak digests, print, XML, imports of what does not ship, names that Windows lacks) is left to it: pyproject.toml.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

Rule = Callable[[ast.AST], bool]

_SECRETS = re.compile(r"secret|passw|session_key|authorization|credential|token", re.IGNORECASE)
_LOG_LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
_METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
_CONNECTS = {"urlopen", "create_connection", "HTTPConnection", "HTTPSConnection", "handler"}
_UNVERIFIED = {"CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "_create_stdlib_context", "disable_warnings"}
_OLD_TLS = re.compile(r"PROTOCOL_(?!TLS_CLIENT$|TLS_SERVER$)\w+|SSLv\w+|TLSv1(_1)?")
_PROGRAMS = {"system", "popen", "getoutput", "getstatusoutput", "startfile", "posix_spawn"}
_CODE_MODULES = {"pickle", "marshal", "shelve", "dill", "code", "codeop"}


def verification_switched(node: ast.AST) -> bool:
    """Whatever names `verify` or takes certificate or host checks away; ours never decides, so any value counts."""
    if _name(node) in _UNVERIFIED or (isinstance(node, ast.Constant) and node.value in ("CERT_NONE", "CERT_OPTIONAL")):
        return True
    if isinstance(node, (ast.Subscript, ast.Dict)):
        keys = [node.slice] if isinstance(node, ast.Subscript) else node.keys
        return any(isinstance(key, ast.Constant) and key.value == "verify" for key in keys)
    if _calls(node, "setattr"):
        return any(_is(argument, "verify") or _is(argument, "check_hostname") for argument in _arguments(node))
    given = dict(_given(node))
    return bool(given.keys() & {"verify", "verify_mode", "assert_hostname"}) or (
        "check_hostname" in given and not _is(given["check_hostname"], True)
    )


def old_tls(node: ast.AST) -> bool:
    """A protocol older than TLS 1.2, or a context that verifies nothing until it is told to."""
    bare = _calls(node, "SSLContext") and not _arguments(node)
    module_level = _calls(node, "wrap_socket") and _name(_function(node).value) == "ssl"
    return bare or module_level or bool(_OLD_TLS.fullmatch(_name(node)))


def plain_http(node: ast.AST) -> bool:
    """An address without TLS, whole or the beginning of one."""
    return isinstance(node, ast.Constant) and bool(re.search(r"http://(\w|$)", str(node.value)))


def without_timeout(node: ast.AST) -> bool:
    """A request or connection that may wait for ever."""
    return (_asks(node) or _calls(node, *_CONNECTS)) and "timeout" not in dict(_given(node))


def follows_redirects(node: ast.AST) -> bool:
    """A request that goes wherever an answer points, the key in hand."""
    return _asks(node) and not _is(dict(_given(node)).get("allow_redirects"), False)


def trusts_environment(node: ast.AST) -> bool:
    """A function that makes a Session and leaves proxies, CA lists and .netrc to the environment."""
    if not isinstance(node, (ast.FunctionDef, ast.Module)):
        return False
    within = list(_within(node))
    pinned = any(_is(dict(_given(part)).get("trust_env"), False) for part in within)
    return any(_calls(part, "Session") for part in within) and not pinned


def starts_a_program(node: ast.AST) -> bool:
    """A process besides ours."""
    called = _calls(node, *_PROGRAMS) and _name(_function(node).value) != "platform"
    return _imports(node, "subprocess", "pty") or called or bool(re.fullmatch(r"(exec|spawn)[lv]p?e?", _name(node)))


def runs_text(node: ast.AST) -> bool:
    """Text or bytes that become code."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return (called and _calls(node, "eval", "exec", "compile", "__import__")) or _imports(node, *_CODE_MODULES)


def reads_standard_input(node: ast.AST) -> bool:
    """A wait for a keyboard; standard input is splunkd's."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input"


def tells_a_secret(node: ast.AST) -> bool:
    """A log entry or an error that holds something named like a secret."""
    inside: list[ast.AST] = []
    if isinstance(node, ast.Call) and _name(node.func) in _LOG_LEVELS:
        inside = [*node.args, *(keyword.value for keyword in node.keywords)]
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        inside = [*node.exc.args, *(keyword.value for keyword in node.exc.keywords)]
    return any(_SECRETS.search(_name(part)) for argument in inside for part in ast.walk(argument))


#: For our own code: every rule. For bundled libraries: what could undo a promise of ours.
RULES: tuple[Rule, ...] = (
    verification_switched, old_tls, plain_http, without_timeout, follows_redirects, trusts_environment,
    starts_a_program, runs_text, reads_standard_input, tells_a_secret,
)  # fmt: skip
LIBRARY_RULES: tuple[Rule, ...] = (verification_switched, starts_a_program, runs_text)


@lru_cache(maxsize=1024)
def findings(rules: tuple[Rule, ...], source: str) -> list[tuple[str, int]]:
    """Each rule that a module breaks, by its name, with the line."""
    nodes = list(ast.walk(ast.parse(source)))
    return [(rule.__name__, getattr(node, "lineno", 1)) for rule in rules for node in nodes if rule(node)]


def _name(node: ast.AST) -> str:
    """The last part of a dotted name: `x` for `a.b.x`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value and type(node.value) is type(value)


def _calls(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in names


def _arguments(node: ast.AST) -> list[ast.expr]:
    return node.args if isinstance(node, ast.Call) else []


def _function(node: ast.AST) -> ast.Attribute:
    """What a call calls, as an attribute of something."""
    called = node.func if isinstance(node, ast.Call) else None
    return called if isinstance(called, ast.Attribute) else ast.Attribute(ast.Name("", ast.Load()), "", ast.Load())


def _given(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """The names that a call's keywords, or an assignment, give a value."""
    if isinstance(node, ast.Call):
        yield from ((keyword.arg or "", keyword.value) for keyword in node.keywords)
    elif isinstance(node, ast.Assign):
        yield from ((_name(target), node.value) for target in node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        yield _name(node.target), node.value


def _asks(node: ast.AST) -> bool:
    """Whether it is a request with requests: of the module, or of what is named like a session."""
    function = _function(node)
    return function.attr in _METHODS and bool(re.search("requests|session", _name(function.value), re.IGNORECASE))


def _imports(node: ast.AST, *modules: str) -> bool:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
    names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    return any(name.split(".")[0] in modules for name in names)


def _within(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, or of a module outside of its functions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef):
            yield from _within(child)
