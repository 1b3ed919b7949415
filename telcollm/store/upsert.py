"""Inserts that may meet a row of the same key, the same on SQLite and on PostgreSQL.

Knows no table.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from telcollm.store.bulk import Bulk


def insert(dialect: str, table: sa.Table) -> Any:
    """Return the dialect's insert, which knows conflicts."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert(dialect: str, table: sa.Table, *keep: str) -> Any:
    """Return the insert that writes over a row of the same primary key, but for the columns of `keep`."""
    statement = insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={
            column.name: statement.excluded[column.name]
            for column in table.columns
            if not column.primary_key and column.name not in keep
        },
    )


def keep_first(dialect: str, table: sa.Table, *keys: str) -> Any:
    """Return the insert that leaves a row of the same `keys` (by default the primary key) as it is."""
    names = keys or [column.name for column in table.primary_key]
    return insert(dialect, table).on_conflict_do_nothing(index_elements=names)


def replace_where(dialect: str, table: sa.Table, condition: Any) -> Any:
    """Return the insert that writes over a row of the same primary key where the condition holds.

    `condition` is called with the new row's columns and the stored one's. The statement returns the primary
    keys of what it wrote; of one key only one row may be given at a time.
    """
    statement = insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={
            column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key
        },
        where=condition(statement.excluded, table.c),
    ).returning(*table.primary_key)


def bulk(statement: Any, table: sa.Table, *unset: str) -> Bulk:
    """Return the statement for many rows of the table's columns, but for those `unset`."""
    return Bulk(statement, [column.name for column in table.columns if column.name not in unset])
