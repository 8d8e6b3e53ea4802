"""What is said of an error on the way to the PCE: the cause that was seen, and what fixes that very cause."""

from __future__ import annotations

import errno
import re
import socket
import ssl

import pytest
import requests
import socks  # type: ignore[import-untyped]
from illumio_pce.array_reader import NotAnArray
from illumio_pce.errors import REMEDIES, CollectorError, PceError
from illumio_pce.response_errors import json_error, list_error, retry_after
from illumio_pce.tls_errors import explain_tls
from illumio_pce.transport_errors import Route, explain
from urllib3.exceptions import NewConnectionError

DIRECT, PROXIED = Route(proxied=False, connected=False), Route(proxied=True, connected=False)
NOW = 1_760_000_000.0  # Thu, 09 Oct 2025 08:53:20 GMT


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: evil\r\ntext")
    error.verify_code = code
    return error


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "evil\r\ntext")
    error.reason = reason
    return error


def told(error: PceError) -> str:
    assert "evil" not in str(error)
    assert "{" not in str(error)
    assert error.args == (error.args[0],)
    assert str(error) == f"{error.args[0]} {error.remedy}"
    return str(error)


#: A result of the verification (x509_vfy.h) → cause and remedy.
VERIFIED = {
    2: r"authority that is not trusted\. Paste the certificate of the authority",
    7: r"not signed with the key .* Paste the authority's current certificate",
    9: r"not valid yet\. Check the clock of this machine",
    10: r"has expired\. Have the PCE's administrator renew",
    18: r"self-signed .* fingerprint",
    19: r"authority that is not trusted\. Paste",
    20: r"authority that is not trusted\. Paste",
    21: r"authority that is not trusted\. Paste",
    23: r"has been revoked\. Have the PCE's administrator replace",
    24: r"not one of an authority\. Paste the certificate of the authority itself",
    26: r"may not be used by a server.*serverAuth",
    62: r"for another host name.*Use a name that stands in the certificate .* or have the certificate reissued",
    64: r"for another address.*Use a host name that stands in the certificate",
    66: r"too short.*at least 2048 bits",
    67: r"too short.*at least 2048 bits",
    68: r"too weak, such as SHA-1\. .* signed with SHA-256 or better",
    79: r"not one of an authority",
    34: r"cannot be verified \(OpenSSL's result 34\)\. Have the PCE's administrator",
}


@pytest.mark.parametrize(("code", "words"), VERIFIED.items())
def test_certificate_errors(code: int, words: str) -> None:
    error = explain_tls(unverified(code), "PCE")
    assert error.category == "tls"
    assert re.search(words, told(error))
    pasting_helps = code in (2, 7, 18, 19, 20, 21, 24, 79, 10)  # where the CA certificate itself has expired
    assert ("aste" in error.remedy) == pasting_helps
    of_proxy = told(explain_tls(unverified(code), "proxy"))
    assert re.search(words.replace("PCE", "proxy"), of_proxy)
    assert "PCE" not in of_proxy


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("UNSUPPORTED_PROTOCOL", r"TLS 1\.2 or newer switched on"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", r"TLS 1\.2 or newer switched on"),
        ("WRONG_VERSION_NUMBER", r"does not speak TLS\. Check the host and port"),
        ("RECORD_LAYER_FAILURE", r"does not speak TLS\. Check the host and port"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", r"demands a client certificate.* not demand a client certificate"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", r"no cipher .* or demands a client certificate"),
        ("TLSV1_UNRECOGNIZED_NAME", r"does not know the host name\. Check the host of the account's PCE URL"),
        ("DH_KEY_TOO_SMALL", r"too weak\. .*2048 bits"),
        ("TLSV1_ALERT_INTERNAL_ERROR", r"No TLS connection .* could be established\. Check TLS"),
    ],
)
def test_handshake_errors(reason: str, words: str) -> None:
    error = explain_tls(alert(reason), "PCE")
    assert error.category == "tls"
    assert re.search(words, told(error))
    assert "aste" not in error.remedy


def test_a_tls_error_without_a_reason() -> None:
    assert explain_tls(ssl.SSLError("evil"), "PCE").category == "tls"


def unmade(error: OSError) -> requests.ConnectionError:
    """As requests hands it over: wrapped, with the first cause as the context of the second."""
    try:
        try:
            raise error
        except OSError:
            raise NewConnectionError(None, "evil") from None
    except NewConnectionError as new:
        return requests.ConnectionError(new)


@pytest.mark.parametrize(
    ("error", "route", "category", "words"),
    [
        (ConnectionRefusedError(), DIRECT, "connection", "refuses connections .* firewall that rejects"),
        (OSError(errno.EHOSTUNREACH, ""), DIRECT, "connection", "no route .* routes"),
        (OSError(errno.ENETUNREACH, ""), DIRECT, "connection", "no route .* routes"),
        (PermissionError(errno.EACCES, ""), DIRECT, "connection", "does not allow it.*SELinux"),
        (OSError(errno.EMFILE, ""), DIRECT, "connection", "could be established. Check that the PCE is up"),
        (socket.gaierror(socket.EAI_NONAME, ""), DIRECT, "dns", "cannot be resolved. Check the host name"),
        (socket.gaierror(socket.EAI_AGAIN, ""), DIRECT, "dns", "no name server answered. Check the name servers"),
        (TimeoutError(), DIRECT, "timeout", "no connection was established.*firewall drops"),
        (TimeoutError(), PROXIED, "timeout", "The proxy did not answer in time.*proxy's type, host and port"),
        (socket.gaierror(socket.EAI_NONAME, ""), PROXIED, "proxy", "The proxy's host name cannot be resolved"),
        (ConnectionRefusedError(), PROXIED, "proxy", "Nothing accepts connections.*that the proxy is up"),
        (OSError("Tunnel connection failed: 407 evil"), PROXIED, "proxy", r"\(407\).*user name and password in"),
        (OSError("Tunnel connection failed: 403 evil"), PROXIED, "proxy", r"\(403\).*administrator allow"),
        (OSError("Tunnel connection failed: 504 evil"), PROXIED, "proxy", r"\(504\).*look alike"),
        (OSError("Tunnel connection failed: 400 evil"), PROXIED, "proxy", r"\(400\).*type, host and port"),
        (socks.SOCKS5AuthError("evil"), PROXIED, "proxy", "wants a user name and password"),
        (socks.SOCKS5Error("0x02: evil"), PROXIED, "proxy", "does not allow"),
        (socks.SOCKS5Error("0x04: evil"), PROXIED, "proxy", "could not connect to the PCE.*look alike"),
        (socks.SOCKS5Error("0x07: evil"), PROXIED, "proxy", "does not make a connection"),
        (socks.GeneralProxyError("evil"), PROXIED, "proxy", "does not speak SOCKS5"),
        (socks.ProxyConnectionError("evil", OSError()), PROXIED, "proxy", "No connection to the proxy"),
        (
            socks.GeneralProxyError("Socket error", socket.gaierror(socket.EAI_NONAME, "evil")),
            PROXIED, "dns", "The PCE's host name cannot be resolved on this machine.*names resolved at the proxy",
        ),
        (ConnectionResetError(), PROXIED, "proxy", "closed the connection.*can look the same"),
        (ssl.SSLEOFError(8, "evil"), DIRECT, "connection", "closed during the TLS handshake.*inspects"),
        (ConnectionResetError(), Route(True, True), "connection", "The PCE closed the connection without a response"),
    ],
)  # fmt: skip
def test_connection_errors(error: OSError, route: Route, category: str, words: str) -> None:
    wrapped = requests.ConnectionError(error) if isinstance(error, ConnectionResetError) else unmade(error)
    explained = explain(wrapped, route)
    assert explained.category == category
    assert re.search(words, told(explained))


def test_anything_else_is_an_error_of_the_connection() -> None:
    assert explain(RuntimeError("evil"), DIRECT).category == "connection"


def test_every_category_has_a_remedy_of_its_own_kind() -> None:
    assert [name for name, text in REMEDIES.items() if len(text) < 40 or not text.endswith(".")] == []
    assert CollectorError("dns", "What.").remedy == REMEDIES["dns"]
    assert str(CollectorError("dns", "What.", remedy="Do this.")) == "What. Do this."


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("7", None, 7.0),
        ("0", None, 0.0),
        ("99999", None, 99_999.0),
        ("100000", None, None),
        ("Thu, 09 Oct 2025 08:54:20 GMT", "Thu, 09 Oct 2025 08:53:50 GMT", 30.0),
        ("Thu, 09 Oct 2025 08:54:20 GMT", None, 60.0),
        ("Thu, 09 Oct 2025 08:54:20 GMT", "soon", 60.0),
        ("Thursday, 09-Oct-25 08:54:20 GMT", None, 60.0),
        ("Thu Oct  9 08:54:20 2025", None, 60.0),
        ("Thu, 09 Oct 2025 08:52:20 GMT", None, 0.0),
        ("Thu, 09 Oct 2025 08:54:20 GMT", "Thu, 09 Oct 2025 09:53:50 GMT", 0.0),
        ("Fri, 10 Oct 2025 12:39:59 GMT", None, 99_999.0),
        ("Fri, 10 Oct 2025 12:40:00 GMT", None, None),
        ("soon", None, None),
        ("-5", None, None),
        ("", None, None),
    ],
)
def test_retry_after_headers(text: str, date: str | None, seconds: float | None) -> None:
    headers = {"retry-after": text, **({"date": date} if date else {})}
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("start", "category", "words"),
    [
        (b"", "not_a_pce", "response is empty"),
        (b" \r\n", "not_a_pce", "response is empty"),
        (b"\xef\xbb\xbf", "not_a_pce", "response is empty"),
        (b"  <!DOCTYPE html>", "not_a_pce", "is a web page.*sign-in page.*look alike"),
        (b"evil", "not_a_pce", "not a JSON list"),
        (b'{"evil":1}', "not_a_pce", "not a JSON list"),
        (b'[{"evil', "broken_answer", "incomplete or malformed: cut"),
        (b'\xef\xbb\xbf\n[{"evil', "broken_answer", "incomplete or malformed: cut"),
        ("[]".encode("utf-16"), "broken_answer", "UTF-16 .*converts"),
        ("[]".encode("utf-16-be"), "broken_answer", "UTF-16 .*converts"),
        ("[]".encode("utf-32-le"), "broken_answer", "UTF-16 .*converts"),
    ],
)
def test_bodies_that_are_not_a_list(start: bytes, category: str, words: str) -> None:
    error = list_error(start, NotAnArray("cut"))
    assert error.category == category
    assert re.search(words, told(error))


@pytest.mark.parametrize(
    ("text", "category"), [(b'{"evil', "broken_answer"), (b"[1", "broken_answer"), (b"<x", "not_a_pce")]
)
def test_small_bodies_that_are_not_json(text: bytes, category: str) -> None:
    assert json_error(text).category == category
    told(json_error(text))
