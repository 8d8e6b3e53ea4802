"""Inputs of the inventory: their fields, and what is forgotten when one is deleted."""

from __future__ import annotations

from illumio_pce.inventory_files import forget
from illumio_pce.inventory_settings import InventorySettings
from illumio_pce.names import INVENTORY_SCHEME, INVENTORY_STATE

from .input_handler import BaseInputHandler, Conf


class InventoryHandler(BaseInputHandler):
    """The endpoint `ta_illumio_pce_illumio_pce_inventory`."""

    KIND = "inventory"
    SCHEME = INVENTORY_SCHEME
    STATE = INVENTORY_STATE

    def _spelled_once(self, conf: Conf) -> dict[str, str]:
        settings = InventorySettings.parse_form(self.callerArgs.id, conf)
        return {
            "account": settings.account,
            "index": settings.index,
            "interval": str(settings.interval),
            "collections": ",".join(settings.collections),
            "full_every": str(settings.full_every),
        }

    def _forget_files(self, name: str) -> None:
        """A run without the files writes everything once more, and deletes nothing."""
        forget(self._folder, name)

    @staticmethod
    def overlap_text(name: str, others: str) -> str:
        """See `BaseInputHandler`."""
        return (
            f"The input {name} reads the inventory of the same PCE and organisation into the same index as {others}. "
            "Unless their collections differ, every object is indexed more than once."
        )
