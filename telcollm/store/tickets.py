"""Trouble tickets as last heard of, and where they were routed.

Does not know who decides a route.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from telcollm import codec
from telcollm.ports import Scope
from telcollm.records import Route, TroubleTicket
from telcollm.store.bulk import Bulk
from telcollm.store.columns import says, searchable
from telcollm.store.database import Database
from telcollm.store.desk_tables import routes, ticket_entities, tickets
from telcollm.store.references import put_references
from telcollm.store.rows import Row, chunks, hash_text, to_ms
from telcollm.store.scoping import within
from telcollm.store.upsert import bulk, replace_where, upsert


class TicketQuery(msgspec.Struct, frozen=True):
    """Which tickets to list, newest first; created in [since, until).

    `text` is looked for, whatever its case, in id, name, description and entities.
    """

    statuses: tuple[str, ...] = ()
    related_entity: str = ""
    team: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    offset: int = 0


def updated_ms(ticket: TroubleTicket) -> int:
    """Return when a ticket was last heard to change, in ms; 0 where it does not say.

    >>> updated_ms(TroubleTicket(tenant="acme", ticket_id="t1", description="no light"))
    0
    """
    time = ticket.last_update or ticket.status_change_date or ticket.creation_date
    return 0 if time is None else to_ms(time)


def put_tickets(connection: sa.Connection, found: Iterable[TroubleTicket]) -> None:
    """Insert or update tickets by (tenant, id): the newer last update stays, of equal ones the last given."""
    newest: dict[tuple[str, str], TroubleTicket] = {}
    for ticket in found:
        known = newest.get((ticket.tenant, ticket.ticket_id))
        if known is None or updated_ms(ticket) >= updated_ms(known):
            newest[ticket.tenant, ticket.ticket_id] = ticket
    if not newest:
        return
    statement = _put_tickets(connection.dialect.name)
    written = connection.execute(statement, [_ticket_row(newest[key]) for key in sorted(newest)]).all()
    put_references(
        connection,
        ticket_entities,
        {(tenant, ticket_id): newest[tenant, ticket_id].related_entity for tenant, ticket_id in written},
    )


@cache
def _put_tickets(dialect: str) -> Any:
    return replace_where(dialect, tickets, lambda new, old: new.updated_ms >= old.updated_ms)


def _ticket_row(ticket: TroubleTicket) -> Row:
    created = ticket.creation_date
    return {
        "tenant": ticket.tenant,
        "ticket_id": ticket.ticket_id,
        "region": ticket.region,
        "status": ticket.status.value,
        "team": ticket.team,
        "created_ms": updated_ms(ticket) if created is None else to_ms(created),
        "updated_ms": updated_ms(ticket),
        "words": searchable(ticket.ticket_id, ticket.name, *ticket.related_entity, ticket.description),
        "body": codec.encode(ticket),
    }


def put_routes(connection: sa.Connection, found: Iterable[Route]) -> None:
    """Insert or update routes by id."""
    rows = [
        {
            "route_id": route.route_id,
            "subject_id": route.subject_id,
            "tenant": route.tenant,
            "region": route.region,
            "decided_ms": to_ms(route.decided_time),
            "body": codec.encode(route),
        }
        for route in found
    ]
    _put_routes(connection.dialect.name).run(connection, rows)


@cache
def _put_routes(dialect: str) -> Bulk:
    return bulk(upsert(dialect, routes), routes)


class TicketStore:
    """Tickets and routes in the store's database; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, found: Iterable[TroubleTicket]) -> None:
        """Insert or update tickets by (tenant, id): the newer last update stays."""
        with self._database.writing() as connection:
            put_tickets(connection, found)

    def ticket(self, scope: Scope, ticket_id: str) -> TroubleTicket | None:
        """Return one ticket; where two of the scope's tenants have one of this id, the first tenant's."""
        statement = (
            sa.select(tickets.c.body)
            .where(tickets.c.ticket_id == ticket_id, within(scope, tickets))
            .order_by(tickets.c.tenant)
            .limit(1)
        )
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar()
        return None if body is None else codec.decode(body, TroubleTicket)

    def tickets(self, scope: Scope, query: TicketQuery) -> list[TroubleTicket]:
        """Return the tickets that match, newest first."""
        statement = (
            sa.select(tickets.c.body)
            .where(_matching(scope, query))
            .order_by(tickets.c.created_ms.desc(), tickets.c.tenant, tickets.c.ticket_id)
            .limit(query.limit)
            .offset(query.offset)
        )
        with self._database.reading() as connection:
            return [codec.decode(body, TroubleTicket) for body in connection.execute(statement).scalars()]

    def count(self, scope: Scope, query: TicketQuery) -> int:
        """Return how many tickets match, whatever the limit."""
        statement = sa.select(sa.func.count()).select_from(tickets).where(_matching(scope, query))
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def put_routes(self, found: Iterable[Route]) -> None:
        """Insert or update routes by id."""
        with self._database.writing() as connection:
            put_routes(connection, found)

    def routes(self, scope: Scope, subject_ids: Sequence[str]) -> dict[str, Route]:
        """Return the latest route of each subject that has one, in the order of the ids."""
        wanted = list(dict.fromkeys(subject_ids))
        latest: dict[str, bytes] = {}
        with self._database.reading() as connection:
            for ids in chunks(wanted):
                ranked = (
                    sa.select(
                        routes.c.subject_id,
                        routes.c.body,
                        sa.func.row_number()
                        .over(
                            partition_by=routes.c.subject_id,
                            order_by=(routes.c.decided_ms.desc(), routes.c.route_id.desc()),
                        )
                        .label("place"),
                    )
                    .where(routes.c.subject_id.in_(ids), within(scope, routes))
                    .subquery()
                )
                statement = sa.select(ranked.c.subject_id, ranked.c.body).where(ranked.c.place == 1)
                latest.update((subject, body) for subject, body in connection.execute(statement))
        return {name: codec.decode(latest[name], Route) for name in wanted if name in latest}

    def route(self, scope: Scope, route_id: str) -> Route | None:
        """Return one route by its id."""
        statement = sa.select(routes.c.body).where(routes.c.route_id == route_id, within(scope, routes))
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar()
        return None if body is None else codec.decode(body, Route)

    def route_history(self, scope: Scope, subject_id: str) -> list[Route]:
        """Return a subject's routes in the order decided, the latest last."""
        statement = (
            sa.select(routes.c.body)
            .where(routes.c.subject_id == subject_id, within(scope, routes))
            .order_by(routes.c.decided_ms, routes.c.route_id)
        )
        with self._database.reading() as connection:
            return [codec.decode(body, Route) for body in connection.execute(statement).scalars()]


def _matching(scope: Scope, query: TicketQuery) -> sa.ColumnElement[bool]:
    conditions = [within(scope, tickets)]
    if query.statuses:
        conditions.append(tickets.c.status.in_(query.statuses))
    if query.team:
        conditions.append(tickets.c.team == query.team)
    if query.text:
        conditions.append(says(tickets.c.words, query.text))
    if query.since is not None:
        conditions.append(tickets.c.created_ms >= to_ms(query.since))
    if query.until is not None:
        conditions.append(tickets.c.created_ms < to_ms(query.until))
    if query.related_entity:
        on_entity = sa.exists().where(
            ticket_entities.c.tenant == tickets.c.tenant,
            ticket_entities.c.ticket_id == tickets.c.ticket_id,
            ticket_entities.c.entity_hash == hash_text(query.related_entity),
        )
        conditions.append(on_entity)
    return sa.and_(*conditions)
