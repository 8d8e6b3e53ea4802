"""Pasted CA certificates: only what stands between BEGIN and END counts, and it comes out as clean PEM text.

The text forms are those of RFC 7468 and of OpenSSL, as mail programs, spreadsheets and .conf files leave them.
"""

from __future__ import annotations

import base64
import re
import ssl

_DASHES = "[-\u2010-\u2015\u2212]{2,8}"
_LABEL = r"(?:(?:TRUSTED|X509)\s{1,9})?CERTIFICATE"
_BLOCK = re.compile(rf"BEGIN\s{{1,9}}({_LABEL}){_DASHES}(.*?){_DASHES}END\s{{1,9}}{_LABEL}{_DASHES}", re.DOTALL)
_MARKER = re.compile(rf"(?:BEGIN|END)\s{{1,9}}{_LABEL}{_DASHES}")
_PRIVATE_KEY = re.compile(r"(?:BEGIN|END)\s{1,9}(?:[A-Z0-9]{1,20}\s{1,9}){0,3}PRIVATE\s{1,9}KEY")
#: What may stand within a block besides Base64: line breaks and tabs as \n, \r and \t, blanks of every kind, quotes.
_NOT_BASE64 = re.compile(
    "\\\\+[nrt]|[\\s\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff\"'`>,\u2018-\u201f]"
)


def parse_certificates(text: str | None) -> str:
    """Read pasted PEM certificates and write them as PEM in lines of 64 characters; empty for an empty text.

    Raises ValueError with a sentence for the administrator.
    """
    text = text or ""
    if not text.strip():
        return ""
    if _PRIVATE_KEY.search(text):
        raise ValueError(
            "The CA certificate's text holds a private key. Paste the certificate without any private key."
        )
    blocks = _BLOCK.findall(text)
    if not blocks or _MARKER.search(_BLOCK.sub("", text)):
        raise ValueError(
            "Paste the CA certificate as PEM text, from -----BEGIN CERTIFICATE----- to "
            "-----END CERTIFICATE-----, without any private key."
        )
    numbered = enumerate(blocks, 1)
    return "".join(ssl.DER_cert_to_PEM_cert(_read(number, *block)) for number, block in numbered).strip()


def _read(number: int, label: str, content: str) -> bytes:
    """The certificate of a block, in DER."""
    try:
        encoded = base64.b64decode(_NOT_BASE64.sub("", content), validate=True)
        der = encoded[: _length(encoded)]
        if der != encoded and not label.startswith("TRUSTED"):  # OpenSSL writes notes of its own behind those
            raise ValueError("something stands behind the certificate")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ValueError, IndexError, OSError):
        raise ValueError(
            f"Certificate {number} of the CA certificate's text is damaged. Paste it again, complete, "
            "as PEM text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."
        ) from None
    return der


def _length(der: bytes) -> int:
    """How many bytes the first value of this DER text has (X.690, section 8.1.3)."""
    octets = der[1] & 0x7F if der[1] & 0x80 else 0
    return 2 + octets + (int.from_bytes(der[2 : 2 + octets], "big") if octets else der[1])
