"""What is asked ahead, and how many questions a minute a key may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from illumio_pce.questions import REQUESTS_PER_MINUTE, Question, Questions, Traffic

from tests.simulation import SimulatedAnswer, SimulatedClock, SimulatedQuestion


class Line:
    """A transport that notes what it is asked, and which questions are closed unanswered."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.began = self.clock.now
        self.asked: list[str] = []
        self.moments: list[float] = []
        self.closed: list[str] = []
        self.status = 200

    def ask(
        self, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str], seconds: float
    ) -> SimulatedQuestion:
        name = path + dict(query).get("n", "")
        self.asked.append(name)
        self.moments.append(self.clock.now - self.began)
        question = SimulatedQuestion(self.clock, self.clock.now + 2, SimulatedAnswer(self.status, {"name": name}))
        question.close = lambda: self.closed.append(name)  # type: ignore[method-assign]
        return question


def questions(line: Line, sharers: int = 1) -> tuple[Questions, Traffic]:
    traffic = Traffic()
    return Questions(line, line.clock, lambda: sharers, traffic), traffic


def numbered(*numbers: int) -> list[Question]:
    return [Question("/e", (("n", str(number)),)) for number in numbers]


def test_a_question_is_sent_once_and_its_answer_is_its_own() -> None:
    line = Line()
    asking, traffic = questions(line)
    zero, one, two = numbered(0, 1, 2)
    asking.answer(zero, 30)
    asking.look_ahead([one, two], 30)
    line.clock.now += 1
    answer, asked_at, arrived_at = asking.answer(two, 30)
    assert (answer.headers["name"], asked_at - line.began, arrived_at - line.began) == ("/e2", 2, 4)
    asking.answer(one, 30)
    assert (line.asked, traffic.requests) == (["/e0", "/e1", "/e2"], 3)
    asking.answer(one, 30)
    assert (line.asked, traffic.requests) == (["/e0", "/e1", "/e2", "/e1"], 4)


def test_what_is_no_longer_wanted_is_closed() -> None:
    line = Line()
    asking, _ = questions(line)
    asking.answer(numbered(0)[0], 30)
    asking.look_ahead(numbered(1, 2, 3), 30)
    asking.look_ahead(numbered(2, 4), 30)
    assert line.closed == ["/e1", "/e3"]
    assert line.asked == ["/e0", "/e1", "/e2", "/e3", "/e4"]


def test_four_are_under_way_at_most() -> None:
    line = Line()
    asking, _ = questions(line)
    asking.answer(numbered(0)[0], 30)
    asking.look_ahead(numbered(*range(1, 10)), 30)
    assert line.asked == ["/e0", "/e1", "/e2", "/e3", "/e4"]


def test_nothing_is_asked_ahead_before_the_pce_answered_there_nor_after_an_error() -> None:
    line = Line()
    asking, _ = questions(line)
    line.status = 403
    asking.answer(Question("/other"), 30)
    asking.answer(numbered(0)[0], 30)
    line.status = 200
    asking.look_ahead(numbered(1), 30)
    assert line.asked == ["/other", "/e0"]
    asking.answer(numbered(2)[0], 30)
    asking.look_ahead([*numbered(3), Question("/other", (("n", "1"),))], 30)
    assert line.asked == ["/other", "/e0", "/e2", "/e3"]
    asking.forget()
    assert line.closed == ["/e3"]
    asking.look_ahead(numbered(4), 30)
    assert line.asked[4:] == []


@pytest.mark.parametrize(("sharers", "limit", "then"), [(0, 400, 60), (1, 400, 60), (3, 133, 60), (1000, 20, 120)])
def test_the_limit_of_a_key_is_shared_with_the_other_inputs(sharers: int, limit: int, then: int) -> None:
    """The first 20 questions of a run are free: then it is one a minute at the least."""
    line = Line()
    asking, _ = questions(line, sharers)
    for _ in range(limit + 2):
        asking.answer(Question("/one"), 30)
        line.clock.now -= 2
    assert REQUESTS_PER_MINUTE == 400
    assert line.moments[limit - 1] == 0
    assert line.moments[limit:] == [60, then]


def test_nobody_is_asked_who_shares_the_key_before_a_run_asks_much() -> None:
    line = Line()
    counted: list[int] = []

    def sharers() -> int:
        counted.append(len(line.asked))
        return 1

    asking = Questions(line, line.clock, sharers, Traffic())
    for _ in range(30):
        asking.answer(Question("/one"), 30)
        line.clock.now -= 2
    assert counted == [20]


def test_where_there_is_no_room_nothing_is_asked_ahead_and_what_is_needed_waits() -> None:
    line = Line()
    asking, _ = questions(line, 8)
    for _ in range(50):
        asking.answer(Question("/one"), 30)
        line.clock.now -= 2
    line.clock.now += 10
    asking.look_ahead([Question("/one", (("n", "1"),))], 30)
    assert len(line.asked) == 50
    asking.answer(Question("/two"), 30)
    assert line.moments[-1] == 60


def test_a_question_that_has_to_wait_waits_for_the_oldest_to_be_a_minute_old() -> None:
    line = Line()
    asking, _ = questions(line, 20)
    for at in [0] * 10 + [30] * 10 + [40]:
        line.clock.now = line.began + at
        asking.answer(Question("/one"), 30)
    assert line.moments[-1] == 60


def test_a_key_that_very_many_inputs_share_can_still_ask_after_a_pause() -> None:
    line = Line()
    asking, _ = questions(line, 1000)
    for at in [0] * 21 + [300]:
        line.clock.now = line.began + at
        asking.answer(Question("/one"), 30)
    assert line.moments[20:] == [60, 300]


def test_a_question_counts_for_a_minute() -> None:
    line = Line()
    asking, _ = questions(line, 20)
    for at in [0] * 10 + [30] * 10:
        line.clock.now = line.began + at
        asking.answer(Question("/one"), 30)
    for at, asked in ((59, 20), (60, 21)):
        line.clock.now = line.began + at
        asking.look_ahead([Question("/one", (("n", "1"),))], 30)
        assert len(line.asked) == asked


def test_a_moment_that_passes_meanwhile_is_not_waited_for() -> None:
    class Moving(SimulatedClock):
        step = 0.0

        def monotonic(self) -> float:
            self.now += self.step
            return self.now - self.step

        def sleep(self, seconds: float) -> None:
            assert seconds == 0

    line = Line()
    line.clock = Moving()
    line.began = line.clock.now
    asking, _ = questions(line, 20)
    for _ in range(20):
        asking.answer(Question("/one"), 30)
        line.clock.now = line.began
    line.clock.now += 59.75
    line.clock.step = 0.5
    asking.answer(Question("/one"), 30)
    assert len(line.asked) == 21
