"""Indexes by which a claim finds what waits, however much of it there is.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_delivery_waiting": (["channel", "id"], "due_at"),
    "ix_delivery_held": (["held"], "held"),
    "ix_delivery_collection": (["collection"], "collection"),
}


def upgrade() -> None:
    for name, (columns, present) in INDEXES.items():
        there = sa.text(f"{present} IS NOT NULL")
        op.create_index(name, "delivery", columns, sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "delivery")
