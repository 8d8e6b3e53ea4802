"""Ways in which a PCE, or what stands before it, could differ from what is documented or was seen. All off.

Each member names the source of the ordinary answer and of the other one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: How many events an answer holds at most (REST API guide, "Events": `max_results`).
MOST_RESULTS = 10_000


@dataclass
class Quirks:
    """What a test makes different.

    most_results: the most events in one answer. REST API guide: 10,000. That another release, a managed PCE or an
        administrator sets another limit, and answers with fewer without a word: nobody knows.
    refuses_more: answer 406 where more than `most_results` are asked for. The guide does not say; the emulation
        otherwise answers with as many as it may.
    most_in_job: the most events in an asynchronous answer, None for no limit. The guide says that an asynchronous
        collection is returned whole; whether that holds for events beyond 10,000 nobody has shown.
    ignores_prefer: answer at once where an asynchronous answer was asked for. RFC 7240, section 2, lets a server
        ignore any preference; the guide says that the PCE does not.
    oldest_first: the order of an answer, and which events a cut answer keeps. Newest first was seen on lab PCEs; the
        guide promises no order.
    ends_excluded: whether `timestamp[gte]` and `timestamp[lte]` leave out an event at exactly that time. The guide:
        "greater than or equal", "less than or equal".
    whole_seconds: compare times in whole seconds, as a database column without fractions would. Lab PCEs compare
        milliseconds.
    ignores_parameters: answer as if no parameter had been given, as behind something that drops a query with
        brackets in it. Nobody saw one.
    hidden_for: seconds for which an event that was recorded is in no answer yet. The guide does not say when an
        event can be read; a supercluster's members replicate within minutes (guide, "Supercluster").
    health_is_object: `/health` answers with one PCE's object. The schema: a list of PCEs; a tool of others takes an
        object as well (illumio-ops).
    hides_timeless: an event without a readable timestamp is in no answer. Nobody has seen one; the emulation
        otherwise finds it by the time at which it was recorded.
    """

    most_results: int = MOST_RESULTS
    refuses_more: bool = False
    most_in_job: int | None = None
    ignores_prefer: bool = False
    oldest_first: bool = False
    ends_excluded: bool = False
    whole_seconds: bool = False
    ignores_parameters: bool = False
    hidden_for: float = 0.0
    hides_timeless: bool = False
    health_is_object: bool = False

    def bounds(self, low: int | None, high: int | None) -> tuple[int | None, int | None]:
        """The range (microseconds, both ends included) that is searched for one that was asked for."""
        if self.ignores_parameters:
            return None, None
        if self.whole_seconds:
            low = None if low is None else low // 1_000_000 * 1_000_000
            high = None if high is None else high // 1_000_000 * 1_000_000 + 999_999
        if self.ends_excluded:
            low = None if low is None else low + 1
            high = None if high is None else high - 1
        return low, high

    def limit(self, asked: int, default: int) -> int:
        """How many events an answer holds where so many were asked for."""
        return default if self.ignores_parameters else min(asked, self.most_results)

    def job_limit(self, asked: int | None) -> int | None:
        """The same for an asynchronous answer; None is no limit."""
        limits = [limit for limit in (asked, self.most_in_job) if limit is not None]
        return min(limits, default=None)

    def ordered(self, newest_first: Iterator[bytes]) -> Iterator[bytes]:
        """The events in the order in which an answer is filled."""
        return reversed(list(newest_first)) if self.oldest_first else newest_first
