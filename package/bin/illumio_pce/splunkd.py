"""What a run reads from splunkd and keeps there, over its REST API with splunk-sdk."""

from __future__ import annotations

import contextlib
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, Callable
from urllib.parse import urlsplit

from splunklib.binding import Context, HTTPError, handler

from .clock import Clock
from .config import Account, Proxy, parse_boolean
from .errors import CollectorError, SplunkdError, StateError
from .limits import DEFAULT_LIMITS
from .names import APP, COLLECTION, EVENTS_SCHEME, inputs_of
from .store import Document

ACCOUNT_CONF = "ta_illumio_pce_account"
SETTINGS_CONF = "ta_illumio_pce_settings"
_LABELS = {"api_secret": "API secret", "proxy_password": "proxy password"}
#: Version 2: version 1 is deprecated and disabled in the REST reference of Splunk 10.2.
_SEARCH = "search/v2/jobs/export"

_KV_STORE_PAUSE = 2.0
_REQUEST_SECONDS = 30.0
#: solnlib cuts a secret into pieces under names with a number, and ends them with a mark (solnlib.credentials).
_PIECE = re.compile(r"(?P<name>.+)``splunk_cred_sep``(?P<number>\d+)", re.DOTALL)
_SEPARATOR = "``splunk_cred_sep``"
_END_MARK = "".join(f"{_SEPARATOR}{letter}" for letter in "SPLUNK") + _SEPARATOR


def _is_incomplete(message: Mapping[str, Any]) -> bool:
    """Whether a search that says so may lack results: it failed, or did without one of its search peers."""
    kind, text = message.get("type"), str(message.get("text", ""))
    return kind in ("ERROR", "FATAL") or (kind != "INFO" and re.search(r"\bpeer\b|incomplete", text) is not None)


class Splunkd:
    """splunkd's REST API as one session may use it, in this add-on's namespace."""

    def __init__(self, server_uri: str, session_key: str, seconds: float = _REQUEST_SECONDS) -> None:
        parts = urlsplit(server_uri)
        self._context = Context(
            handler=handler(timeout=seconds),
            scheme=parts.scheme,
            host=parts.hostname,
            port=parts.port,
            token=session_key,
            owner="nobody",
            app=APP,
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """GET, the response as JSON; splunk-sdk quotes the path. Raises HTTPError (splunklib) or OSError."""
        return json.loads(self._context.get(path, output_mode="json", **parameters).body.read() or b"null")

    def post(self, path: str, value: Any) -> None:
        """POST a value as JSON. Raises HTTPError (splunklib) or OSError."""
        headers = [("Content-Type", "application/json")]
        self._context.post(path, headers=headers, body=json.dumps(value)).body.read()

    def announce(self, key: str, text: str) -> None:
        """Show a warning among Splunk's messages, over one of the same key. Raises HTTPError (splunklib) or OSError."""
        self._context.post("messages", name=key, value=text, severity="warn").body.read()

    def delete(self, path: str, **parameters: Any) -> None:
        """DELETE. Raises HTTPError (splunklib) or OSError."""
        self._context.delete(path, **parameters).body.read()

    def search(self, spl: str, earliest: str, latest: str) -> list[dict[str, Any]]:
        """The results of a search, `latest` excluded (both epoch s). Raises SplunkdError where it fails."""
        bounds = {"earliest_time": earliest, "latest_time": latest}
        try:
            response = self._context.post(_SEARCH, search=spl, output_mode="json", preview=0, **bounds)
            lines = [json.loads(line) for line in response.body.read().splitlines() if line.strip()]
        except HTTPError as error:
            raise _refused("the results of a search", error) from None
        except (OSError, ValueError) as error:
            raise _unreachable(error) from None
        messages = [message for line in lines for message in line.get("messages", ())]
        if any(map(_is_incomplete, messages)):
            raise SplunkdError("The search for what is in the index failed, or lacked a part; see its search.log.")
        return [line["result"] for line in lines if "result" in line and not line.get("preview")]

    def stanzas(self, conf: str) -> dict[str, Mapping[str, str]]:
        """The stanzas of a conf file by name, merged as splunkd merges them."""
        try:
            found = {entry["name"]: entry["content"] for entry in self.get(f"configs/conf-{conf}", count=-1)["entry"]}
            return {name: {k: str(v) for k, v in content.items() if v is not None} for name, content in found.items()}
        except HTTPError as error:
            if error.status == 404:
                return {}
            raise _refused(f"{conf}.conf", error) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreachable(error) from None

    def secrets(self, conf: str) -> dict[str, dict[str, str] | None]:
        """The encrypted fields of every stanza of a conf file, as the configuration UI stored them.

        None where they are stored, but splunkd cannot decrypt them: then it leaves `clear_password` out (solnlib's
        issue 311), or writes something else there (Splunk's old encryption).
        """
        realm = f"__REST_CREDENTIAL__#{APP}#configs/conf-{conf}"
        try:
            entries = self.get("storage/passwords", count=-1, search=f"realm={realm}")["entry"]
        except HTTPError as error:
            raise _refused("the stored credentials", error) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _unreachable(error) from None
        pieces: dict[str, dict[int, str]] = {}
        for content in (entry["content"] for entry in entries):
            match = _PIECE.fullmatch(content.get("username") or "")
            if match and content.get("realm") == realm:
                pieces.setdefault(match["name"], {})[int(match["number"])] = content.get("clear_password") or ""
        return {name: _joined(numbered) for name, numbered in pieces.items()}

    def server_info(self) -> Mapping[str, Any]:
        """What splunkd says of itself: `startup_time` (epoch s) and `server_roles` among others."""
        try:
            content: Mapping[str, Any] = self.get("server/info")["entry"][0]["content"]
        except HTTPError as error:
            raise _refused("server/info", error) from None
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise _unreachable(error) from None
        return content

    def inputs_with_account(self, account: str) -> int:
        """How many enabled inputs use an account; 1 where that cannot be told."""
        enabled = self.enabled_inputs()
        return 1 if enabled is None else sum(content.get("account") == account for content in enabled.values())

    def enabled_inputs(self, scheme: str = EVENTS_SCHEME) -> dict[str, Mapping[str, Any]] | None:
        """The settings of the enabled inputs by name; None where splunkd does not list them."""
        try:
            entries = self.get(inputs_of(scheme), count=-1)["entry"]
            found = {entry["name"]: entry["content"] for entry in entries}
            return {n: c for n, c in found.items() if not is_disabled(c)}
        except (HTTPError, OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def is_disabled(content: Mapping[str, Any]) -> bool:
    """Whether an input is off; one whose `disabled` cannot be read counts as enabled."""
    try:
        return parse_boolean(str(content.get("disabled") or "0"), "disabled")
    except ValueError:
        return False


def _joined(pieces: Mapping[int, str]) -> dict[str, str] | None:
    """The fields that the pieces hold together; None where they cannot be read."""
    text = ""
    for number in sorted(pieces):
        if pieces[number] == _END_MARK:
            break
        text += pieces[number]
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return {str(name): str(secret) for name, secret in value.items()} if isinstance(value, dict) else None


def read_secret(splunkd: Splunkd, conf: str, stanza: str, field: str) -> str:
    """An encrypted field, empty where none is stored. Raises ValueError where it cannot be decrypted here."""
    fields = splunkd.secrets(conf).get(stanza, {})
    if fields is None:
        raise ValueError(
            f"The {_LABELS[field]} is stored, but this Splunk instance cannot decrypt it, because it was encrypted "
            "with another splunk.secret. Enter it again on this instance. All members of a search head cluster need "
            "the same splunk.secret."
        )
    return fields.get(field, "")


def read_account(splunkd: Splunkd, name: str) -> Account:
    """The account of that name, with its secret. Raises CollectorError (`account`) where it is not usable."""
    conf = splunkd.stanzas(ACCOUNT_CONF).get(name)
    if conf is None:
        raise CollectorError("account", f"The account {name!r} does not exist.")
    try:
        return Account.parse(name, conf, read_secret(splunkd, ACCOUNT_CONF, name, "api_secret"))
    except ValueError as error:
        raise CollectorError("account", f"The account {name!r} cannot be used. {error}") from None


Settings = Mapping[str, Mapping[str, str]]


def read_settings(splunkd: Splunkd) -> Settings:
    """The add-on's own settings: the stanzas `proxy` and `logging`."""
    return splunkd.stanzas(SETTINGS_CONF)


def read_proxy(splunkd: Splunkd, settings: Settings) -> Proxy | None:
    """The proxy to the PCE, or None. Raises CollectorError (`proxy`) where its settings are wrong."""
    conf = settings.get("proxy", {})
    try:
        if Proxy.parse(conf) is None:
            return None
        password = ""
        if conf.get("proxy_username"):
            password = read_secret(splunkd, SETTINGS_CONF, "proxy", "proxy_password")
        return Proxy.parse(conf, password)
    except ValueError as error:
        raise CollectorError("proxy", str(error)) from None


class _Missing(Exception):
    """There is no document with that key."""


class _Taken(Exception):
    """A document with that key is there already."""


class KvStore:
    """The documents of the checkpoint collection; see `store.DocumentStore`.

    Repeats what fails for a while, as long as `timeout` says (seconds; below 0: asks nothing, since splunkd is gone).
    After the first StateError each call fails at once, so that a run waits no second time.
    """

    def __init__(
        self, splunkd: Splunkd, clock: Clock, timeout: Callable[[], float] = lambda: DEFAULT_LIMITS.kv_store_seconds
    ) -> None:
        self._splunkd = splunkd
        self._clock = clock
        self._timeout = timeout
        self._problem = ""
        self._data = f"storage/collections/data/{COLLECTION}"

    @contextlib.contextmanager
    def asked_once(self) -> Iterator[None]:
        """See `inventory_state.PatientStore.asked_once`."""
        problem, timeout = self._problem, self._timeout
        self._timeout = lambda: min(0.0, timeout())
        try:
            yield
        finally:
            self._problem, self._timeout = problem, timeout

    def get(self, key: str) -> Document | None:
        """See `DocumentStore.get`."""
        try:
            document = self._with_retries("read", lambda: self._splunkd.get(f"{self._data}/{key}"))
        except _Missing:
            return None
        if not isinstance(document, dict):
            raise self._failed("read", "it is no document")
        return document

    def find(self, query: Document, page_size: int = 0) -> list[Document]:
        """See `DocumentStore.find`."""
        found: list[Document] = []
        while True:
            some = self._some(query, {"sort": "_key", "limit": page_size, "skip": len(found)} if page_size else {})
            found += some
            if not page_size or len(some) < page_size:
                return found

    def _some(self, query: Document, page: Mapping[str, Any]) -> list[Document]:
        documents = self._require_collection(
            "read", lambda: self._splunkd.get(self._data, query=json.dumps(query), **page)
        )
        if not isinstance(documents, list):
            raise self._failed("read", "there is no list of documents")
        return documents

    def save(self, documents: list[Document]) -> None:
        """See `DocumentStore.save`."""
        self._require_collection("written", lambda: self._splunkd.post(f"{self._data}/batch_save", documents))

    def insert(self, document: Document) -> bool:
        """See `DocumentStore.insert`."""
        try:
            self._require_collection("written", lambda: self._splunkd.post(self._data, document))
        except _Taken:
            return False
        return True

    def replace(self, document: Document) -> bool:
        """See `DocumentStore.replace`."""
        try:
            self._with_retries("written", lambda: self._splunkd.post(f"{self._data}/{document['_key']}", document))
        except _Missing:
            return False
        return True

    def delete(self, query: Document) -> None:
        """See `DocumentStore.delete`."""
        self._require_collection("written", lambda: self._splunkd.delete(self._data, query=json.dumps(query)))

    def _require_collection(self, done: str, act: Callable[[], Any]) -> Any:
        """The same for what cannot be missing, unless the collection itself is."""
        try:
            return self._with_retries(done, act)
        except _Missing:
            raise self._failed(done, "status 404: there is no such collection") from None

    def _with_retries(self, done: str, act: Callable[[], Any]) -> Any:
        """Do it, again and again while that may help. Raises StateError, _Missing or _Taken."""
        if self._problem:
            raise StateError(self._problem)
        began = self._clock.monotonic()
        while self._timeout() >= 0:
            try:
                return act()
            except HTTPError as error:
                problem = f"status {error.status}"
                if error.status == 404:
                    raise _Missing from None
                if error.status == 409:
                    raise _Taken from None
                if error.status == 401:
                    raise CollectorError(
                        "splunkd",
                        "splunkd no longer accepts the session that it gave this run (401).",
                        remedy="The next run gets a new session and goes on. If this stays, look at sessionTimeout in "
                        "server.conf, and at what restarts splunkd.",
                    ) from None
                if error.status not in (500, 502, 503, 504):
                    raise self._failed(done, problem) from None
            except (OSError, ValueError) as error:
                problem = f"no response: {type(error).__name__}"
            if self._clock.monotonic() - began + _KV_STORE_PAUSE > self._timeout():
                raise self._failed(done, problem)
            self._clock.sleep(_KV_STORE_PAUSE)
        raise self._failed(done, "splunkd has gone")

    def _failed(self, done: str, problem: str) -> StateError:
        """The error of this call and of each that follows."""
        self._problem = f"The input's state cannot be {done} in the KV store ({problem})."
        return StateError(self._problem)


def _refused(what: str, error: HTTPError) -> SplunkdError:
    return SplunkdError(f"splunkd did not give {what} ({error.status}).")


def _unreachable(error: Exception) -> SplunkdError:
    if isinstance(error, ssl.SSLError):
        return SplunkdError(
            f"splunkd's management port refused the TLS connection ({type(error).__name__}): it may ask for a client "
            "certificate (requireClientCert in server.conf), which an add-on is not given."
        )
    return SplunkdError(f"splunkd cannot be reached or understood ({type(error).__name__}).")
