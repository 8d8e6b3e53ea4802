"""One run of a health input: the PCE's health, now, as events. It keeps nothing but the PCE's name.

Illumio runs PCEs as a service as well. Those have no health to read (Illumio Core REST API, "PCE Health": on premises
only), so that what a PCE on premises answers only in trouble is ordinary there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .config import HOST_NAME
from .errors import PceError
from .health_events import events_of, unreachable
from .health_mark import HealthMark
from .health_settings import HealthSettings
from .input_run import InputRun, Prepared
from .limits import DEFAULT_LIMITS, Limits
from .names import CLUSTER_HEALTH, HEALTH_SCHEME, HEALTH_STATE
from .pce import HEALTH_PATH
from .short_run import ShortRun
from .splunkd import KvStore
from .timestamps import render

#: How long a run goes on asking (seconds): the next one is soon.
_RETRY_SECONDS = 20.0
_NO_HEALTH = frozenset({401, 402, 403, 404})
_NO_HEALTH_NOTE = (
    "A PCE in Illumio's cloud reports no health (it answered with {}). The input asks again in a day; delete or "
    "disable it."
)
_ERRORS = {
    403: (
        "The API key may not read the PCE's health (403).",
        "Give the key's owner a global role, such as Global Viewer.",
    ),
    404: (
        f"The PCE has no {HEALTH_PATH} (404).",
        "Check the PCE URL, and what stands in front of the PCE. A PCE in Illumio's cloud reports no health: "
        "delete this input.",
    ),
}
#: What a PCE says that may be well: it refuses the key, for now or for good.
_REFUSALS = ("refused_key", "forbidden", "rate_limited")


@dataclass
class HealthRun(ShortRun):
    """See `ShortRun`. `mark`: what earlier runs learned of the PCE."""

    mark: HealthMark

    def collect(self) -> None:
        """Ask once, and write what comes as events; a PCE that cannot be asked is an event as well, and a PceError."""
        in_cloud = self.account.is_in_cloud
        if in_cloud and self.mark.is_set(self.clock.time()):
            return
        try:
            with self.stop.interruptible():
                found = list(events_of(self.pce.health(), self._name()))
            if not found and not in_cloud:
                raise PceError("broken_answer", "The PCE's response holds no health.")
        except PceError as error:
            if in_cloud and error.status in _NO_HEALTH:
                self._note_no_health(f"HTTP status {error.status}")
                return
            self._fail(error)
        if found:
            names = {event["pce_fqdn"] for event in found}
            self.mark.remember(names.pop() if len(names) == 1 else "")
            self._write(found)
        else:
            self._note_no_health("an empty list")

    def _fail(self, error: PceError) -> None:
        """Write that the PCE's health cannot be read, and raise why."""
        if error.status in _ERRORS:
            text, remedy = _ERRORS[error.status]
            error = PceError(error.category, text, remedy=remedy, status=error.status)
        down = error.category not in _REFUSALS
        self._write([unreachable(self._name(), str(error.args[0]), error.category, down=down)])
        raise error from None

    def _name(self) -> str:
        """The PCE's name where it does not say it."""
        return self.mark.fqdn or self.account.host

    def _note_no_health(self, answer: str) -> None:
        self.record.notes.append(_NO_HEALTH_NOTE.format(answer))
        self.mark.set(self.clock.time())

    def _write(self, events: list[dict[str, Any]]) -> None:
        now = self.clock.time()
        texts = [_json({"time": render(int(now * 1000)), **event}) for event in events]
        hosts = [self._host(event["pce_fqdn"]) for event in events]
        self._hand_over(texts, now, hosts, CLUSTER_HEALTH)

    def _host(self, fqdn: str) -> str:
        return fqdn if HOST_NAME.fullmatch(fqdn) else self.account.host


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


class HealthInputRun(InputRun):
    """Reads the health of one input's PCE."""

    SCHEME = HEALTH_SCHEME
    SOURCETYPE = CLUSTER_HEALTH
    LABEL = f"{HEALTH_SCHEME}://"
    STATE = HEALTH_STATE

    def _parse_settings(self) -> HealthSettings:
        return HealthSettings.parse(self._name, self._parameters)

    def _begin(self, prepared: Prepared) -> HealthRun:
        settings, account, pce = prepared.settings, prepared.account, prepared.pce
        mark = HealthMark(self._folder, self._name, account.source)
        return HealthRun(settings, account, pce, self, self._clock, self._stop, mark)

    def _on_pipe_closed(self) -> None:
        """What splunkd never read is lost: the next run reads the health anew."""

    def _saved_at(self, store: KvStore, name: str, otherwise: float) -> float:
        """When the input's lease was renewed, since it stores nothing else."""
        lease = store.get(f"{self.STATE}{name}.lease") or {}
        until, seconds = lease.get("until"), lease.get("seconds")
        if isinstance(until, (int, float)) and isinstance(seconds, (int, float)):
            return until - seconds
        return otherwise


def run_input(
    stanza: str, parameters: Mapping[str, str], metadata: Mapping[str, str], limits: Limits = DEFAULT_LIMITS
) -> bool:
    """One run of one input; whether it ended well."""
    short = limits._replace(retry_seconds=min(_RETRY_SECONDS, limits.retry_seconds))
    return HealthInputRun(stanza, parameters, metadata, short).run()
