"""Whether a log of pip or npm ends as it does since a package registry could not be reached.

`python registry.py LOG` prints one sentence, or nothing. Runs on a bare Python, before any environment is made.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

#: The words of pip (urllib3, requests) and of npm (Node.js) for a registry that does not answer or is not trusted.
_CAUSES = {
    "its name cannot be resolved": r"NameResolutionError|Name or service not known|nodename nor servname|getaddrinfo"
    r"|Temporary failure in name resolution|ENOTFOUND|EAI_AGAIN",
    "it refuses the connection": r"Connection refused|ECONNREFUSED",
    "it does not respond": r"[Tt]imed out|TimeoutError|ETIMEDOUT|ERR_SOCKET_TIMEOUT|No route to host|EHOSTUNREACH"
    r"|Network is unreachable|ENETUNREACH",
    "its certificate is not trusted": r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_(?:GET|VERIFY)\w*CERT"
    r"|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_HAS_EXPIRED",
    "the proxy rejects the request": r"ProxyError|Tunnel connection failed|E407",
    "it closes the connection": r"Connection reset|ConnectionResetError|ECONNRESET|RemoteDisconnected",
}
_HOST = re.compile(r"host='([^']+)'|https?://(?:[^@\s/'\"]*@)?([^\s/:'\"]+)")


def unreachable(log: str) -> str:
    """What to tell of a registry that could not be reached; empty where the log speaks of something else."""
    for cause, words in _CAUSES.items():
        lines = [line for line in log.splitlines() if re.search(words, line)]
        if lines:
            hosts = [named for line in lines for found in _HOST.findall(line) for named in found if named]
            where = f" {hosts[-1]}" if hosts else ""
            return (
                f"The package registry{where} cannot be reached: {cause}. Packages are fetched the first time, and "
                "when they change: check the network, the proxy (HTTPS_PROXY), and the settings of pip and npm."
            )
    return ""


if __name__ == "__main__":
    print(unreachable(Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace")))
