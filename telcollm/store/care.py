"""Customers, their conversations with the desk, and the replies that were suggested.

Does not know what a good reply is. Texts are kept as they came: untrusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from telcollm import codec
from telcollm.ports import Scope
from telcollm.records import CareMessage, Customer, Reply
from telcollm.store.bulk import Bulk
from telcollm.store.database import Database
from telcollm.store.desk_tables import care_messages, customer_services, customers, replies
from telcollm.store.references import put_references
from telcollm.store.rows import Row, chunks, hash_text, to_ms
from telcollm.store.scoping import within
from telcollm.store.upsert import bulk, insert, upsert


class ConversationHead(msgspec.Struct, frozen=True):
    """One conversation in a list: whose, when last, and how many messages."""

    conversation_id: str
    customer_id: str
    last_time: datetime
    messages: int
    tenant: str


def put_messages(connection: sa.Connection, messages: Iterable[CareMessage]) -> None:
    """Insert or update messages by (tenant, id)."""
    rows = [
        {
            "tenant": message.tenant,
            "message_id": message.message_id,
            "conversation_id": message.conversation_id,
            "customer_id": message.customer_id,
            "region": message.region,
            "sent_ms": to_ms(message.sent_time),
            "body": codec.encode(message),
        }
        for message in messages
    ]
    _put(connection.dialect.name, care_messages).run(connection, rows)


def find_conversation(connection: sa.Connection, scope: Scope, conversation_id: str) -> list[CareMessage]:
    """Return a conversation's messages in the order sent."""
    statement = (
        sa.select(care_messages.c.body)
        .where(care_messages.c.conversation_id == conversation_id, within(scope, care_messages))
        .order_by(care_messages.c.sent_ms, care_messages.c.tenant, care_messages.c.message_id)
    )
    return [codec.decode(body, CareMessage) for body in connection.execute(statement).scalars()]


def message_ids(
    connection: sa.Connection, conversations: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], list[str]]:
    """Return by (tenant, conversation_id) the ids of the messages kept, in the order sent."""
    columns = care_messages.c
    wanted = set(conversations)
    found: dict[tuple[str, str], list[str]] = {}
    for names in chunks(sorted({name for _, name in wanted})):
        statement = (
            sa.select(columns.tenant, columns.conversation_id, columns.message_id)
            .where(columns.conversation_id.in_(names))
            .order_by(columns.sent_ms, columns.message_id)
        )
        for tenant, name, message_id in connection.execute(statement):
            if (tenant, name) in wanted:
                found.setdefault((tenant, name), []).append(message_id)
    return found


def put_customers(connection: sa.Connection, found: Iterable[Customer]) -> None:
    """Insert or update customers by (tenant, id): the last one given stays."""
    last = {(customer.tenant, customer.customer_id): customer for customer in found}
    rows = [
        {
            "tenant": customer.tenant,
            "customer_id": customer.customer_id,
            "region": customer.region,
            "body": codec.encode(customer),
        }
        for customer in last.values()
    ]
    _put(connection.dialect.name, customers).run(connection, rows)
    put_references(
        connection, customer_services, {key: customer.service_ids for key, customer in last.items()}
    )


def put_replies(connection: sa.Connection, found: Iterable[Reply]) -> None:
    """Insert or update replies by id: the later decided stays, and one that is withdrawn stays so."""
    _put_replies(connection.dialect.name).run(connection, map(_reply_row, found))


def replied_on(connection: sa.Connection, incident_ids: Iterable[str]) -> set[str]:
    """Return those of the incidents on which replies rest that are not withdrawn."""
    found: set[str] = set()
    for ids in chunks(sorted(set(incident_ids) - {""})):
        resting = sa.select(replies.c.incident_id).where(
            replies.c.incident_id.in_(ids), replies.c.incident_id != "", sa.not_(replies.c.withdrawn)
        )
        found.update(connection.execute(resting.distinct()).scalars())
    return found


def replied_since(connection: sa.Connection, since_ms: int) -> bool:
    """Tell whether a reply that is not withdrawn was decided at `since_ms` or later."""
    statement = (
        sa.select(sa.literal(1))
        .select_from(replies)
        .where(replies.c.decided_ms >= since_ms, sa.not_(replies.c.withdrawn))
        .limit(1)
    )
    return connection.execute(statement).scalar() is not None


def _reply_row(reply: Reply) -> Row:
    return {
        "reply_id": reply.reply_id,
        "conversation_id": reply.conversation_id,
        "incident_id": reply.incident_id,
        "tenant": reply.tenant,
        "region": reply.region,
        "decided_ms": to_ms(reply.decided_time),
        "withdrawn": reply.withdrawn,
        "body": codec.encode(reply),
    }


@cache
def _put(dialect: str, table: sa.Table) -> Bulk:
    return bulk(upsert(dialect, table), table)


@cache
def _put_replies(dialect: str) -> Bulk:
    statement = insert(dialect, replies)
    new, old = statement.excluded, replies.c
    later = sa.and_(new.decided_ms >= old.decided_ms, sa.or_(new.withdrawn, sa.not_(old.withdrawn)))
    statement = statement.on_conflict_do_update(
        index_elements=["reply_id"],
        set_={column.name: new[column.name] for column in replies.columns if not column.primary_key},
        where=sa.or_(later, sa.and_(new.withdrawn, sa.not_(old.withdrawn))),
    )
    return bulk(statement, replies)


class CareStore:
    """Conversations, customers and replies in the store's database; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_messages(self, messages: Iterable[CareMessage]) -> None:
        """Insert or update messages by (tenant, id)."""
        with self._database.writing() as connection:
            put_messages(connection, messages)

    def conversation(self, scope: Scope, conversation_id: str) -> list[CareMessage]:
        """Return a conversation's messages in the order sent."""
        with self._database.reading() as connection:
            return find_conversation(connection, scope, conversation_id)

    def conversations(
        self, scope: Scope, *, since: datetime | None = None, limit: int, offset: int
    ) -> list[ConversationHead]:
        """Return conversations with a message at `since` or later, the latest message first."""
        columns = care_messages.c
        last = sa.func.max(columns.sent_ms)
        statement = (
            sa.select(
                columns.conversation_id,
                sa.func.max(columns.customer_id),
                last,
                sa.func.count(),
                columns.tenant,
            )
            .where(within(scope, care_messages))
            .group_by(columns.tenant, columns.conversation_id)
            .order_by(last.desc(), columns.tenant, columns.conversation_id)
            .limit(limit)
            .offset(offset)
        )
        if since is not None:
            statement = statement.having(last >= to_ms(since))
        with self._database.reading() as connection:
            return [
                ConversationHead(name, customer, datetime.fromtimestamp(ms / 1000, UTC), count, tenant)
                for name, customer, ms, count, tenant in connection.execute(statement)
            ]

    def put_customers(self, found: Iterable[Customer]) -> None:
        """Insert or update customers by (tenant, id): the last one given stays."""
        with self._database.writing() as connection:
            put_customers(connection, found)

    def customer(self, scope: Scope, customer_id: str) -> Customer | None:
        """Return one customer; where two of the scope's tenants have one of this id, the first tenant's."""
        found = self._customers(scope, customers.c.customer_id == customer_id, 1, 0)
        return found[0] if found else None

    def customers(self, scope: Scope, *, limit: int, offset: int = 0) -> list[Customer]:
        """Return customers in order of (tenant, id)."""
        return self._customers(scope, sa.true(), limit, offset)

    def _customers(
        self, scope: Scope, condition: sa.ColumnElement[bool], limit: int | None, offset: int
    ) -> list[Customer]:
        statement: Any = (
            sa.select(customers.c.body)
            .where(condition, within(scope, customers))
            .order_by(customers.c.tenant, customers.c.customer_id)
        )
        if limit is not None:
            statement = statement.limit(limit).offset(offset)
        with self._database.reading() as connection:
            return [codec.decode(body, Customer) for body in connection.execute(statement).scalars()]

    def customers_on(self, scope: Scope, service_ids: Sequence[str]) -> list[Customer]:
        """Return the customers that have one of the services, each once, in order of (tenant, id)."""
        found: dict[tuple[str, str], Customer] = {}
        for names in chunks(dict.fromkeys(service_ids)):
            served = sa.exists().where(
                customer_services.c.tenant == customers.c.tenant,
                customer_services.c.customer_id == customers.c.customer_id,
                customer_services.c.service_hash.in_([hash_text(name) for name in names]),
            )
            for customer in self._customers(scope, served, None, 0):
                found[customer.tenant, customer.customer_id] = customer
        return [found[key] for key in sorted(found)]

    def put_replies(self, found: Iterable[Reply]) -> None:
        """Insert or update replies by id: the later decided stays, and one that is withdrawn stays so."""
        with self._database.writing() as connection:
            put_replies(connection, found)

    def replies(self, scope: Scope, conversation_id: str) -> list[Reply]:
        """Return a conversation's replies in the order decided, withdrawn ones among them."""
        return self._replies(scope, replies.c.conversation_id == conversation_id)

    def reply(self, scope: Scope, reply_id: str) -> Reply | None:
        """Return one reply by id, withdrawn or not."""
        found = self._replies(scope, replies.c.reply_id == reply_id)
        return found[0] if found else None

    def replies_on_incident(self, scope: Scope, incident_id: str) -> list[Reply]:
        """Return the replies that rest on an incident and are not withdrawn, in the order decided."""
        if not incident_id:
            return []
        return self._replies(
            scope, sa.and_(replies.c.incident_id == incident_id, sa.not_(replies.c.withdrawn))
        )

    def _replies(self, scope: Scope, condition: sa.ColumnElement[bool]) -> list[Reply]:
        statement = (
            sa.select(replies.c.body)
            .where(condition, within(scope, replies))
            .order_by(replies.c.decided_ms, replies.c.reply_id)
        )
        with self._database.reading() as connection:
            return [codec.decode(body, Reply) for body in connection.execute(statement).scalars()]
