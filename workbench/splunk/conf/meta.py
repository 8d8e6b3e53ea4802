"""An event on its way into the index: its keys, and the indexed fields in `_meta`.

Source: transforms.conf.spec 9.2, KEYS.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.splunk.refusal import Refused
from workbench.splunk.spl.values import Event

_PREFIXES = {"MetaData:Host": "host::", "MetaData:Source": "source::", "MetaData:Sourcetype": "sourcetype::"}
_NAMES = {
    "host": "MetaData:Host",
    "source": "MetaData:Source",
    "sourcetype": "MetaData:Sourcetype",
    "index": "_MetaData:Index",
}
_QUEUES = ("indexQueue", "nullQueue")


@dataclass
class Incoming:
    """Keys to values, without the prefixes that metadata keys have in confs; indexed fields in order."""

    keys: dict[str, str]
    meta: list[tuple[str, str]] = field(default_factory=list)

    @property
    def dropped(self) -> bool:
        """Whether it goes to the null queue."""
        return self.keys["queue"] == "nullQueue"

    def read(self, key: str) -> str:
        """What a transform sees under the key, `host::` and the like in front."""
        if key == "_meta":
            return " ".join(f"{name}::{value}" for name, value in self.meta)
        if key not in self.keys:
            raise Refused(f"the key {key} is not known")
        if key == "_time":
            return self.keys[key].partition(".")[0]
        return _PREFIXES.get(key, "") + self.keys[key]

    def write(self, key: str, value: str) -> None:
        """Store a transform's result under the key."""
        prefix = _PREFIXES.get(key, "")
        if key in ("_TCP_ROUTING", "_SYSLOG_ROUTING"):
            return
        if key == "_meta":
            self.meta = pairs_of(value)
            return
        if key not in self.keys:
            raise Refused(f"the key {key} is not known")
        if not value.startswith(prefix):
            raise Refused(f"a value for {key} has to begin with {prefix}")
        if key == "queue" and value not in _QUEUES:
            raise Refused(f"the queue {value!r} is not emulated")
        self.keys[key] = value[len(prefix) :]

    def event(self, indexed: str) -> Event:
        """The event as the index keeps it."""
        result: Event = {"_raw": self.keys["_raw"], "_time": self.keys["_time"], "_indextime": indexed}
        result.update({name: self.keys[key] for name, key in _NAMES.items()})
        several: dict[str, list[str]] = {}
        for name, value in self.meta:
            several.setdefault(name, []).append(value)
        result.update({name: values if len(values) > 1 else values[0] for name, values in several.items()})
        return result


def pairs_of(text: str) -> list[tuple[str, str]]:
    """The `name::value` pairs of a `_meta` text."""
    pairs = []
    for word in text.split():
        name, sign, value = word.partition("::")
        if not sign or not name or '"' in word:
            raise Refused(f"{word!r} is not name::value")
        pairs.append((name, value))
    return pairs


def key_of(name: str) -> str:
    """The key behind a name that INGEST_EVAL uses: `host` for MetaData:Host; other names stay."""
    return _NAMES.get(name, name)
