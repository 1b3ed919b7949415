"""The tables of people and access: accounts, keys, switches, subscriptions, their actions, the audit trail.

Times are integers in ms since the Unix epoch. Does not know what an account may do.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from telcollm.store.columns import Words, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("name", Words, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Words, primary_key=True),
    Column("key_hash", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_api_keys_hash", api_keys.c.key_hash, unique=True)

switches = Table(
    "switches",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", Words, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("changed_by", Words, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscription_id", Words, primary_key=True),
    Column("tenant", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("ix_subscriptions_tenant", subscriptions.c.tenant)

operator_actions = Table(
    "operator_actions",
    metadata,
    Column("action_id", Words, primary_key=True),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("subject_id", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("actor", Words, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index(
    "ix_operator_actions_subject",
    operator_actions.c.subject_id,
    operator_actions.c.kind,
    operator_actions.c.at_ms,
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
Index("ix_audit_tenant", audit.c.tenant, audit.c.number.desc())

# The chain alone cannot tell that its last rows are gone.
audit_head = Table(
    "audit_head",
    metadata,
    Column("name", Words, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
