"""Reading what waits: unsent messages, requests, dead letters. Does not know who takes it away."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from telcollm.state import DeadLetter, DeskRequest, DiagnosisRequest, OutboxMessage, SentMark
from telcollm.store import rows
from telcollm.store.schema import dead_letters, outbox, requests, sent_marks


def pending_outbox(connection: sa.Connection, lanes: Iterable[str], limit: int) -> list[OutboxMessage]:
    """Return unsent messages of the lanes in the order they were queued."""
    found: list[OutboxMessage] = []
    for names in rows.chunks(dict.fromkeys(lanes)):
        statement = (
            sa.select(*(outbox.c[name] for name in rows.OUTBOX_COLUMNS))
            .where(outbox.c.lane.in_(names), outbox.c.sent_ms.is_(None))
            .order_by(outbox.c.sequence)
            .limit(limit)
        )
        found += map(rows.outbox_message, connection.execute(statement))
    found.sort(key=lambda message: message.sequence)
    return found[:limit]


def pending_requests(connection: sa.Connection, lanes: Iterable[str], limit: int) -> list[DiagnosisRequest]:
    """Return waiting diagnosis requests of the lanes in the order they were queued."""
    found: list[DiagnosisRequest] = []
    for names in rows.chunks(dict.fromkeys(lanes)):
        statement = (
            sa.select(requests.c.body, requests.c.sequence)
            .where(requests.c.lane.in_(names), requests.c.done_ms.is_(None))
            .order_by(requests.c.sequence)
            .limit(limit)
        )
        found += [rows.request(body, sequence) for body, sequence in connection.execute(statement)]
    found.sort(key=lambda request: request.sequence)
    return found[:limit]


def pending_desk_requests(connection: sa.Connection, lanes: Iterable[str], limit: int) -> list[DeskRequest]:
    """Return what waits in the desks' lanes in the order it was queued."""
    found: list[DeskRequest] = []
    for names in rows.chunks(dict.fromkeys(lanes)):
        statement = (
            sa.select(requests.c.request_id, requests.c.lane, requests.c.body, requests.c.sequence)
            .where(requests.c.lane.in_(names), requests.c.done_ms.is_(None))
            .order_by(requests.c.sequence)
            .limit(limit)
        )
        found += [DeskRequest(*row) for row in connection.execute(statement)]
    found.sort(key=lambda request: request.sequence)
    return found[:limit]


def pending_counts(connection: sa.Connection, lanes: Iterable[str]) -> dict[str, int]:
    """Return {"outbox": n, "requests": n} of what waits in the lanes."""
    counts = {"outbox": 0, "requests": 0}
    for names in rows.chunks(dict.fromkeys(lanes)):
        for table, finished in ((outbox, outbox.c.sent_ms), (requests, requests.c.done_ms)):
            statement = (
                sa.select(sa.func.count())
                .select_from(table)
                .where(table.c.lane.in_(names), finished.is_(None))
            )
            counts[table.name] += int(connection.execute(statement).scalar_one())
    return counts


def find_sent_marks(connection: sa.Connection, lanes: Iterable[str]) -> list[SentMark]:
    """Return the lanes' marks in order of (lane, topic, partition)."""
    found: list[SentMark] = []
    for names in rows.chunks(dict.fromkeys(lanes)):
        statement = sa.select(sent_marks).where(sent_marks.c.lane.in_(names))
        found += [SentMark(*row) for row in connection.execute(statement)]
    return sorted(found, key=lambda mark: (mark.lane, mark.topic, mark.partition))


def _letters(topic: str, include_replayed: bool) -> sa.ColumnElement[bool]:
    condition: sa.ColumnElement[bool] = sa.true()
    if topic:
        condition = sa.and_(condition, dead_letters.c.topic == topic)
    if not include_replayed:
        condition = sa.and_(condition, dead_letters.c.replayed_ms.is_(None))
    return condition


def find_dead_letters(
    connection: sa.Connection, topic: str, include_replayed: bool, limit: int, offset: int
) -> list[DeadLetter]:
    """Return dead letters in order of (topic, partition, offset); an empty topic means all of them."""
    columns = [dead_letters.c[name] for name in rows.DEAD_LETTER_COLUMNS]
    statement = (
        sa.select(*columns)
        .where(_letters(topic, include_replayed))
        .order_by(dead_letters.c.topic, dead_letters.c.partition, dead_letters.c.record_offset)
        .limit(limit)
        .offset(offset)
    )
    return [DeadLetter(*row) for row in connection.execute(statement)]


def count_dead_letters(connection: sa.Connection, topic: str, include_replayed: bool) -> int:
    """Return how many dead letters there are."""
    condition = _letters(topic, include_replayed)
    statement = sa.select(sa.func.count()).select_from(dead_letters).where(condition)
    return int(connection.execute(statement).scalar_one())
