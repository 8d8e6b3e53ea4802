"""The `.tar.gz` that is shipped, equal byte for byte for equal content."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

#: 2020-01-01, the time of every member: an archive tells versions apart by name, not by time.
TIME = 1_577_836_800


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = TIME
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def write_archive(app: Path, target: Path) -> None:
    """Pack folder `app` under its own name, members in the order of their paths."""
    content = io.BytesIO()
    with tarfile.open(mode="w", fileobj=content, format=tarfile.PAX_FORMAT) as archive:
        for path in (app, *sorted(app.rglob("*"))):
            archive.add(path, arcname=path.relative_to(app.parent).as_posix(), recursive=False, filter=_plain)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(content.getvalue(), compresslevel=9, mtime=TIME))
