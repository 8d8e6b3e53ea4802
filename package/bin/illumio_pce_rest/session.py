"""splunkd as the handlers use it: in the session of the user who asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from illumio_pce.splunkd import APP, Splunkd
from solnlib.splunk_rest_client import SplunkRestClient
from splunklib.binding import UrlEncoded
from splunktaucclib.rest_handler.admin_external import get_splunkd_endpoint

INPUTS = "data/inputs/illumio_pce_events"
ACCOUNTS = "configs/conf-ta_illumio_pce_account"


def connect(session_key: str) -> Splunkd:
    """Splunkd in that session."""
    return Splunkd(get_splunkd_endpoint(), session_key)


def stanzas(splunkd: Splunkd, endpoint: str) -> dict[str, dict[str, Any]]:
    """Every stanza of `INPUTS` or `ACCOUNTS` by its name."""
    return {entry["name"]: entry["content"] for entry in splunkd.get(endpoint, count=0)["entry"]}


def name_organisation(splunkd: Splunkd, inputs: Iterable[str], org_id: str) -> None:
    """Have splunkd mark every event of these inputs with the organisation that the input reads.

    Events of `/system_events` do not name it, and their text stays as it is: so it becomes the indexed field
    `input_org_id`, by the key `_meta` (inputs.conf.spec). The inputs' own endpoint knows no `_meta`.
    Raises HTTPError or OSError.
    """
    for name in inputs:
        stanza = quote(f"illumio_pce_events://{name}", safe="")
        path = UrlEncoded(f"configs/conf-inputs/{stanza}", skip_encode=True)
        splunkd.post_form(path, _meta=f"input_org_id::{org_id.strip()}")
    splunkd.get(f"{INPUTS}/_reload")


def announce(session_key: str, key: str, text: str) -> None:
    """Show a warning among Splunk's messages. Raises HTTPError where the user may not."""
    uri = urlsplit(get_splunkd_endpoint())
    client = SplunkRestClient(session_key, APP, scheme=uri.scheme, host=uri.hostname, port=uri.port)
    client.post("messages", name=key, value=text, severity="warn")
