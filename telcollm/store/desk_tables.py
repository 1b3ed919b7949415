"""The tables of telemetry, tickets and customer care: records as they came, beside what finds them.

Times are integers in ms since the Unix epoch. Does not know the pipeline's own tables (`schema`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, LargeBinary, Table

from telcollm.store.columns import Words, metadata

kpis = Table(
    "kpis",
    metadata,
    Column("kpi_id", Words, primary_key=True),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("managed_object", Words, nullable=False),
    # Free text is found by its hash: PostgreSQL refuses index rows above 2,704 bytes.
    Column("object_hash", BigInteger, nullable=False),
    Column("kpi", Words, nullable=False),
    Column("sampled_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_kpis_object", kpis.c.object_hash, kpis.c.sampled_ms)
Index("ix_kpis_sampled", kpis.c.sampled_ms)

logs = Table(
    "logs",
    metadata,
    Column("log_id", Words, primary_key=True),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("managed_object", Words, nullable=False),
    Column("object_hash", BigInteger, nullable=False),
    Column("logged_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_logs_object", logs.c.object_hash, logs.c.logged_ms)
Index("ix_logs_logged", logs.c.logged_ms)

tickets = Table(
    "tickets",
    metadata,
    Column("tenant", Words, primary_key=True),
    Column("ticket_id", Words, primary_key=True),
    Column("region", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("team", Words, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("words", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_tickets_latest", tickets.c.created_ms.desc(), tickets.c.tenant, tickets.c.ticket_id)
Index("ix_tickets_status", tickets.c.status, tickets.c.created_ms.desc())

ticket_entities = Table(
    "ticket_entities",
    metadata,
    Column("tenant", Words, primary_key=True),
    Column("ticket_id", Words, primary_key=True),
    Column("entity_hash", BigInteger, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(
        ["tenant", "ticket_id"], ["tickets.tenant", "tickets.ticket_id"], ondelete="CASCADE"
    ),
)
Index("ix_ticket_entities_entity", ticket_entities.c.entity_hash)

routes = Table(
    "routes",
    metadata,
    Column("route_id", Words, primary_key=True),
    Column("subject_id", Words, nullable=False),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_routes_subject", routes.c.subject_id, routes.c.decided_ms)

care_messages = Table(
    "care_messages",
    metadata,
    Column("tenant", Words, primary_key=True),
    Column("message_id", Words, primary_key=True),
    Column("conversation_id", Words, nullable=False),
    Column("customer_id", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("sent_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index(
    "ix_care_messages_conversation",
    care_messages.c.conversation_id,
    care_messages.c.tenant,
    care_messages.c.sent_ms,
)

customers = Table(
    "customers",
    metadata,
    Column("tenant", Words, primary_key=True),
    Column("customer_id", Words, primary_key=True),
    Column("region", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

customer_services = Table(
    "customer_services",
    metadata,
    Column("tenant", Words, primary_key=True),
    Column("customer_id", Words, primary_key=True),
    Column("service_hash", BigInteger, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(
        ["tenant", "customer_id"], ["customers.tenant", "customers.customer_id"], ondelete="CASCADE"
    ),
)
Index("ix_customer_services_service", customer_services.c.service_hash)

replies = Table(
    "replies",
    metadata,
    Column("reply_id", Words, primary_key=True),
    Column("conversation_id", Words, nullable=False),
    Column("incident_id", Words, nullable=False),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_replies_conversation", replies.c.conversation_id, replies.c.decided_ms)
Index("ix_replies_decided", replies.c.decided_ms)
Index(
    "ix_replies_incident",
    replies.c.incident_id,
    sqlite_where=replies.c.incident_id != "",
    postgresql_where=replies.c.incident_id != "",
)
