"""The way to the PCE: https with requests, verified always, bounded in time, and nothing taken from the environment."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, Protocol
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.utils import get_auth_from_url
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from .config import Account, Proxy
from .errors import PceError
from .transport_errors import ProxyTlsError, Route, explain, no_response

_CHUNK = 64 * 1024
#: gzip expands a thousandfold at most; pieces of it are taken one by one, so that a bomb is noticed early.
_INFLATED_CHUNK = 256 * 1024
#: How many requests may be in flight at once.
CONNECTIONS = 4

Query = Sequence[tuple[str, str]]


class Response(Protocol):
    """A response whose headers have arrived; header names are in lower case."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The body, decompressed. Raises PceError where it is cut, too slow, or shorter than announced."""

    def close(self) -> None:
        """Give up what has not been read."""


class PendingResponse(Protocol):
    """A request that is under route."""

    def response(self) -> tuple[Response, float]:
        """Wait for the response; with it the time at which its headers came (steady seconds of the run's clock).

        Raises PceError for everything that is no response.
        """

    def close(self) -> None:
        """Give it up."""


class Transport(Protocol):
    """Asks the PCE."""

    def send(self, path: str, query: Query, headers: Mapping[str, str], seconds: float) -> PendingResponse:
        """Send one GET; the headers, and each further piece of the body, have to arrive within `seconds`.

        The response's body stays in the connection until it is read, so that a prefetched one takes no memory.
        """


class HttpsTransport:
    """One account's PCE over https.

    TLS is verified against the account's CA certificate, or else the bundled list (certifi); no setting
    and no variable of the environment changes that. Redirects are not followed here.
    """

    def __init__(self, account: Account, proxy: Proxy | None) -> None:
        self._base = f"https://{account.authority}"
        self._session = _Session()
        self._session.trust_env = False
        self._session.auth = HTTPBasicAuth(account.api_key_id.encode(), account.api_secret.encode())
        self._session.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip"})
        self._session.proxies = {"https": proxy.url} if proxy else {}
        self._session.mount("https://", _VerifyingAdapter(account))

    def send(self, path: str, query: Query, headers: Mapping[str, str], seconds: float) -> PendingResponse:
        """See `Transport.ask`."""

        def get() -> requests.Response:
            return self._session.get(
                self._base + path,
                params=list(query),
                headers=dict(headers),
                timeout=(min(10.0, seconds), seconds),
                allow_redirects=False,
                stream=True,
            )

        return _HttpsRequest(get, seconds, proxied=bool(self._session.proxies))


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """See no redirect: requests would read the whole body of one into memory, even when told not to follow it."""


class _HttpsRequest:
    """Waits for the headers in a thread of its own: what waits for it can do something else, or lose timeout.

    Time-outs of a socket count from its last byte only, so a request is ended from outside by closing its socket.
    """

    def __init__(self, get: Callable[[], requests.Response], seconds: float, *, proxied: bool) -> None:
        self._get = get
        self._route = Route(proxied, connected=False)
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._connection: HTTPSConnection | None = None
        self._response: requests.Response | None = None
        self._error: Exception | None = None
        self._arrived = 0.0
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        _current.request = self
        try:
            self._response = self._get()
        except Exception as error:
            self._error = error
        self._arrived = time.monotonic()

    def uses_connection(self, connection: HTTPSConnection, *, connected: bool) -> None:
        """Told by the connection that is used: before it connects, and when it does what it is for."""
        self._connection = connection
        self._route = self._route._replace(connected=connected)

    def response(self) -> tuple[Response, float]:
        """See `PendingResponse.response`."""
        self._thread.join(max(0.0, self._until - time.monotonic()))
        if self._thread.is_alive():
            self._cut()
            raise no_response(self._route)
        if self._response is None:
            raise explain(self._error or OSError(), self._route) from None
        return _HttpsResponse(self._response, self._route, self._seconds, self._cut), self._arrived

    def close(self) -> None:
        """See `PendingResponse.close`."""
        if self._response is not None:
            self._response.close()
        self._cut()

    def _cut(self) -> None:
        sock = self._connection and self._connection.sock
        if sock:
            # Not SSLSocket.shutdown: that would go on in clear text.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


#: The request that the present thread waits for.
_current = threading.local()


class _HttpsResponse:
    """`cut` ends the connection, for when a piece takes longer than `seconds`."""

    def __init__(self, response: requests.Response, route: Route, seconds: float, cut: Callable[[], None]) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._route = route
        self._seconds = seconds
        self._cut = cut
        self._until = 0.0
        self._done = threading.Event()

    def chunks(self) -> Iterator[bytes]:
        announced, received = self._announced(), 0
        inflate = _Inflater() if self._compressed() else None
        self._until = time.monotonic() + self._seconds
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            while piece := self._piece():
                received += len(piece)
                if inflate is None:
                    yield piece
                else:
                    yield from inflate.feed(piece)
            self._response.raw.release_conn()
        except (requests.RequestException, OSError, http.client.HTTPException, zlib.error, HTTPError) as error:
            raise explain(error, self._route, timed_out=time.monotonic() > self._until, in_body=True) from None
        finally:
            self._done.set()
            self.close()
        if announced and announced != {str(received)}:
            raise PceError("broken_answer", "The response is not as long as its header says.")
        if inflate is not None and not inflate.whole:
            raise PceError("broken_answer", "The compressed response ends early.")

    def _announced(self) -> set[str]:
        """The lengths that the header announces: one, also where it is repeated (RFC 9110, section 8.6)."""
        lengths = {length.lstrip("0") or "0" for length in _listed(self.headers.get("content-length", ""))}
        body = self._response.raw._original_response
        if not body.chunked and body.length is None and len(lengths) == 1:  # http.client reads no repeated ones
            (length,) = lengths
            body.length = int(length) if re.fullmatch("[0-9]{1,18}", length) else None
        return lengths

    def _compressed(self) -> bool:
        """Whether the body is gzip, which alone was asked for. PceError where it comes in any other coding."""
        content = [coding for coding in _listed(self.headers.get("content-encoding", "")) if coding != "identity"]
        transfer = [coding for coding in _listed(self.headers.get("transfer-encoding", "")) if coding != "identity"]
        if transfer not in ([], ["chunked"]) or content not in ([], ["gzip"], ["x-gzip"]):
            self.close()
            raise PceError(
                "broken_answer",
                "The response is encoded in a way that was not asked for.",
                remedy="Look for a proxy or load balancer between Splunk and the PCE that compresses responses: only "
                "gzip is understood here, or none.",
            )
        return bool(content)

    def _piece(self) -> bytes:
        """The next 64 KB of the body as sent; less at its end. PceError where that takes too long."""
        self._until = time.monotonic() + self._seconds
        pieces, missing = [], _CHUNK
        # http.client's own reader: urllib3's waits until all that it was asked for is there.
        while missing and (piece := self._response.raw._original_response.read1(missing)):
            pieces.append(piece)
            missing -= len(piece)
        if time.monotonic() > self._until:  # what was read is what came before the connection was cut
            raise PceError("timeout", "The PCE stopped in the middle of a response.")
        return b"".join(pieces)

    def _watch(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            if self._done.wait(left):
                return
        self._cut()

    def close(self) -> None:
        self._response.close()


def _listed(header: str) -> list[str]:
    """The values of a header that is a list (RFC 9110, section 5.6.1), in lower case."""
    return [value.strip().lower() for value in header.split(",") if value.strip()]


class _Inflater:
    """Decompresses gzip (RFC 1952): one member or several, any of which may be empty, and zeros behind the last."""

    def __init__(self) -> None:
        self._member = self._next_member()

    @staticmethod
    def _next_member() -> Any:
        return zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def whole(self) -> bool:
        return bool(self._member.eof)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self._member.eof:
                piece = piece.lstrip(b"\0")
                if not piece:
                    yield b""  # so that who counts the time can see zeros without end
                    return
                self._member = self._next_member()
            yield self._member.decompress(piece, _INFLATED_CHUNK)
            piece = self._member.unused_data or self._member.unconsumed_tail


class _VerifyingAdapter(HTTPAdapter):
    """Gives every connection our own TLS context, and has it report to the request that it is used for."""

    def __init__(self, account: Account) -> None:
        self._ca_certificate = account.ca_certificate
        self._context = tls_context(account.ca_certificate, account.host)
        super().__init__(pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)  # type: ignore[no-untyped-call]
        _use_reporting_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        own = tls_context(self._ca_certificate, urlsplit(proxy).hostname or "", _ProxyContext)
        if not proxy.startswith("socks"):
            own.load_verify_locations(cafile=certifi.where())
            kwargs["proxy_ssl_context"] = own
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)  # type: ignore[no-untyped-call]
        _use_reporting_connections(manager)
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """The proxy's user and password in UTF-8 (RFC 7617); requests knows Latin-1 only."""
        user, password = get_auth_from_url(proxy)
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {credentials}"} if user else {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the choice of authorities to the context."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = conn.ca_cert_dir = None


def _use_reporting_connections(manager: Any) -> None:
    """Have the pools of urllib3's manager make connections that report to the request in flight."""
    pool_class: type[HTTPSConnectionPool] = manager.pool_classes_by_scheme["https"]

    class Connection(pool_class.ConnectionCls):  # type: ignore[misc,name-defined]
        response_class = _FinalResponse

        def connect(self) -> None:
            _current.request.uses_connection(self, connected=False)
            super().connect()

        def putrequest(self, *args: Any, **kwargs: Any) -> None:
            _current.request.uses_connection(self, connected=True)
            super().putrequest(*args, **kwargs)

    class Pool(pool_class):  # type: ignore[misc,valid-type]
        ConnectionCls = Connection

    manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": Pool}


class _FinalResponse(http.client.HTTPResponse):
    """Passes over interim responses (RFC 9110, section 15.2): http.client knows 100 only, and 103 is one too."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, http.client.CONTINUE if 101 < status < 200 else status, reason


class _Context(ssl.SSLContext):
    """Knows whom it talks to: urllib3 1.26 names no host where the host is an address, or one in brackets."""

    host = ""

    def wrap_socket(self, sock: Any, server_side: bool = False, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, server_side, *args, **{**kwargs, "server_hostname": self.host})

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args, **{**kwargs, "server_hostname": self.host})


class _ProxyContext(_Context):
    """Tells errors of the handshake with the proxy from those of the handshake with the PCE behind it."""

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        try:
            return super().wrap_socket(*args, **kwargs)
        except ssl.SSLError as error:
            raise ProxyTlsError(*error.args) from error


def tls_context(ca_certificate: str, host: str, kind: type[_Context] = _Context) -> ssl.SSLContext:
    """A client's context: TLS 1.2 or newer, certificate and host verified, against that PEM text or else certifi.

    Raises ValueError where the PEM text holds no certificate.
    """
    context = kind(ssl.PROTOCOL_TLS_CLIENT)
    context.host = host
    if hasattr(kind, "minimum_version"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:  # Splunk 9's Python may be built with OpenSSL 1.0.2, which has no such setting
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    try:
        if ca_certificate:
            context.load_verify_locations(cadata=ca_certificate)
        else:
            context.load_verify_locations(cafile=certifi.where())
    except (ssl.SSLError, ValueError, TypeError):  # TypeError: text that is not ASCII
        raise ValueError("The CA certificate of the account is not a readable certificate.") from None
    return context
