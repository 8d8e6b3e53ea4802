"""What detections remember: the same alerts whether a keeper ran, ran late, never ran, or its lookup was lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, change, event, indexed, request, ven
from tests.detections.test_broad_rule import BARE, LISTS
from tests.detections.test_new_address import DAY, ELSEWHERE, EVA, HOME, MINUTE, NOW, OFFICE, PAST, acted, signed_in
from tests.detections.test_rights_and_credentials import key
from tests.lookups import LOOKUPS
from tools.detections import keepers as of_content
from tools.detections.model import Invalid
from workbench.detect import needed_keepers
from workbench.detections import saved_searches
from workbench.splunk.conf.reader import Confs
from workbench.splunk.conf.search_time import Knowledge
from workbench.splunk.refusal import Refused
from workbench.splunk.schedule.savedsearches_conf import keepers, written_lookup
from workbench.splunk.schedule.scheduler import Run, Scheduler, read_searches
from workbench.splunk.spl import search as spl_search
from workbench.splunk.spl.commands import lookup as lookup_command
from workbench.splunk.spl.macros import expand
from workbench.splunk.spl.pipeline import split
from workbench.splunk.spl.store import EventStore
from workbench.splunk.spl.values import Event

PACKAGE = Path(__file__).resolve().parents[2] / "package"
HOUR = 3600


class World:
    """A detection and its keeper over events, whose runs a test starts one by one."""

    def __init__(self, detection: str, events: Iterable[Event], macros: str = "") -> None:
        confs = Confs.load(PACKAGE, {"local/macros.conf": macros})
        self.knowledge = Knowledge(confs, 0.0)
        chosen = {detection: saved_searches([PACKAGE])[detection]}
        kept = needed_keepers(chosen, keepers([PACKAGE]), confs)
        (self.detection,) = _on(chosen)
        self.keepers = _on(kept)
        self.scheduler = Scheduler(EventStore(events, self.knowledge), self.knowledge)

    def keep(self, at: float) -> None:
        """A run of each keeper, `at` seconds after BEGIN."""
        for keeper in self.keepers:
            self.scheduler.results(Run(keeper, int(BEGIN + at), BEGIN + at))

    def alerts(self, begin: float, end: float) -> list[Event]:
        """The rows that the detection alerts on in that time."""
        found = self.scheduler.alerts([self.detection], BEGIN + begin, BEGIN + end)
        return [row for alert in found for row in alert.rows]

    def rows(self, lookup: str) -> list[dict[str, str]]:
        """What a lookup holds, but for the row that says nothing."""
        return [dict(row) for row in self.knowledge.lookup_definition(lookup).rows if "-" not in row.values()]


def _on(stanzas: dict[str, dict[str, str]]) -> list[Any]:
    return read_searches({name: {**stanza, "disabled": "0"} for name, stanza in stanzas.items()})


NEWS = [acted(EVA, ELSEWHERE), acted(EVA, ELSEWHERE, NOW + 20 * MINUTE)]


def world(*more: Json) -> World:
    return World("access_new_address", indexed([*PAST, *NEWS, *more]))


def test_a_first_run_on_an_empty_lookup_raises_nothing_for_what_is_old() -> None:
    one = World("access_new_address", indexed([*PAST, signed_in(EVA, HOME, NOW - 2 * DAY)]))
    one.keep(NOW)

    assert one.alerts(NOW, NOW + 2 * HOUR) == []
    assert len(one.rows("illumio_pce_known_networks")) == 4


def test_an_address_that_the_keeper_learns_before_the_detection_runs_alerts_once() -> None:
    one = world()
    one.keep(NOW + 2 * MINUTE)
    assert any(ELSEWHERE.rpartition(".")[0] in row["network"] for row in one.rows("illumio_pce_known_networks"))

    (alert,) = one.alerts(NOW, NOW + 10 * MINUTE)
    one.keep(NOW + 12 * MINUTE)

    assert alert["src"] == ELSEWHERE
    assert one.alerts(NOW + 10 * MINUTE, NOW + 3 * HOUR) == []


def test_a_new_address_after_a_keepers_run_alerts_with_what_is_known_of_its_user() -> None:
    one = world()
    one.keep(NOW - HOUR)

    (alert,) = one.alerts(NOW, NOW + HOUR)

    assert (alert["how"], alert["address"], alert["severity"]) == (
        "acted without signing in there", "new to everyone", "high",
    )  # fmt: skip


@pytest.mark.parametrize("days", [1, 3, 8])
def test_a_keeper_that_is_late_costs_nothing(days: float) -> None:
    one = World(
        "access_new_address", indexed([*PAST, *NEWS, signed_in(EVA, HOME, 4 * DAY), acted(EVA, HOME, NOW + 60)])
    )
    one.keep(NOW - days * DAY)

    assert [alert["src"] for alert in one.alerts(NOW, NOW + HOUR)] == [ELSEWHERE]


def test_a_keeper_that_cannot_read_its_lookup_leaves_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    one = world()
    one.keep(NOW - HOUR)
    before = one.rows("illumio_pce_known_networks")
    monkeypatch.setattr(lookup_command, "UNREADABLE", {"illumio_pce_known_networks"})

    with pytest.raises(Refused, match="fails, and the search with it"):
        one.keep(NOW)

    assert one.rows("illumio_pce_known_networks") == before != []


def test_each_keeper_that_writes_its_lookup_anew_reads_it_or_fails() -> None:
    anew = {one.id: one.composed for one in of_content.read_all() if "append=true key_field" not in one.composed}
    macros = {name: stanza.texts() for name, stanza in Confs.load(PACKAGE).stanzas("macros").items()}
    # What the assets are compared with is a file.
    del anew["assets"]

    for name, spl in anew.items():
        held = "illumio_pce_workloads" if name == "managed_workloads" else re.findall(r"(\w+)$", spl)[0]
        stages = split(expand(spl, macros), implied_search=True)
        reads = [stage.text.split() for stage in stages if stage.command == "inputlookup"]
        assert ["strict=true" in read for read in reads if held in read] == [True], name


@pytest.mark.parametrize("lost", ["all", "a row", "the last column", "written twice"])
def test_a_lookup_that_is_lost_in_whole_or_in_part_is_read_from_the_index(lost: str) -> None:
    one = world(signed_in(EVA, HOME, 4 * DAY), acted(EVA, HOME, NOW + 60))
    one.keep(NOW - HOUR)
    table = one.knowledge.lookup_definition("illumio_pce_known_networks")
    rows = [dict(row) for row in table.rows]
    kept = {
        "all": [], "a row": rows[1:], "the last column": [{**row, "kept_rows": ""} for row in rows],
        "written twice": [*rows, *({**row, "_key": f"{row['_key']}-2"} for row in rows)],
    }[lost]  # fmt: skip
    table.write(kept, append=False)

    assert [alert["src"] for alert in one.alerts(NOW, NOW + HOUR)] == [ELSEWHERE]

    one.keep(NOW + HOUR)
    assert {row["kept_rows"] for row in one.rows("illumio_pce_known_networks")} == {str(len(table.rows))}
    assert any(row["network"] == "198.51.100." for row in one.rows("illumio_pce_known_networks"))


def test_a_keeper_reads_only_what_is_new_and_carries_the_rest_forward() -> None:
    one = World("access_new_address", indexed([*PAST, *NEWS]))
    one.keep(NOW - HOUR)
    before = {row["_key"]: row for row in one.rows("illumio_pce_known_networks")}
    # What the index no longer has stays known.
    one.scheduler = Scheduler(EventStore(indexed(NEWS), one.knowledge), one.knowledge)
    one.keep(NOW + HOUR)

    after = {(row["actor"], row["network"]): row for row in one.rows("illumio_pce_known_networks")}
    assert len(after) == len(before) + 1
    assert {row["kept_until"] for row in after.values()} == {str(int(BEGIN + NOW + HOUR - 60))}
    eva = after["user-7@kestrel-freight.example", "10.1.1."]
    assert float(eva["first_seen"]) == BEGIN


def test_rows_that_were_not_seen_for_the_time_that_is_remembered_are_dropped() -> None:
    one = World("access_new_address", indexed(PAST))
    one.keep(NOW)
    assert one.rows("illumio_pce_known_networks") != []
    one.keep(NOW + 91 * DAY)

    assert one.rows("illumio_pce_known_networks") == []


def test_a_lookup_that_holds_nothing_is_not_taken_for_a_lost_one() -> None:
    one = World("access_new_address", indexed([]))
    one.keep(NOW)

    (row,) = one.knowledge.lookup_definition("illumio_pce_known_networks").rows
    assert (row["actor"], row["kept_rows"], row["kept_until"]) == ("-", "1", str(int(BEGIN + NOW - 60)))


def _at(one: Json, seconds: float) -> Json:
    moment = datetime.fromtimestamp(BEGIN + seconds, timezone.utc)
    return one | {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")}


KEY = key(8, 90 * DAY)
GONE = event("api_key.delete", [change("api_key", {}, "delete", href="/users/8/api_keys/1e02")])
LEFT = event("user.delete", [change("user", {}, "delete", username=EVA["user"]["username"], href="/users/7")])
FOREIGN = event("agent.activate", [change("agent", {}, "create")], by=ven(4), action=request(src=ELSEWHERE))
NAMED = event(
    "ip_list.update",
    [change("ip_list", {"description": {"before": None, "after": "x"}}, href=f"{LISTS}/21", name="Any")],
)
#: What a detection has to remember, the event that alerts or does not because of it (none: it alerts by the time alone),
#: days between them, and how many alerts there are.
REMEMBERED: dict[str, tuple[str, list[Json], Json | None, float, int]] = {
    "a key that expires months later": ("credential_without_expiry", [KEY], None, 76, 1),
    "a key that was deleted meanwhile": ("credential_without_expiry", [KEY, _at(GONE, DAY)], None, 76, 0),
    "an account that was deleted weeks ago": ("access_deleted_account", [LEFT], acted(EVA, OFFICE, 0), 40, 1),
    "a list that is everything": ("policy_broad_rule", [NAMED], BARE, 20, 1),
    "a network in which VENs were paired": ("ven_paired_outside", [FOREIGN], FOREIGN | {"href": "/orgs/1/events/9"}, 40, 0),
    "a network in which none were paired": ("ven_paired_outside", [], FOREIGN, 40, 1),
}  # fmt: skip


@pytest.mark.parametrize("kept", [True, False], ids=["by its keeper", "without a keeper"])
@pytest.mark.parametrize(("detection", "past", "last", "days", "count"), REMEMBERED.values(), ids=REMEMBERED)
def test_what_happened_long_ago_is_remembered(
    detection: str, past: list[Json], last: Json | None, days: float, count: int, kept: bool
) -> None:
    now = indexed([_at(last, days * DAY)] if last else [])
    one = World(detection, [*indexed(past), *now])
    if kept:
        for day in range(0, int(days), 5):
            one.keep(day * DAY + HOUR)
        one.keep((days - 1) * DAY)
        # What the index no longer has is remembered all the same.
        one.scheduler = Scheduler(EventStore(now, one.knowledge), one.knowledge)

    assert len(one.alerts(days * DAY - HOUR, days * DAY + 3 * HOUR)) == count


def _kept_every_hour(one: World, begin: float, end: float, new: list[Event]) -> None:
    """Runs of the keeper until an index that has only the last two days is left."""
    for hour in range(int(begin / HOUR), int(end / HOUR)):
        one.keep(hour * HOUR + 54 * MINUTE)
    one.scheduler = Scheduler(EventStore(new, one.knowledge), one.knowledge)


@pytest.mark.parametrize("kept", [True, False], ids=["by its keeper", "without a keeper"])
def test_the_volume_of_past_days_is_remembered(kept: bool) -> None:
    """Two events an hour for five days, and then none."""
    events = indexed([acted(EVA, OFFICE, hour * HOUR + 60 * n) for hour in range(120) for n in (20, 40)])
    one = World("volume_changed", events, "[illumio_pce_volume_changed_drop_least]\ndefinition = 1\n")
    if kept:
        _kept_every_hour(one, 0, 5 * DAY, events[-4:])

    alerts = one.alerts(5 * DAY - 2 * HOUR, 5 * DAY + 5 * HOUR)

    assert [(float(str(alert["usual"])), alert["count"]) for alert in alerts] == [(2, "0")]


@pytest.mark.parametrize("kept", [True, False], ids=["by its keeper", "without a keeper"])
def test_an_input_that_runs_once_a_day_is_missed_after_two_days(kept: bool) -> None:
    record = '{"outcome": "ok"}'
    made: Event = {
        "sourcetype": "illumio:pce:ingest",
        "source": "illumio_pce_events://daily",
        "host": "pce",
        "index": "main",
    }
    events: list[Event] = [
        {**made, "_raw": record, "_time": str(BEGIN + n * DAY), "_indextime": str(BEGIN + n * DAY)} for n in range(5)
    ]
    one = World("ingest_stopped", events)
    if kept:
        _kept_every_hour(one, 0, 4 * DAY + 2 * HOUR, [])

    assert one.alerts(4 * DAY, 6 * DAY) == []
    (alert,) = one.alerts(6 * DAY, 6 * DAY + HOUR)
    assert alert["input"] == "daily"


@pytest.mark.parametrize("days", [0.5, 3])
def test_where_a_subsearch_tells_no_index_times_a_keeper_reads_more_and_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, days: float
) -> None:
    monkeypatch.setattr(spl_search, "SUBSEARCHES_TELL_RANGES", False)
    one = World(
        "access_new_address", indexed([*PAST, *NEWS, signed_in(EVA, HOME, 4 * DAY), acted(EVA, HOME, NOW + 60)])
    )
    one.keep(NOW - days * DAY)

    assert [alert["src"] for alert in one.alerts(NOW, NOW + HOUR)] == [ELSEWHERE]


LISTS_BEFORE = {
    "illumio_pce_high_value_workloads": "workload,importance\n Booking-* ,Crown jewels\nquay-1,\nshed-2,data\n",
    "illumio_pce_high_value_labels": "label,importance\nPROD,Production\n/orgs/1/labels/4,\n",
    "illumio_pce_expected_automation": "account,address,expected,until,note\nCMDB,*,Workloads_*,,Nightly\nfeed,,*,,x\n",
}
LISTS_AFTER = {
    "illumio_pce_high_value_workloads": [("booking-*", "Crown jewels"), ("quay-1", "listed"), ("shed-2", "data")],
    "illumio_pce_high_value_labels": [("prod", "Production"), ("/orgs/1/labels/4", "listed")],
    "illumio_pce_expected_automation": [("cmdb", "*", "workloads_*", "", "Nightly"), ("feed", "*", "*", "", "x")],
}


@pytest.mark.parametrize("name", LISTS_BEFORE)
def test_what_an_administrator_types_in_upper_case_becomes_lower_case_under_its_key(name: str) -> None:
    knowledge = Knowledge(Confs.load(PACKAGE, lookups=LISTS_BEFORE), 0.0)
    (keeper,) = _on({title: one for title, one in keepers([PACKAGE]).items() if written_lookup(one) == name})
    keys = [row["_key"] for row in knowledge.lookup_definition(name).rows]
    for _ in range(2):
        Scheduler(EventStore([], knowledge), knowledge).results(Run(keeper, int(BEGIN), BEGIN))

    rows = knowledge.lookup_definition(name).rows
    assert [row["_key"] for row in rows] == keys
    assert [tuple(text for column, text in row.items() if column != "_key") for row in rows] == LISTS_AFTER[name]


def test_the_keepers_are_a_named_list_and_ship_off_without_any_action() -> None:
    shipped = keepers([PACKAGE])
    named = {one.stanza: one.lookup for one in of_content.read_all()}

    assert {name: written_lookup(one) for name, one in shipped.items()} == named
    assert set(saved_searches([PACKAGE])).isdisjoint(named)
    for stanza in shipped.values():
        assert (stanza["disabled"], stanza["enableSched"], stanza["alert.track"]) == ("1", "1", "0")
        assert [key for key in stanza if key.startswith(("action.", "counttype"))] == []


def test_the_format_is_described_key_by_key() -> None:
    page = (of_content.CONTENT / "README.md").read_text(encoding="utf-8")
    assert [key.name for key in fields(of_content.Keeper) if f"`{key.name}`" not in page] == []


def test_no_two_keepers_start_in_the_same_minute() -> None:
    started = [minute for one in of_content.read_all() for minute in str(one.minutes or one.minute).split(",")]
    assert len(set(started)) == len(started)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kept: {first_seen: values(_time)}", "min, max or latest"),
        ("kept: {first_seen: latest(_time)}", "by the time of what is kept"),
        ("kept: {}", "either a search at some minutes, or what is kept"),
        ("search: '| inputlookup a | outputlookup illumio_pce_other'\nminutes: 1\nkept: {}", "writes another lookup"),
        ("wrong: 1", "wrong"),
    ],
)
def test_a_keeper_that_cannot_work_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "pairing_networks" / "keeper.yml"
    path.parent.mkdir()
    good = (of_content.CONTENT / "pairing_networks" / "keeper.yml").read_text(encoding="utf-8")
    path.write_text(f"{good}\n{text}\n", encoding="utf-8")

    with pytest.raises(Invalid, match=words):
        of_content.read_all(tmp_path)


#: Columns that have no type in collections.conf, since they take several values; and the key, which is declared nowhere.
UNTYPED = {"labels", "ip", "conditions", "_key"}


def test_lookups_have_the_columns_that_their_keepers_write() -> None:
    confs = Confs.load(PACKAGE)
    transforms, collections = confs.stanzas("transforms"), confs.stanzas("collections")
    checked = set()
    for keeper in of_content.read_all():
        written = re.search(r"\| fields ([\w ]+) \| outputlookup [^|]+\Z", keeper.composed)
        if written:
            columns = transforms[keeper.lookup].text("fields_list").replace(",", "").split()
            assert columns == written[1].split()
            typed = {
                setting.removeprefix("field.") for setting in collections[keeper.lookup] if setting.startswith("field.")
            }
            assert typed == set(columns) - UNTYPED
            checked.add(keeper.lookup)
    assert {*LOOKUPS, *(one.lookup for one in of_content.read_all() if one.kept)} <= checked


def test_a_detection_that_no_longer_reads_its_keepers_lookup_is_seen() -> None:
    confs, searches = Confs.load(PACKAGE), saved_searches([PACKAGE])
    shipped = keepers([PACKAGE])

    def of(name: str) -> set[str]:
        found = {written_lookup(one) for one in needed_keepers({name: searches[name]}, shipped, confs).values()}
        return found - set(LOOKUPS)  # names are added wherever an href is shown

    assert of("access_new_address") == {"illumio_pce_known_networks"}
    assert of("credential_without_expiry") == {"illumio_pce_credentials"}
    assert of("collector_credential_deleted") == {"illumio_pce_credentials"}
    assert of("access_deleted_account") == {"illumio_pce_accounts"}
    assert of("ven_paired_outside") == {"illumio_pce_pairing_networks"}
    assert of("policy_broad_rule") == {"illumio_pce_open_objects", "illumio_pce_high_value_labels"}
    assert of("volume_changed") == {"illumio_pce_hourly_counts"}
    assert of("ingest_stopped") == {"illumio_pce_inputs"}
    assert of("ven_suspended") == {"illumio_pce_high_value_workloads"}
    assert of("policy_many_workloads") == {"illumio_pce_managed_workloads", "illumio_pce_expected_automation"}
    assert of("access_csrf") == set()


def test_no_search_but_a_keeper_reads_more_than_two_days_of_what_was_indexed() -> None:
    for name, stanza in saved_searches([PACKAGE]).items():
        minutes = re.fullmatch(r"-(\d+)m@m", stanza.get("dispatch.index_earliest", ""))
        assert minutes and int(minutes[1]) <= 2 * 24 * 60, name


def test_the_page_says_how_to_have_a_lookup_built_anew() -> None:
    page = (PACKAGE.parent / "docs" / "detections.md").read_text(encoding="utf-8")
    (spl,) = re.findall(r"`(\| makeresults [^`]*outputlookup [^`]*)`", page)
    one = world()
    one.keep(NOW - HOUR)
    assert one.rows("illumio_pce_known_networks") != []

    spl_search.run(spl, [], knowledge=one.knowledge, now=BEGIN)

    assert list(one.knowledge.lookup_definition("illumio_pce_known_networks").rows) == []
