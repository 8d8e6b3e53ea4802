"""What a failed TLS handshake means, and what fixes just that: another certificate, another name, or another version.

Sources: OpenSSL's x509_vfy.h (verification results) and the names of its reasons, which follow RFC 8446, section 6
(alerts). Nothing that the other side sent is repeated.
"""

from __future__ import annotations

import ssl
from typing import NamedTuple

from .errors import PceError


class _Cause(NamedTuple):
    """Text and remedy; `{peer}` is `PCE` or `proxy`, and `{entered}` where its host name was entered."""

    text: str
    remedy: str


_RENEW = "Have the {peer}'s administrator replace the certificate"

_EXPIRED = _Cause(
    "The {peer}'s certificate, or one of the authorities' above it, has expired.",
    "Have the {peer}'s administrator renew the certificate. If the CA certificate in the account is the one that "
    "expired, paste the new one there. A wrong clock on this machine looks the same.",
)
_NOT_YET = _Cause(
    "The {peer}'s certificate, or one of the authorities' above it, is not valid yet.",
    f"Check the clock of this machine. If it is right: {_RENEW[0].lower()}{_RENEW[1:]} by one that is valid now.",
)
_SELF_SIGNED = _Cause(
    "The {peer}'s certificate is self-signed and not trusted.",
    "Compare the certificate's fingerprint with the one that the {peer}'s administrator sees, then paste the "
    "certificate into the account as CA certificate.",
)
_UNKNOWN_AUTHORITY = _Cause(
    "The {peer}'s certificate comes from an authority that is not trusted.",
    "Paste the certificate of the authority that signed the {peer}'s certificate into the account, and the "
    "intermediate ones too if the {peer} does not send them. Where a firewall or proxy inspects TLS, that device's "
    "authority is the one.",
)
_WRONG_NAME = _Cause(
    "The {peer}'s certificate is for another host name than {entered}.",
    "Use a name that stands in the certificate as {entered}, or have the certificate reissued for this name. If the "
    "name is right, check which machine it leads to.",
)
_WRONG_ADDRESS = _Cause(
    "The {peer}'s certificate is for another address than {entered}.",
    "Use a host name that stands in the certificate as {entered}, or have the certificate reissued for this address.",
)
_WRONG_SIGNATURE = _Cause(
    "The {peer}'s certificate was not signed with the key of the CA certificate that has its authority's name.",
    "Paste the authority's current certificate into the account; the one there belongs to another key.",
)
_REVOKED = _Cause("The {peer}'s certificate has been revoked.", f"{_RENEW}.")
_NO_AUTHORITY = _Cause(
    "A certificate above the {peer}'s own is not one of an authority.",
    "Paste the certificate of the authority itself into the account, not that of a server. If that is there: "
    f"{_RENEW[0].lower()}{_RENEW[1:]}, which a certificate without CA:TRUE has signed.",
)
_WRONG_PURPOSE = _Cause(
    "The {peer}'s certificate may not be used by a server, or not for this name.",
    f"{_RENEW} by one for TLS servers (extended key usage serverAuth) that its authority may issue for this name.",
)
_SHORT_KEY = _Cause(
    "A key of the {peer}'s certificate, or of an authority above it, is too short to be trusted.",
    f"{_RENEW} by one with a key of at least 2048 bits (RSA) or 256 bits (elliptic curves).",
)
_WEAK_DIGEST = _Cause(
    "The {peer}'s certificate, or one above it, is signed with a digest that is too weak, such as SHA-1.",
    f"{_RENEW} by one that is signed with SHA-256 or better.",
)
_CERTIFICATES = {
    2: _UNKNOWN_AUTHORITY, 7: _WRONG_SIGNATURE, 9: _NOT_YET, 10: _EXPIRED, 18: _SELF_SIGNED, 19: _UNKNOWN_AUTHORITY,
    20: _UNKNOWN_AUTHORITY, 21: _UNKNOWN_AUTHORITY, 23: _REVOKED, 24: _NO_AUTHORITY, 26: _WRONG_PURPOSE,
    27: _UNKNOWN_AUTHORITY, 28: _WRONG_PURPOSE, 30: _WRONG_SIGNATURE, 32: _NO_AUTHORITY, 47: _WRONG_PURPOSE,
    48: _WRONG_PURPOSE, 62: _WRONG_NAME, 64: _WRONG_ADDRESS, 66: _SHORT_KEY, 67: _SHORT_KEY, 68: _WEAK_DIGEST,
    79: _NO_AUTHORITY,
}  # fmt: skip

_VERSION = _Cause(
    "The {peer} offers no version of TLS that is secure; it has to offer TLS 1.2 or newer.",
    "Have TLS 1.2 or newer switched on at the {peer}, or at the load balancer in front of it.",
)
_NO_TLS = _Cause(
    "The server at the {peer}'s host and port does not speak TLS.",
    "Check {port}.",
)
_CLIENT_CERTIFICATE = _Cause(
    "The {peer} demands a client certificate, which this add-on does not have.",
    "The add-on signs in with an API key. Have the {peer}, or the load balancer in front of it, not demand a client "
    "certificate from this Splunk instance.",
)
_HANDSHAKE = _Cause(
    "The {peer} refuses the TLS handshake: it shares no cipher with this machine, or demands a client certificate.",
    "Have the {peer}, or the load balancer in front of it, offer TLS 1.2 or newer with current ciphers, and not "
    "demand a client certificate from this Splunk instance. Which of the two it is, the log over there says.",
)
_UNKNOWN_NAME = _Cause(
    "The server at the {peer}'s address does not know the host name.",
    "Check {entered}, and which machine the name leads to.",
)
_WEAK = _Cause(
    "The {peer} uses a key or a cipher for TLS that is too weak.",
    "Have current ciphers and keys of at least 2048 bits set up at the {peer}, or at the load balancer in front of it.",
)
_OTHER = _Cause(
    "No TLS connection to the {peer} could be established.",
    "Check TLS at the {peer} and at load balancers and firewalls in between: TLS 1.2 or newer is needed.",
)
_REASONS = {
    **dict.fromkeys(
        ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW", "WRONG_SSL_VERSION"), _VERSION
    ),
    **dict.fromkeys(
        ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"),
        _NO_TLS,
    ),
    **dict.fromkeys(
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_NO_CERTIFICATE"),
        _CLIENT_CERTIFICATE,
    ),
    **dict.fromkeys(
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_INSUFFICIENT_SECURITY", "NO_SHARED_CIPHER"), _HANDSHAKE
    ),
    **dict.fromkeys(("TLSV1_UNRECOGNIZED_NAME", "TLSV1_ALERT_UNRECOGNIZED_NAME"), _UNKNOWN_NAME),
    **dict.fromkeys(("DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "WRONG_SIGNATURE_TYPE"), _WEAK),
}
_WORDS = {
    "PCE": {
        "peer": "PCE",
        "entered": "the host of the account's PCE URL",
        "port": "the host and port of the account's PCE URL; the API of a PCE on premises usually listens on 8443",
    },
    "proxy": {
        "peer": "proxy",
        "entered": "the proxy's host in the add-on's configuration",
        "port": "the proxy's type in the add-on's configuration; a proxy that is reached without TLS is of type http",
    },
}


def explain_tls(error: ssl.SSLError, peer: str) -> PceError:
    """The PceError for a failed handshake with that peer, `PCE` or `proxy`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", 0)
        unknown = _Cause(f"The {{peer}}'s certificate cannot be verified (OpenSSL's result {code}).", f"{_RENEW}.")
        cause = _CERTIFICATES.get(code, unknown)
    else:
        cause = _REASONS.get(getattr(error, "reason", None) or "", _OTHER)
    return PceError("tls", cause.text.format(**_WORDS[peer]), remedy=cause.remedy.format(**_WORDS[peer]))
