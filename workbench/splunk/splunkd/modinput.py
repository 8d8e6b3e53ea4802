"""Modular inputs as splunkd sees them: schemes, stanzas, and the XML that a script is given."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from workbench.splunk.refusal import Refused

from .confs import Confs, Stanza, is_true

#: Settings that every input may have; the others are named by its scheme.
COMMON_SETTINGS = frozenset(
    {
        "name",
        "disabled",
        "host",
        "index",
        "interval",
        "source",
        "sourcetype",
        "python.version",
        "python.required",
        "start_by_shell",
    }
)
_SPEC_STANZA = re.compile(r"\[(?P<scheme>[^\]/:]+)://", re.MULTILINE)
_SCRIPT_SECONDS = 60.0


class ArgumentsRefused(Exception):
    """The script's `--validate-arguments` said no; the text is the script's."""


@dataclass(frozen=True)
class Scheme:
    """What a script's `--scheme` said of itself."""

    name: str
    app: str
    title: str
    arguments: frozenset[str]
    required: frozenset[str]
    external_validation: bool


@dataclass(frozen=True)
class Host:
    """What splunkd tells a script about itself."""

    server_host: str
    server_uri: str
    checkpoint_dir: Path
    session_key: str

    def xml(self) -> str:
        """As members of the configuration."""
        values = {
            "server_host": self.server_host,
            "server_uri": self.server_uri,
            "session_key": self.session_key,
            "checkpoint_dir": str(self.checkpoint_dir),
        }
        return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


class ModularInputs:
    """The schemes of the installed apps and their stanzas in inputs.conf."""

    def __init__(self, confs: Confs, python: str, environment: Callable[[], Mapping[str, str]]) -> None:
        self._confs = confs
        self.python = python
        self._environment = environment
        self._schemes: dict[str, Scheme] = {}

    def owner(self, scheme: str) -> str | None:
        """The app that declares a scheme in its README/inputs.conf.spec, which is where splunkd looks."""
        for app in self._confs.apps():
            spec = self._confs.folder(app) / "README" / "inputs.conf.spec"
            if spec.is_file() and scheme in _SPEC_STANZA.findall(spec.read_text(encoding="utf-8")):
                return app
        return None

    def scheme(self, name: str) -> Scheme:
        """A scheme, from the script itself the first time. Raises Refused for what the workbench cannot run."""
        if name not in self._schemes:
            app = self.owner(name)
            if app is None:
                raise Refused("no installed app declares this scheme", f"scheme {name}")
            done = self._script(name, "--scheme", "")
            if done.returncode:
                raise Refused(f"--scheme failed ({done.returncode}): {done.stderr.decode()}", f"scheme {name}")
            self._schemes[name] = _parse_scheme(name, app, done.stdout)
        return self._schemes[name]

    def forget(self) -> None:
        """Ask the scripts again: an app was installed."""
        self._schemes.clear()

    def command(self, scheme: str) -> list[str]:
        """How the script is started."""
        app = self.owner(scheme) or ""
        return [self.python, str(self._confs.folder(app) / "bin" / f"{scheme}.py")]

    def run_command(self, stanza: Stanza) -> list[str]:
        """How a run is started: through a shell, unless `start_by_shell` is off.

        inputs.conf.spec has that setting for scripts, on by default; for modular inputs it is taken to be the same.
        A shell between gets the signals that are meant for the script, and hands none on.
        """
        command = self.command(stanza.name.partition("://")[0])
        if is_true(stanza.settings.get("start_by_shell", "true")):
            return ["/bin/sh", "-c", '"$0" "$@"; exit $?', *command]
        return command

    def stanzas(self, scheme: str) -> dict[str, Stanza]:
        """The inputs of a scheme by name, with the settings of `[<scheme>]` and `[default]` under their own."""
        seen = self._confs.stanzas("-", "inputs")
        shared = seen[scheme].settings if scheme in seen else {}
        prefix = f"{scheme}://"
        return {
            name[len(prefix) :]: Stanza(name, stanza.app, {**shared, **stanza.settings}, stanza.removable)
            for name, stanza in seen.items()
            if name.startswith(prefix)
        }

    def enabled(self) -> dict[str, Stanza]:
        """All inputs that run, by stanza name (`scheme://name`)."""
        schemes = {name.partition("://")[0] for name in self._confs.stanzas("-", "inputs") if "://" in name}
        found = (stanza for scheme in sorted(schemes) if self.owner(scheme) for stanza in self.stanzas(scheme).values())
        return {stanza.name: stanza for stanza in found if not is_true(stanza.settings.get("disabled", "0"))}

    def validate(self, scheme: Scheme, name: str, settings: Mapping[str, str], host: Host) -> None:
        """Have the script look at an input that is to be saved. Raises ArgumentsRefused."""
        if not scheme.external_validation:
            return
        item = f"<item name={quoteattr(name)}>{_params(settings)}</item>"
        done = self._script(scheme.name, "--validate-arguments", f"<items>{host.xml()}{item}</items>")
        if done.returncode == 0:
            return
        try:
            text = ET.fromstring(done.stdout).findtext("message")  # noqa: S314 - our own add-on's
        except ET.ParseError:
            text = None
        raise ArgumentsRefused(text or f"the script ended with {done.returncode}")

    def configuration(self, stanza: Stanza, host: Host) -> bytes:
        """The XML on the standard input of a run."""
        inner = f"<stanza name={quoteattr(stanza.name)} app={quoteattr(stanza.app)}>{_params(stanza.settings)}</stanza>"
        return f"<input>{host.xml()}<configuration>{inner}</configuration></input>".encode()

    def _script(self, scheme: str, argument: str, given: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.command(scheme), argument],
            input=given.encode(),
            capture_output=True,
            env=dict(self._environment()),
            timeout=_SCRIPT_SECONDS,
            check=False,
        )


def _params(settings: Mapping[str, str]) -> str:
    return "".join(f"<param name={quoteattr(name)}>{escape(value)}</param>" for name, value in settings.items())


def _parse_scheme(name: str, app: str, xml: bytes) -> Scheme:
    try:
        root = ET.fromstring(xml)  # noqa: S314 - our own add-on's
    except ET.ParseError as error:
        raise Refused(f"--scheme printed no XML: {error}", f"scheme {name}") from None

    def flag(member: str) -> bool:
        return is_true(root.findtext(member, "false"))

    if flag("use_single_instance"):
        raise Refused("use_single_instance = true: the workbench runs one process for each stanza", f"scheme {name}")
    if root.findtext("streaming_mode") != "xml":
        raise Refused("only streams of XML are read", f"scheme {name}")
    arguments = {argument.get("name", ""): argument for argument in root.iter("arg")}
    required = {n for n, a in arguments.items() if is_true(a.findtext("required_on_create", "true"))}
    return Scheme(
        name,
        app,
        root.findtext("title", name),
        frozenset(arguments),
        frozenset(required),
        flag("use_external_validation"),
    )
