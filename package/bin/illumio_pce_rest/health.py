"""Inputs of health: their fields, and what is forgotten when one is deleted."""

from __future__ import annotations

from illumio_pce.config import parse_interval
from illumio_pce.health_mark import HealthMark
from illumio_pce.health_settings import HealthSettings
from illumio_pce.names import HEALTH_SCHEME, HEALTH_STATE

from .input_handler import BaseInputHandler, Conf


class HealthHandler(BaseInputHandler):
    """The endpoint `ta_illumio_pce_illumio_pce_health`."""

    KIND = "health"
    SCHEME = HEALTH_SCHEME
    STATE = HEALTH_STATE
    OF_ANY_ORG = True

    def _spelled_once(self, conf: Conf) -> dict[str, str]:
        settings = HealthSettings.parse_form(self.callerArgs.id, conf)
        interval = str(parse_interval(conf.get("interval")))
        return {"account": settings.account, "index": settings.index, "interval": interval}

    def _forget_files(self, name: str) -> None:
        HealthMark(self._folder, name).clear()

    @staticmethod
    def overlap_text(name: str, others: str) -> str:
        """See `BaseInputHandler`."""
        return (
            f"The input {name} reads the health of the same PCE into the same index as {others}: it is "
            "indexed more than once."
        )
