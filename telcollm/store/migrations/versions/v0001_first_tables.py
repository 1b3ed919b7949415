"""The first tables.

Does not know the steps after it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telcollm.store.columns import ORDERED_TEXT, SEQUENCE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and their indexes."""
    op.create_table(
        "alarms",
        sa.Column("alarm_id", ORDERED_TEXT, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tenant", ORDERED_TEXT, nullable=False),
        sa.Column("region", ORDERED_TEXT, nullable=False),
        sa.Column("key", ORDERED_TEXT, nullable=False),
        sa.Column("key_hash", sa.BigInteger(), nullable=False),
        sa.Column("source_system_id", ORDERED_TEXT, nullable=False),
        sa.Column("managed_object", ORDERED_TEXT, nullable=False),
        sa.Column("object_hash", sa.BigInteger(), nullable=False),
        sa.Column("problem", ORDERED_TEXT, nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("raised_ms", sa.BigInteger(), nullable=False),
        sa.Column("cleared_ms", sa.BigInteger()),
        sa.Column("component_id", ORDERED_TEXT, nullable=False),
        sa.Column("home", sa.Boolean(), nullable=False),
        sa.Column("suppressed", ORDERED_TEXT, nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("boundary", sa.Boolean(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("changed_ms", ORDERED_TEXT, nullable=False),
        sa.Column("append_ms", sa.BigInteger(), nullable=False),
        sa.Column("record_offset", sa.BigInteger(), nullable=False),
        sa.Column("mode", ORDERED_TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_alarms_component", "alarms", ["component_id", "partition"])
    op.create_index(
        "ix_alarms_linked",
        "alarms",
        ["component_id"],
        sqlite_where=sa.text("linked = 1"),
        postgresql_where=sa.text("linked"),
    )
    op.create_index("ix_alarms_object", "alarms", ["object_hash", "raised_ms"])
    op.create_index(
        "ix_alarms_open",
        "alarms",
        ["key_hash", "raised_ms"],
        sqlite_where=sa.text("cleared_ms IS NULL"),
        postgresql_where=sa.text("cleared_ms IS NULL"),
    )
    op.create_index("ix_alarms_raised", "alarms", ["partition", "raised_ms"])
    op.create_table(
        "component_incidents",
        sa.Column("component_id", ORDERED_TEXT, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("incident_id", ORDERED_TEXT, nullable=False),
    )
    op.create_index("ix_component_incidents_incident", "component_incidents", ["incident_id"])
    op.create_table(
        "components",
        sa.Column("component_id", ORDERED_TEXT, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tenant", ORDERED_TEXT, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("resolved", sa.Boolean(), nullable=False),
        sa.Column("merged_into", ORDERED_TEXT, nullable=False),
    )
    op.create_index("ix_components_partition", "components", ["partition", "resolved"])
    op.create_table(
        "dead_letters",
        sa.Column("topic", ORDERED_TEXT, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("record_offset", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.LargeBinary()),
        sa.Column("value", sa.LargeBinary()),
        sa.Column("reason", ORDERED_TEXT, nullable=False),
        sa.Column("field", ORDERED_TEXT, nullable=False),
        sa.Column("append_ms", sa.BigInteger(), nullable=False),
        sa.Column("replayed_ms", sa.BigInteger()),
    )
    op.create_table(
        "diagnoses",
        sa.Column("diagnosis_id", ORDERED_TEXT, primary_key=True),
        sa.Column("incident_id", ORDERED_TEXT, nullable=False),
        sa.Column("incident_revision", sa.Integer(), nullable=False),
        sa.Column("tenant", ORDERED_TEXT, nullable=False),
        sa.Column("region", ORDERED_TEXT, nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_diagnoses_incident", "diagnoses", ["incident_id", "incident_revision"])
    op.create_table(
        "feedback",
        sa.Column("feedback_id", ORDERED_TEXT, primary_key=True),
        sa.Column("tenant", ORDERED_TEXT, nullable=False),
        sa.Column("region", ORDERED_TEXT, nullable=False),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_id", ORDERED_TEXT, primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tenant", ORDERED_TEXT, nullable=False),
        sa.Column("region", ORDERED_TEXT, nullable=False),
        sa.Column("status", ORDERED_TEXT, nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_event_ms", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("root_cause_resource", ORDERED_TEXT, nullable=False),
        sa.Column("window_complete", sa.Boolean(), nullable=False),
        sa.Column("superseded_by", ORDERED_TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_incidents_latest", "incidents", [sa.text("last_event_ms DESC"), "incident_id"])
    op.create_index("ix_incidents_status", "incidents", ["status", sa.text("last_event_ms DESC")])
    op.create_table(
        "outbox",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("message_id", ORDERED_TEXT, nullable=False, unique=True),
        sa.Column("lane", ORDERED_TEXT, nullable=False),
        sa.Column("topic", ORDERED_TEXT, nullable=False),
        sa.Column("key", ORDERED_TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("headers", ORDERED_TEXT, nullable=False),
        sa.Column("queued_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["lane", "sequence"],
        sqlite_where=sa.text("sent_ms IS NULL"),
        postgresql_where=sa.text("sent_ms IS NULL"),
    )
    op.create_table(
        "planned_work",
        sa.Column("tenant", ORDERED_TEXT, primary_key=True),
        sa.Column("planned_work_id", ORDERED_TEXT, primary_key=True),
        sa.Column("region", ORDERED_TEXT, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "progress",
        sa.Column("topic", ORDERED_TEXT, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("owner_epoch", sa.BigInteger(), nullable=False),
        sa.Column("next_offset", sa.BigInteger()),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("request_id", ORDERED_TEXT, nullable=False, unique=True),
        sa.Column("lane", ORDERED_TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("queued_ms", sa.BigInteger(), nullable=False),
        sa.Column("done_ms", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_requests_waiting",
        "requests",
        ["lane", "sequence"],
        sqlite_where=sa.text("done_ms IS NULL"),
        postgresql_where=sa.text("done_ms IS NULL"),
    )
    op.create_table(
        "sent_marks",
        sa.Column("lane", ORDERED_TEXT, primary_key=True),
        sa.Column("topic", ORDERED_TEXT, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "topology",
        sa.Column("tenant", ORDERED_TEXT, primary_key=True),
        sa.Column("element_id", ORDERED_TEXT, primary_key=True),
        sa.Column("region", ORDERED_TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "incident_objects",
        sa.Column(
            "incident_id",
            ORDERED_TEXT,
            sa.ForeignKey("incidents.incident_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("object_hash", sa.BigInteger(), primary_key=True, autoincrement=False),
    )
    op.create_index("ix_incident_objects_object", "incident_objects", ["object_hash"])


def downgrade() -> None:
    """Drop the tables and all they hold."""
    for table in (
        "incident_objects",
        "topology",
        "sent_marks",
        "requests",
        "progress",
        "planned_work",
        "outbox",
        "incidents",
        "feedback",
        "diagnoses",
        "dead_letters",
        "components",
        "component_incidents",
        "alarms",
    ):
        op.drop_table(table)
