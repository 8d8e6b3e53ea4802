"""The modular input `illumio_pce_inventory`, as splunkd sees it."""

from __future__ import annotations

from .inventory_run import run_input
from .inventory_settings import InventorySettings
from .modular_input import Kind

INVENTORY_INPUT = Kind(
    "Illumio PCE inventory",
    "Reads what an Illumio PCE manages: workloads, VENs, labels and policy objects.",
    {
        "account": ("Account", True),
        "collections": ("Collections", False),
        "full_every": ("Hours between full snapshots", False),
    },
    InventorySettings.parse_form,
    run_input,
)
