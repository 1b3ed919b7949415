"""Alembic's entry: runs the steps on the connection and in the transaction it is handed.

Knows no URL: `telcollm.store.migration` opens the database.
"""

from __future__ import annotations

from alembic import context

from telcollm.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
