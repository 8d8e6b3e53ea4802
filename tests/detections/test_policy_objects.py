"""Objects that rules use, opened to everything, and the changes of a day beside them.

Members after Illumio's REST API guide: an IP list has `ip_ranges` (`from_ip` may be a network; `exclusion` takes a range
out) and `fqdns`; a service has `service_ports` or `windows_services`; a label group has `labels` and `sub_groups`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.detections.made import BEGIN, Json, change, event, indexed
from tests.detections.replay import replay, shipped
from workbench.splunk.conf.reader import Confs


def span(first: str, last: str | None = None, **more: Any) -> Json:
    return {"from_ip": first, **({"to_ip": last} if last else {}), **more}


def out(first: str) -> Json:
    return span(first, exclusion=True)


def tcp(first: int, last: int | None = None, proto: int = 6) -> Json:
    return {"proto": proto, "port": first, **({"to_port": last} if last else {})}


def of(kind: str, how: str = "update", **changes: Any) -> Json:
    return event(f"{kind}.{how}", [change(kind, changes, how, name="Remote access")])


def ip_list(created: list[Json], deleted: list[Json] | None = None, how: str = "update") -> Json:
    return of("ip_list", how, ip_ranges={"created": created, "deleted": deleted or []})


def names(*domains: str, before: Iterable[str] = ()) -> Json:
    return of(
        "ip_list",
        fqdns={
            "created": [{"fqdn": domain} for domain in domains],
            "deleted": [{"fqdn": domain} for domain in before],
        },
    )


def service(*ports: Json, before: list[Json] | None = None, how: str = "update") -> Json:
    return of("service", how, service_ports={"before": before or [], "after": list(ports)})


def group(**changes: Any) -> Json:
    return of("label_group", **changes)


WIKI: Json = {"href": "/orgs/1/labels/114", "key": "app", "value": "wiki"}
JUMP: Json = {"href": "/orgs/1/labels/115", "key": "role", "value": "jump"}
TESTS: Json = {"href": "/orgs/1/sec_policy/draft/label_groups/7", "name": "Tests"}
#: /8 networks without any that is private.
EIGHTS = [span(f"{first}.0.0.0/8") for first in range(11, 101)]

# Change → what the reason says of it, and how severe it is.
OPENED: dict[str, tuple[Json, str, str]] = {
    "everything": (ip_list([span("0.0.0.0/0")]), "IP list Remote access: got 100% of all addresses (0.0.0.0/0)", "high"),
    "everything from first to last": (ip_list([span("0.0.0.0", "255.255.255.255")]), "got 100% of", "high"),
    "half of it": (ip_list([span("128.0.0.0/1")]), "got 50% of all addresses (128.0.0.0/1)", "high"),
    "in halves": (ip_list([span("0.0.0.0/1"), span("128.0.0.0/1")]), "got 100% of", "high"),
    "in many": (ip_list(EIGHTS), "got 35% of all addresses (11.0.0.0/8, 12.0.0.0/8, 13.0.0.0/8)", "high"),
    "with exceptions": (ip_list([span("0.0.0.0/0"), out("203.0.113.0/24")]), "got 100% of", "high"),
    "instead of what was there": (
        of("ip_list", ip_ranges={"before": [span("10.1.0.0/16")], "after": [span("0.0.0.0/0")]}), "got 100% of", "high",
    ),
    "a range that grows": (
        of("ip_list", ip_ranges={"updated": [
            {"resource": span("10.0.0.0/24"), "changes": {"from_ip": {"before": "10.0.0.0/24", "after": "0.0.0.0/0"}}},
        ]}), "got 100% of", "high",
    ),
    "exceptions that count no more": (
        of("ip_list", ip_ranges={"updated": [
            {"resource": span("0.0.0.0/1"), "changes": {"exclusion": {"before": True, "after": False}}},
        ]}), "got 50% of", "high",
    ),
    "halves that were taken out": (ip_list([], [out("0.0.0.0/1"), out("128.0.0.0/1")]), "got 100% of", "high"),
    "the own network no longer taken out": (ip_list([], [out("10.0.0.0/8")]), "is no longer all but 10.0.0.0/8", "medium"),
    "IPv6": (ip_list([span("::/0")]), "(::/0)", "high"),
    "IPv6, all that is public": (ip_list([span("2000::/3")]), "(2000::/3)", "high"),
    "any name": (names("*"), "got the name *, which is anybody", "high"),
    "any name of a kind": (names("*.com"), "got the name *.com", "high"),
    "a tunnel": (names("*.ngrok.io"), "got the tunnel service *.ngrok.io", "medium"),
    "any name of a kind instead of one that begins alike": (
        names("*.com", before=["*.commerce.example"]), "got the name *.com", "high",
    ),
    "a tunnel instead of a name that begins alike": (
        names("*.ngrok.io", before=["*.ngrok.io.kestrel-freight.example"]), "got the tunnel service *.ngrok.io", "medium",
    ),
    "a new list": (ip_list([span("0.0.0.0/0")], how="create"), "IP list Remote access (new): got 100% of", "low"),
    "a service": (service({"proto": -1}), "service Remote access: got the ports all services", "high"),
    "all ports": (service(tcp(1, 65535), before=[tcp(443)]), "got the ports tcp 1-65535", "high"),
    "ports in thirds": (service(tcp(1, 21845), tcp(21846, 43690), tcp(43691, 65535)), "tcp 1-21845, tcp 21846-43690", "high"),
    "half of the ports": (service(tcp(1, 32767)), "tcp 1-32767", "high"),
    "a protocol without ports": (service({"proto": 17}), "udp on all ports", "high"),
    "a new service": (service(tcp(0, 65535), how="create"), "(new): got the ports tcp 0-65535", "low"),
    "ports of Windows": (of("service", windows_services={"created": [tcp(1, 65535)]}), "tcp 1-65535", "high"),
    "a virtual service": (of("virtual_service", service_ports={"created": [tcp(1, 65535)]}), "virtual service Remote", "high"),
    "a label": (group(labels={"created": [WIKI], "deleted": []}), "label group Remote access: got app=wiki", "medium"),
    "a label among those before": (group(labels={"before": [JUMP], "after": [JUMP, WIKI]}), ": got app=wiki", "medium"),
    "a group": (group(sub_groups={"created": [TESTS]}), ": got Tests", "medium"),
}  # fmt: skip

OF_A_DAY: dict[str, Json] = {
    "the addresses of a feed": ip_list([span(f"198.51.100.{n}") for n in range(200)], [span("203.0.113.0/24")]),
    "the own network": ip_list([span("10.0.0.0/8"), span("172.16.0.0/12"), span("192.168.0.0/16")]),
    "a large cloud": ip_list([span(f"{first}.0.0.0/8") for first in range(50, 60)]),
    "multicast": ip_list([span("224.0.0.0/4"), span("ff00::/8"), span("fe80::/10")]),
    "everything taken out": ip_list([], [span("0.0.0.0/0")]),
    "everything as an exception": ip_list([out("0.0.0.0/0")]),
    "everything, written again": ip_list([span("0.0.0.0/0", description="b")], [span("0.0.0.0/0", description="a")]),
    "an address no longer taken out": ip_list([], [out("203.0.113.7/32")]),
    "one exception for another": ip_list([out("10.0.0.0/9")], [out("10.0.0.0/8")]),
    "names": names("*.update.example.com", "ngrok.example.com"),
    "a name for anybody, written again": names("*.com", before=["*.com", "*.commerce.example"]),
    "an IP list renamed": of("ip_list", description={"before": None, "after": "0.0.0.0/0 and ::/0"}),
    "a service": service(tcp(443), tcp(8000, 8100)),
    "dynamic ports of Windows": service(tcp(49152, 65535), tcp(49152, 65535, 17), tcp(135)),
    "dynamic ports of Linux": service(tcp(32768, 60999)),
    "all ports taken out": service(tcp(443), before=[tcp(1, 65535)]),
    "ICMP": service({"proto": 1}),
    "a process": of("service", windows_services={"created": [{"proto": 6, "process_name": "c:\\agent.exe"}]}),
    "a label taken out": group(labels={"created": [], "deleted": [WIKI]}),
    "a label group made": of("label_group", "create", labels={"created": [WIKI]}),
    "a label group renamed": group(name={"before": "a", "after": "b"}),
    "labels of a workload": event("workload.update", [change("workload", {"labels": {"created": [WIKI]}})]),
    "refused": ip_list([span("0.0.0.0/0")]) | {"status": "failure"},
}  # fmt: skip


def _alerts(events: list[Json], confs: Confs | None = None) -> list[dict[str, Any]]:
    return replay("policy_object_opened", indexed(events), None, BEGIN + 3600, confs)


@pytest.mark.parametrize(("one", "said", "severity"), OPENED.values(), ids=OPENED)
def test_it_says_what_the_object_got(one: Json, said: str, severity: str) -> None:
    (alert,) = _alerts([one])

    assert said in str(alert["reason"])
    assert (alert["severity"], alert["href"]) == (severity, one["href"])


@pytest.mark.parametrize("one", OF_A_DAY.values(), ids=OF_A_DAY)
def test_the_changes_of_a_day_are_silent(one: Json) -> None:
    assert _alerts([one]) == []


@pytest.mark.parametrize("valued", ["wiki", "/orgs/1/labels/114", "remote access", "/orgs/1/label_groups/1"])
def test_a_high_value_label_or_group_is_high(valued: str) -> None:
    (alert,) = _alerts([group(labels={"created": [WIKI]})], shipped(f"label,importance\n{valued},administrators\n"))

    assert (alert["severity"], alert["high_value"]) == ("high", "administrators")
