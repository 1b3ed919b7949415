"""An empty store's file, made once: tests copy it instead of migrating anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from telcollm.app.workplace import Workplace
from telcollm.store.opening import open_stores
from tests.telcollm.app.places import Hand, open_at


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "telcollm.db"
    open_stores(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def workplace(tmp_path: Path, store_template: Path, clock: Hand) -> Iterator[Workplace]:
    opened = open_at(tmp_path / "home", store_template, clock=clock)
    yield opened
    opened.close()
