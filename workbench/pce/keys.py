"""API keys of the emulated PCE: what each may read, until when, and how often."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

READ_EVENTS = "read events"
READ_SYSTEM_EVENTS = "read system events"
READ_SETTINGS = "read settings"
READ_HEALTH = "read health"
READ_INVENTORY = "read inventory"
#: API keys, service accounts and roles, for which a Global Viewer has no right (OpenAPI, 25.2.10).
READ_PRINCIPALS = "read principals"
#: What a Global Viewer may read, and settings of events besides.
EVERYTHING = frozenset({READ_EVENTS, READ_SYSTEM_EVENTS, READ_SETTINGS, READ_HEALTH, READ_INVENTORY})

#: REST API guide: requests a minute that one key may make.
REQUESTS_PER_MINUTE = 500


@dataclass
class ApiKey:
    """A user's or service account's key; `expires_at` and `last_used_at` in epoch seconds.

    `scope`: labels of a scoped role, which sees only the objects within them, and is told so by nothing ("Scoped Roles
    and Permissions", Administration, 25.2.10). READ_SETTINGS stands for a global role.
    """

    org_id: int
    permissions: Collection[str] = EVERYTHING
    expires_at: float | None = None
    key_id: str = field(default_factory=lambda: "api_" + secrets.token_hex(8))
    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    last_used_at: float | None = None
    scope: Sequence[Any] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """Id and secret, as `Request.get` takes them."""
        return self.key_id, self.secret

    def admits(self, secret: str, now: float) -> bool:
        """Whether the secret is right and the key has not expired."""
        return secrets.compare_digest(secret.encode(), self.secret.encode()) and not self.expired(now)

    def expired(self, now: float) -> bool:
        """Whether the key's time is over."""
        return self.expires_at is not None and now >= self.expires_at


class RateLimit:
    """Requests of each key within the last minute; a request that is refused is not counted (an assumption)."""

    def __init__(self, per_minute: int = REQUESTS_PER_MINUTE, retry_after: int | None = None) -> None:
        self.per_minute = per_minute
        self.retry_after = retry_after
        self._taken: dict[str, deque[float]] = {}

    def take(self, key_id: str, now: float) -> bool:
        """Count one request; whether it is still within the limit."""
        taken = self._taken.setdefault(key_id, deque())
        while taken and taken[0] <= now - 60:
            taken.popleft()
        if len(taken) >= self.per_minute:
            return False
        taken.append(now)
        return True
