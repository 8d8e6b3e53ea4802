"""One run of an inventory input: what the PCE has, as events, as far as it changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import CollectorError, PceError
from .input_run import InputRun, Prepared
from .inventory_collection import CollectionRun, Shared
from .inventory_download import Downloader
from .inventory_events import Header, pages
from .inventory_files import Files
from .inventory_kinds import COLLECTIONS, Context
from .inventory_pce import NO_TIMERS, Identity, TimerSettings, identify, read_timers
from .inventory_settings import InventorySettings
from .inventory_silent import Timers
from .inventory_state import InputMemory, InventoryState
from .limits import DEFAULT_LIMITS, Limits
from .names import INVENTORY, INVENTORY_SCHEME, INVENTORY_STATE
from .pce_clock import clock_problem
from .record import peak_memory_mib
from .short_record import ShortRecord
from .short_run import ShortRun
from .splunkd import KvStore
from .timestamps import DAY, SECOND

#: The collections whose objects others name by href.
_NAMING = ("labels", "label_groups", "ip_lists", "services", "virtual_services")
#: What the record of a run has of each manifest.
FIGURES = ("complete", "full", "count", "added", "changed", "deleted")


#: A device without a clock says an earlier time (epoch ms: 2020).
_FIRST_CREDIBLE = 1_577_836_800_000
_SET_CLOCK = (
    "Synchronise this machine and the PCE by NTP. No inventory is collected until then: a snapshot dated in the future "
    "would take precedence over later ones."
)
_GUESSED = (
    "It is unknown which VENs this PCE serves, so `silent` is not set: the account's host is not among the FQDNs in "
    "/health, nor, where that cannot be read, among those that events and VENs name. Enter the PCE's own FQDN as PCE "
    "URL, in a supercluster the member's, or let the API key read /health."
)
_UNREADABLE_SCOPE = (
    "An offline timer of settings/workloads has a scope of an unknown form. Where it may apply, `silent` is not judged."
)
_NONE_JUDGED = (
    "No VEN was judged silent or not: all of them name another PCE than {} (active_pce_fqdn), and heartbeats are not "
    "replicated in a supercluster. Collect the VENs from the members that serve them. A PCE on premises that calls "
    "itself standalone in /health is taken to serve all of its VENs, if the API key may read that."
)


@dataclass
class InventoryRecord(ShortRecord):
    """What a run counts. `collections`: for each the figures of its manifest."""

    collections: dict[str, dict[str, Any]] = field(default_factory=dict)

    def figures(self) -> Mapping[str, Any]:
        """The manifests, and the memory (MiB) where the system tells it."""
        memory = peak_memory_mib()
        return {**({} if memory is None else {"peak_memory_mib": memory}), "collections": self.collections}


@dataclass
class InventoryRun(ShortRun):
    """See `ShortRun`. `folder`: where the input keeps its files."""

    settings: InventorySettings
    state: InventoryState
    folder: Path
    limits: Limits = DEFAULT_LIMITS
    record: InventoryRecord = field(default_factory=InventoryRecord, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._started_ms = int(self.clock.time() * SECOND)

    def collect(self) -> None:
        """Read the collections, one after another; those that cannot be read are an error at the end.

        Raises CollectorError, PipeClosed or StopRequested.
        """
        memory = self._remembered()
        wanted = [name for name in COLLECTIONS if name in self.settings.collections]
        try:
            with self.stop.interruptible():
                timers = read_timers(self.pce, self.account.org_id, memory.timers)  # ends the run where the key is bad
                identity = identify(self.pce, self.account, memory)
            self._check_clock()
            memory.fqdn, memory.guessed, memory.timers = identity.fqdn, identity.guessed, timers.value
            memory.is_standalone = identity.is_standalone
            if identity.is_standalone:
                memory.members = ()
            shared = self._shared(memory, identity, timers)
            if identity.guessed:
                self.record.notes.append(_GUESSED)
        except PceError as error:
            self._report(wanted, self._shared(memory, Identity(memory.fqdn or self.account.host), NO_TIMERS), error)
            raise
        try:
            self._collect_each(wanted, shared)
            self._note_silence(shared.context)
        except OSError as error:
            raise _file_error(error) from None

    def _note_silence(self, context: Context) -> None:
        """Say so where `silent` is lacking, and nothing else would tell why."""
        if context.timers is not None and context.timers.has_unreadable_scope:
            self.record.notes.append(_UNREADABLE_SCOPE)
        if context.not_judged and not context.judged:
            self.record.notes.append(_NONE_JUDGED.format(context.fqdn))

    def _check_clock(self) -> None:
        """A run with a wrong time would outdate those of the right time; a smaller difference is noted."""
        ahead, problem = self.pce.time.ahead_ms, clock_problem(self.pce.time, None)
        if abs(ahead) > DAY and self._started_ms + ahead >= _FIRST_CREDIBLE:
            raise CollectorError("clock", problem, remedy=_SET_CLOCK)
        if problem:
            self.record.notes.append(problem)

    def _remembered(self) -> InputMemory:
        memory = self.state.load()
        return memory if memory.source == self.account.source else InputMemory(self.account.source)

    def _shared(self, memory: InputMemory, identity: Identity, timers: TimerSettings) -> Shared:
        # A later run has a later name, also if the clock was set back.
        snapshot = max(self._started_ms, memory.latest(until_ms=self._started_ms + DAY) + 1)
        reads_vens = "vens" in self.settings.collections
        context = Context(identity.fqdn, is_standalone=identity.is_standalone, reads_vens=reads_vens)
        if timers.value is not None and not identity.guessed:
            context.timers = Timers(timers.value, memory.groups)
        return Shared(
            settings=self.settings,
            pce=self.pce,
            downloader=Downloader(self.pce, self.clock, self.limits, self.state.keep_lease),
            state=self.state,
            memory=memory,
            header=Header(identity.fqdn, self.account.org_id, f"{snapshot:013}", self._started_ms),
            context=context,
            stop=self.stop,
            write=lambda texts: self._write(identity.fqdn, texts),
            source=self.account.source,
            limited=timers.why,
            members=identity.members,
        )

    def _collect_each(self, wanted: list[str], shared: Shared) -> None:
        failures: dict[str, PceError] = {}
        try:
            for name in self._only_learnt(wanted, shared.context):
                self._learn(name, shared, from_pce=True)
        except PceError as error:
            self._report(wanted, shared, error)
            raise
        for at, name in enumerate(wanted):
            try:
                self._note(name, self._collection_run(name, shared).collect())
            except PceError as error:
                self._report(wanted[at:] if error.ends_the_run else [name], shared, error)
                if error.ends_the_run:
                    raise
                failures[name] = error
                self._note_labels(name, shared, error)
                if name in _NAMING:
                    self._learn(name, shared, from_pce=False)
        if failures:
            raise _of_collections(failures)

    @staticmethod
    def _only_learnt(wanted: list[str], context: Context) -> Iterator[str]:
        """The collections that are read for what others name by href, though no events of them are wanted."""
        if "labels" not in wanted:
            yield "labels"
        if "label_groups" not in wanted and context.timers is not None and context.timers.groups:
            yield "label_groups"

    def _collection_run(self, name: str, shared: Shared) -> CollectionRun:
        collection, org = COLLECTIONS[name], f"/orgs/{self.account.org_id}/"
        path = f"/api/v2{collection.path if collection.path.startswith('/') else org + collection.path}"
        return CollectionRun(collection, Files.of(self.folder, self.settings.name, name), path, shared)

    def _learn(self, name: str, shared: Shared, *, from_pce: bool) -> None:
        """Learn the names of a collection of which no events are written. What fails is noted."""
        try:
            self._collection_run(name, shared).learn(from_pce=from_pce)
        except PceError as error:
            if error.ends_the_run:
                raise
            self.record.notes.append(f"{name}: {error.args[0]}")
            self._note_labels(name, shared, error)

    @staticmethod
    def _note_labels(name: str, shared: Shared, error: PceError) -> None:
        """Labels that the key may not read stay unknown; those that failed to come are missed."""
        if name == "labels" and error.status not in (403, 404):
            shared.context.labels_error = error

    def _report(self, names: list[str], shared: Shared, error: PceError) -> None:
        """Write the manifests of collections that could not be read."""
        none = dict.fromkeys(("count", "added", "changed", "deleted"), 0)
        manifest = {"complete": False, **none, "full": False, "why": str(error), "pce_fqdns": shared.fqdns()}
        shared.write(shared.header.manifest(name, manifest) for name in names)
        for name in names:
            self._note(name, manifest)

    def _note(self, name: str, manifest: dict[str, Any]) -> None:
        self.record.collections[name] = {figure: manifest[figure] for figure in FIGURES}
        if "why" in manifest:
            self.record.notes.append(f"{name}: {manifest['why']}")

    def _write(self, host: str, texts: Iterable[str]) -> None:
        """Hand events to splunkd; a stop may come before each page of them."""
        for page in pages(texts):
            self.stop.check()
            self.state.keep_lease()
            self._hand_over(page, self._started_ms / SECOND, [host] * len(page), INVENTORY)


def _of_collections(failures: Mapping[str, PceError]) -> PceError:
    """One error for those of several collections."""
    first = next(iter(failures.values()))
    text = " ".join(f"{name}: {error.args[0]}" for name, error in failures.items())
    return PceError(first.category, text, remedy=first.remedy, status=first.status)


def _file_error(error: OSError) -> CollectorError:
    return CollectorError(
        "internal",
        f"A file of the input cannot be read or written ({type(error).__name__}).",
        remedy="Check the free disk space, and that Splunk may write to the folder modinputs in SPLUNK_DB (by default "
        "var/lib/splunk).",
    )


class InventoryInputRun(InputRun):
    """Reads the inventory of one input's PCE."""

    SCHEME = INVENTORY_SCHEME
    SOURCETYPE = INVENTORY
    LABEL = f"{INVENTORY_SCHEME}://"
    STATE = INVENTORY_STATE
    SHARE = 8

    def _parse_settings(self) -> InventorySettings:
        return InventorySettings.parse(self._name, self._parameters)

    def _begin(self, prepared: Prepared) -> InventoryRun:
        settings, account, pce = prepared.settings, prepared.account, prepared.pce
        state = InventoryState(prepared.store, self._name, self._clock, prepared.lease)
        return InventoryRun(settings, account, pce, self, self._clock, self._stop, state, self._folder, self._limits)

    def _on_pipe_closed(self) -> None:
        """The next run sees in the KV store that this one did not end, and writes everything."""

    def _saved_at(self, store: KvStore, name: str, otherwise: float) -> float:
        """When the input's state was stored last."""
        found = (store.get(f"{self.STATE}{name}") or {}).get("saved_at")
        return found if isinstance(found, (int, float)) else otherwise


def run_input(
    stanza: str, parameters: Mapping[str, str], metadata: Mapping[str, str], limits: Limits = DEFAULT_LIMITS
) -> bool:
    """One run of one input; whether it ended well."""
    return InventoryInputRun(stanza, parameters, metadata, limits).run()
