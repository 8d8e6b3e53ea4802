"""The modular input `illumio_pce_events`: splunkd starts this script for each input, each interval.

It wires the collector to splunkd and leaves: standard input holds the input's settings, standard output
takes the events, splunkd's REST API the state.
"""

from __future__ import annotations

import sys

import import_declare_test  # noqa: F401  (puts the add-on's own libraries first)
from illumio_pce.environment import ignore_environment

ignore_environment()

from illumio_pce.events_input import EVENTS_INPUT  # noqa: E402
from illumio_pce.modular_input import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(EVENTS_INPUT, sys.argv))
