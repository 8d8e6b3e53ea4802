"""The plain collector that most add-ons are: requests, `response.json()`, one `EventWriter.write_event` an event.

    python plain.py JOB     (JOB: the JSON file that `throughput.py` writes)

It removes no duplicates, keeps no checkpoint, and knows beforehand which ranges of time fit into an answer.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import requests
from splunklib.modularinput import Event, EventWriter


def main(path: str) -> None:
    """Ask for each path of the job in turn, over one session."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    session = requests.Session()
    session.verify = job["ca_file"]
    session.headers["Authorization"] = job["authorization"]
    writer = EventWriter()
    for target in job["targets"]:
        response = session.get(f"https://{job['host']}:{job['port']}{target}", timeout=60)
        response.raise_for_status()
        for event in response.json():
            moment = datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
            writer.write_event(
                Event(
                    data=json.dumps(event),
                    time=moment.timestamp(),
                    stanza="illumio_pce_events://plain",
                    host=event["pce_fqdn"],
                    source="illumio_pce_events://plain",
                    sourcetype="illumio:pce:events",
                )
            )
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
