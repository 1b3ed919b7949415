"""The connection to the store's database: SQLite or PostgreSQL by URL, set up the same way each time.

Knows no table. A password in the URL appears in no repr and no error.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from telcollm.errors import MissingExtraError, SettingsError
from telcollm.store.faults import told

WRITE: Final = "telcollm_write"
"""The execution option of connections that write: on SQLite they take the lock when they begin."""


def parse_url(url: str) -> sa.URL:
    """Return the SQLAlchemy URL of a SQLite file or a PostgreSQL database.

    Raises:
        SettingsError: no URL, another database, or SQLite without a file.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        message = (
            "store_url cannot be read; sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE "
            "is allowed; mend store_url"
        )
        # The cause would show the URL, and with it a password.
        raise SettingsError(message) from (None if "@" in url else error)
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "postgresql+psycopg":
        return parsed
    if parsed.get_backend_name() != "sqlite" or parsed.get_driver_name() != "pysqlite":
        message = (
            f"store_url names the database {parsed.drivername!r}; sqlite and postgresql are allowed; "
            "mend store_url"
        )
        raise SettingsError(message)
    if not parsed.database or parsed.database == ":memory:" or parsed.query.get("mode") == "memory":
        message = (
            f"store_url={parsed.render_as_string()} keeps nothing; sqlite:/// and a file is allowed; "
            "mend store_url"
        )
        raise SettingsError(message)
    return parsed


def safe_place(url: sa.URL) -> str:
    """Return the URL as people may see it: without password and options."""
    return url.set(query={}).render_as_string(hide_password=True)


def create_engine(url: sa.URL, lock_timeout_s: float) -> sa.Engine:
    """Return an engine whose every connection waits `lock_timeout_s` for a lock and then gives up.

    Raises:
        MissingExtraError: PostgreSQL without its driver.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, lock_timeout_s)
    try:
        engine = sa.create_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 10}
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError(package="psycopg", extra="postgresql") from error

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, record: object) -> None:
        connection.execute(f"SET lock_timeout = {max(1, int(lock_timeout_s * 1000))}")
        connection.commit()

    return engine


def _sqlite_engine(url: sa.URL, lock_timeout_s: float) -> sa.Engine:
    if not str(url.database).startswith("file:"):
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = (
                f"store_url={safe_place(url)} lies in a folder that cannot be made ({error}); "
                "a writable folder is allowed; mend store_url or home"
            )
            raise SettingsError(message) from error
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": lock_timeout_s})

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: object) -> None:
        # sqlite3 would begin by itself, late and without the write lock; `begin` below does it instead.
        connection.isolation_level = None
        _use_wal(connection, lock_timeout_s)
        # NORMAL outlives SIGKILL; only FULL outlives a power cut, after which messages that already went
        # to Kafka must still be found here. One fsync a batch is what it costs.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32768")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A transaction that reads first and asks for the lock later is refused at once when another
        # wrote in between: whoever will write takes the lock when it begins.
        write = connection.get_execution_options().get(WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _use_wal(connection: sqlite3.Connection, lock_timeout_s: float) -> None:
    # SQLite does not wait for locks while it changes the journal, which two processes may do at once
    # on a new file.
    give_up = time.monotonic() + lock_timeout_s
    while True:
        try:
            if connection.execute("PRAGMA journal_mode = WAL").fetchone() is not None:
                return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def writer(engine: sa.Engine) -> sa.Engine:
    """Return the same engine for transactions that write."""
    return engine.execution_options(**{WRITE: True})


def check_encoding(connection: sa.Connection, place: str) -> None:
    """Refuse a PostgreSQL database that cannot hold every text.

    Raises:
        SettingsError: its encoding is not UTF8.
    """
    if connection.dialect.name != "postgresql":
        return
    with told(place):
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        message = (
            f"store={place} has the encoding {encoding}; UTF8 is allowed; "
            "create the database with ENCODING 'UTF8' TEMPLATE template0"
        )
        raise SettingsError(message)
