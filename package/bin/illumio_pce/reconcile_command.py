"""`| illumiopcereconcile input=NAME earliest=-24h latest=now collect=true`, over splunk-sdk's search commands.

It works with the rights of whoever searches, who needs the capability that the add-on's pages need.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from splunklib.binding import HTTPError
from splunklib.searchcommands import Configuration, GeneratingCommand, Option, validators

from .clock import SystemClock
from .config import EventsSettings, parse_boolean
from .errors import CollectorError, SplunkdError
from .names import EVENTS, EVENTS_SCHEME, inputs_of
from .pce import Pce
from .reconcile import Slice, parse_range, read_collected, slices
from .splunkd import KvStore, Splunkd, read_account, read_proxy, read_settings
from .timestamps import render
from .transport import HttpsTransport

#: The capability that the add-on's configuration endpoints ask for (restmap.conf).
CAPABILITY = "edit_storage_passwords"
#: A search of one range of the index may take so long (seconds).
_SEARCH_SECONDS = 300.0
#: So many missing events are listed; all are counted, and collected where that is asked for.
_LISTED = 10_000
_DAY = 86_400

Row = dict[str, Any]
_EVENT = ("href", "event_type", "severity", "status", "timestamp")
_COUNTS = ("in_pce", "missing", "without_href", "not_compared_ranges", "requested")
#: Every row has every field: splunk-sdk writes those of the first alone.
_ROW: Row = dict.fromkeys(("_time", "kind", "input", "collection", *_EVENT, "from", "to", *_COUNTS), "")


class _Boolean(validators.Validator):  # type: ignore[misc]
    """`collect=on`, with the spellings that Splunk's conf files take."""

    def __call__(self, value: object) -> bool:
        return parse_boolean(None if value is None else str(value), "collect")

    def format(self, value: object) -> str:
        """How the command's own text shows the option."""
        return "t" if value else "f"


@Configuration(type="reporting")
class ReconcileCommand(GeneratingCommand):  # type: ignore[misc]
    """Names the events of a time range that the PCE has and the index has not; see docs/delivery.md."""

    input = Option(require=True)
    earliest = Option(require=False, default="-24h")
    latest = Option(require=False, default="now")
    collect = Option(require=False, default=False, validate=_Boolean())

    def generate(self) -> Iterator[Row]:
        """One row for each missing event, then one for each collection with the counts."""
        try:
            yield from self._rows()
        except (CollectorError, ValueError) as error:
            self.error_exit(error, str(error))

    def _rows(self) -> Iterator[Row]:
        info = self.metadata.searchinfo
        splunkd = Splunkd(info.splunkd_uri, info.session_key, _SEARCH_SECONDS)
        _require_capability(splunkd)
        settings, clock = _settings_of(splunkd, self.input), SystemClock()
        account = read_account(splunkd, settings.account)
        low, high = parse_range(self.earliest, self.latest, int(time.time() * 1000))
        store = KvStore(splunkd, clock)
        collected = read_collected(store, settings)
        pce = Pce(account, HttpsTransport(account, read_proxy(splunkd, read_settings(splunkd))), clock)
        totals: dict[str, Row] = {
            name: _total(settings.name, name, low, high, read_to) for name, read_to in collected.read_to.items()
        }
        listed, seen = 0, False
        for part in slices(pce.events, lambda a, b: _indexed(splunkd, settings, a, b), collected, low, high):
            if part.missing and not seen:
                _require_visibility(splunkd, settings)
                seen = True
            if part.missing and self.collect:
                store.save([part.backfill(settings.name).document(settings.name)])
            _add(totals[part.collection], part, self.collect)
            for event in part.missing[: _LISTED - listed]:
                listed += 1
                yield _missing(settings.name, part.collection, event.head, event.epoch)
        yield from totals.values()


def _require_capability(splunkd: Splunkd) -> None:
    try:
        content = splunkd.get("authentication/current-context")["entry"][0]["content"]
    except (HTTPError, OSError, ValueError, LookupError, TypeError):
        raise SplunkdError("splunkd does not say who runs the search.") from None
    if CAPABILITY not in content.get("capabilities", ()):
        raise ValueError(f"This command needs the capability {CAPABILITY}, as the add-on's configuration does.")


def _settings_of(splunkd: Splunkd, name: str) -> EventsSettings:
    try:
        entries = splunkd.get(inputs_of(EVENTS_SCHEME), count=0)["entry"]
        stanzas = {entry["name"]: entry["content"] for entry in entries}
    except (HTTPError, OSError, ValueError, KeyError, TypeError):
        raise SplunkdError("splunkd does not list the inputs.") from None
    if name not in stanzas:
        raise ValueError(f"There is no input {name!r}: see the add-on's page Inputs.")
    return EventsSettings.parse(name, {key: None if v is None else str(v) for key, v in stanzas[name].items()})


def _events_of(settings: EventsSettings) -> str:
    source = settings.source.replace("\\", "\\\\").replace('"', '\\"')
    return f'search index=* sourcetype="{EVENTS}" source="{source}"'


def _indexed(splunkd: Splunkd, settings: EventsSettings, low: int, high: int) -> set[str]:
    spl = f"{_events_of(settings)} | stats count by href"
    rows = splunkd.search(spl, f"{low / 1000:.3f}", f"{(high + 1) / 1000:.3f}")
    return {str(row["href"]) for row in rows if "href" in row}


def _require_visibility(splunkd: Splunkd, settings: EventsSettings) -> None:
    """Raise where no event of the input is found at all: then the search is blind, rather than everything missing."""
    if not splunkd.search(f"{_events_of(settings)} | head 1 | stats count by source", "0", f"{time.time() + _DAY:.0f}"):
        raise ValueError(
            f"No event of the input {settings.name!r} is found in any index, so all of them would count as missing. "
            "Either this instance does not search the indexers, as a heavy forwarder without search peers, "
            "or you may not search the index."
        )


def _missing(name: str, collection: str, head: Any, epoch: str) -> Row:
    row = {**_ROW, "_time": epoch, "kind": "missing", "input": name, "collection": collection}
    return {**row, **{key: str(head.get(key) or "") for key in _EVENT}}


def _total(name: str, collection: str, low: int, high: int, read_to: int) -> Row:
    end = max(low, min(high, read_to))
    row = {**_ROW, "_time": f"{end / 1000:.3f}", "kind": "total", "input": name, "collection": collection}
    return {**row, "from": render(low), "to": render(end), **dict.fromkeys(_COUNTS, 0)}


def _add(total: Row, part: Slice, collect: bool) -> None:
    total["in_pce"] += part.events
    total["missing"] += len(part.missing)
    total["without_href"] += part.unnamed
    total["not_compared_ranges"] += part.cut
    total["requested"] += len(part.missing) if collect else 0
    total["to"] = render(part.high)
