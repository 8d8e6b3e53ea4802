"""Inputs of health: their fields, and what is forgotten when one is deleted."""

from __future__ import annotations

import contextlib

from illumio_pce.config import parse_interval
from illumio_pce.health_mark import HealthMark
from illumio_pce.health_settings import HealthSettings
from illumio_pce.heartbeats import Heartbeats
from illumio_pce.names import HEALTH_SCHEME, HEALTH_STATE
from splunklib.binding import HTTPError

from .input_handler import BaseInputHandler, Conf
from .overlaps import overlapping_inputs
from .session import ACCOUNTS, stanzas


class HealthHandler(BaseInputHandler):
    """The endpoint `ta_illumio_pce_illumio_pce_health`."""

    SCHEME = HEALTH_SCHEME
    STATE = HEALTH_STATE
    WARNING = "health_"

    def _spelled_once(self, conf: Conf) -> dict[str, str]:
        settings = HealthSettings.parse_form(self.callerArgs.id, conf)
        interval = str(parse_interval(conf.get("interval")))
        return {"account": settings.account, "index": settings.index, "interval": interval}

    def _forget(self, *, anew: bool) -> None:
        """A lease is all that the KV store has of it, and ends by itself."""
        name = self.callerArgs.id
        HealthMark(self._folder, name).clear()
        Heartbeats(self._folder).forget(name)
        with contextlib.suppress(HTTPError, OSError):
            self._delete_documents()

    def _overlap(self) -> str:
        name = self.callerArgs.id
        others = overlapping_inputs(name, self._inputs(), stanzas(self._splunkd, ACCOUNTS), of_any_org=True)
        if not others:
            return ""
        return (
            f"The input {name} reads the health of the same PCE into the same index as {', '.join(others)}: it is "
            "indexed more than once."
        )
