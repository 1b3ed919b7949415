"""The statements that write: upserts by deterministic id, the same on SQLite and on PostgreSQL.

Does not know when they run: `transaction` decides that.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from telcollm.store.bulk import Bulk
from telcollm.store.schema import (
    alarms,
    component_incidents,
    components,
    dead_letters,
    diagnoses,
    feedback,
    incident_objects,
    incidents,
    outbox,
    planned_work,
    progress,
    requests,
    sent_marks,
    topology,
)
from telcollm.store.upsert import bulk, insert, keep_first, upsert

_ZERO: Final[sa.ColumnElement[int]] = sa.literal_column("0")


class Statements:
    """The writing statements of one dialect, each compiled when it first runs."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self.put_alarms = bulk(self._put_alarms(), alarms)
        self.put_late_alarms = bulk(self._put_late_alarms(), alarms)
        self.clear_alarms = Bulk(_CLEAR, ("of_partition", "of_hash", "of_key", "at_ms"))
        self.move_alarms = Bulk(_MOVE, ("of_component", "of_partition", "to_component"))
        self.put_components = bulk(upsert(dialect, components), components)
        self.put_component_incidents = bulk(upsert(dialect, component_incidents), component_incidents)
        self.put_incidents = self._put_incidents()
        self.put_incident_objects = bulk(keep_first(dialect, incident_objects), incident_objects)
        self.drop_incident_objects = Bulk(_DROP_OBJECT, ("of_incident", "of_hash"))
        self.put_requests = bulk(keep_first(dialect, requests, "request_id"), requests, "sequence", "done_ms")
        self.finish_requests = self._finish(requests, requests.c.request_id, requests.c.done_ms)
        self.put_diagnoses = bulk(upsert(dialect, diagnoses), diagnoses)
        self.put_outbox = bulk(keep_first(dialect, outbox, "message_id"), outbox, "sequence", "sent_ms")
        self.finish_outbox = self._finish(outbox, outbox.c.message_id, outbox.c.sent_ms)
        self.put_sent_marks = bulk(upsert(dialect, sent_marks), sent_marks)
        self.put_dead_letters = bulk(
            upsert(dialect, dead_letters, "replayed_ms"), dead_letters, "replayed_ms"
        )
        self.mark_replayed = Bulk(_MARK_REPLAYED, ("of_topic", "of_partition", "of_offset", "at_ms"))
        self.put_topology = bulk(upsert(dialect, topology), topology)
        self.put_planned_work = bulk(upsert(dialect, planned_work), planned_work)
        self.put_feedback = bulk(upsert(dialect, feedback), feedback)
        self.claim = self._claim()

    def _finish(self, table: sa.Table, key: sa.Column[Any], finished: sa.Column[Any]) -> Bulk:
        statement = (
            sa.update(table)
            .where(key == sa.bindparam("of_id"), finished.is_(None))
            .values({finished.name: sa.bindparam("at_ms")})
        )
        return Bulk(statement, ("of_id", "at_ms"))

    def _put_alarms(self) -> Any:
        statement = insert(self._dialect, alarms)
        new, old = statement.excluded, alarms.c
        taken: dict[str, Any] = {
            column.name: new[column.name] for column in alarms.columns if not column.primary_key
        }
        taken["cleared_ms"] = sa.case(
            (new.cleared_ms.is_(None), old.cleared_ms),
            (old.cleared_ms < new.cleared_ms, old.cleared_ms),
            else_=new.cleared_ms,
        )
        # A worker gives bodies back: what it writes of an alarm later comes without.
        taken["body"] = sa.case((sa.func.length(new.body) == _ZERO, old.body), else_=new.body)
        taken["facts"] = sa.case((new.facts > old.facts, new.facts), else_=old.facts)
        return statement.on_conflict_do_update(index_elements=["alarm_id", "partition"], set_=taken)

    def _put_late_alarms(self) -> Any:
        statement = insert(self._dialect, alarms)
        new = statement.excluded
        return statement.on_conflict_do_update(
            index_elements=["alarm_id", "partition"],
            set_={"cleared_ms": new.cleared_ms},
            where=sa.and_(alarms.c.cleared_ms.is_(None), new.cleared_ms.is_not(None)),
        )

    def _put_incidents(self) -> Any:
        statement = insert(self._dialect, incidents)
        new, old = statement.excluded, incidents.c
        return statement.on_conflict_do_update(
            index_elements=["incident_id"],
            set_={column.name: new[column.name] for column in incidents.columns if not column.primary_key},
            where=sa.or_(
                new.revision > old.revision,
                sa.and_(
                    new.revision == old.revision,
                    sa.or_(old.superseded_by == "", new.superseded_by != ""),
                ),
            ),
        ).returning(incidents.c.incident_id)

    def _claim(self) -> Any:
        statement = insert(self._dialect, progress)
        return statement.on_conflict_do_update(
            index_elements=["topic", "partition"], set_={"owner_epoch": progress.c.owner_epoch + 1}
        ).returning(progress.c.owner_epoch, progress.c.next_offset, progress.c.blob)


FENCE: Final = (
    sa.update(progress)
    .where(
        progress.c.topic == sa.bindparam("of_topic"),
        progress.c.partition == sa.bindparam("of_partition"),
        progress.c.owner_epoch == sa.bindparam("of_epoch"),
    )
    .values(next_offset=sa.bindparam("to_offset"), blob=sa.bindparam("to_blob"))
)

_CLEAR: Final = (
    sa.update(alarms)
    .where(
        alarms.c.partition == sa.bindparam("of_partition"),
        alarms.c.key_hash == sa.bindparam("of_hash"),
        alarms.c.key == sa.bindparam("of_key"),
        alarms.c.raised_ms <= sa.bindparam("at_ms"),
        alarms.c.cleared_ms.is_(None),
        alarms.c.home,
    )
    .values(cleared_ms=sa.bindparam("at_ms"))
)

_MOVE: Final = (
    sa.update(alarms)
    .where(
        alarms.c.component_id == sa.bindparam("of_component"),
        alarms.c.partition == sa.bindparam("of_partition"),
    )
    .values(component_id=sa.bindparam("to_component"))
)

_DROP_OBJECT: Final = sa.delete(incident_objects).where(
    incident_objects.c.incident_id == sa.bindparam("of_incident"),
    incident_objects.c.object_hash == sa.bindparam("of_hash"),
)

_MARK_REPLAYED: Final = (
    sa.update(dead_letters)
    .where(
        dead_letters.c.topic == sa.bindparam("of_topic"),
        dead_letters.c.partition == sa.bindparam("of_partition"),
        dead_letters.c.record_offset == sa.bindparam("of_offset"),
    )
    .values(replayed_ms=sa.bindparam("at_ms"))
)
