from __future__ import annotations

import pytest

from workbench.pce import Pce
from workbench.pce.tests.pce_client import Client, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pce(clock: Clock) -> Pce:
    return Pce(clock=clock)


@pytest.fixture
def client(pce: Pce) -> Client:
    return Client(pce)
