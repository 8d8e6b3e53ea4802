"""One run of an inventory input: what the PCE has, as events, as far as it changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .config import Account
from .input_run import InputRun, Prepared
from .inventory_settings import InventorySettings
from .limits import DEFAULT_LIMITS, Limits
from .names import INGEST, INVENTORY, INVENTORY_SCHEME, INVENTORY_STATE
from .output import Output, SplunkEvents
from .pce import Pce
from .splunkd import KvStore
from .stop import Stop
from .timestamps import render


@dataclass
class InventoryRecord:
    """What a run counts."""

    delivered: int = 0
    bytes_out: int = 0
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """The most important counts, for the log."""
        return f"events={self.delivered} bytes_written={self.bytes_out}"


@dataclass
class InventoryRun:
    """One run; everything that it acts through is passed in."""

    settings: InventorySettings
    account: Account
    pce: Pce
    output: Output
    clock: Clock
    stop: Stop
    record: InventoryRecord = field(default_factory=InventoryRecord)

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()
        self.record.notes.extend(f"inputs.conf: {note}" for note in self.settings.notes)

    def collect(self) -> None:
        """Read the collections, one after another."""

    def write_record(self, outcome: dict[str, Any]) -> None:
        """Tell splunkd what happened in this run, in the form of the events input's records."""
        now, account, traffic = self.clock.time(), self.account, self.pce.traffic
        content = {
            "time": render(int(now * 1000)),
            **outcome,
            "input": self.settings.source,
            "account": account.name,
            "pce": account.authority,
            "org_id": account.org_id,
            "duration_seconds": round(self.clock.monotonic() - self._started, 3),
            "requests": traffic.requests,
            "retries": traffic.retries,
            "errors_met": traffic.errors,
            "events": self.record.delivered,
            "bytes_received": traffic.bytes,
            "bytes_written": self.record.bytes_out,
            "notes": self.record.notes,
        }
        text = json.dumps(content, separators=(",", ":"))
        self.output.write(SplunkEvents.of_one(text, f"{now:.3f}", account.host, INGEST))


class InventoryInputRun(InputRun):
    """Reads the inventory of one input's PCE."""

    SCHEME = INVENTORY_SCHEME
    SOURCETYPE = INVENTORY
    LABEL = f"{INVENTORY_SCHEME}://"
    STATE = INVENTORY_STATE

    def _parse_settings(self) -> InventorySettings:
        return InventorySettings.parse(self._name, self._parameters)

    def _begin(self, prepared: Prepared) -> InventoryRun:
        return InventoryRun(prepared.settings, prepared.account, prepared.pce, self, self._clock, self._stop)

    def _on_pipe_closed(self) -> None:
        """The next run sees in the KV store that this one did not end."""

    def _saved_at(self, store: KvStore, name: str, otherwise: float) -> float:
        """When the input's state was stored last."""
        found = (store.get(f"{self.STATE}{name}") or {}).get("saved_at")
        return found if isinstance(found, (int, float)) else otherwise


def run_input(
    stanza: str, parameters: Mapping[str, str], metadata: Mapping[str, str], limits: Limits = DEFAULT_LIMITS
) -> bool:
    """One run of one input; whether it ended well."""
    return InventoryInputRun(stanza, parameters, metadata, limits).run()
