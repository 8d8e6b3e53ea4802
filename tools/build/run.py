"""`python run.py MODULE ARGUMENT…`: a module of the repository as `python -m` runs it.

Ctrl-C ends it in a sentence, also while it is being imported.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    del sys.argv[0]
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        print("Interrupted by Ctrl-C.", file=sys.stderr)
        sys.exit(130)
