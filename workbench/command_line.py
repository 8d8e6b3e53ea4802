"""What the commands over files of events share: options, times, the add-on's confs, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Callable

from workbench.event_files import DEFAULT_SOURCETYPE, Reader
from workbench.event_files.report import FileReport
from workbench.splunk.conf.index_time import Receiver
from workbench.splunk.conf.reader import Confs
from workbench.splunk.refusal import Refused
from workbench.splunk.spl.relative_time import resolve
from workbench.splunk.spl.values import Event

APP = Path(__file__).resolve().parents[1] / "output" / "TA_illumio_pce"
REFUSED = 2
#: More bytes than this are not held in memory.
LONG = 10 << 20


class Parser(argparse.ArgumentParser):
    """The options of a command over files of events, to which it adds its own."""

    def __init__(self, prog: str, description: str | None) -> None:
        super().__init__(prog=prog, description=description)
        self._times: set[str] = set()

    def add_time(self, option: str, **settings: str) -> None:
        """An option that takes a time, such as `-24h`."""
        self.add_argument(option, **settings)  # type: ignore[arg-type]
        self._times.add(option)

    def add_files(self) -> None:
        """The files, how their lines are received, and the add-on's folders."""
        self.add_argument(
            "files", nargs="+", type=Path, metavar="FILE", help="events: lines, an API response, or JSON lines"
        )
        self.add_argument("--sourcetype", default=DEFAULT_SOURCETYPE, help="source type of raw lines (%(default)s)")
        self.add_argument("--app", type=Path, action="append", help=f"the add-on's folder ({APP.name}, as built)")

    def parsed(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """The options; `--earliest -24h` is read as one word, since argparse would take `-24h` for an option."""
        words: list[str] = []
        for word in sys.argv[1:] if arguments is None else arguments:
            if words and words[-1] in self._times:
                words[-1] += f"={word}"
            else:
                words.append(word)
        return self.parse_args(words)


def moment(text: str | None, option: str, now: float | None = None) -> float | None:
    """A time of the command line as epoch seconds, relative to `now` (this second). Raises Refused with its option."""
    try:
        return resolve(text, float(int(time.time())) if now is None else now) if text else None
    except Refused as refusal:
        raise Refused(refusal.message, option) from None


def load_confs(folders: Sequence[Path]) -> Confs:
    """The confs of the add-on's folders. Raises Refused where one holds no add-on."""
    for folder in folders:
        if not (folder / "default").is_dir():
            raise Refused("no add-on found there; build it with ./build.sh", str(folder))
    return Confs.load(*folders)


def are_long(files: Iterable[Path]) -> bool:
    """Whether files are so long together that their events should wait on disk. Raises OSError."""
    return sum(file.stat().st_size for file in files) > LONG


def told_events(options: argparse.Namespace, confs: Confs, now: float) -> Iterator[Event]:
    """The events of the command's files, as they are read. Says on standard error what else is to be known of a file.

    Raises Refused.
    """
    reader = Reader(confs, now, options.sourcetype)
    receiver = Receiver(confs, now)
    known = confs.stanzas("props")
    knows_them = DEFAULT_SOURCETYPE in known
    if knows_them and options.sourcetype not in known:
        names = ", ".join(sorted(name for name in known if name.startswith("illumio:")))
        raise Refused(f"not a source type of the add-on: omit it, or use one of {names}", "--sourcetype")
    for path in options.files:
        report = FileReport(str(path), now)
        for event in reader.file(path, receiver):
            report.take(event)
            yield event
        for sentence in report.sentences() if knows_them else ():
            print(sentence, file=sys.stderr)


def ended(run: Callable[[], int], explain: Callable[[Refused], str] = str) -> int:
    """The exit code of a command: its own, or 2 with a message on standard error where it cannot go on."""
    try:
        code = run()
        sys.stdout.flush()
        return code
    except Refused as refusal:
        print(f"refused: {explain(refusal)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted by Ctrl-C.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever reads the rows has enough of them; nothing is left to flush at the end.
        _drop_standard_output()
        return 0
    except OSError as error:
        if error.filename is not None:
            print(f"cannot read {error.filename}: {error.strerror}", file=sys.stderr)
        else:
            _drop_standard_output()
            print(f"cannot continue: {error.strerror}", file=sys.stderr)
    return REFUSED


def _drop_standard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
