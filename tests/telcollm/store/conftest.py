"""A store on each database, empty at the start of every test."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from telcollm.ports import Store
from telcollm.store import open_store
from telcollm.store.engine import parse_url
from telcollm.store.opening import Stores, open_stores
from telcollm.store.schema import metadata

POSTGRES = "TELCOLLM_TEST_POSTGRES_URL"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Dump = dict[str, list[Any]]


def postgres_url() -> str:
    """The URL of a PostgreSQL server for tests, or the reason why there is none."""
    url = os.environ.get(POSTGRES, "")
    if not url:
        pytest.skip(f"{POSTGRES} is not set: no PostgreSQL to test against")
    return url


@pytest.fixture
def postgres_schema() -> Iterator[str]:
    """The URL of a PostgreSQL schema of the test's own, dropped after it."""
    url = parse_url(postgres_url())
    schema = f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: each of the two kinds in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'telcollm.db'}"
    return str(request.getfixturevalue("postgres_schema"))


@pytest.fixture
def open_at() -> Iterator[Callable[..., Store]]:
    """`open_store` with a clock that goes on by a minute each time it is read; closed after the test."""
    opened: list[Store] = []
    minutes = itertools.count()

    def open_at(url: str, **options: Any) -> Store:
        options.setdefault("clock", lambda: NOON + timedelta(minutes=next(minutes)))
        opened.append(open_store(url, **options))
        return opened[-1]

    yield open_at
    for store in opened:
        store.close()


@pytest.fixture
def store(store_url: str, open_at: Callable[..., Store]) -> Store:
    """An empty store."""
    return open_at(store_url)


@pytest.fixture
def stores(store_url: str) -> Iterator[Stores]:
    """The empty store and the stores of nouns, on one database."""
    opened = open_stores(store_url)
    yield opened
    opened.close()


@pytest.fixture
def dump(store_url: str) -> Iterator[Callable[[], Dump]]:
    """Every row of every table, past the store."""
    engine = sa.create_engine(parse_url(store_url))

    def dump() -> Dump:
        with engine.connect() as connection:
            return {
                table.name: sorted(tuple(row) for row in connection.execute(sa.select(table)))
                for table in metadata.sorted_tables
            }

    yield dump
    engine.dispose()
