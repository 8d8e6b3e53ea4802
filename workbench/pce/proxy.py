"""Small proxies on a loopback address: HTTP CONNECT (over http or https) and SOCKS5.

They connect to 127.0.0.1 and nowhere else: a target's name is looked up in `names`, never in DNS.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import select
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Mapping
from typing import Callable, Optional
from urllib.parse import quote

from .certificates import Certificates

_LOOPBACK = ("127.0.0.1", "localhost")
_GREETING_SECONDS = 10.0
_IDLE_SECONDS = 60.0


class Proxy:
    """A proxy of kind `http`, `https` or `socks5`, as a context manager.

    With a `user` it wants that user and `password`. `refuses`: every client is turned down, by HTTP with that
    status, by SOCKS5 with that reply. `names` maps a host name to a port of this machine. `targets` holds each
    (host, port) that clients were let through to. `address` is the one to listen on, 127.0.0.1 or ::1.
    `certificate`, of a proxy that is reached over TLS: one of `certificates.KINDS`, signed by `certificates`, a new
    authority unless given.
    """

    def __init__(
        self,
        kind: str,
        *,
        user: str = "",
        password: str = "",
        refuses: int = 0,
        names: Mapping[str, int] | None = None,
        address: str = "127.0.0.1",
        certificate: str = "good",
        certificates: Certificates | None = None,
    ) -> None:
        self.kind = kind
        self.user = user
        self.password = password
        self.refuses = refuses
        self.targets: list[tuple[str, int]] = []
        self.ca_pem = ""
        self._names = dict(names or {})
        self._context: ssl.SSLContext | None = None
        if kind == "https":
            certificates = certificates or Certificates()
            self.ca_pem = certificates.ca_pem
            self._context = certificates.context(certificate, "127.0.0.1", "localhost", "::1")
        self._open_tunnel = _TUNNELS[kind]
        self._server = (_Server6 if ":" in address else _Server)(self, address)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address, with the user and password that it wants."""
        account = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        host = "[::1]" if self._server.address_family is socket.AF_INET6 else "127.0.0.1"
        return f"{self.kind}://{account}{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections were let through."""
        return len(self.targets)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, connection: socket.socket) -> None:
        """Speak with one client, then copy both ways until one side ends."""
        context = self._context
        with context.wrap_socket(connection, server_side=True) if context else connection as client:
            target = self._open_tunnel(self, client)
            if target is not None:
                with target:
                    _relay(client, target)

    def connect(self, host: str, port: int) -> socket.socket | None:
        """A connection to the target; None where that is not on this machine or nobody listens."""
        if host not in self._names and host not in _LOOPBACK:
            return None
        try:
            target = socket.create_connection(("127.0.0.1", self._names.get(host, port)), _GREETING_SECONDS)
        except OSError:
            return None
        self.targets.append((host, port))
        return target


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, proxy: Proxy, address: str) -> None:
        self.proxy = proxy
        super().__init__((address, 0), _Handler)


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(socketserver.BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(_GREETING_SECONDS)
        with contextlib.suppress(OSError, EOFError):  # the client has gone, or speaks something else
            self.server.proxy.serve(self.request)


Tunnel = Callable[[Proxy, socket.socket], Optional[socket.socket]]


def _http_tunnel(proxy: Proxy, client: socket.socket) -> socket.socket | None:
    """Answer one CONNECT (RFC 9110, section 9.3.6); None where the client is turned down."""
    head = _read_head(client)
    method, _, rest = head.partition(" ")
    host, _, port = rest.partition(" ")[0].rpartition(":")
    status = proxy.refuses or (405 if method != "CONNECT" or not port.isdigit() else 0)
    if not status and proxy.user and not _http_admits(proxy, head):
        status = 407
    target = None if status else proxy.connect(host, int(port))
    if target is None:
        wants = 'Proxy-Authenticate: Basic realm="proxy"\r\n' if status == 407 else ""
        line = f"HTTP/1.1 {status or 502} Refused\r\n{wants}Content-Length: 0\r\nConnection: close\r\n\r\n"
        client.sendall(line.encode())
    else:
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return target


def _http_admits(proxy: Proxy, head: str) -> bool:
    wanted = "Basic " + base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
    lines = (line.partition(":") for line in head.split("\r\n")[1:])
    return any(name.lower() == "proxy-authorization" and value.strip() == wanted for name, _, value in lines)


def _socks5_tunnel(proxy: Proxy, client: socket.socket) -> socket.socket | None:
    """Greeting, account (RFC 1929) and one CONNECT (RFC 1928); None where the client is turned down."""
    _, count = _read(client, 2)
    method = 2 if proxy.user else 0
    if method not in _read(client, count):
        client.sendall(b"\x05\xff")
        return None
    client.sendall(bytes([5, method]))
    if proxy.user and not _socks5_admits(proxy, client):
        return None
    _, command, _, kind = _read(client, 4)
    length = {1: 4, 4: 16}.get(kind) or _read(client, 1)[0]
    address = _read(client, length)
    host = address.decode() if kind == 3 else str(ipaddress.ip_address(address))
    (port,) = struct.unpack("!H", _read(client, 2))
    target = None if proxy.refuses or command != 1 else proxy.connect(host, port)
    client.sendall(bytes([5, 0 if target else proxy.refuses or 4, 0, 1, 0, 0, 0, 0, 0, 0]))
    return target


def _socks5_admits(proxy: Proxy, client: socket.socket) -> bool:
    user = _read(client, _read(client, 2)[1]).decode()
    password = _read(client, _read(client, 1)[0]).decode()
    right = (user, password) == (proxy.user, proxy.password)
    client.sendall(bytes([1, 0 if right else 1]))
    return right


_TUNNELS: Mapping[str, Tunnel] = {"http": _http_tunnel, "https": _http_tunnel, "socks5": _socks5_tunnel}


def _relay(client: socket.socket, target: socket.socket) -> None:
    """Copy both ways until one side ends or nothing comes for a while."""
    other = {client: target, target: client}
    while True:
        waiting = [side for side in other if isinstance(side, ssl.SSLSocket) and side.pending()]
        ready = waiting or select.select(list(other), [], [], _IDLE_SECONDS)[0]
        if not ready:
            return
        for side in ready:
            data = side.recv(65_536)
            if not data:
                return
            other[side].sendall(data)


def _read(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _read_head(client: socket.socket) -> str:
    """The head of a request; less where it is none, as TLS and SOCKS begin."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and (not head or head[:1].isalpha()):
        head += _read(client, 1)
        if len(head) > 16_384:
            raise EOFError
    return head.decode("latin-1")
