"""What becomes of `/health`: an event for each PCE and for each of its nodes, whichever form the response has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from illumio_pce.health_events import events_of, unreachable
from illumio_pce.health_values import measurements, number_of, services_of


def pce(**members: Any) -> dict[str, Any]:
    """A PCE in the form of the schema."""
    return {"fqdn": "pce.example.com", "status": "normal", "type": "standalone", "nodes": [], **members}


def node(**members: Any) -> dict[str, Any]:
    return {"hostname": "core0.example.com", "ip_address": "10.77.0.4", "runlevel": 5, **members}


def of_pce(answer: Any) -> dict[str, Any]:
    return next(events_of(answer, "account.example.com"))


def of_node(**members: Any) -> dict[str, Any]:
    (_, event) = events_of([pce(nodes=[node(**members)])], "")
    return event


def usage(percent: Any, status: str = "normal") -> dict[str, Any]:
    return {"status": status, "percent": percent}


def test_a_pce_and_each_of_its_nodes_is_an_event() -> None:
    found = list(events_of([pce(nodes=[node(), node(hostname="data0.example.com")])], ""))
    assert [(event["kind"], event["dest"]) for event in found] == [
        ("pce", "pce.example.com"),
        ("node", "core0.example.com"),
        ("node", "data0.example.com"),
    ]
    assert {event["pce_fqdn"] for event in found} == {"pce.example.com"}


def test_every_pce_of_a_supercluster_has_its_events() -> None:
    answer = [
        pce(type="leader", nodes=[node()]),
        pce(type="member", fqdn="far.example.com", nodes=[node(hostname="core0.far.example.com")]),
    ]
    found = list(events_of(answer, ""))
    assert [(event["pce_fqdn"], event["kind"]) for event in found] == [
        ("pce.example.com", "pce"),
        ("pce.example.com", "node"),
        ("far.example.com", "pce"),
        ("far.example.com", "node"),
    ]
    assert [event["pce_type"] for event in found if event["kind"] == "pce"] == ["leader", "member"]


def test_an_object_is_read_as_the_one_pce_of_a_list() -> None:
    assert list(events_of(pce(nodes=[node()]), "")) == list(events_of([pce(nodes=[node()])], ""))


@pytest.mark.parametrize("answer", [[], {}, None, "x", 3, [None], [3, "x"], {"error": "maintenance"}, [{"token": "t"}]])
def test_what_holds_no_pce_is_no_event(answer: Any) -> None:
    assert list(events_of(answer, "account.example.com")) == []


@pytest.mark.parametrize(
    ("status", "sev", "severity", "cluster"),
    [
        ("normal", "INFO", "informational", "healthy"),
        ("warning", "WARN", "medium", "degraded"),
        ("critical", "ERR", "high", "degraded"),
        ("error", "ERR", "high", "degraded"),
        ("Critical", "ERR", "high", "degraded"),
        ("on fire", "WARN", "medium", "degraded"),
    ],
)
def test_a_status_is_what_syslog_says_of_it(status: str, sev: str, severity: str, cluster: str) -> None:
    found = of_pce([pce(status=status)])
    assert (found["status"], found["sev"], found["severity"], found["cluster"]) == (status, sev, severity, cluster)
    assert found["missing"] == 0


def test_a_pce_of_which_nothing_is_known_is_no_healthy_one() -> None:
    found = of_pce([{"fqdn": "pce.example.com", "status": None, "nodes": None}])
    assert (found["severity"], found["cluster"], found["problems"]) == ("medium", "degraded", ["its status (unknown)"])


def test_nodes_that_are_not_reached_are_missing_though_the_status_is_normal() -> None:
    gone = {"hostname": "core1.example.com", "ip_address": None, "services": None, "runlevel": None}
    found = list(events_of([pce(nodes=[node(), gone, None])], ""))
    assert (found[0]["missing"], found[0]["cluster"], found[0]["severity"]) == (2, "degraded", "medium")
    assert found[0]["problems"] == ["missing nodes (2)"]
    assert [event["dest"] for event in found[1:]] == ["core0.example.com", "core1.example.com", "pce.example.com"]
    assert [event.get("component") for event in found[1:]] == [None, "unreachable node", "unreachable node"]
    assert [event["severity"] for event in found[1:]] == ["informational", "high", "high"]
    assert "cpu_load_percent" not in found[2]


def test_a_node_of_a_release_without_runlevels_is_not_missing() -> None:
    running = {"hostname": "core0.example.com", "cpu": usage(3)}
    found = list(events_of([pce(nodes=[running])], ""))
    assert found[0]["missing"] == 0
    assert "component" not in found[1]


def test_a_node_has_the_keys_of_syslog_and_the_fields_of_cim() -> None:
    found = of_node(cpu=usage(2), memory=usage(37.5), disk=[{"location": "disk", "value": usage(10)}], type="core")
    expected = {
        "cpu": 2,
        "memory": 37.5,
        "disk": 10,
        "cpu_load_percent": 2,
        "mem_used_percent": 37.5,
        "storage_used_percent": 10,
        "storage_free_percent": 90,
        "sev": "INFO",
        "severity": "informational",
        "runlevel": 5,
        "node_type": "core",
        "ip_address": "10.77.0.4",
    }
    assert {name: found.get(name) for name in expected} == expected


def test_the_fullest_mount_is_the_storage_and_inodes_are_not() -> None:
    mounts = {"persistent_data_root": 91, "log_dir": 9, "log_dir_inodes": 99, "/var/opt": 12, "/": 3}
    found = of_node(disk=[{"location": location, "value": usage(used)} for location, used in mounts.items()])
    assert (found["storage_used_percent"], found["storage_free_percent"]) == (91, 9)
    keys = ("persistent_data_root", "log_dir", "log_dir_inodes", "disk_var_opt", "disk")
    assert [found[key] for key in keys] == [91, 9, 99, 12, 3]


@pytest.mark.parametrize("percent", ["97", "97%", 97, 97.0])
def test_a_percentage_is_read_in_each_of_its_forms(percent: Any) -> None:
    assert of_node(cpu=usage(percent))["cpu_load_percent"] == 97


@pytest.mark.parametrize("percent", [None, "", "?", "many", True, [], {}, float("inf"), float("nan"), 1e300])
def test_what_is_no_percentage_is_left_out(percent: Any) -> None:
    found = of_node(cpu=usage(percent), disk={"location": "disk", "value": usage(percent)})
    assert not {"cpu", "cpu_load_percent", "disk", "storage_used_percent"} & found.keys()


LISTS = {"running": ["agent_service"], "not_running": ["login_service"], "partial": [], "optional": None, "unknown": []}
FLAT = {"status": "warning", **LISTS}


@pytest.mark.parametrize(
    "services",
    [FLAT, {"status": "warning", "services": LISTS}, {"services": FLAT}],
    ids=["flat, as in the schema", "nested, as in the guide", "nested with its status"],
)
def test_services_are_read_in_both_nestings(services: dict[str, Any]) -> None:
    found = of_node(services=services)
    assert found["services"] == {
        "status": "warning",
        "running": ["agent_service"],
        "not_running": ["login_service"],
    }
    assert found["severity"] == "medium"
    assert found["problems"] == ["services (login_service)"]


@pytest.mark.parametrize("services", [None, [], "down", {}, {"status": None}, {"services": None}])
def test_services_of_which_nothing_is_known_are_left_out(services: Any) -> None:
    assert services_of(services) == {}
    assert "services" not in of_node(services=services)


def test_the_worst_part_is_the_severity_of_a_node_and_each_bad_one_is_named() -> None:
    found = of_node(
        cpu=usage(97, "warning"),
        memory=usage(99, "critical"),
        disk=[{"location": "log_dir", "value": usage(95, "warning")}],
        metrics=[{"metric": "m", "entries": [{"values": [{"name": "policy_disk_latency_milliseconds", "value": 900,
                                                          "status": "critical"}]}]}],
    )  # fmt: skip
    assert (found["sev"], found["severity"]) == ("ERR", "high")
    assert found["problems"] == [
        "cpu (97 %)",
        "memory (99 %)",
        "log_dir (95 %)",
        "policy_disk_latency_milliseconds (900)",
    ]


def test_replication_lag_is_told_by_the_keys_of_syslog() -> None:
    def replica(kind: str, details: dict[str, str], lag: float, status: str = "normal") -> dict[str, Any]:
        return {"type": kind, "details": details, "value": {"status": status, "lag_seconds": lag}}

    network = {
        "replication": [
            replica("intracluster", {"database_name": "agent", "primary_fqdn": "data0"}, 1.5),
            replica("intracluster", {"database_name": "traffic"}, 45, "warning"),
            replica("intracluster", {"database_name": "traffic"}, 12),
            replica("intercluster", {"fqdn": "far.example.com"}, 130, "critical"),
        ]
    }
    found = of_pce([pce(network=network)])
    assert found["policy_database_replication_lag"] == 1.5
    assert found["traffic_database_replication_lag"] == 45
    assert found["intercluster_replication_lag"] == 130
    assert found["problems"] == [
        "replication of traffic",
        "replication of far.example.com",
    ]
    assert found["replication"][0] == {
        "type": "intracluster",
        "of": "policy",
        "status": "normal",
        "lag_seconds": 1.5,
        "primary_fqdn": "data0",
    }


def test_notifications_are_kept_and_named() -> None:
    notes = [{"status": "warning", "token": "disk_low", "message": "Low on disk.", "more": 1}, None]
    found = of_pce([pce(status="warning", notifications=notes)])
    assert found["notifications"][0] == {"status": "warning", "token": "disk_low", "message": "Low on disk."}
    assert found["problems"] == ["notification disk_low"]


def test_what_is_bad_is_named_though_nothing_else_is_known_of_it() -> None:
    bad = {"status": "critical"}
    network = {"replication": [{"value": bad}]}
    found = list(events_of([pce(notifications=[bad], network=network, nodes=[node(services=bad, cpu=bad)])], ""))
    assert found[0]["problems"] == ["notification unknown", "replication of unknown"]
    assert found[1]["problems"] == ["cpu (unknown %)", "services (critical)"]


def metric(name: Any, value: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "status": "normal", "unit": "", "frequency": "60"}


def test_measurements_are_found_at_any_depth() -> None:
    groups = [
        {
            "group": "policy",
            "components": [
                {"section": "s", "contents": [metric("policy_database_size_gb", 3.5)]},
                {"section": "t", "contents": [{"cluster": [{"node": "data0", "metrics": [metric("rate_of_it", "7")]}]}]},
            ],
        },
        {"group": "x", "components": {"contents": {"cluster": {"values": [metric("traffic_summaries_per_second", 12)]}}}},
    ]  # fmt: skip
    found = of_pce([pce(groups=groups)])
    assert (found["policy_database_size_gb"], found["rate_of_it"], found["traffic_summaries_per_second"]) == (
        3.5,
        7,
        12,
    )


def test_a_measurement_of_several_nodes_has_all_its_values() -> None:
    values = [metric("ven_policy_average_latency_seconds", value) for value in (1, 2, 1)]
    assert of_node(metrics=values)["ven_policy_average_latency_seconds"] == [1, 2]


@pytest.mark.parametrize(
    "name", ["host", "index", "user", "dest", "severity", "node", "kind", "time", "Rate", "a b", "", 3]
)
def test_a_measurement_makes_up_no_field(name: Any) -> None:
    plain = of_node()
    assert of_node(metrics=[metric(name, "evil")]) == plain


@pytest.mark.parametrize("value", [None, [], {}, "", {"status": "normal", "percent": 3}])
def test_what_has_no_plain_value_is_no_measurement(value: Any) -> None:
    assert list(measurements([metric("some_name", value)])) == []


def test_deep_and_long_responses_come_to_an_end() -> None:
    deep: Any = metric("some_name", 1)
    for _ in range(50_000):
        deep = [deep]
    assert [found.value for found in measurements(deep)] == [1]
    many = [metric(f"metric_{n}", n) for n in range(5_000)]
    assert len(of_node(metrics=many)) < 300
    assert len(list(events_of([pce(nodes=[node()] * 5_000)], ""))) == 101


def test_what_is_not_in_the_schema_is_no_error() -> None:
    of_nodes = ["hostname", "ip_address", "services", "cpu", "memory", "disk", "metrics", "uptime_seconds", "type"]
    of_pces = ["fqdn", "notifications", "network", "groups", "type", "available_seconds", "generated_at"]
    odds: list[Any] = ["x", 3, None, True, [[]], {"a": {}}]
    for odd in odds:
        assert of_node(**dict.fromkeys(of_nodes, odd))["kind"] == "node"
        assert of_pce([pce(**dict.fromkeys(of_pces, odd))])["kind"] == "pce"


def test_a_number_is_what_fits_into_one() -> None:
    assert [number_of(value) for value in (3, "3", "3.5 %", -1, 10**18, True, "1e3")] == [
        3,
        3,
        3.5,
        -1,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(("down", "expected"), [(True, ("unreachable", "high")), (False, (None, "medium"))])
def test_a_pce_that_cannot_be_asked_is_an_event(down: bool, expected: tuple[str | None, str]) -> None:
    found = unreachable("pce.example.com", "No connection.", "connection", down=down)
    assert (found.get("cluster"), found["severity"]) == expected
    assert (found["dest"], found["error_category"]) == ("pce.example.com", "connection")
    assert found["problems"] == ["its health API (No connection.)"]


BAD_PARTS: dict[str, dict[str, Any]] = {
    "replication of policy": {"network": {"replication": [
        {"type": "intracluster", "details": {"database_name": "agent"},
         "value": {"status": "critical", "lag_seconds": 4000}}]}},
    "notification disk_low": {"notifications": [{"status": "critical", "token": "disk_low", "message": "Low on disk."}]},
    "group Policy Database": {"groups": [{"group": "Policy Database", "status": "critical", "components": []}]},
    "policy_database_utilization_percentage (99)": {"groups": [{"group": "x", "status": "normal", "components": [
        {"section": "s", "contents": [{"name": "policy_database_utilization_percentage", "value": 99,
                                       "status": "critical"}]}]}]},
}  # fmt: skip


@pytest.mark.parametrize("problem", BAD_PARTS)
@pytest.mark.parametrize("status", ["normal", None])
def test_a_pce_is_as_bad_as_the_worst_that_it_says_whatever_its_own_status(status: str | None, problem: str) -> None:
    found = of_pce([pce(status=status, nodes=[node()], **BAD_PARTS[problem])])
    assert (found["sev"], found["severity"], found["cluster"]) == ("ERR", "high", "degraded")
    assert found["problems"] == [problem]


def test_a_warning_of_a_part_is_a_warning_of_the_pce() -> None:
    found = of_pce([pce(notifications=[{"status": "normal", "token": "a"}, {"status": "warning", "token": "b"}])])
    assert (found["sev"], found["cluster"], found["problems"]) == ("WARN", "degraded", ["notification b"])


def test_parts_that_are_all_well_leave_a_pce_healthy() -> None:
    notes = [{"status": "normal", "token": "upgrade_available", "message": ""}, {"status": None, "token": "t"}]
    found = of_pce([pce(notifications=notes, groups=[{"group": "x", "status": "normal"}])])
    assert (found["sev"], found["cluster"], found.get("problems")) == ("INFO", "healthy", None)


#: Splunk extracts the fields of JSON from so many bytes (limits.conf, `extraction_cutoff` of `spath`).
CUTOFF = 5000


def early(event: dict[str, Any]) -> set[str]:
    """The members that end within Splunk's limit."""
    names = list(event)
    return {name for at, name in enumerate(names) if len(json.dumps({n: event[n] for n in names[: at + 1]})) < CUTOFF}


def test_what_a_pce_says_at_length_pushes_no_severity_out_of_reach() -> None:
    notes = [{"status": "critical", "token": f"token_{n}", "message": "m" * 200} for n in range(25)]
    replica = {"type": "intracluster", "details": {"database_name": "agent"}, "value": {"lag_seconds": 1}}
    network = {"replication": [replica] * 40}
    groups = [{"components": [metric(f"metric_{n}", n) for n in range(20)]}]
    found = of_pce([pce(status="critical", notifications=notes, network=network, groups=groups)])
    assert len(json.dumps(found)) > CUTOFF
    expected = {"dest", "status", "cluster", "missing", "sev", "vendor_severity", "severity", "problems", "metric_19"}
    assert expected <= early(found)
    assert list(found)[-2:] == ["notifications", "replication"]


def test_the_services_of_a_node_push_no_severity_out_of_reach() -> None:
    services = {"status": "critical", "running": [f"service_{n}_{'x' * 100}" for n in range(60)]}
    found = of_node(services=services, cpu=usage(99, "critical"), metrics=[metric("a", 1)])
    assert len(json.dumps(found)) > CUTOFF
    assert {"dest", "node", "cpu_load_percent", "sev", "severity", "problems", "a"} <= early(found)
    assert list(found)[-1] == "services"
