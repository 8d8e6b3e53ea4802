"""The modular input `illumio_pce_health`, as splunkd sees it."""

from __future__ import annotations

from .health_run import run_input
from .health_settings import HealthSettings
from .modular_input import Kind

HEALTH_INPUT = Kind(
    "Illumio PCE health",
    "Reads the health of an Illumio PCE and its nodes from its health API.",
    {"account": ("Account", True)},
    HealthSettings.parse_form,
    run_input,
)
