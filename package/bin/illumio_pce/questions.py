"""What is asked of the PCE and was not answered yet: some questions ahead, within its limit of requests a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Callable, NamedTuple

from .clock import Clock
from .transport import CONNECTIONS, Answer, Query, Transport
from .transport import Question as Sent

#: The PCE allows 500 requests a minute for one key; some room is left for others that use it.
REQUESTS_PER_MINUTE = 400


class Question(NamedTuple):
    """One GET, by path, parameters and headers."""

    path: str
    query: Query = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Traffic:
    """What was asked of the PCE in this run."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    errors: dict[str, int] = field(default_factory=dict)


class Questions:
    """Sends questions, and keeps those that were sent ahead until they are asked for or no longer wanted.

    Ahead is asked only along paths that were answered since the last error, in this run or in the last: a key that the
    PCE refuses, or that may not read a collection, is tried alone from then on, and a PCE that is short of breath is
    left alone.

    `sharers` tells how many inputs use the same key; it is asked only when a run makes many requests.
    """

    def __init__(self, transport: Transport, clock: Clock, sharers: Callable[[], int], traffic: Traffic) -> None:
        self._transport = transport
        self._clock = clock
        self._limiter = _Limiter(clock, sharers)
        self._sent: dict[Question, tuple[Sent, float]] = {}
        self._answered: set[str] = set()
        self._traffic = traffic

    def expect_answers(self, paths: Iterable[str]) -> None:
        """These paths were answered in the last run, which met no error."""
        self._answered.update(paths)

    def answer(self, question: Question, seconds: float) -> tuple[Answer, float, float]:
        """The answer to a question, which is sent unless it is under way, and when it was asked and arrived.

        Its headers, and each further piece, have to arrive within `seconds` of its sending. Raises PceError.
        """
        self._send(question, seconds)
        sent, asked_at = self._sent.pop(question)
        answer, arrived_at = sent.answer()
        if answer.status == 200:
            self._answered.add(question.path)
        return answer, asked_at, arrived_at

    def look_ahead(self, questions: Iterable[Question], seconds: float) -> None:
        """Have these under way, in that order, as far as connections and limits allow, and no others."""
        wanted = list(questions)[:CONNECTIONS]
        for question in [question for question in self._sent if question not in wanted]:
            self._sent.pop(question)[0].close()
        for question in wanted:
            if question in self._sent or (question.path in self._answered and self._limiter.has_room()):
                self._send(question, seconds)

    def forget(self) -> None:
        """After an error: give up what is under way, and ask nothing ahead until there is an answer again."""
        self._answered.clear()
        self.look_ahead((), 0)

    def _send(self, question: Question, seconds: float) -> None:
        if question in self._sent:
            return
        self._limiter.wait()
        self._traffic.requests += 1
        asked_at = self._clock.monotonic()
        sent = self._transport.ask(question.path, question.query, dict(question.headers), seconds)
        self._sent[question] = sent, asked_at


class _Limiter:
    """Keeps to the PCE's limit of requests for one key, shared evenly with the other inputs that use it."""

    def __init__(self, clock: Clock, sharers: Callable[[], int]) -> None:
        self._clock = clock
        self._sharers = sharers
        self._times: deque[float] = deque()
        self._limit: int | None = None

    def has_room(self) -> bool:
        """Whether a request can be made now, without waiting."""
        now = self._clock.monotonic()
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        if len(self._times) >= 20 and self._limit is None:
            self._limit = max(1, REQUESTS_PER_MINUTE // max(1, self._sharers()))
        return self._limit is None or len(self._times) < self._limit

    def wait(self) -> None:
        """Wait until a request can be made, and count it."""
        if not self.has_room():
            self._clock.sleep(max(0.0, self._times[0] + 60 - self._clock.monotonic()))
        self._times.append(self._clock.monotonic())
