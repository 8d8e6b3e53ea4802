"""What is in the archive, how large it is, and that it can be made again byte for byte."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from tools.build.__main__ import fingerprint

#: Megabytes that the package may grow to before somebody asks why: unpacked, packed, and each library's.
UNPACKED, PACKED, LIBRARIES = 22, 6, 4.5

#: What a package may hold at its top, and which kinds of files below.
TOP = {
    "LICENSES", "README", "VERSION", "app.manifest", "appserver", "bin", "default", "lib", "lookups", "metadata",
    "static",
}  # fmt: skip
KINDS = {
    "LICENSES": {""},
    "README": {".spec"},
    "VERSION": {""},
    "app.manifest": {".manifest"},
    "appserver": {".js", ".css", ".json", ".txt", ".html"},
    "bin": {".py"},
    "default": {".conf", ".xml"},
    "lib": {".py", ".pem", "", ".md", ".APACHE", ".BSD"},
    "lookups": {".csv"},
    "metadata": {".meta"},
    "static": {".png"},
}


@pytest.fixture(scope="module")
def members(archive: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(archive) as packed:
        return packed.getmembers()


def files(addon: Path) -> list[Path]:
    return [path for path in addon.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def size(paths: list[Path]) -> float:
    return sum(path.stat().st_size for path in paths) / 1e6


def test_the_archive_holds_one_folder_named_after_the_app(members: list[tarfile.TarInfo]) -> None:
    assert {PurePosixPath(member.name).parts[0] for member in members} == {"TA_illumio_pce"}
    assert {PurePosixPath(member.name).parts[1] for member in members[1:]} == TOP


def test_its_members_are_plain_files_and_folders_without_an_owner(members: list[tarfile.TarInfo]) -> None:
    assert {member.type for member in members} == {tarfile.REGTYPE, tarfile.DIRTYPE}
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert {member.mode for member in members} == {0o644, 0o755}
    assert not [member.name for member in members if "/." in member.name]


def test_only_known_kinds_of_files_ship(members: list[tarfile.TarInfo]) -> None:
    unknown = []
    for member in members:
        path = PurePosixPath(member.name)
        if member.isfile() and path.name != "METADATA" and path.suffix not in KINDS[path.parts[1]]:
            unknown.append(member.name)
    assert unknown == []


def test_nothing_compiled_ships(addon: Path) -> None:
    compiled = (b"\x7fELF", b"MZ", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
    assert [path for path in files(addon) if path.read_bytes()[:4].startswith(compiled)] == []


def test_only_the_libraries_that_are_used_ship(addon: Path) -> None:
    ours = {path.name for path in (addon / "lib").iterdir() if not path.name.endswith(".dist-info")}
    assert ours == {
        "certifi", "charset_normalizer", "defusedxml", "deprecation.py", "idna", "packaging", "requests", "socks.py",
        "sockshandler.py", "solnlib", "sortedcontainers", "splunklib", "splunktaucclib", "urllib3",
    }  # fmt: skip


def test_each_library_ships_in_the_version_of_the_developers_environment(repository: Path) -> None:
    def pins(path: Path) -> dict[str, str]:
        lines = (line.split(" ", 1)[0] for line in path.read_text("utf-8").splitlines() if "==" in line)
        return dict(line.split("==") for line in lines if not line.startswith(("#", "-")))

    shipped, used = pins(repository / "package/lib/requirements.txt"), pins(repository / "requirements/dev.txt")
    assert len(shipped) == 13
    assert shipped == {name: used[name] for name in shipped}


def test_the_package_stays_small(addon: Path, archive: Path) -> None:
    assert size(files(addon)) < UNPACKED
    assert size(files(addon / "lib")) < LIBRARIES
    assert archive.stat().st_size / 1e6 < PACKED


def test_a_second_build_is_identical_byte_for_byte(repository: Path, archive: Path, tmp_path: Path) -> None:
    if (repository / ".build/addon/fingerprint").read_text("utf-8") != fingerprint():
        pytest.skip("the sources were changed since ./build.sh ran")
    command = [sys.executable, "-m", "tools.build"]
    for option in ("output", "dist", "work"):
        command.append(f"--{option}={tmp_path / option}")
    subprocess.run(command, cwd=repository, check=True, capture_output=True, timeout=300)
    made = {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}
    assert len(made) == 2  # the bill of materials too
    assert made == {name: archive.with_name(name).read_bytes() for name in made}
