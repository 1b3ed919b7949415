"""A home folder and the settings that name it, shared by the tests of a module that trains once."""

from __future__ import annotations

from pathlib import Path

import pytest

from telcollm.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home)
