"""What an administrator configured for an inventory input, checked by the form and by every run alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .config import check_name, parse_account_name, parse_index, parse_interval, parse_number, without_notes
from .names import INVENTORY_SCHEME

DEFAULT_INTERVAL = 14_400
DEFAULT_FULL_EVERY = 24
INTERVAL_RANGE = (600, 86_400)
FULL_EVERY_RANGE = (1, 168)
DEFAULT_COLLECTIONS = ("workloads", "vens", "labels", "label_groups", "ip_lists", "services", "rule_sets")
#: Those that few searches need. The last two need more rights than the others.
OTHER_COLLECTIONS = (
    "virtual_services",
    "enforcement_boundaries",
    "pairing_profiles",
    "container_clusters",
    "users",
    "service_accounts",
)
COLLECTIONS = (*DEFAULT_COLLECTIONS, *OTHER_COLLECTIONS)


@dataclass(frozen=True)
class InventorySettings:
    """One stanza `illumio_pce_inventory://<name>` of inputs.conf. All checks raise ValueError with what to enter.

    `interval`: seconds. `full_every`: hours after which everything is written, and not only what changed.
    `notes`: faults that the form refuses and a run only notes, such as an invalid interval.
    """

    name: str
    account: str
    index: str
    collections: tuple[str, ...] = DEFAULT_COLLECTIONS
    full_every: int = DEFAULT_FULL_EVERY
    interval: int = DEFAULT_INTERVAL
    notes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, name: str, conf: Mapping[str, str | None]) -> InventorySettings:
        """Read the stanza's parameters; absent and empty ones take the defaults above."""
        check_name(name)
        account, index = parse_account_name(conf.get("account")), parse_index(conf.get("index"))
        collections = parse_collections(conf.get("collections"))
        full_every = parse_full_every(conf.get("full_every"))
        try:
            interval = parse_interval(conf.get("interval"), DEFAULT_INTERVAL, INTERVAL_RANGE)
        except ValueError as error:
            return cls(name, account, index, collections, full_every, notes=(str(error),))
        return cls(name, account, index, collections, full_every, interval)

    @classmethod
    def parse_form(cls, name: str, conf: Mapping[str, str | None]) -> InventorySettings:
        """The same for what is to be saved: what a run would only note is refused."""
        return without_notes(cls.parse(name, conf))

    @property
    def source(self) -> str:
        """The source of every event of this input."""
        return f"{INVENTORY_SCHEME}://{self.name}"


def parse_collections(text: str | None) -> tuple[str, ...]:
    """Read which collections are wanted, in the order of `COLLECTIONS`; empty is the default."""
    words = {word.strip().lower() for word in (text or "").split(",")} - {""}
    unknown = sorted(words - set(COLLECTIONS))
    if unknown:
        raise ValueError(f"Unknown collections: {', '.join(map(repr, unknown))}. Choose from {', '.join(COLLECTIONS)}.")
    return tuple(name for name in COLLECTIONS if name in words) or DEFAULT_COLLECTIONS


def parse_full_every(text: str | None) -> int:
    """Read after how many hours everything is written again."""
    value = (text or "").strip() or str(DEFAULT_FULL_EVERY)
    return parse_number(value, "The time between full snapshots", FULL_EVERY_RANGE, " of hours")
