"""The search command `| illumiopcereconcile`: splunkd starts this script for each search that uses it."""

from __future__ import annotations

import sys

import import_declare_test  # noqa: F401  (puts the add-on's own libraries first)
from illumio_pce.environment import ignore_environment

ignore_environment()

from illumio_pce.reconcile_command import ReconcileCommand  # noqa: E402
from splunklib.searchcommands import dispatch  # noqa: E402

if __name__ == "__main__":
    dispatch(ReconcileCommand, sys.argv, sys.stdin, sys.stdout, __name__)
