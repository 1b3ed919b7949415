"""Telemetry, tickets, customer care, access and audit; what lists of incidents are searched and sorted by.

Does not know the steps after it.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from telcollm.store.columns import ORDERED_TEXT, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WORDS = 16_384
_PAGE = 1_000


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, ORDERED_TEXT, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, ORDERED_TEXT, nullable=False)


def _number(name: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), primary_key=key, autoincrement=False, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    """Make the tables, and fill in what stored incidents are searched and sorted by."""
    _telemetry()
    _tickets()
    _care()
    _access()
    op.add_column("incidents", sa.Column("words", ORDERED_TEXT, nullable=False, server_default=""))
    for name in ("services", "objects"):
        op.add_column("incidents", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    _fill_incidents()


def _telemetry() -> None:
    for table, key, named, time in (
        ("kpis", "kpi_id", ["kpi"], "sampled_ms"),
        ("logs", "log_id", [], "logged_ms"),
    ):
        op.create_table(
            table,
            _key(key),
            _text("tenant"),
            _text("region"),
            _text("managed_object"),
            _number("object_hash"),
            *map(_text, named),
            _number(time),
            _bytes("body"),
        )
        op.create_index(f"ix_{table}_object", table, ["object_hash", time])
        op.create_index(f"ix_{table}_{time.removesuffix('_ms')}", table, [time])


def _tickets() -> None:
    op.create_table(
        "tickets",
        _key("tenant"),
        _key("ticket_id"),
        _text("region"),
        _text("status"),
        _text("team"),
        _number("created_ms"),
        _number("updated_ms"),
        _text("words"),
        _bytes("body"),
    )
    op.create_index("ix_tickets_latest", "tickets", [sa.text("created_ms DESC"), "tenant", "ticket_id"])
    op.create_index("ix_tickets_status", "tickets", ["status", sa.text("created_ms DESC")])
    op.create_table(
        "ticket_entities",
        _key("tenant"),
        _key("ticket_id"),
        _number("entity_hash", key=True),
        sa.ForeignKeyConstraint(
            ["tenant", "ticket_id"], ["tickets.tenant", "tickets.ticket_id"], ondelete="CASCADE"
        ),
    )
    op.create_index("ix_ticket_entities_entity", "ticket_entities", ["entity_hash"])
    op.create_table(
        "routes",
        _key("route_id"),
        _text("subject_id"),
        _text("tenant"),
        _text("region"),
        _number("decided_ms"),
        _bytes("body"),
    )
    op.create_index("ix_routes_subject", "routes", ["subject_id", "decided_ms"])


def _care() -> None:
    op.create_table(
        "care_messages",
        _key("tenant"),
        _key("message_id"),
        _text("conversation_id"),
        _text("customer_id"),
        _text("region"),
        _number("sent_ms"),
        _bytes("body"),
    )
    op.create_index(
        "ix_care_messages_conversation", "care_messages", ["conversation_id", "tenant", "sent_ms"]
    )
    op.create_table("customers", _key("tenant"), _key("customer_id"), _text("region"), _bytes("body"))
    op.create_table(
        "customer_services",
        _key("tenant"),
        _key("customer_id"),
        _number("service_hash", key=True),
        sa.ForeignKeyConstraint(
            ["tenant", "customer_id"], ["customers.tenant", "customers.customer_id"], ondelete="CASCADE"
        ),
    )
    op.create_index("ix_customer_services_service", "customer_services", ["service_hash"])
    op.create_table(
        "replies",
        _key("reply_id"),
        _text("conversation_id"),
        _text("incident_id"),
        _text("tenant"),
        _text("region"),
        _number("decided_ms"),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        _bytes("body"),
    )
    op.create_index("ix_replies_conversation", "replies", ["conversation_id", "decided_ms"])
    op.create_index("ix_replies_decided", "replies", ["decided_ms"])
    rides = sa.text("incident_id != ''")
    op.create_index(
        "ix_replies_incident", "replies", ["incident_id"], sqlite_where=rides, postgresql_where=rides
    )


def _access() -> None:
    op.create_table("accounts", _key("name"), _bytes("body"))
    op.create_table("api_keys", _key("key_id"), _text("key_hash"), _bytes("body"))
    op.create_index("ix_api_keys_hash", "api_keys", ["key_hash"], unique=True)
    op.create_table("switches", _key("name"), _text("value"), _number("changed_ms"), _text("changed_by"))
    op.create_table("subscriptions", _key("subscription_id"), _text("tenant"), _bytes("body"))
    op.create_index("ix_subscriptions_tenant", "subscriptions", ["tenant"])
    op.create_table(
        "operator_actions",
        _key("action_id"),
        _text("tenant"),
        _text("region"),
        _text("subject_id"),
        _text("kind"),
        _text("actor"),
        _number("at_ms"),
        _bytes("body"),
    )
    op.create_index("ix_operator_actions_subject", "operator_actions", ["subject_id", "kind", "at_ms"])
    op.create_table(
        "audit",
        _number("number", key=True),
        _text("tenant"),
        _text("region"),
        _bytes("body"),
        _bytes("hash"),
    )
    op.create_index("ix_audit_tenant", "audit", ["tenant", sa.text("number DESC")])
    op.create_table("audit_head", _key("name"), _number("number"), _bytes("hash"))


def _fill_incidents() -> None:
    # By hand, not by the code of today: what it makes of an incident may have changed when this runs.
    table = sa.table(
        "incidents",
        sa.column("incident_id", Words()),
        sa.column("body", sa.LargeBinary()),
        sa.column("words", Words()),
        sa.column("services", sa.Integer()),
        sa.column("objects", sa.Integer()),
    )
    connection = op.get_bind()
    after = ""
    page = sa.select(table.c.incident_id, table.c.body).order_by(table.c.incident_id).limit(_PAGE)
    while found := connection.execute(page.where(table.c.incident_id > after)).all():
        after = found[-1].incident_id
        connection.execute(
            sa.update(table)
            .where(table.c.incident_id == sa.bindparam("of_id"))
            .values(
                words=sa.bindparam("to_words"),
                services=sa.bindparam("to_services"),
                objects=sa.bindparam("to_objects"),
            ),
            [_filled(name, json.loads(body)) for name, body in found],
        )


def _filled(incident_id: str, wire: dict[str, object]) -> dict[str, object]:
    objects, services = (_list(wire.get(name)) for name in ("affectedObjects", "affectedService"))
    words = [
        incident_id,
        str(wire.get("rootCauseResource", "")),
        str(wire.get("rootCauseProblem", "")),
        *_list(wire.get("problems")),
        *services,
        *objects,
    ]
    return {
        "of_id": incident_id,
        "to_words": "\n".join(filter(None, words)).casefold().replace("\x00", " ")[:_WORDS],
        "to_services": len(services),
        "to_objects": len(objects),
    }


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | dict) else []


def downgrade() -> None:
    """Drop the tables and columns."""
    for table in (
        "audit_head audit operator_actions subscriptions switches api_keys accounts replies "
        "customer_services customers care_messages routes ticket_entities tickets logs kpis"
    ).split():
        op.drop_table(table)
    for name in ("words", "services", "objects"):
        op.drop_column("incidents", name)
