"""Serve an emulated PCE with events: `python -m workbench.pce --help`."""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path
from random import Random

from workbench.pce.events.generate import generate, text_of
from workbench.pce.events.shapes import SHAPES
from workbench.pce.events.world import World

from .inventory import fill_company
from .pce import Pce
from .server import PceServer

_LATE_SECONDS = (30, 540)


def main() -> None:
    """Record a past, serve it with the fleet that it tells of, and let new events happen until interrupted."""
    options = _options()
    pce = Pce()
    key = pce.add_key()
    now_ms = int(time.time() * 1000)
    pce.record_many(generate(now_ms - int(options.days * 86_400_000), now_ms, options.events, seed=options.seed))
    fill_company(pce.inventory, World(options.seed), pce.clock())
    with tempfile.TemporaryDirectory() as folder, _server(pce, options.port) as server:
        ca_file = Path(options.ca_file or Path(folder) / "pce-ca.pem")
        ca_file.write_text(server.ca_pem, encoding="ascii")
        print(f"PCE_URL={server.url}")
        print(f"PCE_ORG_ID={pce.org_id}")
        print(f"PCE_API_KEY_ID={key.key_id}")
        print(f"PCE_API_SECRET={key.secret}")
        print(f"PCE_CA_FILE={ca_file}", flush=True)
        try:
            live(pce, options.rate, options.late, seed=options.seed)
        except KeyboardInterrupt:
            print(f"{len(server.requests)} requests, {pce.held()} events.")


def _server(pce: Pce, port: int) -> PceServer:
    try:
        return PceServer(pce, port=port)
    except OSError as error:
        raise SystemExit(f"Port {port} cannot be used: {error.strerror}. Choose another one with --port.") from None


def live(pce: Pce, rate: float, late: float, *, seed: int = 0, stop: threading.Event | None = None) -> None:
    """Let `rate` events a second happen until `stop`, of which the share `late` turns up late, by minutes."""
    stop = stop or threading.Event()
    world, chance = World(seed + 1, org_id=pce.org_id, fqdn=pce.fqdn), Random(seed)
    shapes = [shape for shape in SHAPES.values() if shape.share]
    while not stop.wait(1 / rate if rate else 1):
        if rate:
            world.ms = int(pce.clock() * 1000)
            if chance.random() < late:
                world.ms -= 1000 * chance.randint(*_LATE_SECONDS)
            shape = chance.choices(shapes, [shape.share for shape in shapes])[0]
            pce.record(text_of(shape.make(world)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workbench.pce", description="Serve an emulated PCE.")
    parser.add_argument("--events", type=int, default=2_000, help="existing events (default %(default)s)")
    parser.add_argument("--days", type=float, default=1.0, help="how far back they go (default %(default)s)")
    parser.add_argument("--rate", type=float, default=1.0, help="new events a second, 0 for none (default %(default)s)")
    parser.add_argument(
        "--late", type=float, default=0.05, help="share of new events that are late (default %(default)s)"
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--seed", type=int, default=0, help="seed for the generated events")
    parser.add_argument("--ca-file", help="where to write the CA certificate (default: a temporary file)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
