"""Reading incidents and diagnoses back. Does not know alarms (`alarm_queries`)."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from telcollm import codec
from telcollm.ports import IncidentCounts, IncidentQuery, Scope
from telcollm.records import SEVERITY_RANK, Diagnosis, Incident
from telcollm.store.columns import says
from telcollm.store.rows import chunks, hash_text, to_ms
from telcollm.store.schema import diagnoses, incident_objects, incidents
from telcollm.store.scoping import within

_NEAR: Final = 2_000
"""How many of the latest incidents are compared with an id that does not exist."""

_LATEST: Final = incidents.c.last_event_ms.desc()
_ORDERS: Final[dict[str, tuple[sa.ColumnElement[Any], ...]]] = {
    "latest": (_LATEST,),
    "impact": (
        incidents.c.severity.desc(),
        incidents.c.services.desc(),
        incidents.c.objects.desc(),
        _LATEST,
    ),
    "age": (incidents.c.opened_ms,),
}
_SEVERITIES: Final = {rank: name for name, rank in SEVERITY_RANK.items()}


def _matching(scope: Scope, query: IncidentQuery) -> sa.ColumnElement[bool]:
    condition = within(scope, incidents)
    if query.statuses:
        condition = sa.and_(condition, incidents.c.status.in_(query.statuses))
    if query.since is not None:
        condition = sa.and_(condition, incidents.c.last_event_ms >= to_ms(query.since))
    if query.until is not None:
        condition = sa.and_(condition, incidents.c.opened_ms < to_ms(query.until))
    if not query.include_superseded:
        condition = sa.and_(condition, incidents.c.superseded_by == "")
    if query.severity_at_least is not None:
        rank = SEVERITY_RANK[query.severity_at_least.value]
        condition = sa.and_(condition, incidents.c.severity >= rank)
    if query.text:
        condition = sa.and_(condition, says(incidents.c.words, query.text))
    if query.managed_object:
        on_object = sa.select(incident_objects.c.incident_id).where(
            incident_objects.c.object_hash == hash_text(query.managed_object)
        )
        condition = sa.and_(condition, incidents.c.incident_id.in_(on_object))
    return condition


def find_incidents(connection: sa.Connection, scope: Scope, query: IncidentQuery) -> list[Incident]:
    """Return incidents in the order asked for; `since` and `until` bound when they went on."""
    statement = (
        sa.select(incidents.c.body)
        .where(_matching(scope, query))
        .order_by(*_ORDERS[query.sort], incidents.c.incident_id)
        .limit(query.limit)
        .offset(query.offset)
    )
    return [codec.decode(body, Incident) for body in connection.execute(statement).scalars()]


def count_incidents(connection: sa.Connection, scope: Scope, query: IncidentQuery) -> int:
    """Return how many incidents match, whatever the limit."""
    statement = sa.select(sa.func.count()).select_from(incidents).where(_matching(scope, query))
    return int(connection.execute(statement).scalar_one())


def incident_counts(connection: sa.Connection, scope: Scope, query: IncidentQuery) -> IncidentCounts:
    """Return how many incidents match, by status and by severity, whatever the limit."""
    statement = (
        sa.select(incidents.c.status, incidents.c.severity, sa.func.count())
        .where(_matching(scope, query))
        .group_by(incidents.c.status, incidents.c.severity)
        .order_by(incidents.c.status, incidents.c.severity.desc())
    )
    counts = IncidentCounts(0, {}, {})
    for status, severity, count in connection.execute(statement):
        name = _SEVERITIES[severity]
        counts.by_status[status] = counts.by_status.get(status, 0) + count
        counts.by_severity[name] = counts.by_severity.get(name, 0) + count
    return msgspec.structs.replace(counts, total=sum(counts.by_status.values()))


def _beginning(incident_id: str) -> sa.ColumnElement[bool]:
    # Ids are ordered by code points on both databases, so a beginning is a range of the primary key.
    return sa.and_(
        incidents.c.incident_id >= incident_id, incidents.c.incident_id < incident_id + "\U0010ffff"
    )


def incident(connection: sa.Connection, scope: Scope, incident_id: str) -> Incident | None:
    """Return one incident by id or by an unambiguous beginning of it."""
    if not incident_id:
        return None
    seen = sa.select(incidents.c.body).where(within(scope, incidents))
    exact = connection.execute(seen.where(incidents.c.incident_id == incident_id)).scalar()
    if exact is not None:
        return codec.decode(exact, Incident)
    found = connection.execute(seen.where(_beginning(incident_id)).limit(2)).scalars().all()
    return codec.decode(found[0], Incident) if len(found) == 1 else None


def incidents_of(connection: sa.Connection, incident_ids: Sequence[str]) -> list[Incident]:
    """Return those of the incidents that exist, in order of id."""
    found: list[Incident] = []
    for ids in chunks(sorted(set(incident_ids))):
        statement = (
            sa.select(incidents.c.body)
            .where(incidents.c.incident_id.in_(ids))
            .order_by(incidents.c.incident_id)
        )
        found += [codec.decode(body, Incident) for body in connection.execute(statement).scalars()]
    return found


def nearest_incident_ids(connection: sa.Connection, scope: Scope, incident_id: str, limit: int) -> list[str]:
    """Return ids that begin with `incident_id`, else those among the latest that look most like it."""
    seen = sa.select(incidents.c.incident_id).where(within(scope, incidents))
    if incident_id:
        begun = seen.where(_beginning(incident_id)).order_by(incidents.c.incident_id).limit(limit)
        if found := list(connection.execute(begun).scalars()):
            return found
    latest = seen.order_by(incidents.c.last_event_ms.desc(), incidents.c.incident_id).limit(_NEAR)
    known = list(connection.execute(latest).scalars())
    return get_close_matches(incident_id, known, n=limit, cutoff=0.0) if limit > 0 else []


def find_diagnoses(connection: sa.Connection, scope: Scope, incident_id: str) -> list[Diagnosis]:
    """Return an incident's diagnoses by revision, the latest last."""
    statement = (
        sa.select(diagnoses.c.body)
        .where(diagnoses.c.incident_id == incident_id, within(scope, diagnoses))
        .order_by(diagnoses.c.incident_revision, diagnoses.c.decided_ms, diagnoses.c.diagnosis_id)
    )
    return [codec.decode(body, Diagnosis) for body in connection.execute(statement).scalars()]


def latest_diagnoses(
    connection: sa.Connection, scope: Scope, incident_ids: Sequence[str]
) -> dict[str, Diagnosis]:
    """Return the latest diagnosis of each incident that has one, in the order of the ids."""
    found: dict[str, Any] = {}
    wanted = list(dict.fromkeys(incident_ids))
    for ids in chunks(wanted):
        ranked = (
            sa.select(
                diagnoses.c.incident_id,
                diagnoses.c.diagnosis_id,
                sa.func.row_number()
                .over(
                    partition_by=diagnoses.c.incident_id,
                    order_by=(
                        diagnoses.c.incident_revision.desc(),
                        diagnoses.c.decided_ms.desc(),
                        diagnoses.c.diagnosis_id.desc(),
                    ),
                )
                .label("place"),
            )
            .where(diagnoses.c.incident_id.in_(ids), within(scope, diagnoses))
            .subquery()
        )
        statement = (
            sa.select(ranked.c.incident_id, diagnoses.c.body)
            .join(diagnoses, diagnoses.c.diagnosis_id == ranked.c.diagnosis_id)
            .where(ranked.c.place == 1)
        )
        found.update((incident_id, body) for incident_id, body in connection.execute(statement))
    return {name: codec.decode(found[name], Diagnosis) for name in wanted if name in found}
