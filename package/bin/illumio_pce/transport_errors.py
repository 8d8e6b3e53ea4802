"""Puts what went wrong on the way to the PCE into one of our categories, in our own words.

Nothing that a server or proxy sent is repeated, and no URL with credentials.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import requests
from urllib3.exceptions import HTTPError, InvalidHeader, NewConnectionError

from .errors import PceError

_CODES = ("ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EHOSTDOWN")
_UNREACHABLE = {getattr(errno, prefix + code, -1) for code in _CODES for prefix in ("", "WSA")}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, getattr(errno, "WSAEACCES", -1)}

#: One and the same from Python 3.10 on; before, the system's own time-out (ETIMEDOUT) is another class.
_TIMEOUTS = (socket.timeout, TimeoutError)


class ProxyTlsError(ssl.SSLError):
    """The TLS handshake with the proxy itself failed; its cause says why."""


class Route(NamedTuple):
    """How far a request came: through a proxy or not, and whether the connection to the PCE stood, TLS included."""

    proxied: bool
    connected: bool


def explain(error: BaseException, route: Route, *, timed_out: bool = False, in_body: bool = False) -> PceError:
    """The PceError that says what happened. `timed_out`: our own watch ended the request."""
    causes = list(_causes(error))
    if in_body:
        return _broken(causes, timed_out)
    if timed_out or _first(causes, requests.Timeout, *_TIMEOUTS):
        return no_response(route)
    if _first(causes, ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return _closed(route)
    by_proxy = _first(causes, ProxyTlsError)
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError) and cause is not by_proxy), None)
    if tls:
        from .tls_errors import explain_tls  # noqa: PLC0415 (a run that meets no error does without it)

        return explain_tls(tls, "proxy" if by_proxy else "PCE")
    if route.proxied and not route.connected:
        return _proxied(causes)
    return _direct(causes, route)


def _proxied(causes: Sequence[BaseException]) -> PceError:
    from .proxy_errors import explain_proxy  # noqa: PLC0415 (a run that meets no error does without it)

    return explain_proxy(causes)


def no_response(route: Route) -> PceError:
    """Nothing came in time."""
    if route.connected:
        return PceError("timeout", "The PCE did not answer in time.")
    if route.proxied:
        return PceError(
            "timeout",
            "The proxy did not answer in time, or could not connect to the PCE.",
            remedy="Check the proxy's type, host and port in the add-on's configuration, and that the proxy reaches "
            "the PCE.",
        )
    return PceError(
        "timeout",
        "The PCE did not answer in time: no connection was established.",
        remedy="Check the host and port of the account's PCE URL, and that no firewall drops what this Splunk "
        "instance sends there.",
    )


def _broken(causes: Sequence[BaseException], timed_out: bool) -> PceError:
    """The body did not come whole."""
    if timed_out or _first(causes, requests.Timeout, *_TIMEOUTS):
        return PceError("timeout", "The PCE stopped in the middle of a response.")
    if _first(causes, zlib.error):
        return PceError("broken_answer", "The compressed response is damaged, or is not gzip as its header says.")
    return PceError("broken_answer", "The connection to the PCE broke in the middle of a response.")


def _direct(causes: Sequence[BaseException], route: Route) -> PceError:
    """A connection to the PCE that did not come about, or ended without a response."""
    resolving = _first(causes, socket.gaierror)
    if resolving:
        return _unresolved(resolving)
    if _first(causes, ConnectionRefusedError):
        return PceError(
            "connection",
            "No connection to the PCE: its host refuses connections to this port.",
            remedy="Check that the PCE is up and that the PCE URL names its port. A firewall that rejects connections "
            "looks the same.",
        )
    codes = {cause.errno for cause in causes if isinstance(cause, OSError)}
    if codes & _UNREACHABLE:
        return PceError(
            "connection",
            "No connection to the PCE: there is no route to its host.",
            remedy="Check the routes of this Splunk instance, and the address that the PCE's name leads to.",
        )
    if codes & _NOT_ALLOWED:
        return PceError(
            "connection",
            "No connection to the PCE: this machine does not allow it.",
            remedy="Check the firewall and the security policy (SELinux, AppArmor) of this Splunk instance.",
        )
    if _first(causes, NewConnectionError):
        return PceError("connection", "No connection to the PCE could be established.")
    if _first(causes, InvalidHeader):
        return PceError("broken_answer", "The header of the response contradicts itself.")
    if _first(causes, http.client.HTTPException) and not _first(causes, http.client.RemoteDisconnected):
        return PceError("not_a_pce", "The server does not speak HTTP like a PCE.")
    if _first(causes, OSError, HTTPError, http.client.HTTPException):
        return _closed(route)
    return PceError("connection", "The request to the PCE failed.")


def _unresolved(error: BaseException) -> PceError:
    if isinstance(error, socket.gaierror) and error.errno == getattr(socket, "EAI_AGAIN", None):
        return PceError(
            "dns",
            "The PCE's host name cannot be resolved: no name server answered.",
            remedy="Check the name servers of this Splunk instance, and that it reaches them.",
        )
    return PceError("dns", "The PCE's host name cannot be resolved.")


def _closed(route: Route) -> PceError:
    """The other side ended the connection before any response."""
    if route.connected:
        return PceError(
            "connection",
            "The PCE closed the connection without a response.",
            remedy="The PCE, or a load balancer in front of it, may be restarting. If it goes on, look at its log and "
            "at firewalls in between.",
        )
    if route.proxied:
        return _proxied(())
    return PceError(
        "connection",
        "The connection to the PCE was closed during the TLS handshake.",
        remedy="Check the host and port of the account's PCE URL, and whether a firewall in between inspects or "
        "blocks TLS.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that it wraps, each once."""
    waiting, known = [error], set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in known:
            continue
        known.add(id(one))
        yield one
        wrapped = (one.__cause__, one.__context__, getattr(one, "reason", None), getattr(one, "socket_err", None))
        waiting += [other for other in (*wrapped, *one.args) if isinstance(other, BaseException)]


def _first(causes: Sequence[BaseException], *kinds: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)
