"""Messages that wait for an hour of their channel, and are told together.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
COLUMNS = ("severity", "held", "part_of", "digest_of", "forwarded_from")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("severity", sa.String(8)))
    op.add_column("delivery", sa.Column("held", sa.String(16)))
    op.add_column("delivery", sa.Column("part_of", ID))
    op.add_column("delivery", sa.Column("digest_of", sa.String(64)))
    op.add_column("delivery", sa.Column("forwarded_from", sa.String(64)))
    op.create_index("ix_delivery_part_of", "delivery", ["part_of"])
    op.create_index("ix_delivery_channel_sent_at", "delivery", ["channel", "sent_at"])


def downgrade() -> None:
    op.drop_index("ix_delivery_channel_sent_at", "delivery")
    op.drop_index("ix_delivery_part_of", "delivery")
    for column in COLUMNS:
        op.drop_column("delivery", column)
