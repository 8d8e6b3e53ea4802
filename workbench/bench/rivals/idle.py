"""The least that a poll could be: splunklib's modular input and requests are imported, and one https request is made.

python idle.py JOB     (JOB: the JSON file that `world.py` writes)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests
import splunklib.modularinput  # noqa: F401 - what every add-on's script imports


def main(path: str) -> None:
    """Ask once."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    url = f"https://{job['host']}:{job['port']}{job['targets'][0]}"
    requests.get(
        url, headers={"Authorization": job["authorization"]}, verify=job["ca_file"], timeout=60
    ).raise_for_status()


if __name__ == "__main__":
    main(sys.argv[1])
