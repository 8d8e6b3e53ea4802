"""A stand-in for splunkd: one SPLUNK_HOME, its REST API, its modular inputs, and what it indexed."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.splunk.refusal import Refused

from .access import SYSTEM_USER, Sessions
from .certificate import server_context
from .confs import Confs, Stanza
from .environment import script_environment
from .handlers import Handlers
from .http_server import HttpServer
from .index import Event, Index, Queue
from .instance import ExportSearch
from .kvstore import KvStore
from .modinput import Host, ModularInputs
from .passwords import Passwords
from .quirks import Quirks
from .rest import Rest
from .runner import STOP_SECONDS, InputRun, Kill, Launch, Reading, RunningInput
from .schedule import Schedule
from .stream import StreamEvent

_AT_ONCE = Reading()
_NEVER = Kill()


def _no_search(spl: str, earliest: str, latest: str) -> Sequence[Mapping[str, Any]]:
    raise Refused("no search was handed in (`Splunkd.search`)", spl)


class AlreadyRunning(Exception):
    """splunkd never runs one stanza twice at once."""


class Splunkd:
    """An emulation for tests and the demo; it knows only what the add-on uses, and lists the rest in `refused`.

    `clock` gives the epoch for everything that splunkd dates itself. A test may set, at any time: `server_roles`,
    `more_indexes`, `instance_type` (`cloud`), `environment` (more variables for scripts), `quirks`, `kv`
    (its readiness and failures), `index_delay` (seconds, from the next start on), `search` (what answers
    `search/v2/jobs/export`), `search_v1` (whether `search/jobs/export` answers too: yes in 9.4, "deprecated
    and disabled" in the REST reference of 10.2), and, once started, hold the queue (`queue.hold`).

    `require_client_certificate`, from the next start on: as `requireClientCert` in `[sslConfig]` of server.conf has
    it, splunkd serves only clients with a certificate that it trusts (server.conf.spec; false as shipped).
    """

    version: str = "9.4.0"
    server_name: str = "workbench"

    def __init__(
        self,
        home: Path,
        python: str = sys.executable,
        clock: Callable[[], float] = time.time,
        *,
        tls: bool = True,
    ) -> None:
        self.home = home.absolute()
        self.clock = clock
        self.tls = tls
        self.server_roles: list[str] = ["indexer", "license_master", "kv_store"]
        self.more_indexes: list[str] = []
        self.instance_type = ""
        self.index_delay = 0.0
        self.require_client_certificate = False
        self.environment: dict[str, str] = {}
        self.messages: dict[str, dict[str, str]] = {}
        self.runs: list[InputRun] = []
        self.startup_time = 0
        self.quirks = Quirks()
        self.search: ExportSearch = _no_search
        self.search_v1 = False
        for folder in ("etc/apps", "etc/system/local", "var/log/splunk", "var/lib/splunk/modinputs"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self.guid = str(uuid.uuid5(uuid.NAMESPACE_URL, str(self.home)))
        self.confs = Confs(self.home / "etc")
        self.sessions = Sessions()
        self.passwords = Passwords(self.confs, self.home / "etc" / "auth")
        self.kv = KvStore(self.home / "var/lib/splunk/kvstore.sqlite", clock)
        self.index = Index(self.home / "var/lib/splunk/events.sqlite")
        self.inputs = ModularInputs(self.confs, python, self.script_environment)
        self.handlers = Handlers(python, self.script_environment, self.log_file)
        self.rest = Rest(self)
        self._lock = threading.RLock()
        self._running: dict[str, RunningInput] = {}
        self._schedule = Schedule(self)
        self._http: HttpServer | None = None
        self._port = 0
        self.queue: Queue  # from `start` on

    @property
    def log_file(self) -> Path:
        """splunkd.log: the standard error of scripts and handlers."""
        return self.home / "var/log/splunk/splunkd.log"

    @property
    def uri(self) -> str:
        """Where the REST API is; the same after a restart."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def refused(self) -> list[str]:
        """What was asked and is not known here: requests, and elements of streams. A test should find it empty."""
        return self.rest.refused

    def session_key(self, user: str = "admin") -> str:
        """A new session of `admin` or of `viewer`."""
        return self.sessions.open(user)

    def events(self, **wanted: str) -> Iterator[Event]:
        """The indexed events, oldest arrival first, whose `sourcetype`, `source`, `host` or `index` are as asked."""
        return self.index.events(**wanted)

    def install(self, app_dir: Path) -> str:
        """Install a built add-on, or another version of it, by links; `local/` stays. Its folder's name is its id."""
        app = app_dir.resolve()
        folder = self.home / "etc/apps" / app.name
        folder.mkdir(exist_ok=True)
        for link in folder.iterdir():
            if link.is_symlink():
                link.unlink()
        for entry in app.iterdir():
            if entry.name == "local":
                shutil.copytree(entry, folder / "local", dirs_exist_ok=True)
            else:
                (folder / entry.name).symlink_to(entry)
        self.inputs.forget()
        return app.name

    def start(self) -> None:
        """Start serving. Inputs run when asked to (`run_input`), or by `schedule`."""
        if not (self.startup_time and self.quirks.keeps_startup_time):
            self.startup_time = int(self.clock())
        tls = None
        if self.tls:
            tls = server_context(self.home / "etc/auth", client_certificate=self.require_client_certificate)
        self.queue = Queue(self.index, self.index_delay)
        self._http = HttpServer(self.rest.answer, self._port, tls)
        self._port = self._http.port
        self._write_system_confs()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """An orderly end: inputs are asked to end, given `seconds`, then killed; all that was taken is indexed."""
        self._schedule.stop()
        with self._lock:
            running = list(self._running.values())
        enders = [threading.Thread(target=run.stop, args=(seconds,)) for run in running]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()
        self.queue.close()
        self._close()

    def crash(self, *, inputs_die: bool = True) -> int:
        """Die: what was taken but not indexed is lost. The number of events lost in memory.

        What stood in the pipes is lost as well, and not counted. Inputs are killed, or else left to themselves, as a
        process is whose parent dies: whether splunkd takes its inputs with it depends on how it died.
        """
        self._schedule.stop()
        with self._lock:
            running = list(self._running.values())
            self._running.clear()
        for run in running:
            run.abandon(kill=inputs_die)
        lost = self.queue.drop()
        self._close()
        for run in running if inputs_die else ():
            run.wait()
        return lost

    def join(self, other: Splunkd) -> None:
        """Share the other's KV store, as the members of a search head cluster do. Before the start."""
        self.kv.close()
        self.kv = other.kv

    def restart(self) -> None:
        """`stop` and `start`."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop if need be, and close the files."""
        if self._http:
            self.stop()
        self.kv.close()
        self.index.close()

    def __enter__(self) -> Splunkd:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _close(self) -> None:
        if self._http:
            self._http.close()
            self._http = None
        self.handlers.stop()
        self.sessions.forget()
        self.messages.clear()

    def _write_system_confs(self) -> None:
        self.confs.write("system", "server", "general", {"serverName": self.server_name, "guid": self.guid})
        self.confs.write("system", "server", "sslConfig", {"enableSplunkdSSL": "true" if self.tls else "false"})
        self.confs.write("system", "web", "settings", {"mgmtHostPort": f"127.0.0.1:{self._port}"})
        self.confs.write("system", "inputs", "default", {"host": self.server_name, "index": "default"})

    def run_input(
        self, stanza: str, *, reading: Reading = _AT_ONCE, kill: Kill = _NEVER, timeout: float = 300.0
    ) -> InputRun:
        """Run an input once, to its end, and index what it wrote. Raises TimeoutError, having killed it."""
        run = self.start_input(stanza, reading=reading, kill=kill)
        try:
            ended = run.wait(timeout)
        except TimeoutError:
            run.abandon()
            raise
        if not self.queue.held:
            self.queue.drain(timeout)
        return ended

    def start_input(self, stanza: str, *, reading: Reading = _AT_ONCE, kill: Kill = _NEVER) -> RunningInput:
        """Start a run of an enabled input. Raises AlreadyRunning, or Refused where there is no such input."""
        found = self.inputs.enabled().get(stanza)
        if found is None:
            raise Refused("no enabled input of that name", stanza)
        scheme = self.inputs.scheme(stanza.partition("://")[0])
        with self._lock:
            if stanza in self._running:
                raise AlreadyRunning(stanza)
            host = self.host(self.sessions.open(SYSTEM_USER), scheme.name)
            launch = Launch(
                stanza,
                self.inputs.run_command(found),
                self.inputs.configuration(found, host),
                self.script_environment(),
                self.home,
            )
            self._running[stanza] = RunningInput(
                launch,
                lambda event: self._take(found, event),
                reading,
                kill,
                self._run_ended,
            )
            return self._running[stanza]

    def start_if_idle(self, stanza: str) -> None:
        """Start a run unless the input still runs, or was just switched off. What is refused is recorded."""
        try:
            self.start_input(stanza)
        except AlreadyRunning:
            pass
        except Refused as error:
            self.refused.append(str(error))

    def end_run(self, stanza: str) -> None:
        """An input was changed or removed: its run ends."""
        with self._lock:
            run = self._running.get(stanza)
        if run:
            run.stop()

    def schedule(self, interval: float | None = None) -> None:
        """Run the enabled inputs in the background, each after its own interval or all after `interval` seconds."""
        self._schedule.start(interval)

    def host(self, session_key: str, scheme: str) -> Host:
        """What a script is told about splunkd."""
        checkpoints = self.home / "var/lib/splunk/modinputs" / scheme
        checkpoints.mkdir(exist_ok=True)
        return Host(self.server_name, self.uri, checkpoints, session_key)

    def _take(self, stanza: Stanza, event: StreamEvent) -> bool:
        if event.stanza not in (None, stanza.name):
            raise Refused("an event of another stanza", f"{stanza.name}: {event.stanza}")
        now, defaults = self.clock(), stanza.settings
        index = event.index or defaults.get("index", "default")
        return self.queue.put(
            Event(
                event.data,
                now if event.time is None else event.time,
                now,
                event.host or defaults.get("host", self.server_name),
                event.source or defaults.get("source", stanza.name),
                event.sourcetype or defaults.get("sourcetype", stanza.name.partition("://")[0]),
                "main" if index == "default" else index,
            )
        )

    def _run_ended(self, running: RunningInput, run: InputRun) -> None:
        with self._lock:
            if self._running.get(run.stanza) is running:
                del self._running[run.stanza]
            self.runs.append(run)
            if run.error:
                self.refused.append(f"stream of {run.stanza}: {run.error.message} (byte {run.error.offset})")
            with self.log_file.open("a", encoding="utf-8") as log:
                log.write(run.stderr)

    def script_environment(self) -> dict[str, str]:
        """What scripts find in their environment."""
        return script_environment(self.home, self.environment)
