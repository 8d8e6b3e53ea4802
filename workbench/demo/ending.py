"""How the demo ends when it is told to: in good order, so that it leaves no process and no file."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_to_the_end(run: Callable[[], int]) -> int:
    """Run it; the exit status. A signal, a closed standard output and a full disk end it, and it cleans up."""
    _open_standard_streams()
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _end)
    try:
        status = run()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("\nInterrupted by Ctrl-C.", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _drop_standard_output()  # whoever read it has gone
        return 1
    except (OSError, sqlite3.Error) as error:
        print(f"The demo cannot continue: {error}", file=sys.stderr)
        return 1


def _end(number: int, _frame: FrameType | None) -> None:
    """Leave whatever is under way; a second signal does not disturb the cleaning up."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _open_standard_streams() -> None:
    """Where the demo was started without one of them, what is opened next would be taken for it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
    sys.stderr = sys.stderr or sys.stdout


def _drop_standard_output() -> None:
    """What is still to be written to it goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
