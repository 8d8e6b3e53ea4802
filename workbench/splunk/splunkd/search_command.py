"""Runs an add-on's own generating search command as splunkd does: the chunked protocol (commands.conf, `chunked`).

Form of a chunk, as splunk-sdk reads and writes it: `chunked 1.0,<bytes of metadata>,<bytes of body>` and a line
break, then metadata (JSON), then body (CSV). First `getinfo`, then `execute` until the script says `finished`.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from workbench.splunk.refusal import Refused

from .access import USERS, roles_with
from .confs import is_true
from .server import Splunkd


@dataclass
class CommandRun:
    """What a command answered: its rows, its messages of level ERROR, and what it wrote to standard error."""

    rows: list[dict[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stderr: str = ""


def run_command(splunkd: Splunkd, app: str, name: str, arguments: Sequence[str], user: str = "admin") -> CommandRun:
    """Run `| name arguments…` as a user. Raises Refused for a command that is not there, or not for this user."""
    stanza = splunkd.confs.stanzas(app, "commands").get(name)
    if stanza is None or not is_true(stanza.settings.get("chunked", "false")):
        raise Refused("no command of the chunked protocol", name)
    roles, who = roles_with(splunkd.confs.folder(app), "commands", name, "read"), USERS[user]
    if not who.is_admin and "*" not in roles and who.role not in roles:
        raise Refused("unknown search command, for this user", name)
    process = subprocess.Popen(
        [splunkd.inputs.python, str(splunkd.confs.folder(app) / "bin" / stanza.settings["filename"])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=splunkd.script_environment(),
    )
    assert process.stdin
    assert process.stdout
    run, searchinfo = CommandRun(), _searchinfo(splunkd, app, name, arguments, user)
    _send(process.stdin, {"action": "getinfo", "preview": False, "searchinfo": searchinfo})
    answer = _receive(process.stdout, run)
    while answer is not None and not answer.get("finished"):
        _send(process.stdin, {"action": "execute", "finished": False})
        answer = _receive(process.stdout, run)
    run.stderr = process.communicate()[1].decode("utf-8", "replace")
    return run


def _searchinfo(splunkd: Splunkd, app: str, name: str, arguments: Sequence[str], user: str) -> dict[str, Any]:
    return {
        "args": list(arguments),
        "raw_args": list(arguments),
        "app": app,
        "command": name,
        "dispatch_dir": str(splunkd.home / "var"),
        "earliest_time": "0",
        "latest_time": "0",
        "maxresultrows": 50_000,
        "owner": user,
        "search": f"| {name} {' '.join(arguments)}",
        "session_key": splunkd.session_key(user),
        "sid": "workbench",
        "splunk_version": splunkd.version,
        "splunkd_uri": splunkd.uri,
        "username": user,
    }


def _send(pipe: IO[bytes], metadata: dict[str, Any]) -> None:
    text = json.dumps(metadata).encode()
    try:
        pipe.write(b"chunked 1.0,%d,0\n%s" % (len(text), text))
        pipe.flush()
    except BrokenPipeError:
        return


def _receive(pipe: IO[bytes], run: CommandRun) -> dict[str, Any] | None:
    header = pipe.readline()
    if not header:
        return None
    kind, metadata_length, body_length = header.split(b",")
    if kind != b"chunked 1.0":
        raise Refused(f"no chunk: {header[:40]!r}", "standard output")
    metadata: dict[str, Any] = json.loads(pipe.read(int(metadata_length)) or b"{}")
    body = pipe.read(int(body_length)).decode()
    for level, text in metadata.get("inspector", {}).get("messages", []):
        if level in ("ERROR", "FATAL"):
            run.errors.append(text)
    run.rows += csv.DictReader(io.StringIO(body))
    return metadata
