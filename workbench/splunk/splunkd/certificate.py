"""splunkd's certificate: like the one that splunkd makes for itself, it is signed by nobody whom a client knows."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


def server_context(auth: Path, *, client_certificate: bool = False) -> ssl.SSLContext:
    """A TLS context with the certificate kept in `etc/auth`, made at the first start.

    Beside it, `cacert.pem` is the authority that signed it, for a client that wants to verify. With
    `client_certificate`, only a client with a certificate of that authority is served.
    """
    pem = auth / "server.pem"
    if not pem.exists():
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        auth.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(str(auth / "cacert.pem"))
        certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
        pem.chmod(0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if client_certificate:
        context.load_verify_locations(auth / "cacert.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context
