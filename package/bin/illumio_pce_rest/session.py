"""splunkd as the handlers use it: in the session of the user who asks."""

from __future__ import annotations

from typing import Any

from illumio_pce.splunkd import Splunkd
from splunktaucclib.rest_handler.admin_external import get_splunkd_endpoint

INPUTS = "data/inputs/illumio_pce_events"
ACCOUNTS = "configs/conf-ta_illumio_pce_account"


def connect(session_key: str) -> Splunkd:
    """Splunkd in that session."""
    return Splunkd(get_splunkd_endpoint(), session_key)


def stanzas(splunkd: Splunkd, endpoint: str) -> dict[str, dict[str, Any]]:
    """Every stanza of `INPUTS` or `ACCOUNTS` by its name."""
    return {entry["name"]: entry["content"] for entry in splunkd.get(endpoint, count=0)["entry"]}


def announce(session_key: str, key: str, text: str) -> None:
    """Show a warning among Splunk's messages. Raises HTTPError where the user may not."""
    connect(session_key).announce(key, text)
