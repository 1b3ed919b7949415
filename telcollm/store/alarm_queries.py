"""Reading alarms and a partition's rows back. Does not know incidents' own records (`incident_queries`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from telcollm.ports import PartitionRows, Scope
from telcollm.state import AlarmState
from telcollm.store.links import component_state
from telcollm.store.rows import alarm_state, chunks, hash_text
from telcollm.store.schema import alarms, component_incidents, components
from telcollm.store.scoping import within
from telcollm.store.transaction import MEMBER_COLUMNS


def _order(alarm: AlarmState) -> tuple[int, str]:
    return (alarm.raised_ms, alarm.alarm_id)


def load_partition(connection: sa.Connection, partition: int, since_ms: int) -> PartitionRows:
    """Return what is open, unresolved, or raised at `since_ms` or later, in order of raise.

    Copies are among it. Components are the unresolved ones and those that the alarms name.
    """
    mine = alarms.c.partition == partition
    unresolved = sa.and_(
        components.c.partition == partition, sa.not_(components.c.resolved), components.c.merged_into == ""
    )
    open_or_late = sa.or_(alarms.c.cleared_ms.is_(None), alarms.c.raised_ms >= since_ms)
    found = [
        alarm_state(row) for row in connection.execute(sa.select(*MEMBER_COLUMNS).where(mine, open_or_late))
    ]
    held = (
        sa.select(*MEMBER_COLUMNS)
        .join_from(
            components,
            alarms,
            sa.and_(
                alarms.c.component_id == components.c.component_id,
                alarms.c.partition == components.c.partition,
            ),
        )
        .where(unresolved, mine, sa.not_(open_or_late))
    )
    found += [alarm_state(row) for row in connection.execute(held)]
    found.sort(key=_order)
    states = {
        row.component_id: component_state(row)
        for row in connection.execute(sa.select(components).where(unresolved))
    }
    named = {alarm.component_id for alarm in found} - states.keys() - {""}
    for ids in chunks(sorted(named)):
        statement = sa.select(components).where(
            components.c.component_id.in_(ids), components.c.partition == partition
        )
        states.update((row.component_id, component_state(row)) for row in connection.execute(statement))
    return PartitionRows(alarms=found, components=[states[name] for name in sorted(states)])


def alarm_states(connection: sa.Connection, scope: Scope, alarm_ids: Sequence[str]) -> list[AlarmState]:
    """Return the home alarms that exist among the ids, in order of (raised_ms, alarm_id)."""
    found: list[AlarmState] = []
    for ids in chunks(dict.fromkeys(alarm_ids)):
        statement = sa.select(*MEMBER_COLUMNS).where(
            alarms.c.alarm_id.in_(ids), alarms.c.home, within(scope, alarms)
        )
        found += map(alarm_state, connection.execute(statement))
    return sorted(found, key=_order)


def alarms_on(
    connection: sa.Connection, scope: Scope, objects: Sequence[str], since_ms: int, until_ms: int, limit: int
) -> list[AlarmState]:
    """Return home alarms raised on the objects in [since_ms, until_ms), in order of raise."""
    found: list[AlarmState] = []
    for names in chunks(dict.fromkeys(objects)):
        statement = (
            sa.select(*MEMBER_COLUMNS)
            .where(
                alarms.c.object_hash.in_([hash_text(name) for name in names]),
                alarms.c.managed_object.in_(names),
                alarms.c.raised_ms >= since_ms,
                alarms.c.raised_ms < until_ms,
                alarms.c.home,
                within(scope, alarms),
            )
            .order_by(alarms.c.raised_ms, alarms.c.alarm_id)
            .limit(limit)
        )
        found += map(alarm_state, connection.execute(statement))
    return sorted(found, key=_order)[:limit]


def incident_members(
    connection: sa.Connection, scope: Scope, incident_id: str, limit: int
) -> list[AlarmState]:
    """Return the home alarms of an incident in order of (raised_ms, alarm_id)."""
    places = incident_places(incident_id).subquery()
    statement = (
        sa.select(*MEMBER_COLUMNS)
        .join_from(
            places,
            alarms,
            sa.and_(alarms.c.component_id == places.c.component_id, alarms.c.partition == places.c.partition),
        )
        .where(alarms.c.home, within(scope, alarms))
        .order_by(alarms.c.raised_ms, alarms.c.alarm_id)
        .limit(limit)
    )
    return [alarm_state(row) for row in connection.execute(statement)]


def incident_places(incident_id: str) -> Any:
    """Return the selection of (partition, component_id) that make up an incident.

    A component that was never said to belong elsewhere belongs to the incident of its own id.
    """
    said = sa.select(component_incidents.c.partition, component_incidents.c.component_id).where(
        component_incidents.c.incident_id == incident_id
    )
    unsaid = sa.select(components.c.partition, components.c.component_id).where(
        components.c.component_id == incident_id,
        ~sa.exists().where(
            component_incidents.c.component_id == components.c.component_id,
            component_incidents.c.partition == components.c.partition,
        ),
    )
    return sa.union(said, unsaid)
