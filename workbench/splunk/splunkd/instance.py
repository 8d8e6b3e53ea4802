"""What the REST API and the schedule of inputs use of the instance that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .access import Sessions
from .confs import Confs
from .handlers import Handlers
from .kvstore import KvStore
from .modinput import Host, ModularInputs
from .passwords import Passwords
from .quirks import Quirks

#: SPL, earliest and latest (epoch seconds as text): the rows that `search/v2/jobs/export` answers.
ExportSearch = Callable[[str, str, str], Sequence[Mapping[str, Any]]]


class Instance(Protocol):
    """See `server.Splunkd`, which is one."""

    version: str
    server_name: str
    server_roles: list[str]
    instance_type: str
    guid: str
    startup_time: int
    more_indexes: list[str]
    messages: dict[str, dict[str, str]]
    quirks: Quirks
    search: ExportSearch
    search_v1: bool
    confs: Confs
    sessions: Sessions
    passwords: Passwords
    kv: KvStore
    inputs: ModularInputs
    handlers: Handlers

    @property
    def refused(self) -> list[str]:
        """What was asked and is not known."""

    def host(self, session_key: str, scheme: str) -> Host:
        """What a script is told about splunkd."""

    def start_if_idle(self, stanza: str) -> None:
        """Start a run unless the input still runs."""

    def end_run(self, stanza: str) -> None:
        """End the input's run, if there is one."""
