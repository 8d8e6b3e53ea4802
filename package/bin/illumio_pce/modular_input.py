"""The modular input's three duties (splunk-sdk): its scheme, the validation of its arguments, and a run."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from splunklib.modularinput import Argument, Scheme, Script

from .breadcrumb import BreadcrumbFile, path_of
from .clock import SystemClock
from .collector import Run
from .config import Account, InputSettings, index_of
from .delivery import SOURCETYPE
from .errors import CollectorError, PipeClosed, StopRequested
from .lease import ClusterLease, FileLock, Lease, NoLease
from .log import formatter, logger, open_log, quoted, set_level
from .output import SplunkdStream
from .pce import Pce
from .record import not_started
from .splunkd import KvStore, Splunkd, read_account, read_proxy, read_settings
from .state import State
from .stop import Stop
from .transport import HttpsTransport

SCHEME = "illumio_pce_events"
_ARGUMENTS = {
    "account": ("Account", True),
    "start_time": ("Start time", False),
    "event_types": ("Event types", False),
    "severities": ("Severities", False),
    "statuses": ("Statuses", False),
    "include_system_events": ("Include system events", False),
    "late_arrival_window": ("Late arrival window (seconds)", False),
}


class IllumioPceEvents(Script):  # type: ignore[misc]
    """What splunkd asks of the script."""

    def get_scheme(self) -> Scheme:
        """The arguments that an input has, besides those of every input."""
        scheme = Scheme("Illumio PCE audit events")
        scheme.description = "Collects the audit events of an Illumio PCE over its events API."
        scheme.use_external_validation = True
        scheme.use_single_instance = False
        for name, (title, required) in _ARGUMENTS.items():
            scheme.add_argument(Argument(name, title=title, required_on_create=required, required_on_edit=False))
        return scheme

    def validate_input(self, definition: Any) -> None:
        """Check the arguments as the form does; the error's text is shown to the administrator."""
        InputSettings.parse_form(definition.metadata["name"], definition.parameters, int(SystemClock().time() * 1000))

    def stream_events(self, inputs: Any, ew: Any) -> None:
        """Run the input that splunkd hands over: one, since each has a process of its own."""
        ended_well = [run_input(stanza, parameters, inputs.metadata) for stanza, parameters in inputs.inputs.items()]
        if not all(ended_well):
            raise SystemExit(1)


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit status."""
    return int(IllumioPceEvents().run(arguments))


class _Elsewhere(Exception):
    """Another member of the search head cluster runs the input; the text says which."""


class _Prepared(NamedTuple):
    """A run that can begin, and what it was made of."""

    run: Run
    lease: Lease
    settings: InputSettings
    account: Account


def run_input(stanza: str, parameters: Mapping[str, str], metadata: Mapping[str, str]) -> bool:
    """One run of one input; whether it ended well. Whatever fails ends in one clear line of the log."""
    name = stanza.partition("://")[2]
    formatter.hide(metadata["session_key"])
    open_log(f"{SCHEME}_{re.sub(r'[^A-Za-z0-9_-]', '_', name)}", "INFO")
    stop = Stop()
    stop.listen()
    output = SplunkdStream(sys.stdout.fileno(), stanza, f"{SCHEME}://{name}", index_of(parameters))
    lock = FileLock(path_of(Path(metadata["checkpoint_dir"]), name, "lock"))  # held for as long as it is referred to
    try:
        if not lock.acquire():
            raise CollectorError("overlap", "An earlier run of this input has not ended.")
        run, lease, settings, account = _prepared(name, parameters, metadata, output, stop)
    except _Elsewhere as reason:
        logger.info("action=skipped input=%s reason=%s", name, reason)
        return True
    except (CollectorError, ValueError) as error:
        category = getattr(error, "category", "input")
        logger.error("action=failed input=%s category=%s error=%s", name, category, quoted(error))
        with contextlib.suppress(PipeClosed):
            host = metadata.get("server_host", "")
            output.write(not_started(name, category, str(error), host, SystemClock().time()))
            output.close()
        return False
    ended_well = carry_out(run, name)
    _log_for_monitoring(run, settings, account)
    try:
        output.close()
    except PipeClosed:
        _doubt(run)
    if isinstance(lease, ClusterLease):
        with contextlib.suppress(CollectorError):
            lease.release()
    return ended_well


def _prepared(
    name: str, parameters: Mapping[str, str], metadata: Mapping[str, str], output: SplunkdStream, stop: Stop
) -> _Prepared:
    """Ask splunkd for what a run needs. Raises _Elsewhere; CollectorError or ValueError where something is wrong."""
    clock = SystemClock()
    splunkd = Splunkd(metadata["server_uri"], metadata["session_key"])
    own = read_settings(splunkd)
    set_level(own.get("logging", {}).get("loglevel"))
    info = splunkd.server_info()
    if not runs_here(info):
        raise _Elsewhere("another member of the search head cluster is its captain")
    settings = InputSettings.parse(name, parameters, int(clock.time() * 1000))
    account = read_account(splunkd, settings.account)
    formatter.hide(account.api_secret)
    proxy = read_proxy(splunkd, own)
    formatter.hide(proxy.password if proxy else "")
    transport = HttpsTransport(account, proxy)
    store = KvStore(splunkd, clock, lambda: stop.requested)
    lease = _lease(store, name, info, clock)
    pce = Pce(account, transport, clock, lambda: splunkd.inputs_with_account(account.name))
    state = State(store, name, BreadcrumbFile(Path(metadata["checkpoint_dir"]), name), lease)
    run = Run(settings, account, pce, state, output, clock, stop, life_of(info))
    for note in settings.notes:
        run.record.note(f"inputs.conf: {note}")
    return _Prepared(run, lease, settings, account)


def _lease(store: KvStore, name: str, info: Mapping[str, Any], clock: SystemClock) -> Lease:
    if "shc_member" not in (info.get("server_roles") or ()):
        return NoLease()
    lease = ClusterLease(store, name, str(info.get("guid")), clock)
    other = lease.acquire()
    if other is not None:
        raise _Elsewhere(f"{other} of the search head cluster still collects")
    return lease


def life_of(info: Mapping[str, Any]) -> str:
    """Which life of which splunkd this is: another one after each start."""
    return f"{info.get('guid')} {info.get('startup_time')}"


def runs_here(info: Mapping[str, Any]) -> bool:
    """Whether this instance is the one that runs inputs: any but a search head cluster's plain member."""
    roles = info.get("server_roles") or ()
    return "shc_member" not in roles or "shc_captain" in roles


def carry_out(run: Run, name: str) -> bool:
    """Collect, write the run's record, and log one line; whether the run ended well."""
    outcome: dict[str, Any] = {"kind": "run", "outcome": "ok"}
    try:
        run.collect()
    except StopRequested:
        outcome["outcome"] = "stopped"
    except PipeClosed:
        logger.error("action=failed input=%s category=pipe splunkd closed the pipe; the latest is sent again", name)
        _doubt(run)
        return False
    except CollectorError as error:
        outcome.update(outcome="failed", error_category=error.category, error=error.args[0], remedy=error.remedy)
        logger.error("action=failed input=%s category=%s error=%s", name, error.category, quoted(error))
    except Exception as error:
        outcome.update(outcome="failed", error_category="internal", error=f"An error of the add-on itself: {error!r}")
        logger.exception("action=failed input=%s category=internal", name)
    try:
        run.write_record(outcome)
    except PipeClosed:
        logger.error("action=failed input=%s category=pipe splunkd closed the pipe before the run's record", name)
        _doubt(run)
        return False
    logger.info("action=ended input=%s outcome=%s %s", name, outcome["outcome"], run.record.summary())
    return bool(outcome["outcome"] != "failed")


def _doubt(run: Run) -> None:
    if run.record.delivered:
        with contextlib.suppress(CollectorError):
            run.doubt_the_pipe()


def _log_for_monitoring(run: Run, settings: InputSettings, account: Account) -> None:
    """The line that UCC's monitoring page counts (the form of solnlib.log.events_ingested)."""
    logger.info(
        "action=events_ingested modular_input_name=%s sourcetype_ingested=%s n_events=%d "
        "event_input=%s event_index=%s event_account=%s event_host=%s",
        settings.source,
        SOURCETYPE,
        run.record.delivered,
        settings.name,
        settings.index,
        account.name,
        account.host,
    )
