"""What holds for inputs of every kind: checked as every run checks them, and warned of when they overlap."""

from __future__ import annotations

import contextlib
import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from illumio_pce.config import parse_boolean
from illumio_pce.errors import CollectorError
from illumio_pce.heartbeats import Heartbeat, Heartbeats, interval_seconds
from illumio_pce.lease import is_shared
from illumio_pce.names import COLLECTION, inputs_of
from illumio_pce.splunkd import is_disabled
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


def checkpoint_dir(scheme: str) -> Path:
    """Where splunkd has the inputs of a scheme keep their checkpoints on this instance."""
    home = Path(os.environ.get("SPLUNK_HOME", ""))
    database = Path(os.environ.get("SPLUNK_DB") or home / "var" / "lib" / "splunk")
    return database / "modinputs" / scheme


class BaseInputHandler(AdminExternalHandler, ABC):  # type: ignore[misc]
    """The endpoint of one kind of input.

    `KIND`: what tells its inputs from others of the same name, in messages and in the names of warnings. `STATE`: the
    same in the names of documents in the KV store. `OF_ANY_ORG`: what it reads is the PCE's own, whichever organisation
    the account is of.
    """

    KIND: str
    SCHEME: str
    STATE = ""
    OF_ANY_ORG = False

    payload: dict[str, str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._splunkd = connect(self.getSessionKey())
        self._folder = checkpoint_dir(self.SCHEME)

    # --- what each kind does by itself --------------------------------------------------------------

    @abstractmethod
    def _spelled_once(self, conf: Conf) -> dict[str, str]:
        """Every field in the one spelling that it is stored in. Raises ValueError for what no run could use."""

    @abstractmethod
    def _forget_files(self, name: str) -> None:
        """Delete the files that runs of an input left on this instance."""

    @staticmethod
    @abstractmethod
    def overlap_text(name: str, others: str) -> str:
        """What is said of an input and others that bring the same."""

    # --- what splunkd calls ------------------------------------------------------------------------

    def handleCreate(self, conf_info: Any) -> None:  # noqa: N802
        """Save a new input."""
        check_new_name(self.callerArgs.id, self._inputs(), "input", _LONGEST_NAME)
        self._check(self.payload)
        self._forget_earlier()  # before a run of the new input can store anything
        super().handleCreate(conf_info)
        self._expect_heartbeat(self.payload.get("interval"))
        self._warn_of_overlaps()
        self._warn_of_cluster()

    def handleEdit(self, conf_info: Any) -> None:  # noqa: N802
        """Save a changed input, switch it on or off, or both: splunktaucclib would only switch it."""
        name, switch = self.callerArgs.id, self.payload.pop("disabled", None)
        stored = self._inputs().get(name)
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
        self._forget()

    # --- how ---------------------------------------------------------------------------------------

    def _inputs(self) -> dict[str, dict[str, str]]:
        return stanzas(self._splunkd, inputs_of(self.SCHEME))

    def _check(self, conf: Conf) -> None:
        """Refuse what no run could use, and have each posted field stored in one spelling."""
        with as_rest_error():
            tidy = self._spelled_once(conf)
        if tidy["account"] not in stanzas(self._splunkd, ACCOUNTS):
            raise RestError(
                400, f"There is no account {tidy['account']}. Choose another, or add it under Configuration."
            )
        self.payload.update({name: value for name, value in tidy.items() if name in self.payload})

    # The members of a search head cluster share their KV store, and may each have an input of one name. What cannot be
    # deleted is harmless, or ends by itself.

    def _forget_earlier(self) -> None:
        """An input is about to be created: delete what is left of an earlier one, so that nothing is taken for its."""
        self._forget_on_this_instance()
        with contextlib.suppress(CollectorError, HTTPError, OSError):
            if not is_shared(self._splunkd.server_info()):
                self._delete_documents()

    def _forget(self) -> None:
        """The input was deleted: delete what is remembered of it, and is not another member's."""
        self._forget_on_this_instance()
        with contextlib.suppress(CollectorError, HTTPError, OSError):
            if self._has_own_state():
                self._delete_documents()

    def _forget_on_this_instance(self) -> None:
        self._forget_files(self.callerArgs.id)
        Heartbeats(self._folder).forget(self.callerArgs.id)

    def _has_own_state(self) -> bool:
        """Whether this instance ran the input last, or nobody else can. Raises CollectorError, HTTPError or OSError."""
        info = self._splunkd.server_info()
        lease = {"_key": f"{self.STATE}{self.callerArgs.id}.lease", "holder": str(info.get("guid"))}
        return not is_shared(info) or bool(self._splunkd.get(DOCUMENTS, query=json.dumps(lease)))

    def _delete_documents(self, **members: str) -> None:
        """Delete the input's documents in the KV store, or those with these members. Raises HTTPError or OSError."""
        self._splunkd.delete(DOCUMENTS, query=json.dumps({"input": self.STATE + self.callerArgs.id, **members}))

    def _expect_heartbeat(self, interval: str | None) -> None:
        """From now on the input is to run: the others of its kind on this instance notice where it does not."""
        heartbeat = Heartbeat(self.callerArgs.id, time.time(), interval_seconds(interval))
        Heartbeats(self._folder).leave(heartbeat)

    def _expect_or_forget_heartbeat(self) -> None:
        """After a change: one that is switched on is to run, and one that is switched off is not."""
        stanza = next(iter(self.handler.get(self.callerArgs.id))).content
        if is_disabled(stanza):
            Heartbeats(self._folder).forget(self.callerArgs.id)
        else:
            self._expect_heartbeat(stanza.get("interval"))

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
            accounts = stanzas(self._splunkd, ACCOUNTS)
            others = overlapping_inputs(name, self._inputs(), accounts, of_any_org=self.OF_ANY_ORG)
            if others:
                self._warn("overlap", self.overlap_text(name, ", ".join(others)))

    def _warn(self, cause: str, text: str) -> None:
        warn(self.getSessionKey(), f"{cause}_{self.KIND}_{self.callerArgs.id}", text)
