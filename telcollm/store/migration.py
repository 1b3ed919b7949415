"""Bringing a database to the shape this code was written for, however many processes start at once.

Does not know the shape itself: each version under `migrations/versions` is one step towards it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from telcollm.errors import TelcollmError
from telcollm.store.engine import check_encoding, create_engine, parse_url, safe_place, writer
from telcollm.store.faults import told
from telcollm.store.schema import HEAD

_FOLDER: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 0x74656C63_6D696772
"""The PostgreSQL advisory lock that lets one process migrate at a time; SQLite has its write lock."""


def migrate(url: str, *, lock_timeout_s: float = 30.0) -> None:
    """Bring the database at `url` up to date; one that is already is left as it is.

    Raises:
        SettingsError, MissingExtraError: the URL cannot be used.
        TransientError: the database did not answer, or another process migrates for too long.
        TelcollmError: the database was made by a newer telcollm.
    """
    engine = create_engine(parse_url(url), lock_timeout_s)
    try:
        migrate_engine(engine)
    finally:
        engine.dispose()


def migrate_engine(engine: sa.Engine) -> None:
    """Bring the engine's database up to date, as `migrate` does."""
    place = safe_place(engine.url)
    with told(place), engine.begin() as connection:
        if current_version(connection) == HEAD:
            return
    with told(place), writer(engine).begin() as connection:
        check_encoding(connection, place)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        version = current_version(connection)
        if version != HEAD:
            _upgrade(connection, version, place)


def current_version(connection: sa.Connection) -> str | None:
    """Return the last migration that the database has seen; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if version is None else str(version)


def _upgrade(connection: sa.Connection, version: str | None, place: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    known = {step.revision for step in script.walk_revisions()}
    if version is not None and version not in known:
        message = (
            f"store={place} has version {version}, made by a newer telcollm; up to {HEAD} is allowed; "
            "install that telcollm, or set store_url to another database"
        )
        raise TelcollmError(message)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Any:
    """Return Alembic's configuration of the shipped migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
