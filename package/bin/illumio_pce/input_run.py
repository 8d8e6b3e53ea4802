"""One run of one input, of whichever kind: from what splunkd hands over to the end of the stream that it reads.

What one kind does by itself is a subclass.
"""

from __future__ import annotations

import contextlib
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from splunklib.binding import HTTPError

from .breadcrumb import path_of
from .clock import SystemClock
from .config import Account, Proxy, index_of
from .errors import CollectorError, PipeClosed, StopRequested
from .heartbeats import Heartbeat, Heartbeats, interval_seconds
from .lease import ClusterLease, FileLock, NoLease, OwnLease, is_shared
from .limits import DEFAULT_LIMITS, Limits
from .log import formatter, logger, open_log, quoted, set_level
from .names import INGEST
from .output import SplunkdStream, SplunkEvents
from .pce import Pce
from .record import not_started
from .splunkd import KvStore, Splunkd, read_account, read_proxy, read_settings
from .stop import Stop
from .timestamps import render
from .transport import HttpsTransport


class _RunsElsewhere(Exception):
    """Another member of the search head cluster runs the input; the text says which."""


class Settings(Protocol):
    """What every kind of input is configured with."""

    @property
    def account(self) -> str:
        """The name of the account."""

    @property
    def index(self) -> str:
        """Where its events go."""


class Counts(Protocol):
    """What a run counts."""

    delivered: int

    def summary(self) -> str:
        """The most important counts, for the log."""


class Run(Protocol):
    """One run of one kind."""

    @property
    def record(self) -> Counts:
        """What it has counted until now."""

    def collect(self) -> None:
        """Do everything. Raises PceError, StateError, PipeClosed or StopRequested."""

    def write_record(self, outcome: dict[str, Any]) -> None:
        """Tell splunkd what happened in this run; `outcome` has its kind, and the error if any."""


class Prepared(NamedTuple):
    """What a run is made of, whatever its kind."""

    splunkd: Splunkd
    info: Mapping[str, Any]
    settings: Any
    account: Account
    pce: Pce
    store: KvStore
    lease: OwnLease


class InputRun(ABC):
    """Runs one input and tells splunkd what happened, whatever happens.

    Each run ends in one line of the log and, while splunkd reads, in one record; only a run that leaves the input to
    another member of a search head cluster writes none.

    `SCHEME`, `SOURCETYPE`: of the kind. `LABEL`: what stands before an input's name in its records and in the log, and
    `STATE`: before the names of its documents in the KV store; inputs of two kinds may have the same name. `SHARE`: an
    input of this kind makes so many times fewer requests a minute than an events input.
    """

    SCHEME: str
    SOURCETYPE: str
    LABEL = ""
    STATE = ""
    SHARE = 1

    def __init__(
        self,
        stanza: str,
        parameters: Mapping[str, str],
        metadata: Mapping[str, str],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._name = stanza.partition("://")[2]
        self._source = f"{self.SCHEME}://{self._name}"
        self._label = self.LABEL + self._name
        self._parameters = parameters
        self._metadata = metadata
        self._interval = interval_seconds(parameters.get("interval"))
        self._clock = SystemClock()
        self._limits = limits
        self._stop = Stop(limits.watch_seconds)
        self._descriptor = sys.stdout.fileno()
        self._output = SplunkdStream(self._descriptor, stanza, self._source, index_of(parameters))

    # --- what each kind does by itself --------------------------------------------------------------

    @abstractmethod
    def _parse_settings(self) -> Settings:
        """The input's own settings. Raises ValueError."""

    @abstractmethod
    def _begin(self, prepared: Prepared) -> Run:
        """A run that can begin."""

    @abstractmethod
    def _saved_at(self, store: KvStore, name: str, otherwise: float) -> float:
        """When an input of this kind stored something last (epoch s); `otherwise` where that is not known."""

    @abstractmethod
    def _on_pipe_closed(self) -> None:
        """splunkd may never have read what stood in the pipe."""

    def run(self) -> bool:
        """Run; whether it ended well."""
        try:
            succeeded = self._run_or_report()
            self._output.close()
        except PipeClosed:
            logger.error("action=failed input=%s category=pipe splunkd closed the pipe", self._label)
            self._on_pipe_closed()
            return False
        except Exception as error:
            logger.exception("action=failed input=%s category=internal", self._label)
            with contextlib.suppress(Exception):
                self._write_failure(_internal(error))
            with contextlib.suppress(Exception):
                self._output.close()
            return False
        return succeeded

    def write(self, events: SplunkEvents) -> int:
        """See `output.Output.write`. An input that writes a record is alive."""
        written = self._output.write(events)
        if events.sourcetype == INGEST:
            self._record_heartbeat()
        return written

    def _run_or_report(self) -> bool:
        try:
            formatter.hide(self._metadata.get("session_key", ""))
            open_log(f"{self.SCHEME}_{_plain(self._name)}", "INFO")
            self._stop.listen()
            with self._stop.watching(self._descriptor), self._locked():
                return self._collect()
        except (CollectorError, StopRequested) as error:
            if self._stop.gone:
                raise PipeClosed from None
            if isinstance(error, StopRequested):
                logger.info("action=ended input=%s outcome=stopped before it began", self._label)
                return True
            self._log_failure(error)
            self._write_failure(error)
            return False

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """No other run of the input on this host meanwhile. Raises CollectorError (`overlap`)."""
        lock = FileLock(path_of(self._folder, self._name, "lock"))
        try:
            if not lock.acquire():
                raise CollectorError("overlap", "An earlier run of this input is still running.")
            yield
        finally:
            lock.release()

    @property
    def _folder(self) -> Path:
        return Path(self._metadata["checkpoint_dir"])

    # --- the run itself ----------------------------------------------------------------------------

    def _collect(self) -> bool:
        splunkd = Splunkd(self._metadata["server_uri"], self._metadata["session_key"])
        try:
            prepared = self._prepare(splunkd)
        except _RunsElsewhere as reason:
            logger.info("action=skipped input=%s reason=%s", self._label, reason)
            self._record_heartbeat()
            return True
        run = self._begin(prepared)
        succeeded = self._carry_out(run)
        _log_for_monitoring(self._source, self._name, self.SOURCETYPE, prepared, run.record.delivered)
        self._release_or_keep(prepared.lease)
        if not self._stop.requested:
            self._warn_of_silent_inputs(splunkd, prepared)
        return succeeded

    def _prepare(self, splunkd: Splunkd) -> Prepared:
        """Ask splunkd for what a run needs. Raises _RunsElsewhere, StopRequested, or CollectorError."""
        with self._stop.interruptible():
            own = read_settings(splunkd)
            set_level(own.get("logging", {}).get("loglevel"))
            info = splunkd.server_info()
            settings = self._settings()
            account = read_account(splunkd, settings.account)
            formatter.hide(account.api_secret)
            proxy = read_proxy(splunkd, own)
            formatter.hide(proxy.password if proxy else "")
        store = self._kv_store()
        lease = self._take_lease(store, info)
        transport = _transport(account, proxy)
        pce = Pce(
            account,
            transport,
            self._clock,
            lambda: self.SHARE * splunkd.inputs_with_account(account.name),
            limits=self._limits,
        )
        return Prepared(splunkd, info, settings, account, pce, store, lease)

    def _settings(self) -> Settings:
        try:
            return self._parse_settings()
        except ValueError as error:
            raise CollectorError("input", str(error)) from None

    def _kv_store(self) -> KvStore:
        impatient = Splunkd(
            self._metadata["server_uri"], self._metadata["session_key"], self._limits.kv_store_request_seconds
        )
        return KvStore(impatient, self._clock, self._timeout)

    def _timeout(self) -> float:
        """How long the KV store is waited for (seconds)."""
        if self._stop.gone:
            return -1.0
        limits = self._limits
        return limits.kv_store_seconds_at_stop if self._stop.requested else limits.kv_store_seconds

    def _carry_out(self, run: Run) -> bool:
        """Collect, write the run's record, and log one line; whether the run ended well."""
        outcome: dict[str, Any] = {"kind": "run", "outcome": "ok"}
        try:
            run.collect()
        except StopRequested:
            outcome["outcome"] = "stopped"
        except PipeClosed:
            raise
        except Exception as error:
            if self._stop.gone:
                raise PipeClosed from None
            failure = error if isinstance(error, CollectorError) else _internal(error)
            outcome.update(failure.as_outcome())
            self._log_failure(failure, exc_info=failure is not error)
        run.write_record(outcome)
        logger.info("action=ended input=%s outcome=%s %s", self._label, outcome["outcome"], run.record.summary())
        return bool(outcome["outcome"] != "failed")

    # --- in a search head cluster ------------------------------------------------------------------

    def _take_lease(self, store: KvStore, info: Mapping[str, Any]) -> OwnLease:
        """Raises _RunsElsewhere where another member has it."""
        if not is_shared(info):
            return NoLease()
        lease = ClusterLease(store, self.STATE + self._name, str(info.get("guid")), self._clock, self._interval)
        other = lease.acquire()
        if other is None:
            return lease
        idle = self._clock.time() - self._saved_at(store, self._name, self._clock.time())
        if idle > self._heartbeat().timeout:
            raise CollectorError(
                "overlap",
                f"Another member of the search head cluster ({other}) holds this input, and has stored nothing for "
                f"{idle / 60:.0f} minutes.",
            )
        raise _RunsElsewhere(f"{other} of the search head cluster collects")

    def _release_or_keep(self, lease: OwnLease) -> None:
        with contextlib.suppress(CollectorError):
            if self._stop.requested:
                lease.release()
            else:
                lease.keep()

    # --- what is reported --------------------------------------------------------------------------

    def _log_failure(self, error: CollectorError, *, exc_info: bool = False) -> None:
        line = "action=failed input=%s category=%s error=%s"
        logger.error(line, self._label, error.category, quoted(error), exc_info=exc_info)

    def _write_failure(self, error: CollectorError) -> None:
        host = self._metadata.get("server_host", "")
        self.write(not_started(self._label, error.category, str(error), host, self._clock.time()))

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat(self._name, self._clock.time(), self._interval)

    def _record_heartbeat(self) -> None:
        if "checkpoint_dir" in self._metadata:
            Heartbeats(self._folder).leave(self._heartbeat())

    def _warn_of_silent_inputs(self, splunkd: Splunkd, prepared: Prepared) -> None:
        """Warn of the other inputs of this instance that are enabled and do not run; splunkd is asked only then.

        One that another member of a search head cluster runs by now stores its state.
        """
        heartbeats, now = Heartbeats(self._folder), self._clock.time()
        silent = heartbeats.silent(now, self._name, _started_at(prepared.info))
        enabled = splunkd.enabled_inputs(self.SCHEME) if silent else None
        if enabled is None:
            return
        for heartbeat in silent:
            if heartbeat.input_name not in enabled or self._runs_elsewhere(prepared.store, heartbeat, now):
                heartbeats.forget(heartbeat.input_name)
                continue
            label, last = self.LABEL + heartbeat.input_name, render(int(heartbeat.at * 1000))
            text = (
                f"The input {label} is enabled, and wrote its last record {last}. "
                "Look for a process of it that hangs, and for its errors in splunkd.log; then disable and enable it."
            )
            logger.warning("action=silent input=%s %s", label, text)
            heartbeats.mark_warned(heartbeat, now)
            with contextlib.suppress(HTTPError, OSError):
                splunkd.announce(f"ta_illumio_pce_silent_{_plain(label)}", text)

    def _runs_elsewhere(self, store: KvStore, heartbeat: Heartbeat, now: float) -> bool:
        try:
            return now - self._saved_at(store, heartbeat.input_name, 0.0) <= heartbeat.timeout
        except CollectorError:
            return False


def _plain(name: str) -> str:
    """A name that files and messages can have."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _transport(account: Account, proxy: Proxy | None) -> HttpsTransport:
    """Raises CollectorError (`account`) where its CA certificate is none."""
    try:
        return HttpsTransport(account, proxy)
    except ValueError as error:
        raise CollectorError("account", str(error)) from None


def _started_at(info: Mapping[str, Any]) -> float:
    """When splunkd was started (epoch s); 0 where it does not say."""
    try:
        return float(info.get("startup_time") or 0)
    except (TypeError, ValueError):
        return 0.0


def _internal(error: Exception) -> CollectorError:
    return CollectorError("internal", f"Internal error ({type(error).__name__}).")


def _log_for_monitoring(source: str, name: str, sourcetype: str, prepared: Prepared, delivered: int) -> None:
    """The line that UCC's monitoring page counts (the form of solnlib.log.events_ingested)."""
    logger.info(
        "action=events_ingested modular_input_name=%s sourcetype_ingested=%s n_events=%d "
        "event_input=%s event_index=%s event_account=%s event_host=%s",
        source,
        sourcetype,
        delivered,
        name,
        prepared.settings.index,
        prepared.account.name,
        prepared.account.host,
    )
