"""Components of several partitions that hang together because they hold the same alarm.

Does not know what an incident makes of them, nor how components come about inside a partition.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from telcollm.state import ComponentState
from telcollm.store.rows import chunks
from telcollm.store.schema import alarms, components

Place = tuple[int, str]
"""A component's partition and id: the same id may name a component in each of two partitions."""

_LINK_LOCK: Final = 0x74656C63_6C696E6B
"""The PostgreSQL advisory lock that orders transactions which look at links or write incidents."""


def lock_links(connection: sa.Connection) -> None:
    """Wait until no other transaction is between reading links and its commit.

    SQLite needs nothing: whoever writes holds the only write lock since the transaction began.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LINK_LOCK})")


def linked_components(connection: sa.Connection, places: Iterable[Place]) -> list[ComponentState]:
    """Return the closure of `places` over shared alarms, survivors in place of those they took in.

    In order of (component_id, partition). Places that no component is stored for are left out.
    """
    found: dict[Place, ComponentState] = {}
    seen: set[Place] = set()
    frontier = {place for place in places if place[1]}
    while frontier:
        seen |= frontier
        merged: set[Place] = set()
        survivors: set[Place] = set()
        for component in _load(connection, frontier):
            place = (component.partition, component.component_id)
            if component.merged_into:
                merged.add((component.partition, component.merged_into))
            else:
                found[place] = component
                survivors.add(place)
        frontier = (merged | _neighbours(connection, survivors)) - seen
    return sorted(found.values(), key=lambda component: (component.component_id, component.partition))


def survivors(connection: sa.Connection, places: Iterable[Place]) -> dict[Place, str]:
    """Return the id of the component that each merged place has ended in, however many merges later."""
    merged = set(places)
    into: dict[Place, str] = {}
    frontier = set(merged)
    while frontier:
        steps = {
            (component.partition, component.component_id): component.merged_into
            for component in _load(connection, frontier)
            if component.merged_into
        }
        into |= steps
        frontier = {(partition, name) for (partition, _), name in steps.items()} - into.keys()
    ends: dict[Place, str] = {}
    for partition, component_id in sorted(merged):
        passed = {component_id}
        end = component_id
        while (following := into.get((partition, end), end)) not in passed:
            passed.add(following)
            end = following
        if end != component_id:
            ends[partition, component_id] = end
    return ends


def _load(connection: sa.Connection, places: set[Place]) -> list[ComponentState]:
    rows: list[ComponentState] = []
    for ids in chunks(sorted({component_id for _, component_id in places})):
        statement = sa.select(components).where(components.c.component_id.in_(ids))
        rows += [
            component_state(row)
            for row in connection.execute(statement)
            if (row.partition, row.component_id) in places
        ]
    return rows


def _neighbours(connection: sa.Connection, places: set[Place]) -> set[Place]:
    shared: set[str] = set()
    for ids in chunks(sorted({component_id for _, component_id in places})):
        statement = sa.select(alarms.c.alarm_id, alarms.c.partition, alarms.c.component_id).where(
            alarms.c.component_id.in_(ids), alarms.c.linked
        )
        shared.update(
            alarm_id
            for alarm_id, partition, component_id in connection.execute(statement)
            if (partition, component_id) in places
        )
    neighbours: set[Place] = set()
    for ids in chunks(sorted(shared)):
        statement = sa.select(alarms.c.partition, alarms.c.component_id).where(
            alarms.c.alarm_id.in_(ids), alarms.c.component_id != ""
        )
        neighbours.update((row.partition, row.component_id) for row in connection.execute(statement))
    return neighbours


def component_state(row: Any) -> ComponentState:
    """Return the component of a row of the components table."""
    return ComponentState(
        component_id=row.component_id,
        partition=row.partition,
        tenant=row.tenant,
        complete=row.complete,
        resolved=row.resolved,
        merged_into=row.merged_into,
    )
