"""CA certificates as administrators paste them: what stands between BEGIN and END counts, and nothing else."""

from __future__ import annotations

import itertools
import json
import re
import ssl
from typing import Callable

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from illumio_pce.certificates import parse_certificates
from illumio_pce.config import Account
from illumio_pce.transport import tls_context

from tests.conftest import REPOSITORY

PEMS = [trustme.CA().cert_pem.bytes().decode("ascii").strip() for _ in range(2)]
BOTH = "\n".join(PEMS)
(FORM,) = [
    validator["pattern"]
    for tab in json.loads((REPOSITORY / "globalConfig.json").read_text("utf-8"))["pages"]["configuration"]["tabs"]
    for entity in tab.get("entity", [])
    if entity["field"] == "ca_certificate"
    for validator in entity["validators"]
    if validator["type"] == "regex"
]


def each_line(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "\n".join(map(change, text.split("\n")))


MUTILATIONS: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "doubled line breaks": lambda text: text.replace("\n", "\n\n"),
    "indented": each_line(lambda line: f"\t  {line}  "),
    "quoted": each_line(lambda line: f'"{line}",'),
    "typographic quotes": each_line(lambda line: f"\u201c{line}\u201d"),
    "quoted in a mail": each_line(lambda line: f"> {line}"),
    "on one line": lambda text: text.replace("\n", " "),
    "without line breaks": lambda text: text.replace("\n", ""),
    "written-out line breaks": lambda text: text.replace("\n", "\\n"),
    "written-out CRLF, twice": lambda text: text.replace("\n", "\\\\r\\\\n"),
    "byte order mark": lambda text: "\ufeff" + text,
    "no-break spaces": lambda text: text.replace("\n", "\u00a0\n\u00a0"),
    "no-break space in the label": lambda text: text.replace("BEGIN ", "BEGIN\u00a0"),
    "zero-width spaces": lambda text: text.replace("\n", "\u200b\n"),
    "a comment": lambda text: f"# Autorité de certification n° 1 \U0001f512\n{text}\n# — fin —",
    "OpenSSL's bag attributes": lambda text: f"Bag Attributes\n    friendlyName: Zertifikat für Prüfung\n{text}",
    "dashes of a word processor": lambda text: text.replace("-----", "\u2014\u2014-"),
    "the old label": lambda text: text.replace("BEGIN CERT", "BEGIN X509 CERT").replace("END CERT", "END X509 CERT"),
    "NUL at the end": lambda text: text + "\0",
}


@pytest.mark.parametrize("name", MUTILATIONS)
@pytest.mark.parametrize("pem", [PEMS[0], BOTH], ids=["one", "two"])
def test_a_certificate_whose_base64_is_intact_is_accepted(name: str, pem: str) -> None:
    assert parse_certificates(MUTILATIONS[name](pem)) == pem


@given(st.lists(st.sampled_from(sorted(MUTILATIONS)), max_size=5))
def test_a_certificate_survives_common_paste_damage(names: list[str]) -> None:
    text = BOTH
    for name in names:
        text = MUTILATIONS[name](text)
    assert parse_certificates(text) == BOTH
    assert re.match(FORM, text)


def test_openssl_trust_data_after_a_certificate_is_dropped() -> None:
    der = ssl.PEM_cert_to_DER_cert(PEMS[0]) + b"\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
    trusted = ssl.DER_cert_to_PEM_cert(der).replace(" CERT", " TRUSTED CERT")
    assert parse_certificates(trusted) == PEMS[0]
    with pytest.raises(ValueError, match=r"Certificate 1 of .* is damaged"):
        parse_certificates(trusted.replace("TRUSTED ", ""))


@pytest.mark.parametrize("text", [None, "", " \r\n\t\u00a0"])
def test_no_text_means_the_bundled_list(text: str | None) -> None:
    assert parse_certificates(text) == ""


DER = ssl.PEM_cert_to_DER_cert(PEMS[0])
BODY = PEMS[0].split("\n", 1)[1].rsplit("\n", 1)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("see attachment", "as PEM text"),
        ("\u00e9", "as PEM text"),
        (BODY, "as PEM text"),
        (PEMS[0].replace("CERTIFICATE", "CERTIFICATE REQUEST"), "as PEM text"),
        (PEMS[0].replace("CERTIFICATE", "PKCS7"), "as PEM text"),
        (PEMS[0][:-20], "as PEM text"),
        (PEMS[0] + "\n" + PEMS[1][:200], "as PEM text"),
        (PEMS[0][:200] + "\n" + PEMS[1], "Certificate 1 .* damaged"),
        (PEMS[0] + "\n" + PEMS[1].replace("MII", "MI", 1), "Certificate 2 .* damaged"),
        (PEMS[0].replace("MII", "MÏI"), "Certificate 1 .* damaged"),
        (ssl.DER_cert_to_PEM_cert(b""), "Certificate 1 .* damaged"),
        (ssl.DER_cert_to_PEM_cert(b"0"), "Certificate 1 .* damaged"),
        (ssl.DER_cert_to_PEM_cert(b"\x30\x03\x02\x01\x01"), "Certificate 1 .* damaged"),
        (ssl.DER_cert_to_PEM_cert(DER[:-1]), "Certificate 1 .* damaged"),
        (ssl.DER_cert_to_PEM_cert(DER + b"\0"), "Certificate 1 .* damaged"),
        (ssl.DER_cert_to_PEM_cert(DER + DER), "Certificate 1 .* damaged"),
        (f"{PEMS[0]}\n{trustme.CA().private_key_pem.bytes().decode()}", "private key"),
        (
            f"-----BEGIN ENCRYPTED PRIVATE KEY-----\\nAAAA\\n-----END ENCRYPTED PRIVATE KEY-----\n{PEMS[0]}",
            "private key",
        ),
    ],
    ids=itertools.count(),
)
def test_invalid_certificates_are_rejected_with_a_clear_message(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        parse_certificates(text)
    assert str(refusal.value).endswith(".")
    assert BODY[:20] not in str(refusal.value)


PIECES = ("-----", "BEGIN", "END", " ", "CERTIFICATE", "TRUSTED", "PRIVATE KEY", "\\n", "MI", "=", "\u00e9", "\ufeff", BODY)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_gives_certificates_or_our_own_error(text: str) -> None:
    try:
        pem = parse_certificates(text)
    except ValueError as refusal:
        assert re.search("as PEM text|is damaged|private key", str(refusal))
    else:
        assert pem == "" or re.match(FORM, text)
        tls_context(pem, "pce.example.com")


@pytest.mark.parametrize("text", ["-" * 60_000, "BEGIN " * 10_000, "BEGIN CERTIFICATE-----" + "-" * 40_000])
def test_a_long_text_without_certificates_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="PEM text"):
        parse_certificates(text)


def test_an_account_holds_the_clean_certificate() -> None:
    conf = {"pce_url": "https://pce.example.com", "org_id": "1", "api_key_id": "api_1"}
    account = Account.parse("lab", {**conf, "ca_certificate": f"\ufeff# é\n{PEMS[0]}"}, "s3cret")
    assert account.ca_certificate == PEMS[0]


@pytest.mark.parametrize(
    "text", ["\u00e9", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_tls_context_rejects_invalid_certificates(text: str) -> None:
    with pytest.raises(ValueError, match="not a readable certificate"):
        tls_context(text, "pce.example.com")


class Absent:
    """An attribute that a class does not have: of an object of it, it can be set, and means nothing."""

    def __get__(self, *_: object) -> None:
        raise AttributeError


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_where_openssl_knows_no_lowest_version_old_ones_are_refused_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl.SSLContext, "minimum_version", Absent())
    refused = ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    assert tls_context("", "pce.example.com").options & refused == refused
