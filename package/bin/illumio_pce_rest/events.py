"""Inputs of audit events: their fields, and what is forgotten when one is deleted."""

from __future__ import annotations

import contextlib
import time

from illumio_pce.breadcrumb import BreadcrumbFile
from illumio_pce.config import EventsSettings, parse_interval
from illumio_pce.filters import members
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

    def _forget(self, *, anew: bool) -> None:
        name = self.callerArgs.id
        self._forget_on_this_instance()
        try:
            self._delete_documents()
            if anew:
                self._splunkd.post(DOCUMENTS, created_document(name, time.time()))
        except (HTTPError, OSError) as error:
            failing = (
                "created, but an earlier checkpoint of this name may still be in the KV store"
                if anew
                else "deleted, but its checkpoint could not be deleted from the KV store"
            )
            self._warn(
                "state",
                f"The input {name} was {failing} ({type(error).__name__}). "
                "An input of this name continues from that checkpoint.",
            )

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
