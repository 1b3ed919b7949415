"""Forgetting what is over: sent messages, done requests, replayed letters, resolved incidents, telemetry.

Nothing open is ever forgotten, nor what people said (`feedback`, tickets, conversations).
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from telcollm.records import TicketStatus
from telcollm.store.desk_tables import kpis, logs
from telcollm.store.rows import chunks
from telcollm.store.schema import (
    alarms,
    component_incidents,
    components,
    dead_letters,
    diagnoses,
    incidents,
    outbox,
    requests,
)

_OVER: Final = tuple(
    status.value
    for status in (TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.REJECTED)
)


def prune(connection: sa.Connection, before_ms: int) -> int:
    """Delete what was over before `before_ms`; return how many rows went.

    An incident goes with its diagnoses, its resolved components and their alarms when its last event is
    older. An alarm outside any component goes when it cleared before.
    """
    gone = 0

    def delete(table: sa.Table, *conditions: Any) -> None:
        nonlocal gone
        gone += connection.execute(sa.delete(table).where(*conditions)).rowcount

    delete(outbox, outbox.c.sent_ms < before_ms)
    delete(requests, requests.c.done_ms < before_ms)
    delete(dead_letters, dead_letters.c.replayed_ms.is_not(None), dead_letters.c.append_ms < before_ms)
    delete(kpis, kpis.c.sampled_ms < before_ms)
    delete(logs, logs.c.logged_ms < before_ms)
    delete(alarms, alarms.c.component_id == "", alarms.c.cleared_ms < before_ms)
    old = sa.select(incidents.c.incident_id).where(
        incidents.c.last_event_ms < before_ms,
        sa.or_(incidents.c.status.in_(_OVER), incidents.c.superseded_by != ""),
    )
    for ids in chunks(sorted(connection.execute(old).scalars())):
        for partition, component_id in _over(connection, ids):
            for table in (alarms, component_incidents, components):
                delete(table, table.c.component_id == component_id, table.c.partition == partition)
        delete(diagnoses, diagnoses.c.incident_id.in_(ids))
        delete(incidents, incidents.c.incident_id.in_(ids))
    return gone


def _over(connection: sa.Connection, incident_ids: list[str]) -> list[tuple[int, str]]:
    incident_id = sa.func.coalesce(component_incidents.c.incident_id, components.c.component_id)
    joined = components.outerjoin(
        component_incidents,
        sa.and_(
            component_incidents.c.component_id == components.c.component_id,
            component_incidents.c.partition == components.c.partition,
        ),
    )
    statement = (
        sa.select(components.c.partition, components.c.component_id)
        .select_from(joined)
        .where(
            incident_id.in_(incident_ids),
            sa.or_(components.c.resolved, components.c.merged_into != ""),
        )
    )
    return [(partition, component_id) for partition, component_id in connection.execute(statement)]
