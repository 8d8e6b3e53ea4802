"""The demo against the user's own PCE: its events, health and inventory are read once, without a Splunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.demo.fleet import say_manifests, show_fleet
from workbench.demo.health import show_health
from workbench.demo.show import record_line, say, step, table
from workbench.lab import Lab, RestFailure

_NEEDED = ("PCE_URL", "PCE_ORG_ID", "PCE_API_KEY_ID", "PCE_API_SECRET")


@dataclass(frozen=True)
class OwnPce:
    """Where the user's PCE is, from the environment."""

    url: str
    org_id: str
    key_id: str
    secret: str = field(repr=False)
    ca_certificate: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> OwnPce | None:
        """None where no variable is set; SystemExit names those that are missing."""
        missing = [name for name in _NEEDED if not environment.get(name)]
        if len(missing) == len(_NEEDED):
            return None
        if missing:
            raise SystemExit(f"To read from your own PCE, set {', '.join(missing)} as well.")
        ca_file = environment.get("PCE_CA_FILE")
        try:
            pem = Path(ca_file).read_text(encoding="utf-8") if ca_file else ""
        except OSError as error:
            raise SystemExit(f"PCE_CA_FILE cannot be read: {error}") from None
        url, org_id, key_id, secret = (environment[name] for name in _NEEDED)
        return cls(url, org_id, key_id, secret, pem)


def show_own_pce(lab: Lab, pce: OwnPce) -> int:
    """Collect the last 24 hours, health and inventory once, and show what would have been indexed; the exit status."""
    print("Reading from your own PCE. splunkd is an emulation; nothing is written to the PCE.")
    step(1, f"Saving an account for {pce.url}, organisation {pce.org_id}: the add-on checks it against the PCE first")
    try:
        lab.add_account(
            pce_url=pce.url,
            org_id=pce.org_id,
            api_key_id=pce.key_id,
            api_secret=pce.secret,
            ca_certificate=pce.ca_certificate,
        )
    except RestFailure as failure:
        say(f"The account was not saved. {failure}")
        return 1
    lab.add_input(start_time="-24h")
    step(2, "Collecting the last 24 hours")
    run = lab.run()
    say(record_line(lab.records()[-1]))
    _show_health(lab)
    _show_fleet(lab)
    step(5, "What Splunk would have indexed")
    events = list(lab.events())
    table(events[-20:], lab.addon, of_each=20)
    by_host = Counter(event.host for event in events)
    say(f"{len(events)} events in all" + "".join(f", {count} of {host}" for host, count in by_host.items()))
    print("\nNext: install the add-on (docs/install.md).")
    return 0 if run.exit_code == 0 else 1


def _show_health(lab: Lab) -> None:
    """The health of a PCE on premises; whatever comes of it, the events are shown."""
    step(3, "Reading the PCE's health")
    lab.add_health()
    run = lab.run_health()
    record = lab.records()[-1]
    if run.exit_code == 0 and record["events"]:
        show_health(lab)
    else:
        say(f"{record.get('error', '')} {record.get('remedy', '')} {' '.join(record.get('notes', []))}".strip())


def _show_fleet(lab: Lab) -> None:
    """What the PCE manages, whatever comes of it."""
    step(4, "Reading the PCE's inventory; with many workloads this takes minutes")
    lab.add_inventory()
    run = lab.run_inventory()
    if lab.inventory():
        say_manifests(lab)
        show_fleet(lab)
    if run.exit_code != 0:
        record = lab.records()[-1]
        say(f"{record.get('error', '')} {record.get('remedy', '')}".strip())
