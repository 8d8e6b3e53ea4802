"""Conf files as Splunk lays them over each other: `local` over `default`, a stanza over `[default]`.

Source: the heads of Splunk's *.conf.spec 9.2, GLOBAL SETTINGS; Admin Manual, About configuration files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Union

from workbench.splunk.conf.known import CONFS, check, normalized
from workbench.splunk.conf.settings import Setting, Settings
from workbench.splunk.refusal import Refused

Stanzas = dict[str, dict[str, Setting]]
Origin = Union[Path, Mapping[str, str]]

_NAMES = frozenset(f"{conf}.conf" for conf in CONFS)
_HEADER = re.compile(r"\s*\[(.*)\]\s*")
_PATTERNS = re.compile(r"REGEX|LINE_BREAKER|TIME_PREFIX|EXTRACT-.*|BREAK_ONLY_BEFORE|MUST_.*")


class Confs:
    """The stanzas of all conf files that act on events, and the lookup files beside them."""

    def __init__(self, files: Mapping[str, Stanzas], lookups: Mapping[str, str]) -> None:
        self._files = files
        self.lookups = dict(lookups)

    @classmethod
    def load(cls, *origins: Origin, lookups: Mapping[str, str] | None = None) -> Confs:
        """Read app folders (with `default/`, `local/`, `lookups/`) or texts by file name; later ones win.

        Every `local/` wins over every `default/`. Raises Refused, with file, stanza and key, for what is not known.
        """
        layers: list[Mapping[str, str]] = []
        tables: dict[str, str] = {}
        for folder in ("default", "local"):
            layers += [_texts(origin, folder) for origin in origins]
        for origin in origins:
            if isinstance(origin, Path):
                tables.update({path.name: _read(path) for path in sorted((origin / "lookups").glob("*.csv"))})
        files = {conf: _layered(conf, layers) for conf in CONFS}
        return cls(files, {**tables, **(lookups or {})})

    def default(self, conf: str) -> Settings:
        """The settings above all stanzas and in `[default]`."""
        return Settings(conf, "default", self._files[conf].get("default", {}))

    def own(self, conf: str) -> dict[str, Settings]:
        """Every stanza with only what it says itself."""
        return {name: Settings(conf, name, entries) for name, entries in self._files[conf].items() if name != "default"}

    def stanzas(self, conf: str) -> dict[str, Settings]:
        """Every stanza, laid over `[default]`."""
        default = self.default(conf)
        return {name: settings.over(default) for name, settings in self.own(conf).items()}


def _texts(origin: Origin, folder: str) -> Mapping[str, str]:
    """The conf texts of one layer; texts that are handed in count as `default`, or `local/…` where named so."""
    if isinstance(origin, Path):
        return {path.name: _read(path) for path in sorted((origin / folder).glob("*.conf"))}
    for name in origin:
        if name.rpartition("/")[2] not in _NAMES:
            raise Refused("this file is not emulated", name)
    split = {tuple(name.rpartition("/")[::2]): text for name, text in origin.items()}
    return {name: text for (above, name), text in split.items() if (above or "default") == folder}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _layered(conf: str, layers: list[Mapping[str, str]]) -> Stanzas:
    stanzas: Stanzas = {}
    for layer in layers:
        for name, entries in parse_conf(conf, layer.get(f"{conf}.conf", "")).items():
            stanzas.setdefault(name, {}).update(entries)
    return stanzas


def parse_conf(conf: str, text: str) -> Stanzas:
    """The stanzas of one file. Stanzas and settings that stand twice are combined, the last one wins."""
    stanzas: Stanzas = {}
    current = stanzas.setdefault("default", {})
    name = "default"
    for number, line in _logical_lines(text):
        header = _HEADER.fullmatch(line)
        if header:
            name = header.group(1)
            current = stanzas.setdefault(name, {})
            continue
        key, sign, value = line.partition("=")
        if not sign:
            raise Refused("neither a stanza nor a setting", f"{conf}.conf line {number}")
        key, value = normalized(conf, key.strip()), value.strip()
        check(conf, name, key, value)
        if "\n" in value and _PATTERNS.fullmatch(key):
            raise Refused(
                "whether a continued pattern keeps the line's end is not known", f"{conf}.conf [{name}] {key}"
            )
        current[key] = Setting(value, f"{conf}.conf [{name}] {key}")
    return stanzas


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers, without comments and empty ones; a backslash at the end continues a line."""
    lines: list[tuple[int, str]] = []
    open_line = False
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        continues = line.endswith("\\")
        content = line[:-1] if continues else line
        if open_line:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]}\n{content}")
        elif content.strip() and not content.lstrip().startswith("#"):
            lines.append((number, content))
        else:
            continue
        open_line = continues
    return lines
