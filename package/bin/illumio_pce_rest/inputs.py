"""Inputs: checked as every run checks them, warned of when they overlap, and forgotten when they are deleted."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from illumio_pce.breadcrumb import BreadcrumbFile
from illumio_pce.config import InputSettings, parse_boolean, parse_interval
from illumio_pce.errors import CollectorError
from illumio_pce.filters import members
from illumio_pce.heartbeats import Heartbeat, Heartbeats, interval_seconds
from illumio_pce.lease import is_shared
from illumio_pce.names import COLLECTION, INPUTS, SCHEME
from illumio_pce.splunkd import is_disabled
from illumio_pce.state import created_document
from illumio_pce.unconfirmed import UnconfirmedMark
from splunklib.binding import HTTPError
from splunktaucclib.rest_handler.admin_external import AdminExternalHandler
from splunktaucclib.rest_handler.error import RestError

from .names import check_new_name
from .overlaps import overlapping_inputs
from .rest_errors import as_rest_error
from .session import ACCOUNTS, connect, stanzas, warn

Conf = Mapping[str, Optional[str]]
DOCUMENTS = f"storage/collections/data/{COLLECTION}"
_LONGEST_NAME = 100


def checkpoint_dir() -> Path:
    """Where splunkd has the inputs of this instance keep their checkpoints."""
    home = Path(os.environ.get("SPLUNK_HOME", ""))
    database = Path(os.environ.get("SPLUNK_DB") or home / "var" / "lib" / "splunk")
    return database / "modinputs" / SCHEME


def forget_breadcrumb(name: str) -> None:
    """Remove what a run left in a file, on this instance."""
    with contextlib.suppress(OSError):
        BreadcrumbFile(checkpoint_dir(), name).forget()
    UnconfirmedMark(checkpoint_dir(), name).clear()
    Heartbeats(checkpoint_dir()).forget(name)


def expect_heartbeat(name: str, interval: str | None) -> None:
    """From now on the input is to run: the other inputs of this instance notice where it does not."""
    Heartbeats(checkpoint_dir()).leave(Heartbeat(name, time.time(), interval_seconds(interval)))


def spelled_once(settings: InputSettings, conf: Conf) -> dict[str, str]:
    """Every field of an input in the one spelling that it is stored in."""
    return {
        "account": settings.account,
        "index": settings.index,
        "interval": str(parse_interval(conf.get("interval"))),
        "start_time": settings.start_time,
        "event_types": ", ".join(members(conf.get("event_types"))),
        "severities": ",".join(members(conf.get("severities"))),
        "statuses": ",".join(members(conf.get("statuses"))),
        "include_system_events": str(int(settings.include_system_events)),
        "late_arrival_window": str(settings.late_arrival_window_ms // 1000),
    }


class InputHandler(AdminExternalHandler):  # type: ignore[misc]
    """The endpoint `ta_illumio_pce_illumio_pce_events`."""

    payload: dict[str, str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._splunkd = connect(self.getSessionKey())

    def handleCreate(self, conf_info: Any) -> None:  # noqa: N802
        """Save a new input."""
        check_new_name(self.callerArgs.id, stanzas(self._splunkd, INPUTS), "input", _LONGEST_NAME)
        self._check(self.payload)
        super().handleCreate(conf_info)
        self._forget("created, but an earlier checkpoint of this name may still be in the KV store", anew=True)
        expect_heartbeat(self.callerArgs.id, self.payload.get("interval"))
        self._warn_of_overlaps()
        self._warn_of_cluster()

    def handleEdit(self, conf_info: Any) -> None:  # noqa: N802
        """Save a changed input, switch it on or off, or both: splunktaucclib would only switch it."""
        name, switch = self.callerArgs.id, self.payload.pop("disabled", None)
        stored = stanzas(self._splunkd, INPUTS).get(name)
        if stored is None:
            raise RestError(404, f"There is no input {name}.")
        with as_rest_error():
            switched = {} if switch is None else {"disabled": str(int(parse_boolean(switch, "disabled")))}
        changed = self.payload
        if changed:
            self._check({**stored, **changed})
        # Off before it is changed, on only afterwards: no run sees half of it.
        steps = [switched, changed] if switched == {"disabled": "1"} else [changed, switched]
        for self.payload in filter(None, steps):
            super().handleEdit(conf_info)
        self._expect_or_forget_heartbeat()
        self._warn_of_overlaps()

    def handleRemove(self, conf_info: Any) -> None:  # noqa: N802
        """Delete an input and then its state, over which no run writes another."""
        super().handleRemove(conf_info)
        self._forget("deleted, but its checkpoint could not be deleted from the KV store")

    def _forget(self, failing: str, *, anew: bool = False) -> None:
        """Delete everything that is remembered under this name, so that nothing old is taken for this input's."""
        name = self.callerArgs.id
        forget_breadcrumb(name)
        try:
            self._splunkd.delete(DOCUMENTS, query=json.dumps({"input": name}))
            if anew:
                self._splunkd.post(DOCUMENTS, created_document(name, time.time()))
        except (HTTPError, OSError) as error:
            self._warn(
                "state",
                f"The input {name} was {failing} ({type(error).__name__}). "
                "An input of this name continues from that checkpoint.",
            )

    def _check(self, conf: Conf) -> None:
        """Refuse what no run could use, and have each posted field stored in one spelling."""
        with as_rest_error():
            settings = InputSettings.parse_form(self.callerArgs.id, conf, int(time.time() * 1000))
            tidy = spelled_once(settings, conf)
        if settings.account not in stanzas(self._splunkd, ACCOUNTS):
            raise RestError(
                400, f"There is no account {settings.account}. Choose another, or add it under Configuration."
            )
        self.payload.update({name: value for name, value in tidy.items() if name in self.payload})

    def _expect_or_forget_heartbeat(self) -> None:
        """After a change: one that is switched on is to run, and one that is switched off is not."""
        stanza = next(iter(self.handler.get(self.callerArgs.id))).content
        if is_disabled(stanza):
            Heartbeats(checkpoint_dir()).forget(self.callerArgs.id)
        else:
            expect_heartbeat(self.callerArgs.id, stanza.get("interval"))

    def _warn_of_cluster(self) -> None:
        """On a member of a search head cluster: say that the other members do not have the input (not in the cloud)."""
        with contextlib.suppress(CollectorError):
            info = self._splunkd.server_info()
            if is_shared(info) and info.get("instance_type") != "cloud":
                name = self.callerArgs.id
                self._warn(
                    "member",
                    f"The input {name} exists on this member of the search head cluster alone, since Splunk does not "
                    "copy inputs to the other members: while this member is down, nothing is collected.",
                )

    def _warn_of_overlaps(self) -> None:
        name = self.callerArgs.id
        with contextlib.suppress(RestError):
            others = overlapping_inputs(name, stanzas(self._splunkd, INPUTS), stanzas(self._splunkd, ACCOUNTS))
            if others:
                self._warn(
                    "overlap",
                    f"The input {name} reads the same PCE and organisation into the same index as {', '.join(others)}. "
                    "Unless their filters differ, every event is indexed more than once.",
                )

    def _warn(self, kind: str, text: str) -> None:
        warn(self.getSessionKey(), f"{kind}_{self.callerArgs.id}", text)
