"""The https server, seen by raw clients: answers, faults on the wire, bad TLS, proxies."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import warnings
from collections.abc import Iterator

import pytest
import requests

from workbench.pce import Pce, PceServer, faults
from workbench.pce.certificates import Certificates
from workbench.pce.proxy import Proxy
from workbench.pce.tests.pce_client import event

PATH = "/api/v2/orgs/1/events"
SECONDS = 10.0


@pytest.fixture
def server(pce: Pce) -> Iterator[PceServer]:
    with PceServer(pce) as running:
        yield running


@pytest.fixture
def head(pce: Pce) -> bytes:
    """A request with a good key, as bytes."""
    pair = base64.b64encode(":".join(pce.add_key().pair).encode()).decode()
    return f"GET {PATH} HTTP/1.1\r\nHost: pce\r\nAuthorization: Basic {pair}\r\n\r\n".encode()


def connect(server: PceServer, ca_pem: str = "", context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    context = context or ssl.create_default_context(cadata=ca_pem or server.ca_pem)
    raw = socket.create_connection(("127.0.0.1", server.port), SECONDS)
    try:
        return context.wrap_socket(raw, server_hostname="127.0.0.1")
    except OSError:
        raw.close()
        raise


def exchange(server: PceServer, head: bytes) -> tuple[bytes, bytes]:
    """Send a request and read to the end of the connection; head and body of the answer."""
    data = b""
    with connect(server) as connection:
        connection.sendall(head)
        while True:
            piece = connection.recv(65_536)
            data += piece
            if not piece:
                break
    top, _, body = data.partition(b"\r\n\r\n")
    return top, body


def session(server: PceServer, pce: Pce) -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    made.auth = pce.add_key().pair
    return made


@pytest.fixture
def ca_file(server: PceServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(server.ca_pem)
    return str(path)


def test_an_ordinary_client(pce: Pce, server: PceServer, ca_file: str) -> None:
    pce.record(event(1))
    with session(server, pce) as client:
        answers = [client.get(server.url + PATH, verify=ca_file, timeout=SECONDS) for _ in range(3)]
    assert [answer.json()[0]["number"] for answer in answers] == [1, 1, 1]
    assert answers[0].headers["Content-Encoding"] == "gzip"
    assert [(request.method, request.path) for request in server.requests] == [("GET", PATH)] * 3


def test_parameters_and_headers_arrive(pce: Pce, server: PceServer, ca_file: str) -> None:
    with session(server, pce) as client:
        query = {"timestamp[gte]": "2031-03-01T12:00:00+02:00", "max_results": "5"}
        client.get(server.url + PATH, params=query, headers={"Prefer": "x"}, verify=ca_file, timeout=SECONDS)
    (request,) = server.requests
    assert request.query == (("timestamp[gte]", "2031-03-01T12:00:00+02:00"), ("max_results", "5"))
    assert request.headers["prefer"] == "x"


def test_fifteen_megabytes_in_one_response(pce: Pce, server: PceServer, ca_file: str) -> None:
    pce.record_many((number, json.dumps(event(number, text="x" * 1_500))) for number in range(10_000))
    with session(server, pce) as client:
        answer = client.get(server.url + PATH, params={"max_results": "10000"}, verify=ca_file, timeout=60)
    assert len(answer.content) > 15_000_000
    assert len(answer.json()) == 10_000


def test_other_methods_are_rejected(pce: Pce, server: PceServer, ca_file: str) -> None:
    with session(server, pce) as client:
        assert client.post(server.url + PATH, verify=ca_file, timeout=SECONDS).status_code == 405


def test_fewer_bytes_than_announced(pce: Pce, server: PceServer, head: bytes) -> None:
    pce.record(event(1))
    pce.faults.switch_on(faults.short_body())
    top, body = exchange(server, head)
    announced = int(top.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert len(body) == announced // 2


def test_chunks_without_the_last(pce: Pce, server: PceServer, head: bytes) -> None:
    pce.record(event(1))
    pce.faults.switch_on(faults.chunked_cut())
    top, body = exchange(server, head)
    assert b"Transfer-Encoding: chunked" in top
    assert b"Content-Length" not in top
    assert not body.endswith(b"0\r\n\r\n")


def test_closed_without_a_response(pce: Pce, server: PceServer, head: bytes) -> None:
    pce.faults.switch_on(faults.hang_up())
    assert exchange(server, head) == (b"", b"")
    assert len(server.requests) == 1


@pytest.mark.parametrize("keep", [None, 0.5])
def test_a_reset(pce: Pce, server: PceServer, head: bytes, keep: float | None) -> None:
    pce.faults.switch_on(faults.reset(keep))
    connection = connect(server)
    connection.sendall(head)
    # Python's TLS tells a reset and an orderly end in the same way: look below it.
    with socket.socket(fileno=connection.detach()) as raw, pytest.raises(ConnectionResetError):
        raw.settimeout(SECONDS)
        while raw.recv(65_536):
            pass


@pytest.mark.parametrize("keep", [None, 0.5])
def test_silence(pce: Pce, server: PceServer, head: bytes, keep: float | None) -> None:
    pce.record(event(1))
    pce.faults.switch_on(faults.silence(keep))
    with connect(server) as connection:
        connection.settimeout(0.3)
        connection.sendall(head)
        received = b""
        with pytest.raises(OSError, match="timed out"):
            while True:
                received += connection.recv(65_536)
    assert bool(received) is (keep is not None)


def test_an_endless_response(pce: Pce, server: PceServer, head: bytes) -> None:
    pce.record(event(1))
    pce.faults.switch_on(faults.huge())
    with connect(server) as connection:
        connection.sendall(head)
        received = 0
        while received < 5_000_000:
            received += len(connection.recv(65_536))
    assert received >= 5_000_000


def test_the_server_stops_during_a_slow_response(pce: Pce, head: bytes) -> None:
    pce.faults.switch_on(faults.drip(1, 3_600.0, endless=True))
    with PceServer(pce) as server:
        connection = connect(server)
        connection.sendall(head)
        assert connection.recv(1)
    with connection:
        connection.settimeout(SECONDS)
        rest = b"x"
        while rest:
            rest = connection.recv(65_536)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("self_signed", "self-signed certificate|self signed certificate"),
        ("wrong_ca", "unable to get local issuer|self-signed certificate|self signed certificate"),
        ("expired", "certificate has expired"),
        ("not_yet_valid", "not yet valid"),
        ("wrong_host", "not valid for"),
    ],
)
def test_a_bad_certificate(pce: Pce, kind: str, reason: str) -> None:
    with PceServer(pce, certificate=kind) as server, pytest.raises(ssl.SSLCertVerificationError, match=reason):
        connect(server)


@pytest.mark.parametrize(
    ("kind", "version", "name"),
    [("tls10", ssl.TLSVersion.TLSv1, "TLSv1"), ("tls11", ssl.TLSVersion.TLSv1_1, "TLSv1.1")],
)
def test_old_tls_and_nothing_newer(pce: Pce, kind: str, version: ssl.TLSVersion, name: str) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = version
    with PceServer(pce, certificate=kind) as server:
        with pytest.raises(ssl.SSLError):
            connect(server)
        old.load_verify_locations(cadata=server.ca_pem)
        with connect(server, context=old) as connection:
            assert connection.version() == name


def test_http_without_tls(pce: Pce) -> None:
    with PceServer(pce, certificate="plain") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("GET", "/api/v2/noop")
        assert connection.getresponse().status == 401
        connection.close()
        assert [request.path for request in server.requests] == ["/api/v2/noop"]


def test_two_servers_may_share_one_authority(pce: Pce) -> None:
    certificates = Certificates()
    with PceServer(pce, certificates=certificates) as first, PceServer(pce, certificates=certificates) as second:
        assert first.ca_pem == second.ca_pem == certificates.ca_pem


def test_a_silent_server(pce: Pce) -> None:
    with PceServer(pce, certificate="silent") as server:
        raw = socket.create_connection(("127.0.0.1", server.port), 0.3)
        with raw, pytest.raises(OSError, match="timed out"):
            raw.recv(1)


def test_an_unknown_kind_of_certificate(pce: Pce) -> None:
    with pytest.raises(ValueError, match="good, self_signed"):
        Certificates().context("odd", "127.0.0.1")


def through(proxy: Proxy, server: PceServer, pce: Pce, ca_file: str, url: str = "") -> int:
    with session(server, pce) as client:
        client.proxies = {"https": url or proxy.url}
        return client.get(server.url + PATH, verify=ca_file, timeout=SECONDS).status_code


@pytest.mark.parametrize("kind", ["http", "socks5"])
@pytest.mark.parametrize("user", ["", "ada"])
def test_a_proxy_lets_through(kind: str, user: str, pce: Pce, server: PceServer, ca_file: str) -> None:
    with Proxy(kind, user=user, password="p@ss:word") as proxy:
        assert through(proxy, server, pce, ca_file) == 200
        assert proxy.targets == [("127.0.0.1", server.port)]


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_a_proxy_wants_the_right_password(kind: str, pce: Pce, server: PceServer, ca_file: str) -> None:
    with Proxy(kind, user="ada", password="right") as proxy:
        for account in ("", "ada:wrong@"):
            with pytest.raises(requests.ConnectionError):
                through(proxy, server, pce, ca_file, f"{kind}://{account}127.0.0.1:{proxy.port}")
        assert proxy.connections == 0


@pytest.mark.parametrize(
    ("kind", "refuses", "told"), [("http", 403, "403"), ("http", 407, "407"), ("socks5", 1, "SOCKS")]
)
def test_a_proxy_that_refuses(kind: str, refuses: int, told: str, pce: Pce, server: PceServer, ca_file: str) -> None:
    with Proxy(kind, refuses=refuses) as proxy, pytest.raises(requests.ConnectionError, match=told):
        through(proxy, server, pce, ca_file)
    assert server.requests == []


def test_a_proxy_knows_names_and_no_other_machine(pce: Pce) -> None:
    with PceServer(pce) as server, Proxy("http", names={"pce.example.com": server.port}) as proxy:
        for name, expected in (("pce.example.com", b"200"), ("other.example.com", b"502")):
            with socket.create_connection(("127.0.0.1", proxy.port), SECONDS) as client:
                client.sendall(f"CONNECT {name}:443 HTTP/1.1\r\n\r\n".encode())
                assert client.recv(64).split()[1] == expected
        assert proxy.targets == [("pce.example.com", 443)]


def test_a_proxy_over_tls(pce: Pce, server: PceServer) -> None:
    with Proxy("https") as proxy:
        context = ssl.create_default_context(cadata=proxy.ca_pem)
        raw = socket.create_connection(("127.0.0.1", proxy.port), SECONDS)
        with context.wrap_socket(raw, server_hostname="127.0.0.1") as client:
            client.sendall(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n\r\n".encode())
            assert client.recv(64).startswith(b"HTTP/1.1 200")
