"""Ways in which a KV store lets writes down while it answers, and backups of it. All off."""

from __future__ import annotations

from dataclasses import dataclass

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Backup:
    """The documents of the store, or of one app's collection, as they were: (app, collection, key, text)."""

    rows: tuple[Row, ...]
    app: str | None = None
    collection: str | None = None

    def holds(self, app: str, collection: str) -> bool:
        """Whether the backup is one of that collection."""
        return self.app is None or (self.app, self.collection) == (app, collection)


@dataclass
class Trouble:
    """What a test switches on; each member names its sources.

    read_only: the HTTP status of every write, while reads go on. `splunk enable kvstore-maintenance-mode -readOnly
        true` does that (Splunk 9.4.2 and later, "Manage the KV store workload with read-only mode"). Which status a
        write gets then is not documented; 507 is that of a full disk (RFC 4918), 403 that of a role without the right.
    forgets: a write is acknowledged and not kept. Splunk waits for replication (server.conf.spec,
        `replicationWriteTimeout`), and a primary that loses its place rolls back what was not replicated (MongoDB
        manual, "Rollbacks During Replica Set Failover").
    hangs: seconds that a write waits before it is done, as one does that waits for replication, up to 1,800 s
        (server.conf.spec). The one who asked may have given up.
    reads_from: reads are answered with what was there then, as by a secondary that lags behind (MongoDB manual, "Read
        Preference"); writes and deletions see the present. That Splunk's endpoints read so, nobody says.
    """

    read_only: int | None = None
    forgets: bool = False
    hangs: float = 0.0
    reads_from: Backup | None = None
