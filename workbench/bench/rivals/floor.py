"""The floor: the answers' bytes from the PCE's socket to the pipe, and nothing else.

    python floor.py JOB     (JOB: the JSON file that `throughput.py` writes)

With `inflate` in the job the bytes are decompressed, since splunkd takes none that are not; without, they are
written as they came.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
import zlib
from pathlib import Path

_PIECE = 64 * 1024


def main(path: str) -> None:
    """Ask for each path of the job in turn, over one connection."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    context = ssl.create_default_context(cadata=job["ca"])
    connection = http.client.HTTPSConnection(job["host"], job["port"], context=context)
    for target in job["targets"]:
        connection.request("GET", target, headers={"Authorization": job["authorization"], "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        inflate = zlib.decompressobj(31).decompress if job["inflate"] else bytes
        while piece := answer.read(_PIECE):
            _hand_over(inflate(piece))


def _hand_over(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main(sys.argv[1])
