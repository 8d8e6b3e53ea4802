"""What an administrator configured: the account, the proxy and the input, checked when they are made.

The same checks serve the configuration pages (through the REST handlers) and every run.
All of them raise ValueError with a sentence that says what to enter.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from .certificates import parse_certificates
from .filters import Filters
from .timestamps import parse_start

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})?(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?")

DEFAULT_START = "-24h"
DEFAULT_LATE_ARRIVAL_WINDOW = 600
LATE_ARRIVAL_WINDOW_RANGE = (60, 86_400)


def parse_pce_url(text: str) -> tuple[str, int]:
    """Read the account's PCE URL: the host name and port of an https address without anything behind them."""
    advice = "Enter the PCE URL as https://HOST or https://HOST:PORT."
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        raise ValueError(f"The PCE URL holds no valid host name. {advice}") from None
    if parts.scheme != "https":
        raise ValueError(f"The PCE URL has to begin with https://, since the key is sent to it. {advice}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"The PCE URL must not hold a user name or password. {advice}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"The PCE URL must not hold a path. {advice}")
    try:
        port = parts.port or 443
    except ValueError:
        raise ValueError(f"The port of the PCE URL is not a number from 1 to 65535. {advice}") from None
    host = parts.hostname or ""
    if not (HOST_NAME.fullmatch(host) or _is_ipv6(host)):
        raise ValueError(f"The PCE URL holds no valid host name. {advice}")
    return host, port


def _is_ipv6(text: str) -> bool:
    """Whether it is an IPv6 address without a zone (RFC 4007), which has no meaning in the URL of another machine."""
    try:
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


@dataclass(frozen=True)
class Account:
    """How to reach one organisation of one PCE."""

    name: str
    host: str
    port: int
    org_id: int
    api_key_id: str
    api_secret: str = field(repr=False)
    ca_certificate: str = field(default="", repr=False)

    @classmethod
    def parse(cls, name: str, conf: Mapping[str, str | None], api_secret: str) -> Account:
        """Read a stanza of `ta_illumio_pce_account.conf`, with the secret handed in apart."""
        host, port = parse_pce_url(conf.get("pce_url") or "")
        org_id = (conf.get("org_id") or "").strip()
        if not re.fullmatch(r"[0-9]{1,10}", org_id):
            raise ValueError("The organisation ID has to be a whole number, such as 1.")
        key_id = (conf.get("api_key_id") or "").strip()
        if not re.fullmatch(r"[!-9;-~]{1,200}", key_id):
            raise ValueError("The API key ID is missing or holds blanks; it looks like api_1a2b3c4d5e6f.")
        if not api_secret or not api_secret.isprintable():
            raise ValueError("The API secret is missing or holds characters that no secret has.")
        return cls(
            name=name,
            host=host,
            port=port,
            org_id=int(org_id),
            api_key_id=key_id,
            api_secret=api_secret,
            ca_certificate=parse_certificates(conf.get("ca_certificate")),
        )

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    @property
    def source(self) -> str:
        """What identifies the audit trail that is read: PCE and organisation."""
        return f"{self.authority}/orgs/{self.org_id}"


@dataclass(frozen=True)
class Proxy:
    """The proxy to the PCE; splunkd is never asked through it."""

    url: str = field(repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, conf: Mapping[str, str | None], password: str = "") -> Proxy | None:
        """Read stanza `[proxy]` of `ta_illumio_pce_settings.conf`; None where the proxy is off."""
        if (conf.get("proxy_enabled") or "0").strip().lower() not in ("1", "true", "t", "yes", "y", "on"):
            return None
        scheme = (conf.get("proxy_type") or "http").strip().lower()
        host = _proxy_host((conf.get("proxy_url") or "").strip())
        port = (conf.get("proxy_port") or "").strip()
        if scheme not in ("http", "https", "socks5"):
            raise ValueError("The proxy's type has to be http, https or socks5.")
        if not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65_536):
            raise ValueError("The proxy's port has to be a number from 1 to 65535.")
        if scheme == "socks5" and (conf.get("proxy_rdns") or "0").strip().lower() in ("1", "true", "t", "yes"):
            scheme = "socks5h"
        user = (conf.get("proxy_username") or "").strip()
        credentials = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
        return cls(f"{scheme}://{credentials}{host}:{port}", password)


def _proxy_host(text: str) -> str:
    """A host name or IPv4 address as it is, an IPv6 address in brackets, as both stand in a URL."""
    if HOST_NAME.fullmatch(text):
        return text
    address = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _is_ipv6(address):
        return f"[{address}]"
    if _is_ipv6(address.partition("%")[0]):
        raise ValueError("Enter the proxy's IPv6 address without a zone: no % and nothing behind it.")
    raise ValueError("Enter the proxy's host as a name or an address, without http:// before it.")


@dataclass(frozen=True)
class InputSettings:
    """One stanza `illumio_pce_events://<name>` of inputs.conf."""

    name: str
    account: str
    index: str
    start_time: str
    late_arrival_window_ms: int
    include_system_events: bool
    filters: Filters

    @classmethod
    def parse(cls, name: str, conf: Mapping[str, str | None]) -> InputSettings:
        """Read the stanza's parameters; absent ones take the defaults of the contract."""
        account = (conf.get("account") or "").strip()
        if not account:
            raise ValueError(f"Choose an account for the input {name}.")
        window = (conf.get("late_arrival_window") or str(DEFAULT_LATE_ARRIVAL_WINDOW)).strip()
        low, high = LATE_ARRIVAL_WINDOW_RANGE
        if not (re.fullmatch(r"[0-9]{1,6}", window) and low <= int(window) <= high):
            raise ValueError(f"The late arrival window has to be a number of seconds from {low} to {high}.")
        start_time = (conf.get("start_time") or DEFAULT_START).strip()
        parse_start(start_time, 0)
        return cls(
            name=name,
            account=account,
            index=(conf.get("index") or "default").strip(),
            start_time=start_time,
            late_arrival_window_ms=int(window) * 1000,
            include_system_events=(conf.get("include_system_events") or "0").strip().lower() in ("1", "true"),
            filters=Filters.parse(conf.get("event_types"), conf.get("severities"), conf.get("statuses")),
        )

    @property
    def source(self) -> str:
        """The source of every event of this input."""
        return f"illumio_pce_events://{self.name}"
