"""A store for each test, and one learned decider for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.routing.deciding import Asked
from telcollm.store.opening import Stores, open_stores
from tests.agents.routing.desk import asked, learn


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Empty stores."""
    opened = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A decider of the team, learned from made-up tickets."""
    return asked(learn(tmp_path_factory.mktemp("routing") / "desk"))
