from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ADDON
from tests.e2e.lab import PceLab
from workbench.pce import Pce, PceServer
from workbench.splunk.splunkd import roles


@pytest.fixture
def empty_lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[PceLab]:
    """Nothing is configured yet. The parameter, if any, is the Python that splunkd runs."""
    pce = Pce()
    with PceServer(pce) as server:
        lab = PceLab(tmp_path / "splunk", ADDON, pce, server, str(getattr(request, "param", sys.executable)))
        with lab.splunkd:
            yield lab
            assert lab.splunkd.refused == []


@pytest.fixture
def lab(empty_lab: PceLab) -> PceLab:
    """An account `lab` and an input `audit`."""
    empty_lab.add_account()
    empty_lab.add_input()
    return empty_lab


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[PceLab, PceLab]]:
    """The captain and a member of a search head cluster, each with an account, and with one KV store."""
    pce = Pce()
    with PceServer(pce) as server:
        captain, member = (PceLab(tmp_path / name, ADDON, pce, server) for name in ("captain", "member"))
        member.splunkd.join(captain.splunkd)
        captain.splunkd.server_roles, member.splunkd.server_roles = list(roles.CAPTAIN), list(roles.MEMBER)
        with captain.splunkd, member.splunkd:
            for lab in (captain, member):
                lab.add_account()
            yield captain, member
            assert captain.splunkd.refused == member.splunkd.refused == []
