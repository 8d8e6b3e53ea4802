"""Settings of a stanza, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import parse_flag


class Setting(NamedTuple):
    """A value and its place, `props.conf [stanza] KEY`."""

    value: str
    place: str


class Settings:
    """The settings that apply to one thing, with typed reading. `conf` and `name` are the file's and the stanza's."""

    def __init__(self, conf: str, name: str, entries: Mapping[str, Setting]) -> None:
        self.conf = conf
        self.name = name
        self.entries = dict(entries)

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def over(self, below: Settings) -> Settings:
        """These settings laid over others."""
        return Settings(self.conf, self.name, {**below.entries, **self.entries})

    def place(self, key: str) -> str:
        """Where the setting stands, or would stand."""
        return self.entries[key].place if key in self.entries else f"{self.conf}.conf [{self.name}] {key}"

    def text(self, key: str, default: str = "") -> str:
        """The value as written."""
        return self.entries[key].value if key in self.entries else default

    def flag(self, key: str, default: bool) -> bool:
        """The value as a Boolean."""
        if key not in self.entries:
            return default
        try:
            return parse_flag(self.entries[key].value)
        except Refused as refusal:
            raise refusal.at(self.place(key)) from None

    def number(self, key: str, default: int) -> int:
        """The value as a whole number."""
        if key not in self.entries:
            return default
        try:
            return int(self.entries[key].value)
        except ValueError:
            raise Refused(f"{self.entries[key].value!r} is not a whole number", self.place(key)) from None

    def classes(self, prefix: str) -> list[tuple[str, Setting]]:
        """The settings `PREFIX<class>` with their classes, in UTF-8 order of the class."""
        return sorted((key[len(prefix) :], setting) for key, setting in self.entries.items() if key.startswith(prefix))

    def texts(self) -> dict[str, str]:
        """Keys and values alone."""
        return {key: setting.value for key, setting in self.entries.items()}

    def limit(self, keys: list[str], reason: str) -> None:
        """Refuse the first of these settings that is there."""
        for key in keys:
            if key in self.entries:
                raise Refused(reason, self.place(key))


def names_list(setting: Setting) -> list[str]:
    """A comma-separated list of names."""
    return [name for name in (part.strip() for part in setting.value.split(",")) if name]
