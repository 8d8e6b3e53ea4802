"""Asynchronous requests (`Prefer: respond-async`): a job that becomes a datafile."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass
class JobRules:
    """How jobs of this PCE go; tests change them.

    A job is pending for `pending_polls`, then runs until `polls` polls and `seconds` seconds are over, and
    then is done, or failed where `fails`, with `message` in its result where there is one (TA-Illumio reads it).
    `base`: what stands before the href in `Location`. The guides show `https://pce.my-company.com:8443/api/v2` (21.2,
    24.2) and nothing (25.2). `empty_without_result`: of an empty list there is no datafile; nobody has seen it.
    """

    pending_polls: int = 1
    polls: int = 2
    seconds: float = 0.0
    fails: bool = False
    message: str = ""
    base: str = ""
    empty_without_result: bool = False
    retry_after: int = 5


@dataclass
class Job:
    """One asynchronous request; `result` is its datafile, times are epoch seconds of the PCE."""

    org_id: int
    description: str
    requested_by: str
    requested_at: float
    result: bytes
    rules: JobRules
    polled: int = 0
    ended_at: float | None = None
    href: str = field(init=False)
    datafile: str = field(init=False)

    def __post_init__(self) -> None:
        self.href = f"/orgs/{self.org_id}/jobs/{uuid.uuid4()}"
        self.datafile = f"/orgs/{self.org_id}/datafiles/{uuid.uuid4()}"

    @property
    def done(self) -> bool:
        """Whether a poll has been told that the datafile is there."""
        return self.ended_at is not None and not self.rules.fails

    def poll(self, now: float) -> dict[str, Any]:
        """What the PCE says about the job, which goes on with each poll."""
        self.polled += 1
        over = self.polled > self.rules.polls and now - self.requested_at >= self.rules.seconds
        if over and self.ended_at is None:
            self.ended_at = now
        status = "pending" if self.polled <= self.rules.pending_polls else "running"
        if self.ended_at is not None:
            status = "failed" if self.rules.fails else "done"
        return {
            "href": self.href,
            "job_type": ":illumio/async_requests",
            "description": self.description,
            "status": status,
            "result": self._result(),
            "requested_at": _render(self.requested_at),
            "terminated_at": _render(self.ended_at),
            "requested_by": {"href": self.requested_by},
        }

    def _result(self) -> dict[str, str]:
        if self.done and self.rules.empty_without_result and self.result == b"[]":
            return {}
        if self.done:
            return {"href": self.datafile}
        failed = self.ended_at is not None and self.rules.message
        return {"message": self.rules.message} if failed else {}


def _render(seconds: float | None) -> str | None:
    """Times of jobs have a blank instead of T, six decimals and no zone (REST API guide)."""
    if seconds is None:
        return None
    whole, micros = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(whole))}.{micros:06}"
