"""Puts what went wrong on the way to the PCE into one of our categories, in our own words.

Nothing that a server or proxy sent is repeated, and no URL with credentials.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ProxyError

from .errors import PceError

#: X.509 verification results (OpenSSL, x509_vfy.h) → what the administrator has to know.
_CERTIFICATE = {
    10: "The PCE's certificate has expired.",
    9: "The PCE's certificate is not valid yet; is the clock of this machine right?",
    18: "The PCE's certificate is self-signed and not trusted.",
    19: "The PCE's certificate comes from an authority that is not trusted (self-signed).",
    20: "The PCE's certificate comes from an authority that is not trusted.",
    21: "The PCE's certificate comes from an authority that is not trusted.",
    62: "The PCE's certificate is for another host name than the account's PCE URL.",
    64: "The PCE's certificate is for another address than the account's PCE URL.",
}


def explain(error: BaseException, *, timed_out: bool = False, in_body: bool = False) -> PceError:
    """The PceError that says what happened. `timed_out`: our own watch ended the request."""
    causes = list(_causes(error))
    certificate = _first(causes, ssl.SSLCertVerificationError)
    if isinstance(certificate, ssl.SSLCertVerificationError):
        text = _CERTIFICATE.get(certificate.verify_code, "The PCE's certificate cannot be verified.")
        return PceError("tls", text)
    if timed_out or _first(causes, requests.Timeout) or _first(causes, socket.timeout):
        where = "stopped in the middle of an answer" if in_body else "did not answer in time"
        return PceError("timeout", f"The PCE {where}.")
    if _first(causes, requests.exceptions.ProxyError) or _first(causes, ProxyError) or _by_pysocks(causes):
        return PceError("proxy", "The proxy refused or could not make the connection to the PCE.")
    if _first(causes, socket.gaierror):
        return PceError("dns", "The PCE's host name cannot be resolved.")
    if in_body or _first(causes, requests.exceptions.ChunkedEncodingError):
        return PceError("broken_answer", "The connection to the PCE broke in the middle of an answer.")
    if _first(causes, ssl.SSLError) and not _first(causes, ssl.SSLEOFError):
        return PceError("tls", "No TLS connection to the PCE could be agreed on; it has to offer TLS 1.2 or newer.")
    if _first(causes, NewConnectionError) or _first(causes, ConnectionRefusedError):
        return PceError("connection", "No connection to the PCE could be made.")
    if _first(causes, ProtocolError) or _first(causes, OSError) or _first(causes, HTTPError):
        return PceError("connection", "The PCE closed the connection without an answer.")
    return PceError("connection", "The request to the PCE failed.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that it wraps, each once."""
    waiting, known = [error], set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in known:
            continue
        known.add(id(one))
        yield one
        wrapped = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [other for other in wrapped if isinstance(other, BaseException)]


def _first(causes: list[BaseException], kind: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kind)), None)


def _by_pysocks(causes: list[BaseException]) -> bool:
    return any(type(cause).__module__ == "socks" for cause in causes)
