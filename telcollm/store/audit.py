"""The audit trail: who did what to what, append-only, each row holding the hash of all before it.

It shows that rows were changed, dropped or swapped; it cannot hinder one who rewrites the whole of it.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from telcollm.ports import Scope
from telcollm.records.record import UtcTime
from telcollm.store.access_tables import audit, audit_head
from telcollm.store.database import Database
from telcollm.store.scoping import within
from telcollm.store.upsert import upsert

_HEAD: Final = "head"
_AUDIT_LOCK: Final = 0x74656C63_61756474
"""The PostgreSQL advisory lock under which one process appends at a time; SQLite has its write lock."""
_BEFORE_ALL: Final = bytes(32)
_PAGE: Final = 1_000


class AuditEntry(msgspec.Struct, frozen=True):
    """One thing that was done. `number` counts from 1 without gaps."""

    number: int
    at: UtcTime
    actor: str
    action: str
    subject: str
    tenant: str
    region: str = ""
    detail: str = ""


_DECODER = msgspec.json.Decoder(AuditEntry)


def _hash(previous: bytes, body: bytes) -> bytes:
    return sha256(previous + body).digest()


class AuditTrail:
    """The audit trail in the store's database; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self,
        actor: str,
        action: str,
        subject: str,
        *,
        tenant: str,
        detail: str = "",
        at: datetime,
        region: str = "",
    ) -> AuditEntry:
        """Return the entry as kept, after all that was kept before."""
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_AUDIT_LOCK})")
            number, previous = _head(connection)
            entry = AuditEntry(number + 1, at, actor, action, subject, tenant, region, detail)
            body = msgspec.json.encode(entry)
            row = {"number": entry.number, "hash": _hash(previous, body)}
            connection.execute(audit.insert(), {**row, "tenant": tenant, "region": region, "body": body})
            connection.execute(upsert(connection.dialect.name, audit_head), {"name": _HEAD, **row})
        return entry

    def entries(self, scope: Scope, limit: int, offset: int = 0) -> list[AuditEntry]:
        """Return entries, the latest first."""
        statement = (
            sa.select(audit.c.body)
            .where(within(scope, audit))
            .order_by(audit.c.number.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._database.reading() as connection:
            return [_DECODER.decode(body) for body in connection.execute(statement).scalars()]

    def count(self, scope: Scope) -> int:
        """Return how many entries there are, whatever the limit."""
        statement = sa.select(sa.func.count()).select_from(audit).where(within(scope, audit))
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def verify(self) -> int | None:
        """Return the number of the first row that is not what was appended, or None: the trail is whole."""
        with self._database.reading() as connection:
            last, head = 0, _BEFORE_ALL
            previous, number = _BEFORE_ALL, 0
            page = sa.select(audit).order_by(audit.c.number).limit(_PAGE)
            # The head is read after the rows, and what was appended in between is read then.
            while rows := connection.execute(page.where(audit.c.number > number)).all():
                for row in rows:
                    number += 1
                    previous = _hash(previous, row.body)
                    if row.number != number or row.hash != previous or not _is(row):
                        return number
                last, head = _head(connection)
            if not number:
                last, head = _head(connection)
        if (number, previous) != (last, head):
            return min(number, last) + 1
        return None


def _head(connection: sa.Connection) -> tuple[int, bytes]:
    row = connection.execute(
        sa.select(audit_head.c.number, audit_head.c.hash).where(audit_head.c.name == _HEAD)
    ).first()
    return (0, _BEFORE_ALL) if row is None else (row.number, row.hash)


def _is(row: Any) -> bool:
    """Tell whether what rows are found by is what their body says."""
    try:
        entry = _DECODER.decode(row.body)
    except msgspec.DecodeError:
        return False
    return (entry.number, entry.tenant, entry.region) == (row.number, row.tenant, row.region)
