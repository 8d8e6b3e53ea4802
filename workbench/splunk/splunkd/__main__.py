"""`python -m workbench.splunk.splunkd --home DIR --app BUILT_ADD_ON`: the stand-in, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from .server import Splunkd
from .web import Web


def main() -> int:
    """Serve until SIGINT or SIGTERM, running the enabled inputs at their intervals."""
    parser = argparse.ArgumentParser(prog="python -m workbench.splunk.splunkd", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="where SPLUNK_HOME is, or is made")
    parser.add_argument("--app", type=Path, required=True, help="the built add-on's folder")
    parser.add_argument("--web-port", type=int, default=0, help="the port of the pages (default: any free one)")
    parser.add_argument("--interval", type=float, help="run every input at this interval (seconds), not its own")
    arguments = parser.parse_args()
    if not (arguments.app / "default").is_dir():
        raise SystemExit(f"{arguments.app} contains no add-on: build it first, with ./build.sh")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    splunkd = Splunkd(arguments.home)
    app = splunkd.install(arguments.app)
    with splunkd:
        web = _web(splunkd, arguments.web_port)
        splunkd.schedule(arguments.interval)
        print("This is an emulation, not Splunk. Press Ctrl-C to stop it.", flush=True)
        print(f"  pages     {web.uri}/app/{app}/configuration", flush=True)
        print(f"  REST API  {splunkd.uri} (admin / {splunkd.sessions.passwords['admin']})", flush=True)
        ended.wait()
        web.close()
    return 0


def _web(splunkd: Splunkd, port: int) -> Web:
    try:
        return Web(splunkd, port)
    except OSError as error:
        raise SystemExit(f"Port {port} cannot be used: {error.strerror}. Choose another one with --web-port.") from None


if __name__ == "__main__":
    raise SystemExit(main())
