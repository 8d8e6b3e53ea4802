"""One run of an events input: what the collector needs besides what every input has."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from .breadcrumb import BreadcrumbFile
from .checkpoint import Checkpoint
from .collector import Run
from .config import EventsSettings
from .context import RunContext
from .input_run import InputRun, Prepared
from .limits import DEFAULT_LIMITS, Limits
from .log import logger
from .names import EVENTS, EVENTS_SCHEME
from .record import Record
from .splunkd import KvStore
from .state import State
from .store import Unreadable, content_of
from .unconfirmed import UnconfirmedMark


class EventsInputRun(InputRun):
    """Collects the audit events of one input."""

    SCHEME = EVENTS_SCHEME
    SOURCETYPE = EVENTS
    _run: Run | None = None

    def _parse_settings(self) -> EventsSettings:
        return EventsSettings.parse(self._name, self._parameters, int(self._clock.time() * 1000))

    def _begin(self, prepared: Prepared) -> Run:
        settings, account, pce = prepared.settings, prepared.account, prepared.pce
        mark = UnconfirmedMark(self._folder, self._name)
        breadcrumb = BreadcrumbFile(self._folder, self._name)
        state = State(prepared.store, self._name, breadcrumb, prepared.lease, mark)
        boot_id = splunkd_boot_id(prepared.info)
        record = Record()
        self._run = Run(
            RunContext(settings, account, pce, state, self, self._clock, self._stop, boot_id, record, self._limits)
        )
        for note in settings.notes:
            record.note(f"inputs.conf: {note}")
        return self._run

    def _saved_at(self, store: KvStore, name: str, otherwise: float) -> float:
        """When the input's state was stored last, or the input made."""
        document = store.get(name) or {}
        with contextlib.suppress(Unreadable):
            if document.get("kind") == "checkpoint":
                return Checkpoint.from_text(content_of(document)).saved_at
        made_at = document.get("made_at")
        return made_at if isinstance(made_at, (int, float)) else otherwise

    def _on_pipe_closed(self) -> None:
        if self._run is not None and self._run.record.delivered and not self._run.mark_unconfirmed():
            logger.error("action=failed input=%s what splunkd may not have read cannot be marked", self._label)


def run_input(
    stanza: str, parameters: Mapping[str, str], metadata: Mapping[str, str], limits: Limits = DEFAULT_LIMITS
) -> bool:
    """One run of one input; whether it ended well."""
    return EventsInputRun(stanza, parameters, metadata, limits).run()


def splunkd_boot_id(info: Mapping[str, Any]) -> str:
    """Which start of which splunkd this is: different after each restart."""
    return f"{info.get('guid')} {info.get('startup_time')}"
