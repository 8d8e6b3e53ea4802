"""Inputs that bring the same events into the same index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from illumio_pce.config import index_of, parse_pce_url
from illumio_pce.splunkd import is_disabled

Conf = Mapping[str, Any]


def trail(account: Conf) -> tuple[str, int, int] | None:
    """What an account reads: host, port and organisation; None where the stanza cannot be read."""
    try:
        host, port = parse_pce_url(account.get("pce_url") or "")
        return host.rstrip("."), port, int((account.get("org_id") or "").strip())
    except ValueError:
        return None


def account_of(stanza: Conf) -> str:
    """The name of the account that an input uses."""
    return str(stanza.get("account") or "").strip()


def _destination(stanza: Conf, accounts: Mapping[str, Conf]) -> tuple[tuple[str, int, int], str] | None:
    """What an input reads, and the index that it goes to; None where it is off or that cannot be read."""
    source = trail(accounts.get(account_of(stanza), {}))
    return None if source is None or is_disabled(stanza) else (source, index_of(stanza))


def overlapping_inputs(
    name: str, inputs: Mapping[str, Conf], accounts: Mapping[str, Conf], *, of_any_org: bool = False
) -> list[str]:
    """Name the other enabled inputs that bring the same PCE and organisation into the same index.

    `of_any_org`: what they read is the PCE's own, whichever organisation their accounts are of.
    """
    if of_any_org:
        accounts = {account: {**conf, "org_id": "1"} for account, conf in accounts.items()}
    own = _destination(inputs.get(name, {}), accounts)
    others = (other for other in inputs if other != name)
    return sorted(other for other in others if own and _destination(inputs[other], accounts) == own)
