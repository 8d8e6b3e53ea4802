"""Tries an account before it is saved: whether the PCE answers, to this key, for this organisation."""

from __future__ import annotations

from .clock import Clock, SystemClock
from .config import Account, Proxy
from .errors import PceError
from .limits import Limits
from .pce import Pce, TooLarge, Window
from .timestamps import HOUR, SECOND
from .transport import HttpsTransport, Transport

_REFUSED_REQUEST = (
    "Check the PCE URL and its port. If they are right, update the add-on, or report this message to its authors."
)


def check(account: Account, proxy: Proxy | None) -> None:
    """Ask the PCE for events of a second of the last hour, once and without retries.

    Raises PceError, whose text says which of name, network, TLS, proxy, key, organisation or permission is
    wrong, and ValueError where the CA certificate is none.
    """
    check_over(HttpsTransport(account, proxy), account, SystemClock())


def check_over(transport: Transport, account: Account, clock: Clock) -> None:
    """The same over any transport."""
    pce = Pce(account, transport, clock, limits=Limits(retry_seconds=0))
    # As runs ask: neither ahead of the PCE's clock, should this machine's be wrong, nor from before its retention.
    low = int(clock.time() * 1000) - HOUR
    try:
        pce.events("events", Window(low, low + SECOND))
    except TooLarge:
        raise PceError("not_a_pce", "The PCE responds, but not like its events API.") from None
    except PceError as error:
        if error.category != "bad_request":
            raise
        raise PceError(error.category, error.args[0], remedy=_REFUSED_REQUEST, status=error.status) from None
