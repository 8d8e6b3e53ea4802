"""Inputs of audit events: their fields, and what is forgotten when one is deleted."""

from __future__ import annotations

import contextlib
import time

from illumio_pce.breadcrumb import BreadcrumbFile
from illumio_pce.config import EventsSettings, parse_interval
from illumio_pce.errors import CollectorError
from illumio_pce.filters import members
from illumio_pce.lease import is_shared
from illumio_pce.names import EVENTS_SCHEME
from illumio_pce.state import created_document
from illumio_pce.unconfirmed import UnconfirmedMark
from splunklib.binding import HTTPError

from .input_handler import DOCUMENTS, BaseInputHandler, Conf


def spelled_once(settings: EventsSettings, conf: Conf) -> dict[str, str]:
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


class EventsHandler(BaseInputHandler):
    """The endpoint `ta_illumio_pce_illumio_pce_events`."""

    KIND = "events"
    SCHEME = EVENTS_SCHEME

    def _spelled_once(self, conf: Conf) -> dict[str, str]:
        return spelled_once(EventsSettings.parse_form(self.callerArgs.id, conf, int(time.time() * 1000)), conf)

    def _forget_earlier(self) -> None:
        name = self.callerArgs.id
        self._forget_on_this_instance()
        try:
            # In a cluster another member may have this input: only one that has not collected yet is no matter.
            unused = {"kind": "created"} if is_shared(self._splunkd.server_info()) else {}
            self._delete_documents(**unused)
            self._splunkd.post(DOCUMENTS, created_document(name, time.time()))
        except (CollectorError, HTTPError, OSError) as error:
            if isinstance(error, HTTPError) and error.status == 409:
                text = (
                    f"The input {name} continues from the checkpoint that the members of this search head cluster "
                    "share under its name, whatever its start time. To start anew, choose another name."
                )
            else:
                text = (
                    f"An earlier checkpoint of the name {name} may still be in the KV store ({type(error).__name__}). "
                    "An input of this name continues from that checkpoint."
                )
            self._warn("state", text)

    def _forget(self) -> None:
        name = self.callerArgs.id
        self._forget_on_this_instance()
        try:
            if self._has_own_state():
                self._delete_documents()
                return
            text = (
                f"The input {name} was deleted on this member of the search head cluster. Its checkpoint stays in the "
                "KV store, since another member may use it: an input of this name continues from that checkpoint."
            )
        except (CollectorError, HTTPError, OSError) as error:
            text = (
                f"The input {name} was deleted, but its checkpoint could not be deleted from the KV store "
                f"({type(error).__name__}). An input of this name continues from that checkpoint."
            )
        self._warn("state", text)

    def _forget_files(self, name: str) -> None:
        with contextlib.suppress(OSError):
            BreadcrumbFile(self._folder, name).forget()
        UnconfirmedMark(self._folder, name).clear()

    @staticmethod
    def overlap_text(name: str, others: str) -> str:
        """See `BaseInputHandler`."""
        return (
            f"The input {name} reads the same PCE and organisation into the same index as {others}. "
            "Unless their filters differ, every event is indexed more than once."
        )
