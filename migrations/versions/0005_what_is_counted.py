"""Rules that count: their hits and episodes, when they are due, and when the watch was blind.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _added() -> list[sa.Column[object]]:
    """What a rule says of its counting, and when it is due."""
    return [
        sa.Column("counted_version", sa.String(16)),
        sa.Column("counted_from", UtcDateTime),
        sa.Column("recounted", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("looked_at", UtcDateTime),
        sa.Column("verdict", sa.Text),
        sa.Column("not_before", UtcDateTime),
        sa.Column("due_at", UtcDateTime),
        sa.Column("claims", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failure", sa.Text),
    ]


def upgrade() -> None:
    for column in _added():
        op.add_column("rule", column)
    op.create_table(
        "hit",
        sa.Column("article_id", ID, nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], "fk_hit_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "rule_id", name="pk_hit"),
    )
    op.create_index("ix_hit_rule_id_at", "hit", ["rule_id", "at"])
    op.create_table(
        "episode",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("rule_version", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("began_at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("ending", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_episode"),
    )
    under_way = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_episode_under_way",
        "episode",
        ["rule_id"],
        unique=True,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
    op.create_table(
        "blindness",
        sa.Column("id", ID, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blindness"),
    )
    op.create_index("ix_blindness_until", "blindness", ["until"])


def downgrade() -> None:
    for table in ("blindness", "episode", "hit"):
        op.drop_table(table)
    for column in _added():
        op.drop_column("rule", column.name)
