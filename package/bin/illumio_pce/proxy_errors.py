"""What a failure on the way through the proxy means: whether the proxy is not there, refuses, or cannot go on itself.

Sources: RFC 9110, section 9.3.6 (CONNECT), RFC 1928, section 6 (SOCKS5), and the texts of http.client and PySocks.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

from .errors import PceError

_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_SOCKS = re.compile("0x0([0-9a-f])")

_CREDENTIALS = "Check the proxy's user name and password in the add-on's configuration."
_ALLOW = "Have the proxy's administrator allow this Splunk instance to connect to the PCE's host and port."
_BEYOND = (
    "Check the PCE URL, that the PCE is up, and that the proxy can resolve its name and reach its port: "
    "from here these look alike."
)
_KIND = (
    "Check the proxy's type, host and port in the add-on's configuration; it has to allow CONNECT to the PCE's port."
)
_ADDRESS = "Check the proxy's host and port in the add-on's configuration, and that the proxy is up."
_NAME = "Check the proxy's host in the add-on's configuration and the name servers of this Splunk instance."
_CLOSED = (
    "Check the proxy's type in the add-on's configuration: http, https and socks5 do not understand each other. "
    "A proxy that refuses this Splunk instance, or a PCE that closes the connection, can look the same."
)


def explain_proxy(causes: Sequence[BaseException]) -> PceError:
    """The PceError for a connection that was not established; `causes` is what was raised, outermost first."""
    by_socks = [cause for cause in causes if type(cause).__module__ == "socks"]
    status = next((int(match[1]) for match in map(_TUNNEL.search, map(str, causes)) if match), 0)
    if status:
        return _by_status(status)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        if any(type(cause).__name__ == "GeneralProxyError" for cause in by_socks):
            remedy = "Check the PCE URL, or have names resolved at the proxy: there is a switch in its configuration."
            return PceError("dns", "The PCE's host name cannot be resolved on this machine.", remedy=remedy)
        return PceError("proxy", "The proxy's host name cannot be resolved.", remedy=_NAME)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return PceError("proxy", "Nothing accepts connections at the proxy's host and port.", remedy=_ADDRESS)
    if by_socks:
        return _by_socks(by_socks)
    return PceError("proxy", "The proxy, or the PCE behind it, closed the connection.", remedy=_CLOSED)


def _by_status(status: int) -> PceError:
    """What a proxy's response to CONNECT means."""
    if status == 407:
        text = "The proxy wants a user name and password, or refuses those it was given (407)."
        return PceError("proxy", text, remedy=_CREDENTIALS)
    if status == 403:
        return PceError("proxy", "The proxy does not allow connections to the PCE (403).", remedy=_ALLOW)
    if status >= 500:
        return PceError("proxy", f"The proxy could not connect to the PCE ({status}).", remedy=_BEYOND)
    return PceError("proxy", f"The proxy does not make a connection to the PCE ({status}).", remedy=_KIND)


def _by_socks(errors: Sequence[BaseException]) -> PceError:
    """What an error of PySocks means."""
    names = {type(error).__name__ for error in errors}
    reply = next((match[1] for match in map(_SOCKS.search, map(str, errors)) if match), "")
    if "SOCKS5AuthError" in names:
        text = "The proxy wants a user name and password, or refuses those it was given."
        return PceError("proxy", text, remedy=_CREDENTIALS)
    if reply == "2":
        return PceError("proxy", "The proxy does not allow connections to the PCE.", remedy=_ALLOW)
    if reply in ("1", "3", "4", "5", "6"):
        return PceError("proxy", "The proxy could not connect to the PCE.", remedy=_BEYOND)
    if reply:
        return PceError("proxy", "The proxy does not make a connection to the PCE.", remedy=_KIND)
    if "ProxyConnectionError" in names:
        return PceError("proxy", "No connection to the proxy could be established.", remedy=_ADDRESS)
    return PceError("proxy", "The proxy does not speak SOCKS5, or closed the connection.", remedy=_CLOSED)
