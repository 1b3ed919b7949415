"""What a citation names, so that it can be opened: an incident, alarm, ticket, measurement or passage.

Only what the caller may see is told. Does not know who cited it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from telcollm import codec
from telcollm.access import Action, Caller, allows, require
from telcollm.app.services.incidents import NotFoundError
from telcollm.app.workplace import Workplace
from telcollm.knowledge.document import Chunk, Document
from telcollm.records import Diagnosis, KpiSample, LogLine, PlannedWork
from telcollm.store.desk_tables import kpis, logs
from telcollm.store.schema import chunks, diagnoses, documents, planned_work
from telcollm.store.scoping import within

_MOST_TEXT: Final = 4_000


class CitedThing(msgspec.Struct, frozen=True):
    """One thing that was cited, for people; `incident_id` where it leads to an incident."""

    kind: str
    id: str
    title: str
    text: str = ""
    time: datetime | None = None
    incident_id: str = ""


Find = Callable[[Workplace, Caller, str], CitedThing | None]


def cited(workplace: Workplace, caller: Caller, thing_id: str) -> CitedThing:
    """Return what the id names.

    Raises:
        AccessDenied: the caller may not ask questions.
        NotFoundError: there is nothing of that id that the caller may see.
    """
    require(caller, Action.QUESTION_ASK)
    for action, find in _FINDERS:
        if allows(caller, action) and (found := find(workplace, caller, thing_id)) is not None:
            return found
    message = (
        f"citation={thing_id[:80]!r} is not known; the id of a record in your scope is allowed; "
        "it may have been deleted since"
    )
    raise NotFoundError(message)


def _incident(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    found = workplace.stores.store.incident(caller.scope, name)
    if found is None or found.incident_id != name:
        return None
    title = f"{found.root_cause_resource} {found.root_cause_problem}".strip() or found.description
    return CitedThing("incident", name, title or name, found.description, found.opened_time, name)


def _diagnosis(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    body = _body(workplace, caller, diagnoses, diagnoses.c.diagnosis_id, name)
    if body is None:
        return None
    found = codec.decode(body, Diagnosis)
    return CitedThing(
        "incident", name, found.incident_id, found.summary, found.decided_time, found.incident_id
    )


def _alarm(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    found = workplace.stores.store.alarm_states(caller.scope, [name])
    if not found:
        return None
    raised = datetime.fromtimestamp(found[0].raised_ms / 1000, UTC)
    body = found[0].body.decode(errors="replace")[:_MOST_TEXT]
    return CitedThing("alarm", name, f"{found[0].managed_object}: {found[0].problem}", body, raised)


def _ticket(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    found = workplace.stores.tickets.ticket(caller.scope, name)
    if found is None:
        return None
    return CitedThing("ticket", name, found.name or name, found.description[:_MOST_TEXT], found.creation_date)


def _kpi(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    body = _body(workplace, caller, kpis, kpis.c.kpi_id, name)
    if body is None:
        return None
    found = codec.decode(body, KpiSample)
    title = f"{found.managed_object}: {found.kpi}"
    return CitedThing("kpi", name, title, f"{found.value:g}", found.sampled_time)


def _log(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    body = _body(workplace, caller, logs, logs.c.log_id, name)
    if body is None:
        return None
    found = codec.decode(body, LogLine)
    return CitedThing("log", name, found.managed_object, found.text[:_MOST_TEXT], found.logged_time)


def _change(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    body = _body(workplace, caller, planned_work, planned_work.c.planned_work_id, name)
    if body is None:
        return None
    found = codec.decode(body, PlannedWork)
    title = ", ".join(found.managed_objects)[:200]
    return CitedThing("change", name, title, found.description[:_MOST_TEXT], found.start_time)


def _passage(workplace: Workplace, caller: Caller, name: str) -> CitedThing | None:
    """Return a passage of a document that the caller's roles may read."""
    statement = (
        sa.select(chunks.c.body, documents.c.body)
        .join_from(
            chunks,
            documents,
            sa.and_(chunks.c.document_id == documents.c.document_id, chunks.c.version == documents.c.version),
        )
        .where(chunks.c.chunk_id == name, within(caller.scope, documents))
    )
    with workplace.stores.database.reading() as connection:
        row = connection.execute(statement).first()
    if row is None:
        return None
    document = msgspec.json.decode(row[1], type=Document)
    if document.roles and caller.roles.isdisjoint(document.roles):
        return None
    text = msgspec.json.decode(row[0], type=Chunk).text
    return CitedThing("passage", name, document.title or document.source, text[:_MOST_TEXT])


def _body(
    workplace: Workplace, caller: Caller, table: sa.Table, key: sa.Column[str], name: str
) -> bytes | None:
    statement = sa.select(table.c.body).where(key == name, within(caller.scope, table))
    with workplace.stores.database.reading() as connection:
        found: bytes | None = connection.scalar(statement)
    return found


_FINDERS: Final[tuple[tuple[Action, Find], ...]] = (
    (Action.INCIDENT_READ, _incident),
    (Action.INCIDENT_READ, _diagnosis),
    (Action.ALARM_READ, _alarm),
    (Action.TICKET_READ, _ticket),
    (Action.INCIDENT_READ, _kpi),
    (Action.INCIDENT_READ, _log),
    (Action.INCIDENT_READ, _change),
    (Action.KNOWLEDGE_READ, _passage),
)
