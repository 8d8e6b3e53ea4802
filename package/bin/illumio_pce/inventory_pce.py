"""Which PCE an inventory is of, by the name that its events have, and what it says of its VENs' timers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .config import HOST_NAME, Account
from .errors import PceError
from .inventory_kinds import MOST_MEMBERS
from .inventory_silent import Timers, settings_of
from .inventory_state import InputMemory
from .inventory_values import objects_of, text_of
from .pce import HEALTH_PATH, Pce

#: `/health` may say so where everything else is well: in trouble, in the cloud, or at a member of a supercluster.
_NO_HEALTH = ("refused_key", "redirect")


@dataclass
class Identity:
    """The PCE's name (`fqdn`), and those of all members of its supercluster.

    `guessed`: nothing tells whether that is its name. `is_standalone`: it belongs to no supercluster.
    """

    fqdn: str
    members: set[str] = field(default_factory=set)
    guessed: bool = False
    is_standalone: bool = False


def identify(pce: Pce, account: Account, memory: InputMemory) -> Identity:
    """Ask the PCE for its name: its health, else what is remembered, else its latest event, else the account's host.

    A PCE in Illumio's cloud has no health to read. Any member of a supercluster may have written the latest event, so
    it is a guess, unless the account's host is the name of a PCE: that of an event, or the one that serves a VEN.
    Raises PceError where the PCE cannot be asked at all.
    """
    host, remembered = account.host, memory.fqdn
    if not account.is_in_cloud:
        answer, certain = _health(pce)
        names = _names(answer, "fqdn")
        if names:
            alone = [text_of(item.get("type")) for item in objects_of(answer)] == ["standalone"]
            return replace(_own(names, host, memory), is_standalone=alone)
        if not certain and remembered:
            return Identity(remembered, guessed=memory.guessed, is_standalone=memory.is_standalone)
    latest = _of_events(pce, account.org_id)
    names = sorted({*memory.members, latest} - {""})
    own = Identity(remembered or host, set(names[:MOST_MEMBERS]), is_standalone=memory.is_standalone)
    if remembered and not memory.guessed and not account.is_in_cloud:
        return own
    for name in names:
        if name.lower() == host.lower():
            return replace(own, fqdn=name)
    if own.fqdn.lower() == host.lower():
        own = replace(own, fqdn=latest or host)
    # In the cloud there is no health that could tell, and no other address to ask at.
    return replace(own, guessed=len(names) > 1 or not account.is_in_cloud)


def _own(names: list[str], host: str, memory: InputMemory) -> Identity:
    """Which of the PCEs this one is: the one that is asked by its name, else the one it was before, else a guess."""
    for own in (host, "" if memory.guessed else memory.fqdn):
        for name in names:
            if name.lower() == own.lower():
                return Identity(name, set(names))
    own = memory.fqdn if memory.fqdn in names else names[0]
    return Identity(own, set(names), guessed=len(set(names)) > 1)


def _health(pce: Pce) -> tuple[Any, bool]:
    """The answer of `/health`; and whether that is what it says, rather than that it failed."""
    try:
        answer = pce.value(HEALTH_PATH)
    except PceError as error:
        if error.ends_the_run and error.category not in _NO_HEALTH:
            raise
        return None, error.category in ("forbidden", "not_found")
    return answer, answer is not None


def _of_events(pce: Pce, org_id: int) -> str:
    try:
        answer = pce.value(f"/api/v2/orgs/{org_id}/events", (("max_results", "1"),))
    except PceError as error:
        if error.ends_the_run:
            raise
        return ""
    return next(iter(_names(answer, "pce_fqdn")), "")


def _names(answer: Any, member: str) -> list[str]:
    found = [text_of(item.get(member)) for item in objects_of(answer)]
    return [name for name in found if HOST_NAME.fullmatch(name)]


@dataclass(frozen=True)
class TimerSettings:
    """The timers of `/settings/workloads`, in its form; `why`: they cannot be read now."""

    value: Mapping[str, Any] | None
    why: str = ""


NO_TIMERS = TimerSettings(None)


def read_timers(pce: Pce, org_id: int, remembered: Mapping[str, Any] | None) -> TimerSettings:
    """The offline timers, which only a role for the whole organisation may read.

    Raises no PceError but one that ends the run.
    `remembered`: the timers that were read last. They still apply where the PCE fails.
    """
    try:
        answer = pce.value(f"/api/v2/orgs/{org_id}/settings/workloads")
        if answer is None:
            raise PceError("broken_answer", "The PCE's response is too large or too slow.")
        return TimerSettings(Timers(settings_of(answer)).as_settings())
    except PceError as error:
        if error.ends_the_run:
            raise
        if error.status == 403:
            return TimerSettings(
                None,
                "The API key may not read settings/workloads (403), so its role is limited to labels, and the PCE may "
                "leave out what is beyond them. Give the key's owner a global role, such as Global Viewer.",
            )
        return TimerSettings(
            remembered, f"settings/workloads cannot be read, so the API key may be limited to labels. {error.args[0]}"
        )
