"""The demo's command line."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from workbench.demo.own_pce import OwnPce, show_own_pce
from workbench.demo.story import tell
from workbench.lab import Lab

ADDON = Path("output/TA_illumio_pce")


def main() -> int:
    """Run the story, or one collection from the user's own PCE where the environment names it."""
    parser = argparse.ArgumentParser(prog="./build.sh demo", description=__doc__)
    parser.add_argument("--headless", action="store_true", help="end by itself instead of showing the pages")
    parser.add_argument("--home", type=Path, help="where the stand-in for splunkd keeps its files")
    options = parser.parse_args()
    own_pce = OwnPce.from_environment(os.environ)
    with tempfile.TemporaryDirectory(prefix="illumio-demo-") as temporary:
        lab = Lab(options.home or Path(temporary), ADDON)
        with lab.splunkd:
            if own_pce is not None:
                return show_own_pce(lab, own_pce)
            return tell(lab, stay=not options.headless and sys.stdout.isatty())


if __name__ == "__main__":
    sys.exit(main())
