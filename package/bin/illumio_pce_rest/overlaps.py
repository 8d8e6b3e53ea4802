"""Inputs that bring the same events into the same index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from illumio_pce.config import index_of, parse_pce_url
from illumio_pce.splunkd import is_disabled

Conf = Mapping[str, Any]
#: Host, port and organisation.
Source = tuple[str, int, int]


def source_of(account: Conf, *, of_any_org: bool = False) -> Source | None:
    """What an account reads; None where the stanza cannot be read.

    `of_any_org`: what is read is the PCE's own, whichever organisation the account is of.
    """
    try:
        host, port = parse_pce_url(account.get("pce_url") or "")
        return host.rstrip("."), port, 0 if of_any_org else int((account.get("org_id") or "").strip())
    except ValueError:
        return None


def account_of(stanza: Conf) -> str:
    """The name of the account that an input uses."""
    return str(stanza.get("account") or "").strip()


def overlapping_inputs(
    name: str, inputs: Mapping[str, Conf], accounts: Mapping[str, Conf], *, of_any_org: bool = False
) -> list[str]:
    """Name the other enabled inputs that bring what this one does into the same index; `of_any_org` as above."""

    def destination(stanza: Conf) -> tuple[Source, str] | None:
        """None where the input is off or its account cannot be read."""
        source = source_of(accounts.get(account_of(stanza), {}), of_any_org=of_any_org)
        return None if source is None or is_disabled(stanza) else (source, index_of(stanza))

    own = destination(inputs.get(name, {}))
    others = (other for other in inputs if other != name)
    return sorted(other for other in others if own and destination(inputs[other]) == own)
