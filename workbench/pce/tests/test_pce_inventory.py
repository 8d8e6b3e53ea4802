"""Collections of the inventory, by the rules of the API and with the switches that change them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.pce import READ_INVENTORY, Pce, Request
from workbench.pce.inventory import IpList, Label, LabelGroup, Record, Rule, RuleSet, Service, Workload, fill
from workbench.pce.inventory.objects import Json, View
from workbench.pce.jobs import JobRules
from workbench.pce.keys import ApiKey
from workbench.pce.tests.pce_client import NOW, Clock

ORG = "/api/v2/orgs/1"


class Reader:
    """Asks one PCE with one key."""

    def __init__(self, pce: Pce, key: ApiKey | None = None) -> None:
        self._pce = pce
        self._key = key or pce.add_key()

    def ask(self, path: str, prefer: str = "", **query: str) -> tuple[int, Any, dict[str, str]]:
        headers = {"Prefer": prefer} if prefer else {}
        request = Request.get(path, list(query.items()), key=self._key.pair, headers=headers)
        answer = self._pce.answer(request)
        return answer.status, json.loads(answer.body or b"null"), dict(answer.headers)

    def rows(self, name: str, **query: str) -> list[Any]:
        status, rows, _ = self.ask(f"{ORG}/{name}", **query)
        assert status == 200, rows
        return list(rows)

    def job(self, name: str) -> dict[str, Any]:
        """The last state of a job of three polls."""
        status, _, headers = self.ask(f"{ORG}/{name}", "respond-async")
        assert status == 202
        return dict([self.ask("/api/v2" + headers["Location"])[1] for _ in range(3)][-1])


@pytest.fixture
def reader(pce: Pce) -> Reader:
    return Reader(pce)


def test_a_response_is_cut_at_500_and_a_job_is_not(pce: Pce, reader: Reader) -> None:
    fill(pce.inventory, 600, now=NOW)
    status, rows, headers = reader.ask(f"{ORG}/workloads", max_results="10000")
    assert (status, len(rows), headers["X-Total-Count"]) == (200, 500, "600")
    status, rows, headers = reader.ask(f"{ORG}/workloads", max_results="0")
    assert (rows, headers["X-Total-Count"]) == ([], "600")
    done = reader.job("workloads")
    _, rows, _ = reader.ask("/api/v2" + done["result"]["href"])
    assert len({row["href"] for row in rows}) == 600


def test_filters_do_not_change_the_total(pce: Pce, reader: Reader) -> None:
    fill(pce.inventory, 20, now=NOW)
    _, rows, headers = reader.ask(f"{ORG}/workloads", managed="false")
    assert (len(rows), headers["X-Total-Count"]) == (2, "20")
    assert reader.ask(f"{ORG}/workloads", since="-1d")[0] == 406


def test_a_collection_that_knows_no_jobs_answers_at_once(pce: Pce, reader: Reader) -> None:
    fill(pce.inventory, 600, now=NOW)
    pce.inventory.without_jobs.add("vens")
    status, rows, _ = reader.ask(f"{ORG}/vens", "respond-async")
    assert (status, len(rows)) == (200, 500)


def test_jobs_of_one_collection_may_fail_or_never_end(pce: Pce, reader: Reader, clock: Clock) -> None:
    pce.inventory.job_rules = {"vens": JobRules(fails=True, message="no"), "labels": JobRules(seconds=1e9)}
    clock.now += 7_200
    states = {name: reader.job(name) for name in ("workloads", "vens", "labels")}
    assert {name: state["status"] for name, state in states.items()} == {
        "workloads": "done", "vens": "failed", "labels": "running",
    }  # fmt: skip
    assert states["vens"]["result"] == {"message": "no"}


def test_a_workload_and_its_ven(pce: Pce, reader: Reader) -> None:
    shop = pce.inventory.add(Label("app", "Shop"))
    host = pce.inventory.add(
        Workload("shop-db1", [shop], addresses=[("lo", "127.0.0.1")], heartbeat=NOW, conditions=["missed_heartbeats"])
    )
    pce.inventory.add(Workload(None, name="printer", managed=False))
    first, second = reader.rows("workloads")
    assert (first["name"], first["hostname"], first["managed"]) == (None, "shop-db1", True)
    assert first["labels"] == [{"href": shop.href, "key": "app", "value": "Shop"}]
    assert first["agent"]["status"]["last_heartbeat_on"] == "2031-03-01T12:00:00.000Z"
    assert first["agent"]["active_pce_fqdn"] is None
    assert (second["name"], second["hostname"], second.get("ven"), second.get("agent")) == ("printer", None, None, None)
    (ven,) = reader.rows("vens")
    assert (ven["href"], ven["workloads"]) == (first["ven"]["href"], [{"href": host.href}])
    assert ven["conditions"][0]["latest_event"]["notification_type"] == "missed_heartbeats"
    pce.inventory.labels_href_only = pce.inventory.ven_href_only = pce.inventory.without_managed = True
    (first, _) = reader.rows("workloads")
    assert (first["labels"], first["ven"], "managed" in first) == ([{"href": shop.href}], {"href": ven["href"]}, False)
    host.status, shop.value = "suspended", "Store"
    assert (reader.rows("vens")[0]["status"], reader.rows("labels")[0]["value"]) == ("suspended", "Store")
    pce.inventory.delete(host)
    assert (len(reader.rows("workloads")), reader.rows("vens")) == (1, [])


def test_more_than_500_may_come_to_who_asks_for_them(pce: Pce, reader: Reader) -> None:
    for number in range(501):
        pce.inventory.add(Label("app", f"v{number}"))
    pce.inventory.gives_what_is_asked = True
    assert (len(reader.rows("labels")), len(reader.rows("labels", max_results="501"))) == (500, 501)


def test_policy_has_a_draft_and_an_active_version(pce: Pce, reader: Reader) -> None:
    inventory = pce.inventory
    any_list = inventory.add(IpList("Any", [("0.0.0.0/0", None, False)]))
    rule = Rule(["ams"], [any_list], [inventory.add(Service("All Services", [(None, None, -1)]))])
    web = inventory.add(RuleSet("Web", [rule, Rule(deny=True, override=True)]))
    (active,) = reader.rows("sec_policy/active/rule_sets")
    assert active["href"] == web.href.replace("/draft/", "/active/")
    assert active["rules"][0]["consumers"] == [{"ip_list": {"href": any_list.href.replace("/draft/", "/active/")}}]
    assert [one["override"] for one in active["deny_rules"]] == [True]
    assert "/deny_rules/" in active["deny_rules"][0]["href"]
    number = web.href.rpartition("/")[2]
    assert len(reader.rows(f"sec_policy/active/rule_sets/{number}/deny_rules")) == 1
    inventory.deny_rules_apart = True
    assert "deny_rules" not in reader.rows("sec_policy/active/rule_sets")[0]
    assert len(reader.rows(f"sec_policy/active/rule_sets/{number}/deny_rules")) == 1
    assert reader.ask(f"{ORG}/rule_sets")[0] == 404
    inventory.deny_rules_apart, inventory.empty_lists_left_out = False, True
    web.rules.pop(0)
    (active,) = reader.rows("sec_policy/active/rule_sets")
    assert ("rules" in active, "deny_rules" in active) == (False, True)


def test_what_is_not_provisioned_is_a_draft_alone(pce: Pce, reader: Reader) -> None:
    inventory = pce.inventory
    inventory.provisions_at_once = False
    old, changed = inventory.add(Service("Old")), inventory.add(Service("Changed"))
    assert reader.rows("sec_policy/active/services") == []
    inventory.provision()
    inventory.delete(old)
    changed.name = "Renamed"
    inventory.add(Service("New"))
    drafts = {row["name"]: row["update_type"] for row in reader.rows("sec_policy/draft/services")}
    assert drafts == {"Old": "delete", "Renamed": "update", "New": "create"}
    assert [row["name"] for row in reader.rows("sec_policy/active/services")] == ["Old", "Changed"]


def test_groups_name_their_groups(pce: Pce, reader: Reader) -> None:
    inner = pce.inventory.add(LabelGroup("Inner", "loc"))
    pce.inventory.add(LabelGroup("Outer", "loc", sub_groups=[inner]))
    outer = reader.rows("sec_policy/draft/label_groups")[1]
    assert outer["sub_groups"] == [{"href": inner.href, "name": "Inner"}]


def test_a_scoped_key_sees_a_part_and_is_not_told_so(pce: Pce) -> None:
    fill(pce.inventory, 200, now=NOW)
    shop = next(label for label in pce.inventory.all(Label) if label.text == "app=webshop")
    reader = Reader(pce, pce.add_key({READ_INVENTORY}, scope=[shop]))
    status, rows, headers = reader.ask(f"{ORG}/workloads")
    own = [one for one in pce.inventory.all(Workload) if shop in one.labels]
    assert 0 < len(own) < 100
    assert (status, len(rows), headers["X-Total-Count"]) == (200, len(own), str(len(own)))
    assert len(reader.rows("sec_policy/active/rule_sets")) == 1
    assert len(reader.rows("labels")) == len(pce.inventory.all(Label))
    assert [reader.ask(f"{ORG}/{name}")[0] for name in ("settings/workloads", "container_clusters")] == [403, 403]
    pce.inventory.scope_counted = True
    assert reader.ask(f"{ORG}/workloads")[2]["X-Total-Count"] == "200"


def test_objects_may_be_left_out_with_and_without_the_total_saying_so(pce: Pce, reader: Reader) -> None:
    first, second = (pce.inventory.add(Label("app", value)) for value in ("a", "b"))
    pce.inventory.hidden = {first.href}
    assert [row["href"] for row in reader.rows("labels")] == [second.href]
    assert reader.ask(f"{ORG}/labels")[2]["X-Total-Count"] == "1"
    pce.inventory.hidden_counted = True
    assert reader.ask(f"{ORG}/labels")[2]["X-Total-Count"] == "2"
    pce.inventory.delete(second)
    pce.inventory.deleted_counted = True
    assert reader.ask(f"{ORG}/labels")[2]["X-Total-Count"] == "2"


def test_who_asks_while_hidden_objects_are_counted_does_not_see_them(pce: Pce, reader: Reader) -> None:
    class Watched(Workload):
        def record(self, view: View) -> Json:
            seen.append(reader.rows("labels"))
            return super().record(view)

    seen: list[Any] = []
    pce.inventory.hidden = {pce.inventory.add(Label("app", "a")).href}
    pce.inventory.hidden_counted = True
    pce.inventory.add(Watched("web"))
    assert reader.ask(f"{ORG}/workloads")[2]["X-Total-Count"] == "1"
    assert seen == [[], []]


def test_members_show_one_set_of_objects_and_their_own_heartbeats(clock: Clock) -> None:
    near, far = Pce("near.example", clock=clock), Pce("far.example", clock=clock)
    far.inventories = near.inventories
    near.inventory.add(Workload("host", member="far.example", heartbeat=NOW))

    def beats() -> list[str | None]:
        return [Reader(pce).rows("vens")[0]["last_heartbeat_at"] for pce in (near, far)]

    assert beats() == [None, "2031-03-01T12:00:00.000Z"]
    near.inventory.foreign_heartbeats = "old"
    assert beats() == ["2031-02-28T12:00:00.000Z", "2031-03-01T12:00:00.000Z"]
    own = Reader(far).ask(f"{ORG}/workloads", **{"agent.active_pce_fqdn": "far.example", "managed": "true"})[1]
    assert len(own) == 1


def test_other_collections_and_their_rights(pce: Pce, reader: Reader) -> None:
    pce.inventory.add(Record({"name": "Default"}), "pairing_profiles")
    user = pce.inventory.add(Record({"username": "ann"}), "users")
    assert [row["name"] for row in reader.rows("pairing_profiles")] == ["Default"]
    assert [row["href"] for row in reader.ask("/api/v2/users")[1]] == [user.href]
    assert reader.ask(f"{ORG}/service_accounts")[0] == 403
    with pytest.raises(ValueError, match="name the collection of a Record"):
        pce.inventory.add(Record({}))


def test_the_offline_timers(pce: Pce, reader: Reader) -> None:
    pce.inventory.timers = [((), -1, "server")]
    status, found, _ = reader.ask(f"{ORG}/settings/workloads")
    assert found["workload_disconnected_timeout_seconds"] == [{"scope": [], "value": -1, "ven_type": "server"}]
    assert status == 200
