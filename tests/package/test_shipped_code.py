"""The rules of tools/lint: kept by what ships, and each shown to find what it is for."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.build import __main__ as build
from tools.lint import code, content
from tools.lint.__main__ import exceptions, findings

#: What Windows does not have. Where there is a counterpart, the import stands in a `try`.
POSIX_MODULES = {"fcntl", "grp", "posix", "pwd", "resource", "termios"}

#: Each rule, with code that breaks it in one line and with code that does not.
TWINS: dict[code.Rule, tuple[tuple[str, ...], tuple[str, ...]]] = {
    code.verification_switched: (
        (
            "requests.get(url, verify=False)",
            "session.verify = False",
            "session.verify = settings.verify",
            "Session().get(url, verify=0)",
            "options = {'verify': flag}",
            "options['verify'] = None",
            "setattr(session, 'verify', False)",
            "context.check_hostname = False",
            "context.check_hostname = not private",
            "context.verify_mode = ssl.CERT_NONE",
            "pool(cert_reqs='CERT_NONE')",
            "pool(assert_hostname=False)",
            "ssl._create_default_https_context = ssl._create_unverified_context",
            "ssl._create_unverified_context()",
            "urllib3.disable_warnings()",
        ),
        ("conn.cert_reqs = 'CERT_REQUIRED'", "context.check_hostname = True", "signature.verify(data)"),
    ),
    code.old_tls: (
        (
            "ssl.SSLContext()",
            "ssl.SSLContext(ssl.PROTOCOL_TLS)",
            "ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)",
            "context.minimum_version = ssl.TLSVersion.TLSv1_1",
            "ssl.wrap_socket(sock)",
        ),
        ("ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)", "context.minimum_version = ssl.TLSVersion.TLSv1_2"),
    ),
    code.plain_http: (("URL = 'http://pce.example.com'", "f'http://{host}'"), ("URL = 'https://pce.example.com'",)),
    code.without_timeout: (
        ("requests.get(url)", "self._session.request('GET', url)", "urlopen(url)", "handler()"),
        ("self._session.get(url, timeout=(10, 30))", "handler(timeout=30)", "fields.get('name')"),
    ),
    code.follows_redirects: (
        ("requests.get(url)", "session.post(url, allow_redirects=True)"),
        ("session.get(url, allow_redirects=False)",),
    ),
    code.trusts_environment: (
        ("session = requests.Session()", "def ask(): return Session().get(url)"),
        ("def make(): session = Session(); session.trust_env = False",),
    ),
    code.starts_a_program: (
        ("import subprocess", "from subprocess import run", "os.system(text)", "os.popen(text)", "os.execv(path, [])"),
        ("platform.system()",),
    ),
    code.runs_text: (
        ("eval(text)", "exec(text)", "compile(text, '', 'exec')", "__import__(name)", "import pickle"),
        ("re.compile(text)",),
    ),
    code.reads_standard_input: (("name = input()", "input(prompt)"), ("self.input(name)", "definition.input_name")),
    code.tells_a_secret: (
        (
            "logger.info('%s', account.api_secret)",
            "log.debug(f'{session_key}')",
            "logger.error(password)",
            "raise ValueError(f'{token} is wrong')",
            "raise RestError(400, self.payload.api_secret)",
        ),
        ("logger.info('%s', account.name)", "raise ValueError('The API secret is missing.')"),
    ),
}


def test_the_built_add_on_keeps_every_rule(addon: Path) -> None:
    assert findings(addon) == []


#: What is left to ruff: code that breaks one of its rules, and the rule.
FOR_RUFF = {
    "import xml.etree.ElementTree as ET": "TID251",
    "from xml.sax import parse": "TID251",
    "import lxml": "TID251",
    "import defusedxml.ElementTree": "TID251",
    "import workbench.pce": "TID251",
    "from tools.build import stage": "TID251",
    "from tests import simulation": "TID251",
    "import hashlib; hashlib.md5(data)": "S324",
    "from hashlib import sha1; sha1(data)": "S324",
    "import hashlib; hashlib.new('md5')": "S324",
    "print(event)": "T201",
    "breakpoint()": "T100",
    "import sys; sys.stdout.write(text)": "TID251",
    "import sys; sys.stderr.writelines(lines)": "TID251",
    "import os; os.fork()": "TID251",
    "import signal; signal.SIGKILL": "TID251",
    "import signal; signal.SIGALRM": "TID251",
}


@pytest.mark.parametrize("text", FOR_RUFF)
def test_ruff_finds_what_our_rules_leave_to_it(repository: Path, text: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--quiet", "--output-format=json", "--stdin-filename"]
    command += [str(repository / "package/bin/illumio_pce/any.py"), "-"]
    ended = subprocess.run(command, cwd=repository, input=text + "\n", capture_output=True, text=True, check=False)
    assert FOR_RUFF[text] in {found["code"] for found in json.loads(ended.stdout)}


def test_every_rule_has_its_twins() -> None:
    assert set(TWINS) == set(code.RULES)


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, (bad, _) in TWINS.items() for text in bad])
def test_the_rule_finds_violations(rule: code.Rule, text: str) -> None:
    assert {line for _, line in code.findings((rule,), text)} == {1}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, (_, good) in TWINS.items() for text in good])
def test_the_rule_accepts_correct_code(rule: code.Rule, text: str) -> None:
    assert code.findings((rule,), text) == []


def test_every_exception_for_a_library_has_its_reason() -> None:
    assert [file for _, file, why in exceptions() if len(why) < 20] == []


@pytest.fixture(scope="module")
def copy(addon: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the add-on to break, without its pages."""
    folder = tmp_path_factory.mktemp("broken") / addon.name
    shutil.copytree(addon, folder, ignore=shutil.ignore_patterns("appserver", "__pycache__"))
    return folder


@contextmanager
def changed(path: Path, text: str) -> Iterator[None]:
    """The file with another text, for a while."""
    before = path.read_text("utf-8")
    path.write_text(text, "utf-8")
    yield
    path.write_text(before, "utf-8")


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("bin/illumio_pce/pce.py", "\nsession.verify = False\n", "verification_switched"),
        ("bin/ta_illumio_pce_rh_account.py", "\nimport subprocess\n", "starts_a_program"),
        ("lib/certifi/core.py", "\nssl._create_unverified_context()\n", "not reviewed"),
        ("lookups/illumio_pce_resources.csv", "app,=HYPERLINK(A1),1\n", "a formula"),
        ("default/macros.conf", "\n[evil]\ndefinition = search * | outputlookup x.csv\n", "risky command outputlookup"),
        ("default/macros.conf", "\n[evil(1)]\nargs = a\ndefinition = $a$ $user$\n", "unquoted token $user$"),
        ("default/savedsearches.conf", "\n[evil]\nsearch = index=main user=$user$\n", "unquoted token $user$"),
        (
            "default/savedsearches.conf",
            '\n[evil]\naction.notable.param.drilldown_searches = [{"name": "x", "search": "user=$user$"}]\n',
            "unquoted token $user$",
        ),
    ],
)
def test_violations_are_found_wherever_they_are(copy: Path, file: str, text: str, words: str) -> None:
    with changed(copy / file, (copy / file).read_text("utf-8") + text):
        (found,) = findings(copy)
    assert words in found


def test_an_exception_that_is_no_longer_needed_is_found(copy: Path) -> None:
    with changed(copy / "lib/solnlib/splunkenv.py", ""):
        found = findings(copy)
    assert found == ["libraries.yml: solnlib/splunkenv.py no longer breaks starts_a_program"]


def test_a_finding_fails_the_build_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "build", lambda _work, _identity: tmp_path)
    monkeypatch.setattr(build, "findings", lambda _app: ["bin/evil.py:1: verification_switched"])
    options = [f"--{name}={tmp_path / name}" for name in ("output", "dist", "work")]
    monkeypatch.setattr("sys.argv", ["tools.build", *options])
    with pytest.raises(SystemExit, match=r"evil\.py:1: verification_switched"):
        build.main()
    assert not (tmp_path / "dist").exists()
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", '"\tx"', '"\rx"'])
def test_a_cell_that_a_spreadsheet_would_execute_is_found(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "lookup.csv"
    path.write_text(f"name,text\nfirst,harmless = + - @\nsecond,{cell}\n", "utf-8", newline="")
    assert list(content.formula_cells(path)) == ["3:2"]


@pytest.mark.parametrize(
    ("search", "commands", "tokens"),
    [
        ("index=main | collect index=summary", ["collect"], []),
        ("index=main [| outputlookup x.csv] | stats count", ["outputlookup"], []),
        ('index=main text="a | delete" | eval x="| map"', [], []),
        ("| Delete", ["Delete"], []),
        ("index=main action=delete | fields run", [], []),
        ("index=main user=$user$ | head 1", [], ["$user$"]),
        ('index=main user="$form.user$"', [], ["$form.user$"]),
        ("index=main user=$user|u$", [], ["$user|u$"]),
        ("index=main user=$user|s$ earliest=$info_min_time$", [], []),
        ("index=main | where _time>=$first_time$ AND _time<=$last_time$", [], []),
        ('| eval x=if(match(y,"a$") OR match(y,"b$"),1,0)', [], []),
    ],
)
def test_searches_are_read_for_risky_commands_and_raw_tokens(
    search: str, commands: list[str], tokens: list[str]
) -> None:
    assert content.risky_commands(search) == commands
    assert content.raw_tokens(search) == tokens


_KEEPS = "index=main | stats count BY user | outputlookup append=true key_field=_key illumio_pce_kept"


def test_a_keeper_writes_its_own_lookup_as_its_last_command_and_nothing_else() -> None:
    def found(search: str, **more: str) -> list[str]:
        return list(content.findings({"search": search, **more}, "illumio_pce_kept"))

    assert found(_KEEPS) == []
    assert found(_KEEPS.replace("illumio_pce_kept", "illumio_pce_other")) == ["risky command outputlookup"]
    assert found(f"{_KEEPS} | stats count") == ["risky command outputlookup"]
    assert found(f"{_KEEPS} | outputlookup illumio_pce_kept") == ["risky command outputlookup"]
    assert found("index=main | collect index=x") == ["risky command collect"]
    assert list(content.findings({"search": _KEEPS})) == ["risky command outputlookup"]
    assert found(_KEEPS, **{"action.populate_lookup": "1"}) == ["action.populate_lookup writes where no keeper does"]


def test_a_macro_argument_is_not_a_token() -> None:
    macro = {"args": "column, text", "definition": 'eval $column$="$text$", who=$user$'}
    assert list(content.findings(macro)) == ["unquoted token $user$"]


def shipped(repository: Path) -> list[Path]:
    return sorted((repository / "package" / "bin").rglob("*.py"))


def test_posix_only_modules_are_imported_with_a_fallback(repository: Path) -> None:
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


def test_the_requirements_name_no_registry(repository: Path) -> None:
    texts = [*(repository / "requirements").iterdir(), repository / "package/lib/requirements.txt"]
    lines = [line for path in texts for line in path.read_text("utf-8").splitlines()]
    assert [line for line in lines if "://" in line or ("index-url" in line and "--no-emit" not in line)] == []
    pinned = [line for line in lines if re.match(r"[\w.-]+==\S+ .*\\$", line)]
    assert len(pinned) > 80
