"""Certificates for the https server: good ones, and each kind of bad one."""

from __future__ import annotations

import ssl
import warnings
from datetime import datetime, timedelta, timezone

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

#: `good`, or what is wrong with the server's side of TLS.
KINDS = (
    "good", "self_signed", "wrong_host", "expired", "not_yet_valid", "wrong_ca", "tls10", "tls11", "short_key",
    "for_clients", "no_intermediate", "client_certificate", "old_cipher",
)  # fmt: skip

_OLD = {"tls10": ssl.TLSVersion.TLSv1, "tls11": ssl.TLSVersion.TLSv1_1}


class Certificates:
    """A certificate authority of our own; `ca_pem` is what an administrator would paste, whatever is served."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self.ca_pem = self._authority.cert_pem.bytes().decode("ascii")

    def context(self, kind: str, *names: str) -> ssl.SSLContext:
        """The server's side of TLS for these host names or addresses, good or bad as one of KINDS says."""
        if kind not in KINDS:
            raise ValueError(f"there is no certificate of kind {kind!r}, only {', '.join(KINDS)}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if kind == "short_key":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")  # at others, OpenSSL does not serve it
        self._certificate(kind, names).configure_cert(context)
        if kind in _OLD:
            _offer_only(context, _OLD[kind])
        if kind == "client_certificate":
            context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the client learns it after the handshake only
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)
        if kind == "old_cipher":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("AES128-SHA:@SECLEVEL=0")
        return context

    def _certificate(self, kind: str, names: tuple[str, ...]) -> trustme.LeafCert:
        if kind == "self_signed":
            return _self_signed(names[0])
        if kind == "wrong_host":
            return self._authority.issue_cert("another.example.net")
        if kind == "wrong_ca":
            return trustme.CA().issue_cert(*names)
        day, now = timedelta(days=1), datetime.now(timezone.utc)
        if kind == "no_intermediate":
            whole = self._authority.create_child_ca().issue_cert(*names)
            return trustme.LeafCert(whole.private_key_pem.bytes(), whole.cert_chain_pems[0].bytes(), [])
        if kind in ("short_key", "for_clients"):
            return self._flawed(kind, names)
        if kind == "expired":
            return self._authority.issue_cert(*names, not_before=now - 90 * day, not_after=now - day)
        if kind == "not_yet_valid":
            return self._authority.issue_cert(*names, not_before=now + day, not_after=now + 90 * day)
        return self._authority.issue_cert(*names)

    def _flawed(self, kind: str, names: tuple[str, ...]) -> trustme.LeafCert:
        """Signed by our authority, but with a key that is too short, or not for servers."""
        good = x509.load_pem_x509_certificate(self._authority.issue_cert(*names).cert_chain_pems[0].bytes())
        issuer = serialization.load_pem_private_key(self._authority.private_key_pem.bytes(), None)
        key = rsa.generate_private_key(65_537, 1024 if kind == "short_key" else 2048)
        builder = (
            x509.CertificateBuilder()
            .subject_name(good.subject)
            .issuer_name(good.issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(good.not_valid_before_utc)
            .not_valid_after(good.not_valid_after_utc)
        )
        for extension in good.extensions:
            if extension.oid != ExtensionOID.EXTENDED_KEY_USAGE:
                builder = builder.add_extension(extension.value, extension.critical)
        if kind == "for_clients":
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), True)
        assert isinstance(issuer, ec.EllipticCurvePrivateKey)
        return _leaf(key, builder.sign(issuer, hashes.SHA256()))


def _leaf(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> trustme.LeafCert:
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return trustme.LeafCert(private, certificate.public_bytes(pem), [])


def _offer_only(context: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 has these at level 0 only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version


def _self_signed(name: str) -> trustme.LeafCert:
    """A certificate that is its own issuer, as appliances make them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _leaf(key, certificate)
