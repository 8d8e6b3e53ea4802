"""Which PCE an inventory is of, by the name that its events have, and what it says of its VENs' timers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .config import HOST_NAME, Account
from .errors import PceError
from .health_run import CLOUD
from .inventory_silent import settings_of
from .inventory_values import objects_of, text_of
from .pce import HEALTH_PATH, Pce

#: What stops a run: the PCE cannot be reached, or refuses the key, or has had enough of it.
FATAL = frozenset({"connection", "dns", "proxy", "rate_limited", "redirect", "refused_key", "tls"})


@dataclass
class Identity:
    """The PCE's name (`fqdn`), and those of all members of its supercluster."""

    fqdn: str
    members: set[str] = field(default_factory=set)


def identify(pce: Pce, account: Account, remembered: str) -> Identity:
    """Ask the PCE for its name: its health, else its latest event; else what was `remembered`, or the account's host.

    A PCE in Illumio's cloud has no health to read. Raises PceError where the PCE cannot be asked at all.
    """
    host = account.host
    if not host.rstrip(".").endswith(CLOUD):
        names, certain = _of_health(pce)
        if names:
            return Identity(_own(names, host, remembered), set(names))
        if not certain and remembered:
            return Identity(remembered)
    return Identity(_of_events(pce, account.org_id) or remembered or host)


def _own(names: list[str], host: str, remembered: str) -> str:
    """Which of the PCEs this one is: the one that is asked by its name, else the one it was before, else the first."""
    wanted = [name for own in (host, remembered) for name in names if name.lower() == own.lower()]
    return (wanted or names)[0]


def _of_health(pce: Pce) -> tuple[list[str], bool]:
    """The names of the PCEs in `/health`; and whether that is what it says, rather than that it failed."""
    try:
        answer = pce.value(HEALTH_PATH)
    except PceError as error:
        if error.category in FATAL:
            raise
        return [], error.category in ("forbidden", "not_found")
    return _names(answer, "fqdn"), True


def _of_events(pce: Pce, org_id: int) -> str:
    try:
        answer = pce.value(f"/api/v2/orgs/{org_id}/events", (("max_results", "1"),))
    except PceError as error:
        if error.category in FATAL:
            raise
        return ""
    return next(iter(_names(answer, "pce_fqdn")), "")


def _names(answer: Any, member: str) -> list[str]:
    found = [text_of(item.get(member)) for item in objects_of(answer)]
    return [name for name in found if HOST_NAME.fullmatch(name)]


@dataclass(frozen=True)
class TimerSettings:
    """`/settings/workloads`; where they cannot be read, `why`."""

    value: Mapping[str, Any] | None
    why: str = ""


NO_TIMERS = TimerSettings(None)


def read_timers(pce: Pce, org_id: int) -> TimerSettings:
    """The offline timers, which only a role for the whole organisation may read. Raises PceError of `FATAL` only."""
    try:
        return TimerSettings(settings_of(pce.value(f"/api/v2/orgs/{org_id}/settings/workloads")))
    except PceError as error:
        if error.category in FATAL:
            raise
        if error.status == 403:
            return TimerSettings(
                None,
                "The API key may not read settings/workloads (403), so its role is limited to labels, and the PCE may "
                "leave out what is beyond them. Give the key's owner a global role, such as Global Viewer.",
            )
        return TimerSettings(
            None, f"settings/workloads cannot be read, so the API key may be limited to labels. {error.args[0]}"
        )
