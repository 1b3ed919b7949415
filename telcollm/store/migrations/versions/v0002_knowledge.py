"""Documents of the knowledge base and their chunks.

Does not know the steps after it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telcollm.store.columns import ORDERED_TEXT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the knowledge base."""
    op.create_table(
        "documents",
        sa.Column("document_id", ORDERED_TEXT, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tenant", ORDERED_TEXT, nullable=False),
        sa.Column("region", ORDERED_TEXT, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "chunks",
        sa.Column("chunk_id", ORDERED_TEXT, primary_key=True),
        sa.Column("document_id", ORDERED_TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("embedding_model", ORDERED_TEXT, nullable=False),
        sa.Column("embedding", sa.LargeBinary()),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_chunks_document", "chunks", ["document_id", "version", "number"])


def downgrade() -> None:
    """Drop the tables of the knowledge base."""
    op.drop_table("chunks")
    op.drop_table("documents")
