"""The store on SQLite or PostgreSQL, as `telcollm.ports.Store` describes it.

Wires connections, statements and queries together; knows no SQL of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa

from telcollm import codec
from telcollm.ports import IncidentCounts, IncidentQuery, PartitionRows, Scope, Store
from telcollm.records import CareMessage, Diagnosis, Feedback, Incident, PlannedWork, TopologyElement
from telcollm.state import (
    AlarmState,
    DeadLetter,
    DeskRequest,
    DiagnosisRequest,
    OutboxMessage,
    Progress,
    SentMark,
)
from telcollm.store import alarm_queries, care, incident_queries, pruning, queue_queries
from telcollm.store.database import Database, open_database
from telcollm.store.rows import to_ms
from telcollm.store.schema import feedback, planned_work, topology
from telcollm.store.scoping import within
from telcollm.store.statements import Statements
from telcollm.store.transaction import SqlTransaction

Now = Callable[[], datetime]
"""Gives the time of day, aware."""


def utc_now() -> datetime:
    """Return the time of day in UTC."""
    return datetime.now(UTC)


def open_store(url: str, *, clock: Now = utc_now, lock_timeout_s: float = 30.0) -> Store:
    """Return the store at a `sqlite:///FILE` or `postgresql://` URL, its tables brought up to date.

    `clock` tells only when rows were queued, sent and done.

    Raises:
        SettingsError: the URL names no database that telcollm can use.
        MissingExtraError: PostgreSQL without its driver.
        TransientError: the database did not answer, or stayed locked for `lock_timeout_s`.
        TelcollmError: the database refuses, or was made by a newer telcollm.
    """
    return SqlStore(open_database(url, lock_timeout_s=lock_timeout_s), clock)


class SqlStore:
    """A `telcollm.ports.Store`. Safe to share between threads; each call is its own transaction."""

    def __init__(self, database: Database, clock: Now) -> None:
        self._database = database
        self._clock = clock
        self._statements = Statements(database.engine.dialect.name)

    def __repr__(self) -> str:
        return f"SqlStore({self._database.place})"

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Return one atomic unit of work.

        Raises:
            TransientError: the database did not answer, or a lock could not be had in time.
        """
        with self._database.writing() as connection:
            yield SqlTransaction(connection, self._statements, to_ms(self._clock()))

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return self._database.reading()

    def claim(self, topic: str, partition: int) -> Progress:
        """Take a partition over: raise its owner_epoch by one, return how far the last owner came."""
        first = {"topic": topic, "partition": partition, "owner_epoch": 1, "next_offset": None, "blob": b""}
        with self._database.writing() as connection:
            epoch, next_offset, blob = connection.execute(self._statements.claim, first).one()
        return Progress(topic, partition, epoch, next_offset, blob)

    def load_partition(self, partition: int, since_ms: int) -> PartitionRows:
        """Return what is open, unresolved, or raised at `since_ms` or later, in order of raise."""
        with self._reading() as connection:
            return alarm_queries.load_partition(connection, partition, since_ms)

    def pending_outbox(self, lanes: Iterable[str], limit: int) -> list[OutboxMessage]:
        """Return unsent messages of the lanes in the order they were queued."""
        with self._reading() as connection:
            return queue_queries.pending_outbox(connection, lanes, limit)

    def sent_marks(self, lanes: Iterable[str]) -> list[SentMark]:
        """Return up to where the lanes' messages are known to lie in the output topics."""
        with self._reading() as connection:
            return queue_queries.find_sent_marks(connection, lanes)

    def pending_requests(self, lanes: Iterable[str], limit: int) -> list[DiagnosisRequest]:
        """Return waiting diagnosis requests of the lanes in the order they were queued."""
        with self._reading() as connection:
            return queue_queries.pending_requests(connection, lanes, limit)

    def pending_desk_requests(self, lanes: Iterable[str], limit: int) -> list[DeskRequest]:
        """Return what waits in the desks' lanes in the order it was queued."""
        with self._reading() as connection:
            return queue_queries.pending_desk_requests(connection, lanes, limit)

    def pending_counts(self, lanes: Iterable[str]) -> Mapping[str, int]:
        """Return {"outbox": n, "requests": n} of what waits in the lanes."""
        with self._reading() as connection:
            return queue_queries.pending_counts(connection, lanes)

    def dead_letters(
        self, topic: str = "", *, include_replayed: bool = False, limit: int = 50, offset: int = 0
    ) -> list[DeadLetter]:
        """Return dead letters in order of (topic, partition, offset); an empty topic means all of them."""
        with self._reading() as connection:
            return queue_queries.find_dead_letters(connection, topic, include_replayed, limit, offset)

    def count_dead_letters(self, topic: str = "", *, include_replayed: bool = False) -> int:
        """Return how many dead letters there are, whatever the limit."""
        with self._reading() as connection:
            return queue_queries.count_dead_letters(connection, topic, include_replayed)

    def mark_dead_letters_replayed(self, places: Iterable[tuple[str, int, int]]) -> None:
        """Mark dead letters by (topic, partition, offset) as replayed."""
        with self.transaction() as transaction:
            transaction.mark_dead_letters_replayed(places)

    def incidents(self, scope: Scope, query: IncidentQuery) -> list[Incident]:
        """Return incidents in the order that the query asks for."""
        with self._reading() as connection:
            return incident_queries.find_incidents(connection, scope, query)

    def count_incidents(self, scope: Scope, query: IncidentQuery) -> int:
        """Return how many incidents match, whatever the limit."""
        with self._reading() as connection:
            return incident_queries.count_incidents(connection, scope, query)

    def incident_counts(self, scope: Scope, query: IncidentQuery) -> IncidentCounts:
        """Return how many incidents match, by status and by severity, whatever the limit."""
        with self._reading() as connection:
            return incident_queries.incident_counts(connection, scope, query)

    def incident(self, scope: Scope, incident_id: str) -> Incident | None:
        """Return one incident by id or by an unambiguous beginning of it."""
        with self._reading() as connection:
            return incident_queries.incident(connection, scope, incident_id)

    def nearest_incident_ids(self, scope: Scope, incident_id: str, limit: int) -> list[str]:
        """Return the ids that look most like one that was not found, the likeliest first."""
        with self._reading() as connection:
            return incident_queries.nearest_incident_ids(connection, scope, incident_id, limit)

    def diagnoses(self, scope: Scope, incident_id: str) -> list[Diagnosis]:
        """Return an incident's diagnoses by revision, the latest last."""
        with self._reading() as connection:
            return incident_queries.find_diagnoses(connection, scope, incident_id)

    def latest_diagnoses(self, scope: Scope, incident_ids: Sequence[str]) -> dict[str, Diagnosis]:
        """Return the latest diagnosis of each incident that has one."""
        with self._reading() as connection:
            return incident_queries.latest_diagnoses(connection, scope, incident_ids)

    def alarm_states(self, scope: Scope, alarm_ids: Sequence[str]) -> list[AlarmState]:
        """Return the home alarms that exist among the ids, in order of (raised_ms, alarm_id)."""
        with self._reading() as connection:
            return alarm_queries.alarm_states(connection, scope, alarm_ids)

    def alarms_on(
        self, scope: Scope, objects: Sequence[str], since_ms: int, until_ms: int, limit: int
    ) -> list[AlarmState]:
        """Return home alarms raised on the objects in [since_ms, until_ms), in order of raise."""
        with self._reading() as connection:
            return alarm_queries.alarms_on(connection, scope, objects, since_ms, until_ms, limit)

    def incident_members(self, scope: Scope, incident_id: str, limit: int) -> list[AlarmState]:
        """Return the alarms of an incident in order of (raised_ms, alarm_id)."""
        with self._reading() as connection:
            return alarm_queries.incident_members(connection, scope, incident_id, limit)

    def put_topology(self, elements: Iterable[TopologyElement]) -> None:
        """Insert or update topology elements by (tenant, element_id)."""
        with self.transaction() as transaction:
            transaction.put_topology(elements)

    def topology(self, scope: Scope) -> list[TopologyElement]:
        """Return the topology elements in order of id."""
        statement = (
            sa.select(topology.c.body)
            .where(within(scope, topology))
            .order_by(topology.c.element_id, topology.c.tenant)
        )
        with self._reading() as connection:
            return [codec.decode(body, TopologyElement) for body in connection.execute(statement).scalars()]

    def put_planned_work(self, works: Iterable[PlannedWork]) -> None:
        """Insert or update planned work by (tenant, planned_work_id)."""
        with self.transaction() as transaction:
            transaction.put_planned_work(works)

    def planned_work(self, scope: Scope) -> list[PlannedWork]:
        """Return planned work in order of start."""
        statement = (
            sa.select(planned_work.c.body)
            .where(within(scope, planned_work))
            .order_by(planned_work.c.start_ms, planned_work.c.tenant, planned_work.c.planned_work_id)
        )
        with self._reading() as connection:
            return [codec.decode(body, PlannedWork) for body in connection.execute(statement).scalars()]

    def conversation(self, scope: Scope, conversation_id: str) -> list[CareMessage]:
        """Return a conversation's messages in the order sent."""
        with self._reading() as connection:
            return care.find_conversation(connection, scope, conversation_id)

    def put_feedback(self, feedback: Feedback) -> None:
        """Keep what a person did with an output."""
        with self.transaction() as transaction:
            transaction.put_feedback(feedback)

    def feedback(self, scope: Scope) -> list[Feedback]:
        """Return feedback in the order given."""
        statement = (
            sa.select(feedback.c.body)
            .where(within(scope, feedback))
            .order_by(feedback.c.given_ms, feedback.c.feedback_id)
        )
        with self._reading() as connection:
            return [codec.decode(body, Feedback) for body in connection.execute(statement).scalars()]

    def prune(self, before: datetime) -> int:
        """Delete what was over before `before`, old telemetry among it; return how many rows went."""
        with self._database.writing() as connection:
            return pruning.prune(connection, to_ms(before))

    def close(self) -> None:
        """Give connections back."""
        self._database.close()
