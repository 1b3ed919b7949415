"""Databases for the tests of whole pipelines."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from telcollm.store.opening import Stores, open_stores


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """URLs of two empty databases of the kind, dropped afterwards."""
    if request.param == "sqlite":
        yield [f"sqlite:///{tmp_path / 'calm.db'}", f"sqlite:///{tmp_path / 'killed.db'}"]
        return
    server = os.environ.get("TELCOLLM_TEST_POSTGRES_URL", "")
    if not server:
        pytest.skip("TELCOLLM_TEST_POSTGRES_URL is not set: no PostgreSQL to test against")
    import sqlalchemy as sa

    base = sa.make_url(server).set(drivername="postgresql+psycopg")
    names = [f"t{uuid.uuid4().hex[:12]}" for _ in range(2)]
    engine = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in names:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield [base.set(database=name).render_as_string(hide_password=False) for name in names]
    with engine.connect() as connection:
        for name in names:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def stores(database: list[str]) -> Iterator[Stores]:
    """The stores of an empty database, of either kind."""
    opened = open_stores(database[0])
    yield opened
    opened.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Stores]:
    """The stores of an empty SQLite database."""
    opened = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()
