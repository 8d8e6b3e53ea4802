from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ADDON
from tests.e2e.lab import PceLab
from workbench.pce import Pce, PceServer


@pytest.fixture
def empty_lab(tmp_path: Path) -> Iterator[PceLab]:
    """Nothing is configured yet."""
    pce = Pce()
    with PceServer(pce) as server:
        lab = PceLab(tmp_path / "splunk", ADDON, pce, server)
        with lab.splunkd:
            yield lab
            assert lab.splunkd.refused == []


@pytest.fixture
def lab(empty_lab: PceLab) -> PceLab:
    """An account `lab` and an input `audit`."""
    empty_lab.add_account()
    empty_lab.add_input()
    return empty_lab
