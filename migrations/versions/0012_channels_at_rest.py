"""Channels that are left alone for a while, and messages that stand in for others.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("fallback_of", ID))
    op.create_index("ix_delivery_fallback_of", "delivery", ["fallback_of"])
    op.create_table(
        "channel",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("tried_at", UtcDateTime, nullable=False),
        sa.Column("free_at", UtcDateTime, nullable=False),
        sa.Column("spent", sa.Integer, nullable=False),
        sa.Column("spent_since", UtcDateTime, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", UtcDateTime),
        sa.PrimaryKeyConstraint("name", name="pk_channel"),
    )


def downgrade() -> None:
    op.drop_table("channel")
    op.drop_index("ix_delivery_fallback_of", "delivery")
    op.drop_column("delivery", "fallback_of")
