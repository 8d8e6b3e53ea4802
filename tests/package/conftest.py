"""The built add-on and its archive."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def addon() -> Path:
    return REPOSITORY / "output" / "TA_illumio_pce"


@pytest.fixture(scope="session")
def archive() -> Path:
    (found,) = (REPOSITORY / "dist").glob("TA_illumio_pce-*.tar.gz")
    return found
