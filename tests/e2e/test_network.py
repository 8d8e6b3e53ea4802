"""The way to the PCE against a live server: every fault told apart, TLS always verified, the environment without a say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
import trustme
from illumio_pce.clock import SystemClock
from illumio_pce.config import Account, Proxy, parse_pce_url
from illumio_pce.connection import check
from illumio_pce.errors import PceError
from illumio_pce.limits import Limits
from illumio_pce.pce import Pce as Client
from illumio_pce.pce import TooLarge, Window
from illumio_pce.transport import HttpsTransport

from workbench.pce import Pce, PceServer, faults
from workbench.pce.jobs import JobRules
from workbench.pce.proxy import Proxy as EmulatedProxy
from workbench.pce.unusual import UNUSUAL

EVERYTHING = Window(0, None)


@pytest.fixture
def pce() -> Pce:
    return Pce()


@pytest.fixture
def server(pce: Pce) -> Iterator[PceServer]:
    with PceServer(pce) as running:
        yield running


def account(server: PceServer, pce: Pce, url: str | None = None, ca: str | None = None, **changes: str) -> Account:
    key = pce.add_key()
    host, port = parse_pce_url(url or server.url)
    return Account(
        "lab",
        host,
        port,
        pce.org_id,
        key.key_id,
        changes.get("secret", key.secret),
        server.ca_pem if ca is None else ca,
    )


def fetch(account: Account, proxy: Proxy | None = None, seconds: float = 2.0) -> int:
    """One request without retries; how many events came."""

    class Impatient(HttpsTransport):
        def send(self, path, query, headers, _seconds):  # type: ignore[no-untyped-def]
            return super().send(path, query, headers, seconds)

    client = Client(account, Impatient(account, proxy), SystemClock(), limits=Limits(retry_seconds=0))
    return len(client.events("events", EVERYTHING).events)


def category(act: Callable[[], object]) -> str:
    with pytest.raises(PceError) as failure:
        act()
    return failure.value.category


def test_deeply_nested_json_is_read_without_recursion(pce: Pce, server: PceServer) -> None:
    pce.faults.switch_on(faults.EVERY["deep JSON"])
    assert fetch(account(server, pce)) == 1


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_but_valid_response_is_accepted(name: str, pce: Pce, server: PceServer) -> None:
    """Events, twice over what may be one connection; the settings; a job with its datafile; the check of an account."""
    note = "\u00e9" * 99
    for number in range(30):
        stamp = f"2026-01-01T00:00:00.0{number}Z"
        pce.record(f'{{"href":"/orgs/1/events/{number}","timestamp":"{stamp}","note":"{note}"}}')
    pce.job_rules = JobRules(pending_polls=0, polls=0)
    pce.faults.switch_on(UNUSUAL[name])
    with_it = account(server, pce)
    client = Client(with_it, HttpsTransport(with_it, None), SystemClock(), limits=Limits(retry_seconds=0))
    for _ in range(2):
        found = client.events("events", EVERYTHING).events
        assert [text.count(note) for text in found.texts] == [1] * 30
    assert client.event_settings() == pce.settings[1]
    href = client.job_result(client.start_job("events", EVERYTHING).href)
    assert href is not None
    assert sum(map(len, client.datafile(href))) == 30
    check(with_it, None)


@pytest.mark.parametrize("name", ["huge", "gzip bomb"])
def test_an_endless_response_is_abandoned_and_requested_in_parts(name: str, pce: Pce, server: PceServer) -> None:
    pce.faults.switch_on(faults.EVERY[name])
    with pytest.raises(TooLarge):
        fetch(account(server, pce))


def test_without_a_private_ca_the_bundled_list_is_used(pce: Pce, server: PceServer) -> None:
    assert category(lambda: fetch(account(server, pce, ca=""))) == "tls"


def test_the_environment_is_ignored(
    pce: Pce, server: PceServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = trustme.CA().cert_pem.bytes().decode()
    path = tmp_path / "other.pem"
    path.write_text(other)
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login someone password else\ndefault login someone password else\n")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(path))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(account(server, pce)) == 0
    wrong = account(server, pce, ca=other)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    assert category(lambda: fetch(wrong)) == "tls"


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("user", ["", "ada:p%40ss@"])
def test_the_proxy_is_used_for_the_pce(scheme: str, user: str, pce: Pce, server: PceServer) -> None:
    kind = "socks5" if scheme.startswith("socks") else scheme
    with EmulatedProxy(kind, user="ada" if user else "", password="p@ss") as proxy:
        assert fetch(account(server, pce), Proxy(f"{scheme}://{user}127.0.0.1:{proxy.port}")) == 0
        assert proxy.targets == [("127.0.0.1", server.port)]


@pytest.mark.parametrize("host", ["::1", "[::1]", "0:0:0:0:0:0:0:1"])
@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
def test_a_proxy_at_an_ipv6_address(scheme: str, host: str, pce: Pce, server: PceServer) -> None:
    with EmulatedProxy(scheme, user="ada", password="p@ss:w", address="::1") as proxy:
        conf = {"proxy_enabled": "1", "proxy_type": scheme, "proxy_url": host, "proxy_port": str(proxy.port)}
        ours = Proxy.parse({**conf, "proxy_username": "ada"}, "p@ss:w")
        assert fetch(account(server, pce, ca=server.ca_pem + proxy.ca_pem), ours) == 0
        assert proxy.targets == [("127.0.0.1", server.port)]


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
def test_a_pce_at_an_ipv6_address_behind_a_proxy(scheme: str, pce: Pce) -> None:
    with PceServer(pce, host_name="::1") as server:
        names = {"[::1]": server.port, "::1": server.port}
        with EmulatedProxy(scheme, names=names) as proxy:
            with_it = account(server, pce, url="https://[::1]:8443", ca=server.ca_pem + proxy.ca_pem)
            assert fetch(with_it, Proxy(f"{scheme}://127.0.0.1:{proxy.port}")) == 0
            assert proxy.connections == 1


def test_a_proxy_that_is_reached_over_tls(pce: Pce, server: PceServer) -> None:
    with EmulatedProxy("https") as proxy:
        both = account(server, pce, ca=server.ca_pem + proxy.ca_pem)
        assert fetch(both, Proxy(f"https://127.0.0.1:{proxy.port}")) == 0
        assert category(lambda: fetch(account(server, pce), Proxy(f"https://127.0.0.1:{proxy.port}"))) in (
            "proxy",
            "tls",
        )


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_refuses_is_named(scheme: str, pce: Pce, server: PceServer) -> None:
    with EmulatedProxy(scheme, user="ada", password="right") as proxy:
        assert (
            category(lambda: fetch(account(server, pce), Proxy(f"{scheme}://ada:wrong@127.0.0.1:{proxy.port}")))
            == "proxy"
        )
    assert category(lambda: fetch(account(server, pce), Proxy(f"{scheme}://127.0.0.1:{proxy.port}"))) == "proxy"


def test_the_account_check_says_what_is_wrong(pce: Pce, server: PceServer) -> None:
    check(account(server, pce), None)
    assert category(lambda: check(account(server, pce, secret="wrong"), None)) == "refused_key"
    assert category(lambda: check(account(server, pce, url="https://no-such-host.invalid"), None)) == "dns"
    assert category(lambda: check(account(server, pce, url="https://127.0.0.1:1"), None)) == "connection"
    good = account(server, pce)
    elsewhere = Account("lab", good.host, good.port, 77, good.api_key_id, good.api_secret, good.ca_certificate)
    assert category(lambda: check(elsewhere, None)) == "not_found"
    scoped = pce.add_key(permissions=())
    limited = Account("lab", good.host, good.port, 1, scoped.key_id, scoped.secret, good.ca_certificate)
    assert category(lambda: check(limited, None)) == "forbidden"


def test_a_response_of_two_hundred_megabytes_is_read_within_bounds(pce: Pce, server: PceServer) -> None:
    for number in range(40):
        pce.record(
            {
                "href": f"/orgs/1/events/{number}",
                "timestamp": f"2026-01-01T00:00:{number:02}.000Z",
                "x": "y" * 5_000_000,
            }
        )
    with pytest.raises(TooLarge) as answer:
        fetch(account(server, pce), seconds=30)
    assert 1 <= len(answer.value.page.events) <= 6  # and where the unfinished one lies


@pytest.mark.parametrize(("kind", "scheme"), [("good", "https"), ("plain", "http")])
def test_the_key_is_not_sent_on_a_redirect_to_another_host_or_to_http(
    kind: str, scheme: str, pce: Pce, server: PceServer
) -> None:
    with PceServer(pce, certificate=kind) as other:
        pce.faults.switch_on(faults.redirect(f"{scheme}://127.0.0.1:{other.port}/api/v2/orgs/1/events"))
        assert category(lambda: fetch(account(server, pce))) == "redirect"
        assert other.requests == []


def test_a_redirect_within_the_pce_is_followed(pce: Pce, server: PceServer) -> None:
    pce.faults.switch_on(faults.redirect(f"{server.url}/api/v2/orgs/1/events"), times=1)
    assert fetch(account(server, pce)) == 0
    assert len(server.requests) == 2
