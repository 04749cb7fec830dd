"""Who stands in for a channel that is gone, canaries, and the lives of the watch.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "route",
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("fallback", sa.String(64)),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_route"),
    )
    op.create_table(
        "canary",
        sa.Column("id", ID, nullable=False),
        sa.Column("begun_at", UtcDateTime, nullable=False),
        sa.Column("wanted_by", UtcDateTime, nullable=False),
        sa.Column("listed_at", UtcDateTime),
        sa.Column("read_at", UtcDateTime),
        sa.Column("judged_at", UtcDateTime),
        sa.Column("arrived_at", UtcDateTime),
        sa.Column("missed_at", UtcDateTime),
        sa.Column("failure", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_canary"),
    )
    op.create_index("ix_canary_begun_at", "canary", ["begun_at"])
    op.create_table(
        "life",
        sa.Column("id", ID, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("boot", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("began_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_life"),
    )
    op.create_index("ix_life_host_began_at", "life", ["host", "began_at"])


def downgrade() -> None:
    op.drop_index("ix_life_host_began_at", "life")
    op.drop_table("life")
    op.drop_index("ix_canary_begun_at", "canary")
    op.drop_table("canary")
    op.drop_table("route")
