"""Stores of each test's own, copied from one that was migrated once, and a toolbox over them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.tools import Toolbox
from telcollm.guard import Guard
from telcollm.ports import EVERYTHING
from telcollm.store.opening import Stores, open_stores
from telcollm.topology import Topology
from tests.agents.tools.examples import NOW, allowing

MakeToolbox = Callable[..., Toolbox]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "telcollm.db"
    open_stores(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def stores(migrated: Path, tmp_path: Path) -> Iterator[Stores]:
    path = tmp_path / "telcollm.db"
    shutil.copy(migrated, path)
    opened = open_stores(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def toolbox(stores: Stores) -> MakeToolbox:
    def make(**changes: Any) -> Toolbox:
        given: dict[str, Any] = {
            "stores": stores,
            "topology": Topology(),
            "graph": None,
            "library": None,
            "scope": EVERYTHING,
            "roles": ("noc_engineer",),
            "now": NOW,
            "guard": Guard(b"0123456789abcdef"),
            "budget": allowing(),
        }
        return Toolbox(**{**given, **changes})

    return make
