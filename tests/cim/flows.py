"""One flow summary of our own, as a PCE writes it in JSON, CEF and LEEF."""

from __future__ import annotations

from tests.cim.formats import PREFIX, compact

SRC_LABELS = {"app": "Manifest", "env": 'Prod "1" dvchost=evil'}
DST_LABELS = {"role": "DB = {main}", "Tier": "two"}
SRC_HREF = "/orgs/7/workloads/0000012d-1c2d-4e3f-8a5b-000000247e1b"
DST_HREF = "/orgs/7/workloads/0000012e-1c2d-4e3f-8a5b-000000249d0a"

FIELDS = {
    "src": "10.20.0.5",
    "src_ip": "10.20.0.5",
    "dest": "10.20.0.9",
    "dest_ip": "10.20.0.9",
    "dest_port": "5432",
    "transport": "tcp",
    "protocol": "ip",
    "protocol_version": "ipv4",
    "direction": "inbound",
    "bytes_in": "1200",
    "bytes_out": "3400",
    "bytes": "4600",
    "count": "12",
    "interval_sec": "600",
    "flow_state": "A",
    "src_host": "crane-01",
    "dest_host": "vault-02",
    "src_href": SRC_HREF,
    "dest_href": DST_HREF,
    "src_labels": compact(SRC_LABELS),
    "dest_labels": compact(DST_LABELS),
    "app": "illumio:pce",
    "vendor_product": "Illumio PCE",
    "vendor_account": "org:7",
    "org_id": "7",
}
DECISIONS = {
    "allowed": (0, "allowed"),
    "potentially_blocked": (1, "allowed"),
    "blocked": (2, "blocked"),
    "unknown": (3, "flow"),
}


def as_json(decision: str) -> str:
    """The flow as JSON, with what JSON alone carries."""
    flow = {
        "interval_sec": 600,
        "count": 12,
        "dst_tbi": 90000,
        "dst_tbo": 91000,
        "dst_dbi": 1200,
        "dst_dbo": 3400,
        "pn": "postgres",
        "un": "NT AUTHORITY\\SYSTEM",
        "src_ip": "10.20.0.5",
        "dst_ip": "10.20.0.9",
        "class": "U",
        "timestamp": "2026-03-08T10:15:30+02:00",
        "dir": "I",
        "proto": 6,
        "dst_port": 5432,
        "state": "A",
        "src_labels": SRC_LABELS,
        "src_hostname": "crane-01",
        "src_href": SRC_HREF,
        "dst_labels": DST_LABELS,
        "dst_hostname": "vault-02",
        "dst_href": DST_HREF,
        "pd": DECISIONS[decision][0],
        "pce_fqdn": "pce.harbour.example",
        "version": 4,
    }
    return PREFIX + compact(flow)


def as_cef(decision: str) -> str:
    """The flow as CEF; its time names no zone."""
    return (
        f"{PREFIX}CEF:0|Illumio|PCE|26.2.20|flow_{decision}|Flow|3|act={decision} cat=flow_summary deviceDirection=0 dpt=5432"
        " src=10.20.0.5 dst=10.20.0.9 proto=tcp cnt=12 in=1200 out=3400 rt=Mar 08 2026 08:15:30"
        " duser=NT AUTHORITY\\SYSTEM dproc=postgres cn1=600 cn1Label=interval_sec cn2=1200 cn2Label=dbi cn3=3400"
        f" cn3Label=dbo cs2=A cs2Label=state shost=crane-01 cs5={SRC_HREF} cs5Label=src_href cs3={compact(SRC_LABELS)}"
        f" cs3Label=src_labels dhost=vault-02 cs6={DST_HREF} cs6Label=dst_href cs4={compact(DST_LABELS)}"
        ' cs4Label=dst_labels dvchost=pce.harbour.example msg={"trafclass_code":"U","network":"Quay"}'
    )


def as_leef(decision: str) -> str:
    """The flow as LEEF, which names neither process nor PCE."""
    return (
        f"{PREFIX}LEEF:2.0|Illumio|PCE|25.2.10|flow_{decision}|cat=flow_summary devTime=2026-03-08T10:15:30+02:00"
        " devTimeFormat=yyyy-MM-dd'T'HH:mm:ssX proto=tcp sev=3 src=10.20.0.5 dst=10.20.0.9 dstPort=5432 count=12 dir=I"
        f" intervalSec=600 state=A srcHostname=crane-01 srcHref={SRC_HREF} srcLabels={compact(SRC_LABELS)}"
        f" dstHostname=vault-02 dstHref={DST_HREF} dstLabels={compact(DST_LABELS)} dbi=1200 dbo=3400"
    )
