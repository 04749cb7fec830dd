"""The coverage ledger, the health of feeds and hosts, and where an article's words come from.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _added() -> dict[str, list[sa.Column[object]]]:
    """The new columns of tables that were there before."""
    return {
        "outlet": [sa.Column("refrains", sa.LargeBinary)],
        "host": [
            sa.Column("refusals", sa.Integer, nullable=False, server_default="0"),
            sa.Column("robots", sa.Text),
            sa.Column("robots_at", UtcDateTime),
        ],
        "feed": [
            sa.Column("settings_hash", sa.String(40)),
            sa.Column("marks", sa.LargeBinary),
            sa.Column("newest", sa.LargeBinary),
            sa.Column("flow", sa.Float, nullable=False, server_default="0"),
            sa.Column("unchanged", sa.Integer, nullable=False, server_default="0"),
            sa.Column("asked_in_full_at", UtcDateTime),
            sa.Column("lied_at", UtcDateTime),
            sa.Column("moved_to", sa.Text),
            sa.Column("moves", sa.Integer, nullable=False, server_default="0"),
            sa.Column("adopted_url", sa.Text),
            sa.Column("trouble", sa.String(8)),
            sa.Column("blind_since", UtcDateTime),
            sa.Column("blind_cause", sa.Text),
            sa.Column("quiet_since", UtcDateTime),
            sa.Column("news_at", UtcDateTime),
        ],
        "entry": [sa.Column("text", sa.Text), sa.Column("publisher", sa.Text)],
        "article": [
            sa.Column("publisher", sa.Text),
            sa.Column("carrier", sa.Text),
            sa.Column("credit", sa.String(64)),
            sa.Column("published_by", sa.String(8)),
        ],
    }


PARTIAL = {"ix_entry_host_due_at": ["host", "due_at"], "ix_entry_article_id": ["article_id"]}


def _index_entries(*, partly: bool) -> None:
    """Index entries that have a host, or an article; `partly`: those that have none stay out."""
    for name, columns in PARTIAL.items():
        op.drop_index(name, "entry")
        there = sa.text(f"{columns[0]} IS NOT NULL") if partly else None
        op.create_index(name, "entry", columns, sqlite_where=there, postgresql_where=there)


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "poll",
        sa.Column("id", ID, nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("polled_at", UtcDateTime, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("listed", sa.Integer),
        sa.Column("known", sa.Integer),
        sa.Column("new", sa.Integer),
        sa.Column("overlapped", sa.Boolean),
        sa.Column("trouble", sa.String(8)),
        sa.Column("failure", sa.Text),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], "fk_poll_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_poll"),
    )
    op.create_index("ix_poll_feed_id_polled_at", "poll", ["feed_id", "polled_at"])
    op.create_index("ix_poll_polled_at", "poll", ["polled_at"])
    op.create_table(
        "gap",
        sa.Column("id", ID, nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], "fk_gap_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_gap"),
    )
    op.create_index("ix_gap_feed_id_until", "gap", ["feed_id", "until"])
    op.create_index("ix_gap_until", "gap", ["until"])
    op.create_table(
        "tally",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("new", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], "fk_tally_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "hour", name="pk_tally"),
    )
    op.create_index("ix_tally_hour", "tally", ["hour"])
    op.drop_index("ix_feed_due_at", "feed")
    op.create_index("ix_feed_not_before", "feed", ["not_before"])
    op.create_index("ix_host_not_before", "host", ["not_before"])
    _index_entries(partly=True)


def downgrade() -> None:
    _index_entries(partly=False)
    op.drop_index("ix_host_not_before", "host")
    op.drop_index("ix_feed_not_before", "feed")
    op.create_index("ix_feed_due_at", "feed", ["due_at"])
    for table in ("tally", "gap", "poll"):
        op.drop_table(table)
    for table, columns in _added().items():
        for column in columns:
            op.drop_column(table, column.name)
