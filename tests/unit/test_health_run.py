"""A run of a health input: what it asks, what it writes, and how SaaS differs from a PCE on premises."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from illumio_pce.config import Account
from illumio_pce.errors import PceError
from illumio_pce.health_mark import HealthMark
from illumio_pce.health_run import HealthRun
from illumio_pce.health_settings import HealthSettings
from illumio_pce.limits import Limits
from illumio_pce.output import SplunkEvents
from illumio_pce.pce import Pce
from illumio_pce.stop import Stop

from tests.simulation import SimulatedClock, SimulatedPendingResponse, SimulatedResponse

ON_PREMISES, CLOUD = "pce.example.com", "us-scp99.illum.io"
HEALTHY = [{"fqdn": "pce.example.com", "status": "normal", "nodes": [{"hostname": "core0", "runlevel": 5}]}]
DAY = 86_400


class Stage:
    """A PCE that gives one answer, in front of a run, and what the run wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SimulatedClock()
        self.asked: list[str] = []
        self.written: list[SplunkEvents] = []
        self.answer: Any = HEALTHY
        self.status = 200
        self.host = ON_PREMISES

    def send(
        self, path: str, _query: Sequence[tuple[str, str]], _headers: Mapping[str, str], _seconds: float
    ) -> SimulatedPendingResponse:
        self.asked.append(path)
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return SimulatedPendingResponse(self.clock, self.clock.now, SimulatedResponse(self.status, {}, body))

    def write(self, events: SplunkEvents) -> int:
        self.written.append(events)
        return sum(map(len, events.texts))

    def run(self) -> HealthRun:
        account = Account("lab", self.host, 443, 7, "api_1", "s3cret")
        pce = Pce(account, self, self.clock, limits=Limits(retry_seconds=20))
        settings = HealthSettings.parse("health", {"account": "lab"})
        mark = HealthMark(self.folder, "health", account.source)
        return HealthRun(settings, account, pce, self, self.clock, Stop(), mark)

    def collect(self) -> HealthRun:
        """A run that meets no error."""
        run = self.run()
        run.collect()
        return run

    def fail(self) -> PceError:
        """A run that meets one."""
        with pytest.raises(PceError) as caught:
            self.run().collect()
        return caught.value

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text) for events in self.written for text in events.texts]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_health_is_asked_for_once_and_written_under_its_source_type(stage: Stage) -> None:
    run = stage.collect()
    assert stage.asked == ["/api/v2/health"]
    (written,) = stage.written
    assert (written.sourcetype, list(written.hosts)) == ("illumio:pce:cluster_health", ["pce.example.com"] * 2)
    assert set(written.epochs) == {f"{stage.clock.now:.3f}"}
    assert [event["kind"] for event in stage.events()] == ["pce", "node"]
    assert run.record.delivered == 2


def test_what_no_host_can_be_called_is_not_the_host_of_an_event(stage: Stage) -> None:
    stage.answer = [{"fqdn": "no host\n", "status": "normal"}]
    stage.collect()
    assert list(stage.written[0].hosts) == [ON_PREMISES]


def test_the_record_has_the_form_of_the_events_inputs(stage: Stage) -> None:
    run = stage.collect()
    run.write_record({"kind": "run", "outcome": "ok"})
    record = stage.events()[-1]
    assert stage.written[-1].sourcetype == "illumio:pce:ingest"
    expected = {
        "kind": "run",
        "outcome": "ok",
        "input": "illumio_pce_health://health",
        "account": "lab",
        "pce": ON_PREMISES,
        "org_id": 7,
        "requests": 1,
        "events": 2,
        "notes": [],
    }
    assert {name: record[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("status", "category", "cluster", "words"),
    [
        (401, "refused_key", None, "refuses the API key"),
        (403, "forbidden", None, "may not read the PCE's health"),
        (404, "not_found", "unreachable", "has no /api/v2/health"),
        (429, "rate_limited", None, "too many requests"),
        (500, "server_error", "unreachable", "internal error"),
        (502, "server_error", "unreachable", "gateway"),
        (503, "server_error", "unreachable", "not available"),
    ],
)
def test_on_premises_a_status_that_is_an_error_is_an_event_and_an_error(
    status: int, category: str, cluster: str | None, words: str, stage: Stage
) -> None:
    stage.status = status
    error = stage.fail()
    (event,) = stage.events()
    assert (error.category, event["error_category"], event.get("cluster")) == (category, category, cluster)
    assert (event["status"], event["sev"]) == (("unreachable", "ERR") if cluster else ("unknown", "WARN"))
    assert words in event["error"]
    assert event["dest"] == ON_PREMISES


def test_one_who_is_refused_is_told_which_right_is_missing(stage: Stage) -> None:
    stage.status = 403
    assert "global role" in str(stage.fail())


@pytest.mark.parametrize("answer", [[], {}, None, [None], {"error": "maintenance"}])
def test_on_premises_a_response_without_a_pce_is_an_event_and_an_error(answer: Any, stage: Stage) -> None:
    stage.answer = answer
    assert stage.fail().category == "broken_answer"
    assert [event["cluster"] for event in stage.events()] == ["unreachable"]


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        (b"<html>", "not_a_pce"),
        (b'[{"status":', "broken_answer"),
        (b"[" * 100_000, "broken_answer"),
        (b"", "not_a_pce"),
    ],
)
def test_a_damaged_response_is_an_event_and_an_error(answer: bytes, category: str, stage: Stage) -> None:
    stage.answer = answer
    assert stage.fail().category == category
    assert len(stage.events()) == 1


def test_a_pce_that_comes_back_within_a_run_is_no_finding(stage: Stage) -> None:
    stage.status = 502

    def recover(seconds: float) -> None:
        stage.clock.now += seconds
        stage.status = 200

    stage.clock.sleep = recover  # type: ignore[method-assign]
    stage.collect()
    assert [event["kind"] for event in stage.events()] == ["pce", "node"]


def test_a_run_gives_up_soon_enough_for_the_next(stage: Stage) -> None:
    stage.status = 503
    began = stage.clock.now
    stage.fail()
    assert 0 < stage.clock.now - began <= 20


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_in_illumios_cloud_no_health_is_said_once_a_day_and_is_no_error(status: int, stage: Stage) -> None:
    stage.host, stage.status = CLOUD, status
    assert [str(status) in note for note in stage.collect().record.notes] == [True]
    asked = len(stage.asked)
    stage.clock.now += DAY - 120
    assert stage.collect().record.notes == []
    assert len(stage.asked) == asked
    stage.clock.now += 120
    assert len(stage.collect().record.notes) == 1
    assert len(stage.asked) > asked
    assert stage.events() == []


def test_an_empty_list_from_illumios_cloud_is_no_error(stage: Stage) -> None:
    stage.host, stage.answer = CLOUD, []
    assert len(stage.collect().record.notes) == 1
    assert stage.events() == []


def test_health_from_illumios_cloud_is_taken_where_it_comes(stage: Stage) -> None:
    stage.host = CLOUD
    stage.collect()
    assert len(stage.events()) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_trouble_in_illumios_cloud_is_an_error(status: int, stage: Stage) -> None:
    stage.host, stage.status = CLOUD, status
    stage.fail()
    assert len(stage.events()) == 1


@pytest.mark.parametrize("host", ["illum.io.example.com", "notillum.io", "pce.illumio.example"])
def test_only_illumios_own_domain_is_its_cloud(host: str, stage: Stage) -> None:
    stage.host, stage.status = host, 404
    stage.fail()


def test_another_pce_behind_the_same_input_is_asked_at_once(stage: Stage) -> None:
    stage.host, stage.status = CLOUD, 404
    stage.collect()
    stage.host = "eu-scp98.illum.io"
    stage.collect()
    assert len(stage.asked) == 2


def test_a_pce_whose_health_cannot_be_read_has_the_name_that_it_had(stage: Stage) -> None:
    stage.host = "10.1.2.3"
    stage.collect()
    stage.status = 502
    stage.fail()
    event = stage.events()[-1]
    assert [event[name] for name in ("pce_fqdn", "dest", "cluster")] == [ON_PREMISES, ON_PREMISES, "unreachable"]
    assert list(stage.written[-1].hosts) == [ON_PREMISES]
    # Another account is another PCE.
    stage.host = "10.1.2.4"
    stage.fail()
    assert stage.events()[-1]["pce_fqdn"] == "10.1.2.4"


def test_of_several_pces_none_gives_its_name_to_the_one_that_is_asked(stage: Stage) -> None:
    stage.host = "balancer.example.com"
    stage.collect()
    stage.answer = [*HEALTHY, {"fqdn": "pce2.example.com", "status": "normal"}]
    stage.collect()
    stage.status = 502
    stage.fail()
    assert stage.events()[-1]["pce_fqdn"] == "balancer.example.com"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"source": "x"}', '{"source": "x", "fqdn": 5}', '{"source": "x", "fqdn": "a b"}']
)
def test_a_name_that_cannot_be_read_counts_as_none(text: str, tmp_path: Path) -> None:
    mark = HealthMark(tmp_path, "health", "x")
    mark.remember("pce.example.com")
    mark.set(1000.0)
    assert (mark.fqdn, mark.is_set(1001.0)) == ("pce.example.com", True)
    (path,) = tmp_path.iterdir()
    path.write_text(text)
    assert mark.fqdn == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source": "x"}', '{"source": 1, "at": "soon"}'])
def test_a_mark_that_cannot_be_read_counts_as_none(text: str, tmp_path: Path) -> None:
    mark = HealthMark(tmp_path, "health", "x")
    mark.set(1000.0)
    (path,) = tmp_path.iterdir()
    assert mark.is_set(1001.0)
    path.write_text(text)
    assert not mark.is_set(1001.0)
    mark.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_does_not_prevent_a_run(stage: Stage) -> None:
    stage.folder, stage.host, stage.status = stage.folder / "gone", CLOUD, 404
    assert len(stage.collect().record.notes) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account": ""}, "Choose an account"),
        ({"index": "no index"}, "not a valid index name"),
        ({"interval": "29"}, "30 to 86400"),
        ({"interval": "*/5 * * * *"}, "30 to 86400"),
    ],
)
def test_settings_that_no_form_takes_are_named(changes: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        HealthSettings.parse_form("health", {"account": "lab", **changes})


def test_a_run_does_without_an_interval_and_notes_it(stage: Stage) -> None:
    settings = HealthSettings.parse("health", {"account": "lab", "interval": "*/5 * * * *"})
    run = stage.run()
    run = HealthRun(settings, run.account, run.pce, stage, stage.clock, run.stop, run.mark)
    assert [note.startswith("inputs.conf: ") for note in run.record.notes] == [True]
