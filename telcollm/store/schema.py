"""The store's tables, as the newest migration leaves them; a test holds the two against each other.

Those of the desks and of access register beside them (`desk_tables`, `access_tables`). Times are integers
in ms since the Unix epoch. Does not know how rows are read or written (`rows`,
`transaction`, `queries`), nor how a database gets this shape (`migration`).
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table

from telcollm.store import access_tables, desk_tables
from telcollm.store.columns import SEQUENCE, Words, metadata

__all__ = ["HEAD", "access_tables", "desk_tables", "metadata"]

HEAD: Final = "0003"
"""The migration this code was written for."""

progress = Table(
    "progress",
    metadata,
    Column("topic", Words, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("owner_epoch", BigInteger, nullable=False),
    Column("next_offset", BigInteger),
    Column("blob", LargeBinary, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Words, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("key", Words, nullable=False),
    # Free text is found by its hash: PostgreSQL refuses index rows above 2,704 bytes.
    Column("key_hash", BigInteger, nullable=False),
    Column("source_system_id", Words, nullable=False),
    Column("managed_object", Words, nullable=False),
    Column("object_hash", BigInteger, nullable=False),
    Column("problem", Words, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),
    Column("cleared_ms", BigInteger),
    Column("component_id", Words, nullable=False),
    Column("home", Boolean, nullable=False),
    Column("suppressed", Words, nullable=False),
    Column("facts", Integer, nullable=False),
    Column("boundary", Boolean, nullable=False),
    # Home alarms with copies and the copies themselves: the few rows that links are followed through.
    Column("linked", Boolean, nullable=False),
    Column("changed_ms", Words, nullable=False),
    Column("append_ms", BigInteger, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    Column("mode", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_alarms_component", alarms.c.component_id, alarms.c.partition)
Index(
    "ix_alarms_linked",
    alarms.c.component_id,
    sqlite_where=alarms.c.linked,
    postgresql_where=alarms.c.linked,
)
Index(
    "ix_alarms_open",
    alarms.c.key_hash,
    alarms.c.raised_ms,
    sqlite_where=alarms.c.cleared_ms.is_(None),
    postgresql_where=alarms.c.cleared_ms.is_(None),
)
Index("ix_alarms_raised", alarms.c.partition, alarms.c.raised_ms)
Index("ix_alarms_object", alarms.c.object_hash, alarms.c.raised_ms)

components = Table(
    "components",
    metadata,
    Column("component_id", Words, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("tenant", Words, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("resolved", Boolean, nullable=False),
    Column("merged_into", Words, nullable=False),
)
Index("ix_components_partition", components.c.partition, components.c.resolved)

# Beside `components`, not a column of it: another partition's owner writes here under the lock that
# orders links, while the component's own row may be held by a transaction that waits for that lock.
component_incidents = Table(
    "component_incidents",
    metadata,
    Column("component_id", Words, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("incident_id", Words, nullable=False),
)
Index("ix_component_incidents_incident", component_incidents.c.incident_id)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Words, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("last_event_ms", BigInteger, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("root_cause_resource", Words, nullable=False),
    Column("window_complete", Boolean, nullable=False),
    Column("superseded_by", Words, nullable=False),
    # What lists are searched in and sorted by.
    Column("words", Words, nullable=False),
    Column("services", Integer, nullable=False),
    Column("objects", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_incidents_latest", incidents.c.last_event_ms.desc(), incidents.c.incident_id)
Index("ix_incidents_status", incidents.c.status, incidents.c.last_event_ms.desc())

incident_objects = Table(
    "incident_objects",
    metadata,
    Column(
        "incident_id", Words, sa.ForeignKey("incidents.incident_id", ondelete="CASCADE"), primary_key=True
    ),
    Column("object_hash", BigInteger, primary_key=True, autoincrement=False),
)
Index("ix_incident_objects_object", incident_objects.c.object_hash)

diagnoses = Table(
    "diagnoses",
    metadata,
    Column("diagnosis_id", Words, primary_key=True),
    Column("incident_id", Words, nullable=False),
    Column("incident_revision", Integer, nullable=False),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_diagnoses_incident", diagnoses.c.incident_id, diagnoses.c.incident_revision)

requests = Table(
    "requests",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    Column("request_id", Words, nullable=False, unique=True),
    Column("lane", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("done_ms", BigInteger),
    sqlite_autoincrement=True,
)
Index(
    "ix_requests_waiting",
    requests.c.lane,
    requests.c.sequence,
    sqlite_where=requests.c.done_ms.is_(None),
    postgresql_where=requests.c.done_ms.is_(None),
)

outbox = Table(
    "outbox",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
    Column("message_id", Words, nullable=False, unique=True),
    Column("lane", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("headers", Words, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    sqlite_autoincrement=True,
)
Index(
    "ix_outbox_unsent",
    outbox.c.lane,
    outbox.c.sequence,
    sqlite_where=outbox.c.sent_ms.is_(None),
    postgresql_where=outbox.c.sent_ms.is_(None),
)

sent_marks = Table(
    "sent_marks",
    metadata,
    Column("lane", Words, primary_key=True),
    Column("topic", Words, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("topic", Words, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("record_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("reason", Words, nullable=False),
    Column("field", Words, nullable=False),
    Column("append_ms", BigInteger, nullable=False),
    Column("replayed_ms", BigInteger),
)

topology = Table(
    "topology",
    metadata,
    Column("tenant", Words, primary_key=True),
    Column("element_id", Words, primary_key=True),
    Column("region", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

planned_work = Table(
    "planned_work",
    metadata,
    Column("tenant", Words, primary_key=True),
    Column("planned_work_id", Words, primary_key=True),
    Column("region", Words, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("feedback_id", Words, primary_key=True),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("given_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", Words, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

chunks = Table(
    "chunks",
    metadata,
    Column("chunk_id", Words, primary_key=True),
    Column("document_id", Words, nullable=False),
    Column("version", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("embedding_model", Words, nullable=False),
    Column("embedding", LargeBinary),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_chunks_document", chunks.c.document_id, chunks.c.version, chunks.c.number)
