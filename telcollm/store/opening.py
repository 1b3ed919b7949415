"""Everything durable opened together, on one database.

Does not know who uses it.
"""

from __future__ import annotations

from dataclasses import dataclass

from telcollm.ports import Store
from telcollm.store.audit import AuditTrail
from telcollm.store.care import CareStore
from telcollm.store.database import Database, open_database
from telcollm.store.documents import DocumentStore
from telcollm.store.sql import Now, SqlStore, utc_now
from telcollm.store.telemetry import TelemetryStore
from telcollm.store.tickets import TicketStore


@dataclass(frozen=True)
class Stores:
    """The pipeline's store and the stores of nouns, all on `database`. Safe to share between threads."""

    database: Database
    store: Store
    documents: DocumentStore
    telemetry: TelemetryStore
    tickets: TicketStore
    care: CareStore
    audit: AuditTrail

    def close(self) -> None:
        """Give connections back."""
        self.database.close()


def open_stores(url: str, *, clock: Now = utc_now, lock_timeout_s: float = 30.0) -> Stores:
    """Return the stores at a `sqlite:///FILE` or `postgresql://` URL, the tables brought up to date.

    `clock` tells only when rows were queued, sent and done.

    Raises:
        SettingsError: the URL names no database that telcollm can use.
        MissingExtraError: PostgreSQL without its driver.
        TransientError: the database did not answer, or stayed locked for `lock_timeout_s`.
        TelcollmError: the database refuses, or was made by a newer telcollm.
    """
    database = open_database(url, lock_timeout_s=lock_timeout_s)
    return Stores(
        database=database,
        store=SqlStore(database, clock),
        documents=DocumentStore(database),
        telemetry=TelemetryStore(database),
        tickets=TicketStore(database),
        care=CareStore(database),
        audit=AuditTrail(database),
    )
