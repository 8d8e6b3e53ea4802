"""Splunk's conf files: their syntax, their layers, and writing to an app's `local/`.

Rules are those of the *.conf.spec preambles: `local` over `default`, `[default]` under every stanza, a
backslash at the end of a line carries the value on to the next. How splunkd itself writes a value of several
lines has not been seen; here it is written with such backslashes.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path

from workbench.splunk.refusal import Refused

Stanzas = dict[str, dict[str, str]]

_HEADER = re.compile(r"\[(?P<name>.*)\]\s*")


def read_conf(path: Path) -> Stanzas:
    """The stanzas of one file; none where there is no file. Raises Refused, with the line, for any other syntax."""
    if not path.is_file():
        return {}
    stanzas: Stanzas = {}
    current = "default"
    lines = iter(enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        header = _HEADER.fullmatch(line)
        if header:
            current = header["name"]
            stanzas.setdefault(current, {})
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise Refused("neither a stanza nor a setting", f"{path.name} line {number}")
        while value.endswith("\\"):
            value = value[:-1] + "\n" + next(lines, (0, ""))[1]
        stanzas.setdefault(current, {})[key.strip()] = value.strip()
    return stanzas


def write_conf(path: Path, stanzas: Stanzas) -> None:
    """Replace a file as a whole. Raises Refused for a value that the syntax cannot carry."""
    lines = []
    for name, settings in stanzas.items():
        lines.append(f"[{name}]")
        for key, value in settings.items():
            if value.endswith("\\"):
                raise Refused("a value that ends in a backslash cannot be written", f"{path.name} [{name}] {key}")
            text = "\\\n".join(value.splitlines())
            lines.append(f"{key} = {text}")
        lines.append("")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text("\n".join(lines), encoding="utf-8")
    beside.replace(path)


@dataclass(frozen=True)
class Stanza:
    """One stanza as an app sees it: its settings over those of `[default]`; `removable` when only `local` has it."""

    name: str
    app: str
    settings: dict[str, str]
    removable: bool


class Confs:
    """All conf files below SPLUNK_HOME/etc: those of the apps and of `system`."""

    def __init__(self, etc: Path) -> None:
        self._etc = etc
        self._lock = threading.RLock()

    def apps(self) -> list[str]:
        """The installed apps, by folder name."""
        return sorted(path.name for path in (self._etc / "apps").iterdir() if path.is_dir())

    def folder(self, app: str) -> Path:
        """Where an app lives; `system` is one too."""
        return self._etc / "system" if app == "system" else self._etc / "apps" / app

    def exists(self, app: str, conf: str) -> bool:
        """Whether the app, or `system`, has a file of that name."""
        places = [self.folder(a) / layer for a in self._seen_by(app) for layer in ("default", "local")]
        return any((place / f"{conf}.conf").is_file() for place in places)

    def stanzas(self, app: str, conf: str) -> dict[str, Stanza]:
        """What an app sees of a conf: `system` and its own; all apps for `-`."""
        with self._lock:
            files = [(a, *self._layers(a, conf)) for a in self._seen_by(app)]
        shared: dict[str, str] = {}
        for _, default, local in files:
            shared.update({**default.pop("default", {}), **local.pop("default", {})})
        seen: dict[str, Stanza] = {}
        for owner, default, local in files:
            for name in [*default, *(name for name in local if name not in default)]:
                under = seen[name].settings if name in seen else shared
                settings = {**under, **default.get(name, {}), **local.get(name, {})}
                seen[name] = Stanza(name, owner, settings, removable=name not in default)
        return seen

    def write(self, app: str, conf: str, name: str, settings: dict[str, str]) -> None:
        """Set settings of a stanza in the app's `local/`, making the stanza if need be."""
        with self._lock:
            path = self._local(app, conf)
            stanzas = read_conf(path)
            stanzas.setdefault(name, {}).update(settings)
            write_conf(path, stanzas)

    def delete(self, app: str, conf: str, name: str) -> None:
        """Remove a stanza from the app's `local/`."""
        with self._lock:
            path = self._local(app, conf)
            stanzas = read_conf(path)
            stanzas.pop(name, None)
            write_conf(path, stanzas)

    def _seen_by(self, app: str) -> list[str]:
        return ["system", *(self.apps() if app == "-" else [] if app == "system" else [app])]

    def _layers(self, app: str, conf: str) -> tuple[Stanzas, Stanzas]:
        return read_conf(self.folder(app) / "default" / f"{conf}.conf"), read_conf(self._local(app, conf))

    def _local(self, app: str, conf: str) -> Path:
        return self.folder(app) / "local" / f"{conf}.conf"


def is_true(value: str) -> bool:
    """A conf's Boolean. Raises Refused for text that is none."""
    text = value.strip().lower()
    if text in ("1", "true", "t", "yes", "y", "on"):
        return True
    if text in ("", "0", "false", "f", "no", "n", "off"):
        return False
    raise Refused(f"not a Boolean: {value!r}")
