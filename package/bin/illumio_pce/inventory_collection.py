"""One collection in one run: it is read whole, compared with what is known, and written as far as it changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any, Callable, NamedTuple

from .errors import PceError
from .inventory_download import Downloader
from .inventory_events import Header, Spool
from .inventory_files import Files
from .inventory_kinds import NAMED_BY_OTHERS, Collection, Context, Item
from .inventory_known import Known, KnownMetadata, KnownObject, KnownWriter
from .inventory_settings import InventorySettings
from .inventory_snapshot import Snapshot, Verdict, judge
from .inventory_state import InputMemory, InventoryState, Mark
from .pce import Pce
from .stop import Stop
from .store import Unreadable
from .timestamps import HOUR, SECOND

#: Those that tell which members of a supercluster serve VENs.
_SERVED = ("vens", "workloads")


@dataclass
class Shared:
    """What the collections of a run share. `write` hands events to splunkd; `source` is the PCE and organisation.

    `limited`: why the key may be limited to labels; empty where it is not. `members`: FQDNs of the supercluster.
    """

    settings: InventorySettings
    pce: Pce
    downloader: Downloader
    state: InventoryState
    memory: InputMemory
    header: Header
    context: Context
    stop: Stop
    write: Callable[[Iterable[str]], None]
    source: str
    limited: str
    members: set[str]

    def fqdns(self) -> list[str]:
        """The PCE and the other members of its supercluster, as far as they are known; each once, in any case."""
        found = sorted({*self.members, *self.memory.members, *self.context.seen})
        own = self.header.fqdn
        others = {name.lower(): name for name in found if name.lower() != own.lower()}
        return [own, *others.values()]


class Totals(NamedTuple):
    """How many objects the PCE counts `before` and `after` it gives them; None where it does not say so."""

    before: int | None
    after: int | None


class _Compared(NamedTuple):
    """A snapshot, its events, and what will be known."""

    snapshot: Snapshot
    spool: Spool
    new: KnownWriter

    @property
    def rows(self) -> int:
        return self.snapshot.rows


class CollectionRun:
    """One collection in one run."""

    def __init__(self, collection: Collection, files: Files, path: str, shared: Shared) -> None:
        self._collection = collection
        self._files = files
        self._path = path
        self._shared = shared
        self._mark = shared.memory.marks.get(collection.name, Mark())
        self._known = Known()
        self._fits = False

    def collect(self) -> dict[str, Any]:
        """Do everything; the members of the manifest. Raises what `InventoryRun.collect` raises."""
        try:
            self._load()
            full = self._is_full_due()
            with self._shared.stop.interruptible():
                totals, (snapshot, spool, new) = self._read(full=full)
                doubts = self._doubts(snapshot, totals)
                verdict = self._judge(snapshot, totals, complete=not doubts)
                if not (full or self._known.metadata.sure or doubts or verdict.why):
                    full = True  # an earlier one is made up for, now that it can be
                    snapshot, spool, new = self._compare(full=full)
                self._keep_names(verdict, doubts)
            manifest = self._manifest(snapshot, verdict, doubts, full=full)
            self._begin_writing()
            self._write(spool, verdict, manifest)
            self._save(new, snapshot, verdict, self._metadata(verdict, manifest, full=full))
            return manifest
        finally:
            self._known.close()
            self._files.remove(known=False)

    def learn(self, *, from_pce: bool) -> None:
        """Only learn the names that others need: from the PCE, or those that are known."""
        try:
            if from_pce:
                with self._shared.stop.interruptible():
                    self._learn_from_pce()
                return
            self._load()
            for known in self._known.all():
                self._keep_name(known)
        finally:
            self._known.close()
            self._files.remove(known=False)

    # --- what is known -----------------------------------------------------------------------------

    def _load(self) -> None:
        """Read what is known; nothing where it is of another PCE, or of another run than the last."""
        try:
            known = Known.read(self._files.known)
        except Unreadable:
            return
        metadata, own = known.metadata, (self._shared.source, self._shared.header.fqdn)
        self._fits = (metadata.source, metadata.fqdn) == own and self._mark.fits(metadata)
        if self._fits:
            self._known = known
        else:
            known.close()

    def _is_full_due(self) -> bool:
        """Whether everything is to be written: nothing is known, or not for certain, or elsewhere, or it is time."""
        metadata, settings, now = self._known.metadata, self._shared.settings, self._shared.header.started_ms
        if not self._fits or self._mark.was_interrupted(metadata) or metadata.index != settings.index:
            return True
        every = settings.full_every * HOUR
        early = min(settings.interval * SECOND, every) // 2  # rather half an interval early than late
        return not 0 <= now - metadata.full_at < every - early

    def _limits(self) -> str:
        """Why the key may read only a part of the collection; empty where it reads all of it."""
        return self._shared.limited if self._collection.scoped else ""

    def _unidentified_before(self) -> int:
        """How many objects there were, where it is not known which they were; else 0."""
        pending = self._known.metadata.pending
        is_lost = not self._fits or (pending is not None and not pending.missing)
        return self._mark.objects if is_lost else 0

    # --- reading -----------------------------------------------------------------------------------

    def _read(self, *, full: bool) -> tuple[Totals, _Compared]:
        """How many objects the PCE counts, and those that it gives."""
        shared = self._shared
        total = shared.downloader.total(self._path)
        shared.context.now_ms = shared.pce.time.header_now_ms()  # heartbeats have the PCE's time
        compared = shared.downloader.read(self._path, self._files.download, lambda: self._compare(full=full), total)
        self._check_labels()
        return self._recount(total, compared.rows), compared

    def _recount(self, total: int | None, rows: int) -> Totals:
        """Where the PCE counted other than came, have it count again: objects come and go."""
        counts_again = total is not None and total != rows
        return Totals(total, self._shared.downloader.total(self._path) if counts_again else total)

    def _compare(self, *, full: bool) -> _Compared:
        """Compare what was downloaded with what is known."""
        snapshot, header = Snapshot(), self._shared.header
        self._shared.context.names.unknown_labels = 0
        self._shared.context.unlisted.clear()
        with closing(Spool(self._files.events)) as spool, closing(KnownWriter(self._files.new)) as new:
            items = self._items(snapshot)
            snapshot.compare(items, self._known, new, lambda item: spool.add(header.present(item)), full=full)
            self._keep_unlisted(new)
        return _Compared(snapshot, spool, new)

    def _keep_unlisted(self, new: KnownWriter) -> None:
        """Rules stay as they are known where their rule set does not list its rules of that kind, not even none."""
        known, unlisted = self._known, self._shared.context.unlisted
        for at in known.missing() if unlisted else ():
            if known.entry(at).href.rpartition("/")[0] in unlisted:
                new.keep(known.keep(at))

    def _check_labels(self) -> None:
        """Rather read a collection in the next run than tell that its objects have lost their labels."""
        error, unknown = self._shared.context.labels_error, self._shared.context.names.unknown_labels
        if error is not None and unknown:
            text = f"The objects refer to labels only by href, and the labels could not be read. {error.args[0]}"
            raise PceError(error.category, text, remedy=error.remedy)

    def _items(self, snapshot: Snapshot) -> Iterator[Item]:
        for item in self._collection.project(snapshot.records(self._files.download), self._shared.context):
            self._keep_name(item)
            yield item

    def _learn_from_pce(self) -> None:
        """Raises PceError as well where some are missing."""
        total = self._shared.downloader.total(self._path)
        rows = self._shared.downloader.read(self._path, self._files.download, self._learn_download, total).rows
        mismatch = _count_mismatch(rows, self._recount(total, rows))
        if mismatch and total is not None:
            raise PceError("broken_answer", mismatch)

    def _learn_download(self) -> Snapshot:
        """Keep the names of what was downloaded."""
        snapshot = Snapshot()
        for _ in self._items(snapshot):
            pass
        return snapshot

    def _keep_names(self, verdict: Verdict, doubts: list[str]) -> None:
        """What this snapshot lacks, and what is kept, has its name for others as before."""
        for at in verdict.kept:
            self._keep_name(self._known.entry(at))
        if doubts and not self._fits and self._collection.name == "labels":
            self._shared.context.labels_error = PceError("broken_answer", " ".join(doubts))

    def _keep_name(self, item: Item | KnownObject) -> None:
        if item.kind in NAMED_BY_OTHERS:
            self._shared.context.names.keep(item.kind, item.href, item.name, item.last)

    def _doubts(self, snapshot: Snapshot, totals: Totals) -> list[str]:
        """Why objects may be missing; nothing where the snapshot is complete."""
        flawed = f"{snapshot.flawed} of {snapshot.rows} objects have no href." if snapshot.flawed else ""
        repeated = (
            f"Objects came more than once ({snapshot.repeated}), so others may be missing." if snapshot.repeated else ""
        )
        count = _count_mismatch(snapshot.rows, totals)
        return list(filter(None, (self._limits(), flawed, repeated, count, self._shared.downloader.shortfall)))

    # --- what becomes of it ------------------------------------------------------------------------

    def _judge(self, snapshot: Snapshot, totals: Totals, *, complete: bool) -> Verdict:
        return judge(
            self._known,
            snapshot.count,
            self._unidentified_before(),
            complete=complete,
            exact=snapshot.rows in totals,
            now_ms=self._shared.header.started_ms,
            interval_ms=self._shared.settings.interval * SECOND,
        )

    def _manifest(self, snapshot: Snapshot, verdict: Verdict, doubts: list[str], *, full: bool) -> dict[str, Any]:
        why = " ".join(filter(None, (*doubts, verdict.why)))
        unlisted = sorted({href.rpartition("/")[2] for href in self._shared.context.unlisted})
        return {
            "complete": not doubts,
            "count": snapshot.count,
            "added": snapshot.added,
            "changed": snapshot.changed,
            "deleted": len(verdict.gone),
            "full": full and not why,
            **({"why": why} if why else {}),
            **({"unlisted": unlisted} if unlisted else {}),
            "pce_fqdns": self._shared.fqdns(),
        }

    def _metadata(self, verdict: Verdict, manifest: dict[str, Any], *, full: bool) -> KnownMetadata:
        """What this snapshot leaves behind.

        One that was to be full and could not be is made up for by the next one without a doubt, not by each until then.
        """
        shared, before = self._shared, self._known.metadata
        return KnownMetadata(
            shared.source,
            shared.header.fqdn,
            shared.header.snapshot,
            full_at=shared.header.started_ms if full else before.full_at,
            pending=verdict.pending,
            sure=manifest["full"] if full else before.sure,
            kept=len(verdict.kept),
            index=shared.settings.index,
        )

    def _begin_writing(self) -> None:
        self._remember(self._mark._replace(writing=self._shared.header.snapshot))

    def _write(self, spool: Spool, verdict: Verdict, manifest: dict[str, Any]) -> None:
        header, known = self._shared.header, self._known
        deleted = (header.deleted(known.entry(at)) for at in verdict.gone)
        last = (header.manifest(self._collection.name, manifest),)
        self._shared.write(chain(spool.texts(), deleted, last))

    def _save(self, new: KnownWriter, snapshot: Snapshot, verdict: Verdict, metadata: KnownMetadata) -> None:
        """Keep what is known now: the file first, and then that it counts."""
        shared, known = self._shared, self._known
        new.finish(map(known.line, verdict.kept), metadata)
        known.close()
        self._files.new.replace(self._files.known)
        count = snapshot.count + len(verdict.kept)
        is_sure = not verdict.kept and verdict.pending is None
        if self._collection.name in _SERVED:
            shared.memory.members = tuple(sorted({*shared.members, *shared.context.seen}))
        if shared.context.timers is not None:
            shared.memory.groups = shared.context.timers.members
        self._remember(Mark(metadata.snapshot, count if is_sure else max(count, self._mark.objects)))

    def _remember(self, mark: Mark) -> None:
        self._shared.memory.marks[self._collection.name] = mark
        self._shared.state.save(self._shared.memory)


def _count_mismatch(rows: int, totals: Totals) -> str:
    """What is wrong where the PCE counts other than came."""
    before, after = totals
    if before is None:
        return "The PCE does not say how many objects there are (X-Total-Count)."
    if after is not None and min(before, after) <= rows <= max(before, after):
        return ""
    return f"The PCE counts {before} objects but returned {rows}."
