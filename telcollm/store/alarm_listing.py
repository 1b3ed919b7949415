"""Alarms in a list: filtered, counted and cut in the database, the latest raised first.

Does not know incidents, nor what people did with an alarm.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from telcollm.ports import Scope
from telcollm.state import AlarmState
from telcollm.store.database import Database
from telcollm.store.rows import alarm_state, hash_text, to_ms
from telcollm.store.schema import alarms
from telcollm.store.scoping import within
from telcollm.store.transaction import MEMBER_COLUMNS


class AlarmQuery(msgspec.Struct, frozen=True):
    """Which alarms to list: raised in [since, until); `cleared` None means both."""

    managed_object: str = ""
    severities: tuple[int, ...] = ()
    cleared: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    offset: int = 0


def _matching(scope: Scope, query: AlarmQuery) -> sa.ColumnElement[bool]:
    condition = sa.and_(alarms.c.home, within(scope, alarms))
    if query.managed_object:
        condition = sa.and_(
            condition,
            alarms.c.object_hash == hash_text(query.managed_object),
            alarms.c.managed_object == query.managed_object,
        )
    if query.severities:
        condition = sa.and_(condition, alarms.c.severity.in_(query.severities))
    if query.cleared is not None:
        condition = sa.and_(condition, alarms.c.cleared_ms.is_(None) != query.cleared)
    if query.since is not None:
        condition = sa.and_(condition, alarms.c.raised_ms >= to_ms(query.since))
    if query.until is not None:
        condition = sa.and_(condition, alarms.c.raised_ms < to_ms(query.until))
    return condition


def find_alarms(database: Database, scope: Scope, query: AlarmQuery) -> tuple[list[AlarmState], int]:
    """Return a page of the alarms that match, and how many match on all pages."""
    condition = _matching(scope, query)
    page: Any = (
        sa.select(*MEMBER_COLUMNS)
        .where(condition)
        .order_by(alarms.c.raised_ms.desc(), alarms.c.alarm_id)
        .limit(query.limit)
        .offset(query.offset)
    )
    with database.reading() as connection:
        found = [alarm_state(row) for row in connection.execute(page)]
        total = connection.scalar(sa.select(sa.func.count()).select_from(alarms).where(condition))
    return found, int(total or 0)
