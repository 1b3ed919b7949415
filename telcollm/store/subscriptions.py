"""Subscriptions: who is told of what by webhook; what waits to be told is in the outbox, in lanes of its own.

A lane is one subscription's, so that an order holds for each and none waits for another. Does not know HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import msgspec
import sqlalchemy as sa

from telcollm.ports import Scope
from telcollm.records.record import UtcTime
from telcollm.state import OutboxMessage
from telcollm.store import rows
from telcollm.store.access_tables import subscriptions, switches
from telcollm.store.database import Database
from telcollm.store.schema import outbox
from telcollm.store.upsert import keep_first, upsert

Api = Literal["alarm", "ticket", "problem"]
"""TMF642, TMF621 and TMF656."""

_CURSOR: Final = "webhook-cursor"
_LANE: Final = "webhook/"


class Subscription(msgspec.Struct, frozen=True):
    """One listener: what it hears of (`event_types`, none means all) within the scope of who asked for it."""

    subscription_id: str
    api: Api
    callback: str
    scope: Scope
    created_by: str
    created_time: UtcTime
    query: str = ""
    event_types: tuple[str, ...] = ()

    @property
    def lane(self) -> str:
        """Where its events wait."""
        return f"{_LANE}{self.subscription_id}"


class Followed(NamedTuple):
    """One message of the outbox: its place, when it was queued, and what it says."""

    sequence: int
    queued_ms: int
    value: bytes


_DECODER: Final = msgspec.json.Decoder(Subscription)


class SubscriptionStore:
    """Subscriptions in the store's database; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, subscription: Subscription) -> None:
        """Keep a subscription; from now on what happens is followed, where it was not before."""
        with self._database.writing() as connection:
            dialect = connection.dialect.name
            connection.execute(
                upsert(dialect, subscriptions),
                {
                    "subscription_id": subscription.subscription_id,
                    "tenant": subscription.scope.tenants[0] if subscription.scope.tenants else "",
                    "body": msgspec.json.encode(subscription),
                },
            )
            newest = connection.scalar(sa.select(sa.func.max(outbox.c.sequence))) or 0
            connection.execute(
                keep_first(dialect, switches),
                {"name": _CURSOR, "value": str(newest), "changed_ms": 0, "changed_by": ""},
            )

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions in order of id."""
        with self._database.reading() as connection:
            return _all(connection)

    def subscription(self, subscription_id: str) -> Subscription | None:
        """Return one subscription."""
        statement = sa.select(subscriptions.c.body).where(subscriptions.c.subscription_id == subscription_id)
        with self._database.reading() as connection:
            body = connection.scalar(statement)
        return None if body is None else _DECODER.decode(body)

    def remove(self, subscription: Subscription) -> None:
        """Delete a subscription and what still waits to be told to it."""
        with self._database.writing() as connection:
            _end(connection, subscription)

    def follow(self, topic: str, limit: int, overlap: int) -> tuple[int, list[Followed]]:
        """Return the cursor and the messages of `topic` queued after it or in the `overlap` before, in order.

        The overlap holds those whose transaction ended after a later one's; telling twice doubles nothing.
        """
        with self._database.reading() as connection:
            cursor = int(
                connection.scalar(sa.select(switches.c.value).where(switches.c.name == _CURSOR)) or 0
            )
            statement = (
                sa.select(outbox.c.sequence, outbox.c.queued_ms, outbox.c.value)
                .where(outbox.c.sequence > cursor - overlap, outbox.c.topic == topic)
                .order_by(outbox.c.sequence)
                .limit(limit)
            )
            return cursor, [Followed(*row) for row in connection.execute(statement)]

    def queue(self, messages: Iterable[OutboxMessage], *, queued_ms: int, cursor: int | None = None) -> None:
        """Keep events to be told, each once by its id, and how far was followed, in one transaction."""
        found = [rows.outbox_row(message, queued_ms) for message in messages]
        with self._database.writing() as connection:
            if found:
                connection.execute(keep_first(connection.dialect.name, outbox, "message_id"), found)
            if cursor is not None:
                connection.execute(
                    switches.update().where(switches.c.name == _CURSOR).values(value=str(cursor))
                )


def end_subscriptions_of(connection: sa.Connection, holder: str) -> None:
    """Delete, in the transaction at hand, all that somebody subscribed to, and what still waits for it."""
    for one in _all(connection):
        if one.created_by == holder:
            _end(connection, one)


def _all(connection: sa.Connection) -> list[Subscription]:
    statement = sa.select(subscriptions.c.body).order_by(subscriptions.c.subscription_id)
    return [_DECODER.decode(body) for body in connection.execute(statement).scalars()]


def _end(connection: sa.Connection, subscription: Subscription) -> None:
    connection.execute(
        subscriptions.delete().where(subscriptions.c.subscription_id == subscription.subscription_id)
    )
    connection.execute(outbox.delete().where(outbox.c.lane == subscription.lane))
