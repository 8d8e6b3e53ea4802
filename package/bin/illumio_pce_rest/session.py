"""splunkd as the handlers use it: in the session of the user who asks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from illumio_pce.log import logger, open_log
from illumio_pce.splunkd import Splunkd
from solnlib.splunkenv import get_splunkd_uri
from splunklib.binding import HTTPError

from .rest_errors import as_rest_error

ACCOUNTS = "configs/conf-ta_illumio_pce_account"


def connect(session_key: str) -> Splunkd:
    """Splunkd in that session."""
    return Splunkd(_address(), session_key)


def _address() -> str:
    """As splunktaucclib's `get_splunkd_endpoint`, whose module imports this one (by way of `custom_hook_mixin`)."""
    return os.environ.get("SPLUNKD_URI") or str(get_splunkd_uri())


def stanzas(splunkd: Splunkd, endpoint: str) -> dict[str, dict[str, str]]:
    """Every stanza of the inputs of a scheme, or of `ACCOUNTS`, by its name. Raises RestError."""
    with as_rest_error():
        return {entry["name"]: _texts(entry["content"]) for entry in splunkd.get(endpoint, count=0)["entry"]}


def _texts(content: Mapping[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in content.items()}


def warn(session_key: str, key: str, text: str) -> None:
    """Write to the add-on's log and to Splunk's messages; what was asked for is done, so nothing fails here."""
    open_log("configuration", "INFO")
    logger.warning(text)
    try:
        connect(session_key).announce(f"ta_illumio_pce_{key}", text)
    except (HTTPError, OSError) as error:
        logger.warning("The warning could not be shown among Splunk's messages (%s).", type(error).__name__)
