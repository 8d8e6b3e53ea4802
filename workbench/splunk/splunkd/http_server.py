"""A small threaded HTTP(S) server on 127.0.0.1 that hands whole requests to a function."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

#: The KV store takes 16 MB documents and batches of them; nothing larger is read into memory.
_MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """A request: `path` still quoted, header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Query and form taken together; empty values are kept."""
        found = parse_qs(self.query, keep_blank_values=True)
        if self.body and not self.headers.get("content-type", "").startswith("application/json"):
            found.update(parse_qs(self.body.decode("utf-8"), keep_blank_values=True))
        return found

    @property
    def form(self) -> dict[str, str]:
        """The parameters, the last value of each."""
        return {name: values[-1] for name, values in self.parameters.items()}


@dataclass(frozen=True)
class Response:
    """An answer with its whole body."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Answer = Callable[[Request], Response]


class HttpServer:
    """Serves until `close`, which also cuts the connections that are open."""

    def __init__(self, answer: Answer, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._server = _Server(answer, port, tls)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and cut what is open."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.cut()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, answer: Answer, port: int, tls: ssl.SSLContext | None) -> None:
        self.answer = answer
        self._tls = tls
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or refused the certificate, is not worth a word."""

    def cut(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            self._send(Response(413))
            self.close_connection = True
            return
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, target.path, target.query, headers, self.rfile.read(length))
        try:
            response = self.server.answer(request)
        except Exception:
            # A fault of the stand-in, which nobody should take for splunkd's.
            traceback.print_exc()
            response = Response(500, b"The workbench failed; its own standard error says how.")
        self._send(response)

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = _serve  # noqa: N815 - the base class's names

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        # splunklib reads an empty body without this header.
        self.send_header("Connection", "Keep-Alive")
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
