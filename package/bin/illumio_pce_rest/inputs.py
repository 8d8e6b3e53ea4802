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
from illumio_pce.config import InputSettings, parse_pce_url
from illumio_pce.errors import CollectorError
from illumio_pce.lease import is_shared
from illumio_pce.log import logger, open_log
from illumio_pce.signs import Sign, Signs, seconds_of
from illumio_pce.splunkd import COLLECTION
from illumio_pce.state import newborn
from illumio_pce.unconfirmed import UnconfirmedMark
from splunklib.binding import HTTPError
from splunktaucclib.rest_handler.admin_external import AdminExternalHandler
from splunktaucclib.rest_handler.error import RestError

from .refusal import as_refusal
from .session import ACCOUNTS, INPUTS, announce, connect, stanzas

Conf = Mapping[str, Optional[str]]
INTERVAL_RANGE = (30, 86_400)
DOCUMENTS = f"storage/collections/data/{COLLECTION}"


def check_interval(text: str | None) -> None:
    """Refuse what is not a whole number of seconds within the range."""
    low, high = INTERVAL_RANGE
    if not (text and text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise ValueError(f"The interval has to be a number of seconds from {low} to {high}.")


def _destination(stanza: Conf, accounts: Mapping[str, Conf]) -> tuple[str, int, str, str] | None:
    """What an input reads and where it goes: host, port, organisation and index; None where that is unreadable."""
    account = accounts.get(stanza.get("account") or "", {})
    try:
        host, port = parse_pce_url(account.get("pce_url") or "")
    except ValueError:
        return None
    return host.lower(), port, (account.get("org_id") or "").strip(), stanza.get("index") or "default"


def twins(name: str, inputs: Mapping[str, Conf], accounts: Mapping[str, Conf]) -> list[str]:
    """Name the other inputs that bring the same PCE and organisation into the same index."""
    own = _destination(inputs[name], accounts)
    others = (other for other in inputs if other != name)
    return sorted(other for other in others if own and _destination(inputs[other], accounts) == own)


def checkpoint_dir() -> Path:
    """Where splunkd has the inputs of this instance keep their checkpoints."""
    home = Path(os.environ.get("SPLUNK_HOME", ""))
    database = Path(os.environ.get("SPLUNK_DB") or home / "var" / "lib" / "splunk")
    return database / "modinputs" / "illumio_pce_events"


def forget_breadcrumb(name: str) -> None:
    """Remove what a run left in a file, on this instance."""
    with contextlib.suppress(OSError):
        BreadcrumbFile(checkpoint_dir(), name).forget()
    UnconfirmedMark(checkpoint_dir(), name).clear()
    Signs(checkpoint_dir()).forget(name)


def expect_sign(name: str, interval: str | None) -> None:
    """From now on the input is to run: the other inputs of this instance notice where it does not."""
    Signs(checkpoint_dir()).leave(Sign(name, time.time(), seconds_of(interval)))


class InputHandler(AdminExternalHandler):  # type: ignore[misc]
    """The endpoint `ta_illumio_pce_illumio_pce_events`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._splunkd = connect(self.getSessionKey())

    def handleCreate(self, conf_info: Any) -> None:  # noqa: N802
        """Save a new input."""
        self._check(self.payload)
        super().handleCreate(conf_info)
        self._forget("made, but the KV store may still remember what another of this name had collected", anew=True)
        expect_sign(self.callerArgs.id, self.payload.get("interval"))
        self._warn_of_twins()
        self._tell_of_cluster()

    def handleEdit(self, conf_info: Any) -> None:  # noqa: N802
        """Save a changed input, or switch it on or off."""
        if "disabled" not in self.payload:
            self._check({**next(iter(self.handler.get(self.callerArgs.id))).content, **self.payload})
        super().handleEdit(conf_info)
        self._expect_or_forget_sign()
        self._warn_of_twins()

    def handleRemove(self, conf_info: Any) -> None:  # noqa: N802
        """Delete an input and then its state, over which no run writes another."""
        super().handleRemove(conf_info)
        self._forget("deleted, but the KV store still remembers what it had collected")

    def _forget(self, failing: str, *, anew: bool = False) -> None:
        """Delete everything that is remembered under this name, so that nothing old is taken for this input's."""
        name = self.callerArgs.id
        forget_breadcrumb(name)
        try:
            self._splunkd.delete(DOCUMENTS, query=json.dumps({"input": name}))
            if anew:
                self._splunkd.post(DOCUMENTS, newborn(name, time.time()))
        except (HTTPError, OSError) as error:
            self._warn(
                "state",
                f"The input {name} was {failing} ({type(error).__name__}): "
                "an input of this name goes on where that one ended.",
            )

    def _check(self, conf: Conf) -> None:
        with as_refusal():
            settings = InputSettings.parse(self.callerArgs.id, conf)
            check_interval(conf.get("interval"))
        if settings.account not in stanzas(self._splunkd, ACCOUNTS):
            raise RestError(400, f"There is no account {settings.account}. Choose one from the page Configuration.")

    def _expect_or_forget_sign(self) -> None:
        """After a change: one that is switched on is to run, and one that is switched off is not."""
        stanza = next(iter(self.handler.get(self.callerArgs.id))).content
        if str(stanza.get("disabled", "0")).lower() in ("0", "false"):
            expect_sign(self.callerArgs.id, stanza.get("interval"))
        else:
            Signs(checkpoint_dir()).forget(self.callerArgs.id)

    def _tell_of_cluster(self) -> None:
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

    def _warn_of_twins(self) -> None:
        name = self.callerArgs.id
        others = twins(name, stanzas(self._splunkd, INPUTS), stanzas(self._splunkd, ACCOUNTS))
        if others:
            self._warn(
                "overlap",
                f"The input {name} reads the same PCE and organisation into the same index as {', '.join(others)}. "
                "Unless their filters differ, every event is indexed more than once.",
            )

    def _warn(self, kind: str, text: str) -> None:
        """Write to the add-on's log and to Splunk's messages; what was asked for is done, so nothing fails here."""
        open_log("configuration", "INFO")
        logger.warning(text)
        try:
            announce(self.getSessionKey(), f"ta_illumio_pce_{kind}_{self.callerArgs.id}", text)
        except (HTTPError, OSError) as error:
            logger.warning("The warning could not be shown among Splunk's messages (%s).", type(error).__name__)
