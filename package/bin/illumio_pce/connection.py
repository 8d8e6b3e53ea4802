"""Tries an account before it is saved: whether the PCE answers, to this key, for this organisation."""

from __future__ import annotations

from .clock import Clock, SystemClock
from .config import Account, Proxy
from .errors import PceError
from .limits import Limits
from .pce import Pce, TooLarge, Window
from .transport import HttpsTransport, Transport

_DISTANT_PAST = 0
_A_SECOND_LATER = 1000


def check(account: Account, proxy: Proxy | None) -> None:
    """Ask the PCE for events of a second in 1970, once and without retries.

    Raises PceError, whose text says which of name, network, TLS, proxy, key, organisation or permission is
    wrong, and ValueError where the CA certificate is none.
    """
    check_over(HttpsTransport(account, proxy), account, SystemClock())


def check_over(transport: Transport, account: Account, clock: Clock) -> None:
    """The same over any transport."""
    pce = Pce(account, transport, clock, limits=Limits(retry_seconds=0))
    odd = PceError("not_a_pce", "The PCE responds, but not like its events API.")
    try:
        pce.events("events", Window(_DISTANT_PAST, _A_SECOND_LATER))
    except TooLarge:
        raise odd from None
    except PceError as error:
        raise (odd if error.category == "bad_request" else error) from None
