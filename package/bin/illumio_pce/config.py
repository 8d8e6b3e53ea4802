"""What an administrator configured: the account, the proxy and the input, checked when they are saved.

The same checks serve the configuration pages (through the REST handlers) and every run.
All of them raise ValueError with a sentence that says what to enter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Protocol, TypeVar
from urllib.parse import quote

from .certificates import parse_certificates
from .filters import Filters
from .names import EVENTS_SCHEME
from .timestamps import parse_start

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})?(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?")
_AUTHORITY = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]*))?", re.ASCII)
#: Splunk's rules for the names of indexes (splunktaucclib's IndexName has them), without its internal indexes.
_INDEX = re.compile(r"(?!kvstore\Z)[a-z0-9][a-z0-9_-]{0,2047}", re.ASCII)

#: The name of an account or an input. What an input remembers is kept under its name: see `state.py`.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
#: Words that conf files, and the KV store's endpoints, have a meaning for.
RESERVED_NAMES = frozenset({"default", "batch_save", "batch_find"})

DEFAULT_START = "-24h"
DEFAULT_INTERVAL = 60
DEFAULT_LATE_ARRIVAL_WINDOW = 600
INTERVAL_RANGE = (30, 86_400)
LATE_ARRIVAL_WINDOW_RANGE = (60, 86_400)
#: The longest secret and the longest certificate text that the forms take (characters).
_LONGEST = 1000
_LONGEST_CERTIFICATE = 65_536
#: A user name or password of SOCKS5 has so many bytes at most (RFC 1929).
_LONGEST_OF_SOCKS = 255

#: Illumio's domain, in which the PCEs of its cloud are (Illumio Core REST API, "Authenticate to the Login Service").
_CLOUD = ".illum.io"

#: What stands in a conf file, and comes back from a form, in the place of a secret (splunktaucclib).
PLACEHOLDERS = ("******", "********")

_TRUE = ("1", "true", "t", "yes", "y", "on")
_FALSE = ("0", "false", "f", "no", "n", "off")


def parse_boolean(text: str | None, label: str) -> bool:
    """Read a Boolean as Splunk spells it (splunk.util.normalizeBoolean), in upper or lower case; empty is false."""
    value = (text or "").strip().lower() or "0"
    if value not in _TRUE + _FALSE:
        raise ValueError(f"{label} must be one of {', '.join(_TRUE)} or {', '.join(_FALSE)}.")
    return value in _TRUE


def parse_number(text: str, label: str, allowed: tuple[int, int], unit: str = "") -> int:
    """Read a whole number within a range, both ends included."""
    low, high = allowed
    if not (re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) and low <= int(text) <= high):
        raise ValueError(f"{label} must be a whole number{unit} from {low} to {high}.")
    return int(text)


def parse_interval(text: str | None, default: int = DEFAULT_INTERVAL, allowed: tuple[int, int] = INTERVAL_RANGE) -> int:
    """Read the polling interval (seconds)."""
    value = (text or "").strip() or str(default)
    return parse_number(value, "The polling interval", allowed, " of seconds")


def check_name(name: str) -> None:
    """Raise ValueError for a name that no input can have."""
    if not NAME.fullmatch(name) or name in RESERVED_NAMES:
        raise ValueError(
            "The name of the input must start with a letter, contain only letters, digits, _ and -, and be no word "
            "of Splunk's own. Make the input anew under another name."
        )


def parse_account_name(text: str | None) -> str:
    """Read which account an input uses."""
    name = (text or "").strip()
    if not name:
        raise ValueError("Choose an account.")
    return name


def parse_index(text: str | None) -> str:
    """Read the name of an index, which Splunk keeps in lower case; empty is `default`."""
    name = ((text or "").strip() or "default").lower()
    if not _INDEX.fullmatch(name):
        raise ValueError(
            "The index is not a valid index name. Use letters, digits, _ and -, starting with a letter or digit."
        )
    return name


def index_of(conf: Mapping[str, str | None]) -> str:
    """Where an input's events and records go; `default` for a name that no index can have. Never raises."""
    try:
        return parse_index(conf.get("index"))
    except ValueError:
        return "default"


def parse_pce_url(text: str) -> tuple[str, int]:
    """Read the account's PCE URL: the host (in lower case) and port of an https address with nothing after them."""
    scheme, _, rest = text.strip().partition("://")
    rest = rest[:-1] if rest.endswith("/") else rest
    advice = "Enter the PCE URL as https://HOST or https://HOST:PORT."
    if scheme.lower() != "https":
        raise ValueError(f"The PCE URL must start with https:// because the API key is sent to it. {advice}")
    if "@" in rest:
        raise ValueError(f"The PCE URL must not contain a user name or password. {advice}")
    if re.search(r"[/?#\\]", rest):
        raise ValueError(f"The PCE URL must not contain a path. {advice}")
    parts = _AUTHORITY.fullmatch(rest)
    host = _host(parts) if parts else ""
    if not parts or not host:
        raise ValueError(f"The PCE URL does not contain a valid host name. {advice}")
    return host, int(
        _port(parts["port"] or "443", f"The port in the PCE URL must be a number from 1 to 65535. {advice}")
    )


def _host(parts: re.Match[str]) -> str:
    """The host of an address in lower case; empty where it is none."""
    if parts["name"]:
        return parts["name"].lower() if HOST_NAME.fullmatch(parts["name"]) else ""
    return parts["address"].lower() if _is_ipv6(parts["address"]) else ""


def _port(text: str, refusal: str) -> str:
    """A port in digits, without zeros before it."""
    if not (re.fullmatch(r"0*[0-9]{1,5}", text, re.ASCII) and 0 < int(text[-5:]) < 65_536):
        raise ValueError(refusal)
    return str(int(text[-5:]))


def parse_secret(text: str | None) -> str:
    """Read a secret without the blanks around it, which come along when it is pasted."""
    secret = (text or "").strip()
    if not secret or secret in PLACEHOLDERS:
        raise ValueError("The API secret is missing.")
    if not secret.isprintable() or len(secret) > _LONGEST:
        raise ValueError(
            f"The API secret must not be longer than {_LONGEST} characters or contain line breaks or control "
            "characters."
        )
    return secret


def _is_ipv6(text: str) -> bool:
    """Whether it is an IPv6 address without a zone (RFC 4007), which has no meaning in the URL of another machine."""
    try:
        return "%" not in text and bool(IPv6Address(text))
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
            raise ValueError("The organisation ID must be a whole number, such as 1.")
        key_id = (conf.get("api_key_id") or "").strip()
        if not re.fullmatch(r"[!-9;-~]{1,200}", key_id):
            raise ValueError("The API key ID is missing or is not valid. It looks like api_1a2b3c4d5e6f.")
        if len(conf.get("ca_certificate") or "") > _LONGEST_CERTIFICATE:
            raise ValueError(f"The CA certificate must not be longer than {_LONGEST_CERTIFICATE} characters.")
        return cls(
            name=name,
            host=host,
            port=port,
            org_id=int(org_id),
            api_key_id=key_id,
            api_secret=parse_secret(api_secret),
            ca_certificate=parse_certificates(conf.get("ca_certificate")),
        )

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The PCE URL, spelled in one way only."""
        return f"https://{self.authority}"

    @property
    def is_in_cloud(self) -> bool:
        """Whether Illumio runs the PCE."""
        return self.host.rstrip(".").endswith(_CLOUD)

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
        if not parse_boolean(conf.get("proxy_enabled"), "Enable proxy"):
            return None
        scheme = (conf.get("proxy_type") or "http").strip().lower()
        host = (conf.get("proxy_url") or "").strip()
        port = (conf.get("proxy_port") or "").strip()
        if scheme not in ("http", "https", "socks5"):
            raise ValueError("The proxy type must be http, https or socks5.")
        host = _proxy_host(host)
        port = _port(port, "The proxy port must be a number from 1 to 65535.")
        user = (conf.get("proxy_username") or "").strip()
        _check_proxy_user(scheme, user, password)
        if parse_boolean(conf.get("proxy_rdns"), "Resolve DNS through the proxy") and scheme == "socks5":
            scheme = "socks5h"
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
        raise ValueError("Enter the proxy's IPv6 address without a zone: no % and nothing after it.")
    raise ValueError("Enter the proxy host as a host name or IP address, without http:// in front of it.")


def _check_proxy_user(scheme: str, user: str, password: str) -> None:
    if not (user.isprintable() and len(user) <= 200) or (":" in user and scheme != "socks5"):
        raise ValueError(
            "The proxy user name must not be longer than 200 characters or contain a colon or control characters."
        )
    if not (password.isprintable() and len(password) <= _LONGEST):
        raise ValueError(
            f"The proxy password must not be longer than {_LONGEST} characters or contain control characters."
        )
    if scheme == "socks5" and max(len(user.encode()), len(password.encode())) > _LONGEST_OF_SOCKS:
        raise ValueError(f"A SOCKS5 proxy takes a user name and password of at most {_LONGEST_OF_SOCKS} bytes each.")


@dataclass(frozen=True)
class EventsSettings:
    """One stanza `illumio_pce_events://<name>` of inputs.conf."""

    name: str
    account: str
    index: str
    start_time: str
    late_arrival_window_ms: int
    include_system_events: bool
    filters: Filters
    notes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, name: str, conf: Mapping[str, str | None], now_ms: int | None = None) -> EventsSettings:
        """Read the stanza's parameters; absent and empty ones take the defaults above.

        `notes` says what a run can do without, though no form takes it: an interval that is none, and a start time
        later than `now_ms` (where given).
        """
        check_name(name)
        account = parse_account_name(conf.get("account"))
        window = (conf.get("late_arrival_window") or "").strip() or str(DEFAULT_LATE_ARRIVAL_WINDOW)
        seconds = parse_number(window, "The late arrival window", LATE_ARRIVAL_WINDOW_RANGE, " of seconds")
        start_time = (conf.get("start_time") or "").strip() or DEFAULT_START
        parse_start(start_time, 0)
        return cls(
            name=name,
            account=account,
            index=parse_index(conf.get("index")),
            start_time=start_time,
            late_arrival_window_ms=seconds * 1000,
            include_system_events=parse_boolean(conf.get("include_system_events"), "Include system events"),
            filters=Filters.parse(conf.get("event_types"), conf.get("severities"), conf.get("statuses")),
            notes=tuple(_notes(conf.get("interval"), start_time, now_ms)),
        )

    @classmethod
    def parse_form(cls, name: str, conf: Mapping[str, str | None], now_ms: int) -> EventsSettings:
        """The same for what is to be saved: what a run would only note is refused."""
        return without_notes(cls.parse(name, conf, now_ms))

    @property
    def source(self) -> str:
        """The source of every event of this input."""
        return f"{EVENTS_SCHEME}://{self.name}"


class Noted(Protocol):
    """Settings with what a run can do without."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a run would only note."""


Checked = TypeVar("Checked", bound=Noted)


def without_notes(settings: Checked) -> Checked:
    """Settings that are to be saved: what a run would only note is refused. Raises ValueError."""
    if settings.notes:
        raise ValueError(settings.notes[0])
    return settings


def _notes(interval: str | None, start_time: str, now_ms: int | None) -> Iterator[str]:
    try:
        parse_interval(interval)
    except ValueError as error:
        yield str(error)
    if now_ms is not None and parse_start(start_time, now_ms) > now_ms:
        yield "The start time is in the future. Enter an earlier time: nothing from before it would be collected."
