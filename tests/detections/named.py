"""The inventory's lookups, filled by hand: what the add-on's confs hold of a PCE's workloads, labels and objects."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from tests.detections.replay import PACKAGE
from workbench.splunk.conf.lookup_table import BETWEEN
from workbench.splunk.conf.reader import Confs

#: The PCE of the events that tests make.
PCE = "pce.kestrel-freight.example"
Row = Mapping[str, str]


def workload(number: int | str, name: str, *labels: str, **members: str) -> dict[str, str]:
    """A managed workload, whose agent has its number."""
    return {
        **_common(f"/orgs/1/workloads/{number}", name),
        "hostname": name, "managed": "true", "agent_href": f"/orgs/1/agents/{number}",
        "ven_href": f"/orgs/1/vens/{number}", "labels": BETWEEN.join(labels), **members,
    }  # fmt: skip


def label(number: int, key: str, value: str, **members: str) -> dict[str, str]:
    """A label."""
    return {**_common(f"/orgs/1/labels/{number}", value), "key": key, "value": value, **members}


def policy(kind: str, number: int | str, name: str, **members: str) -> dict[str, str]:
    """An IP list, service, rule set or label group."""
    return {**_common(f"/orgs/1/sec_policy/*/{kind}s/{number}", name), "kind": kind, **members}


def _common(href: str, name: str) -> dict[str, str]:
    return {"pce_fqdn": PCE, "org_id": "1", "href": href, "name": name, "state": "present", "seen": "1929900000"}


def inventory(
    *, workloads: Iterable[Row] = (), labels: Iterable[Row] = (), objects: Iterable[Row] = ()
) -> dict[str, str]:
    """The texts of the three lookups, those without rows left out."""
    tables = {"workloads": list(workloads), "labels": list(labels), "objects": list(objects)}
    return {f"illumio_pce_{name}": _text(rows) for name, rows in tables.items() if rows}


def confs(lookups: Mapping[str, str], macros: str = "") -> Confs:
    """The add-on with these lookups, and with macros that an administrator changed."""
    local = {"local/macros.conf": macros} if macros else {}
    return Confs.load(PACKAGE, local, lookups=dict(lookups))


def _text(rows: list[Row]) -> str:
    fields = ["_key", *dict.fromkeys(name for row in rows for name in row)]
    written = io.StringIO()
    table = csv.DictWriter(written, fields, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows({"_key": f"{row['pce_fqdn']}|{row['href']}", **row} for row in rows)
    return written.getvalue()
