"""The modular input `illumio_pce_health`: splunkd starts this script for each input, each interval.

Standard input holds the input's settings, standard output takes the events.
"""

from __future__ import annotations

import sys

import import_declare_test  # noqa: F401  (puts the add-on's own libraries first)
from illumio_pce.environment import ignore_environment

ignore_environment()

from illumio_pce.health_input import HEALTH_INPUT  # noqa: E402
from illumio_pce.modular_input import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(HEALTH_INPUT, sys.argv))
