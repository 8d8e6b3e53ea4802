"""The add-on's fixed names: what administrators, searches and stored state rely on."""

from __future__ import annotations

APP = "TA_illumio_pce"
#: The modular inputs' schemes; the source of an event is `SCHEME://NAME_OF_THE_INPUT`.
EVENTS_SCHEME = "illumio_pce_events"
HEALTH_SCHEME = "illumio_pce_health"
INVENTORY_SCHEME = "illumio_pce_inventory"
#: The source types of events, of health, of the inventory, and of the records of runs.
EVENTS = "illumio:pce:events"
CLUSTER_HEALTH = "illumio:pce:cluster_health"
INVENTORY = "illumio:pce:inventory"
INGEST = "illumio:pce:ingest"
#: The KV store collection that holds the inputs' state.
COLLECTION = "ta_illumio_pce_checkpoints"
#: What the KV store's documents of a health or an inventory input are named after, with the input's name behind it.
HEALTH_STATE = f"{HEALTH_SCHEME}:"
INVENTORY_STATE = f"{INVENTORY_SCHEME}:"


def inputs_of(scheme: str) -> str:
    """splunkd's endpoint for the inputs of a scheme."""
    return f"data/inputs/{scheme}"
