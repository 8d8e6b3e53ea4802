"""The add-on's fixed names: what administrators, searches and stored state rely on."""

from __future__ import annotations

APP = "TA_illumio_pce"
#: The modular input's scheme; the source of an event is `SCHEME://NAME_OF_THE_INPUT`.
SCHEME = "illumio_pce_events"
#: The source types of events, and of the records of runs.
EVENTS = "illumio:pce:events"
INGEST = "illumio:pce:ingest"
#: The KV store collection that holds the inputs' state.
COLLECTION = "ta_illumio_pce_checkpoints"
#: splunkd's endpoint for the inputs.
INPUTS = f"data/inputs/{SCHEME}"
