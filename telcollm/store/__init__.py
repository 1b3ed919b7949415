"""The one place where what telcollm knows is durable: SQLite by default, PostgreSQL by URL.

Does not know Kafka, correlation or agents: it keeps the rows that `telcollm.ports.Store` speaks of.
"""

from __future__ import annotations

from telcollm.store.migration import migrate
from telcollm.store.sql import SqlStore, open_store

__all__ = ["SqlStore", "migrate", "open_store"]
