"""A store for each test, and one learned decider for all of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.routing.deciding import Asked
from telcollm.store.opening import Stores, open_stores
from tests.agents.routing.desk import asked, learn


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's file with its tables and no rows: making the tables is the slow part."""
    path = tmp_path_factory.mktemp("empty") / "telcollm.db"
    open_stores(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def stores(empty_store: Path, tmp_path: Path) -> Iterator[Stores]:
    """Empty stores."""
    shutil.copy(empty_store, tmp_path / "telcollm.db")
    opened = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A decider of the team, learned from made-up tickets."""
    return asked(learn(tmp_path_factory.mktemp("routing") / "desk"))
