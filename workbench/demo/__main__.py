"""The demo's command line."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from workbench.demo.ending import run_to_the_end
from workbench.demo.folder import demo_folder
from workbench.demo.own_pce import OwnPce, show_own_pce
from workbench.demo.story import tell
from workbench.lab import Lab

ADDON = Path(__file__).resolve().parents[2] / "output/TA_illumio_pce"
#: How long a collector may take to end in good order when the demo ends before it.
_GRACE_SECONDS = 5.0


def main() -> int:
    """Run the story, or one collection from the user's own PCE where the environment names it."""
    parser = argparse.ArgumentParser(prog="./build.sh demo", description=__doc__)
    parser.add_argument("--headless", action="store_true", help="exit at the end instead of serving the pages")
    parser.add_argument(
        "--home", type=Path, help="keep the emulated splunkd's files in this folder, including the secret"
    )
    options = parser.parse_args()
    own_pce = OwnPce.from_environment(os.environ)
    return run_to_the_end(lambda: _show(options, own_pce))


def _show(options: argparse.Namespace, own_pce: OwnPce | None) -> int:
    with demo_folder() as folder:
        lab = Lab(options.home or folder / "splunk", ADDON)
        with lab.splunkd:
            try:
                if own_pce is not None:
                    return show_own_pce(lab, own_pce)
                return tell(lab, stay=not options.headless and sys.stdout.isatty())
            finally:
                lab.splunkd.stop(_GRACE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
