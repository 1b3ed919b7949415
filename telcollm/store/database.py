"""One database, opened once and shared by the store and the stores of nouns.

Each block is a transaction: all of it becomes durable on leaving it, or none. Knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from telcollm.store.engine import create_engine, parse_url, safe_place, writer
from telcollm.store.faults import told
from telcollm.store.migration import migrate_engine


class Database:
    """An engine whose tables are up to date. Safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.place = safe_place(engine.url)
        """The URL as people may see it."""
        self._writer = writer(engine)

    def __repr__(self) -> str:
        return f"Database({self.place})"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Return a connection in a transaction that reads.

        Raises:
            TransientError, TelcollmError: as `telcollm.store.faults.told` says.
        """
        with told(self.place), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Return a connection in a transaction that writes; on SQLite it holds the write lock.

        Raises:
            TransientError, TelcollmError: as `telcollm.store.faults.told` says.
        """
        with told(self.place), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give connections back."""
        self.engine.dispose()


def open_database(url: str, *, lock_timeout_s: float = 30.0) -> Database:
    """Return the database at a `sqlite:///FILE` or `postgresql://` URL, its tables brought up to date.

    Raises:
        SettingsError: the URL names no database that telcollm can use.
        MissingExtraError: PostgreSQL without its driver.
        TransientError: the database did not answer, or stayed locked for `lock_timeout_s`.
        TelcollmError: the database refuses, or was made by a newer telcollm.
    """
    engine = create_engine(parse_url(url), lock_timeout_s)
    try:
        migrate_engine(engine)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine)
