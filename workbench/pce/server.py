"""The emulated PCE behind https on the loopback address."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from .certificates import Certificates
from .wire import Answer, Ending, Interrupted, Request

_HANDSHAKE_SECONDS = 20.0


class Answers(Protocol):
    """What the server serves: a Pce, or anything that answers like one."""

    def answer(self, request: Request) -> Answer:
        """Answer one request."""


class PceServer:
    """Serves a PCE, from `start` to `stop` or as a context manager.

    `certificate`: one of `certificates.KINDS`, or `silent`: the connection is taken and nothing is said, or
    `plain`: http without TLS. `certificates` is the authority that signs, a new one unless given; `ca_pem` is
    its certificate, as an administrator would have been given it, whatever is served. `requests` holds every
    request that was read, refused ones and those of faults included.
    """

    def __init__(
        self,
        pce: Answers,
        *,
        certificate: str = "good",
        host_name: str = "127.0.0.1",
        port: int = 0,
        certificates: Certificates | None = None,
    ) -> None:
        self.pce = pce
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self.silent = certificate == "silent"
        certificates = certificates or Certificates()
        self.ca_pem = certificates.ca_pem
        names = dict.fromkeys([host_name, "127.0.0.1", "localhost"])
        context = None if certificate in ("silent", "plain") else certificates.context(certificate, *names)
        self._http = _HttpServer(self, context, port)
        self.port: int = self._http.server_address[1]
        self.url = f"https://{host_name}:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> PceServer:
        """Begin to serve."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, silent and slow answers included."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> PceServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, owner: PceServer, context: ssl.SSLContext | None, port: int) -> None:
        self.owner = owner
        self._context = context
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Runs in the connection's own thread, so that a slow handshake holds up nobody else."""
        self._open.add(request)
        try:
            if self.owner.silent:
                _wait_for_close(request, self.owner.stopping)
                return
            if self._context is None:
                super().finish_request(request, client_address)
                return
            request.settimeout(_HANDSHAKE_SECONDS)
            with contextlib.suppress(OSError), self._context.wrap_socket(request, server_side=True) as tls:
                self._open.add(tls)
                tls.settimeout(None)
                super().finish_request(tls, client_address)
                self._open.discard(tls)
        finally:
            self._open.discard(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer
    connection: socket.socket

    def do_GET(self) -> None:
        owner = self.server.owner
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request.of(self.command, self.path, headers, source=self.client_address[0])
        owner.requests.append(request)
        self._send(owner.pce.answer(request))

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names that http.server asks for

    def _send(self, answer: Answer) -> None:
        if answer.head_sent:
            self._send_head(answer)
        try:
            for piece in answer.pieces():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if answer.chunked else piece)
                if answer.pause_seconds and self.server.owner.stopping.wait(answer.pause_seconds):
                    break
                if self.server.owner.stopping.is_set():
                    break
            else:
                self.wfile.write(b"0\r\n\r\n" if answer.chunked else b"")
                return
        except Interrupted as interrupted:
            self._end(interrupted.ending)
        self.close_connection = True

    def _send_head(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(answer.length))
        self.end_headers()

    def _end(self, ending: Ending) -> None:
        if ending is Ending.SILENT:
            _wait_for_close(self.connection, self.server.owner.stopping)
        if ending is Ending.RESET:
            _reset(self.connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing: `PceServer.requests` is the log."""


def _wait_for_close(connection: socket.socket, stopping: threading.Event) -> None:
    """Say nothing until the client gives up or the server stops; what the client sends stays unread."""
    while not stopping.wait(0.05):
        readable, _, _ = select.select([connection], [], [], 0)
        if readable and not _more(connection):
            return


def _more(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(65_536))
    except OSError:
        return False


def _reset(connection: socket.socket) -> None:
    """Closing a socket that lingers for zero seconds sends a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
