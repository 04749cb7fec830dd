"""Articles that are read again for a while, what changed in them, and what outlets said of it.

The index of entries by host leaves out what is done: each claim went through the whole past.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column(
        "entry", sa.Column("again", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("revision", sa.Column("kind", sa.String(10)))
    op.add_column("revision", sa.Column("said", sa.Text))
    op.create_table(
        "watched",
        sa.Column("article_id", ID, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("looked_at", UtcDateTime),
        sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
        sa.Column("title", sa.Text),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("body_hash", sa.String(64)),
        sa.Column("gone_at", UtcDateTime),
        sa.Column("deleted_at", UtcDateTime),
        sa.Column("failure", sa.Text),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], "fk_watched_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name="pk_watched"),
    )
    _index_by_host(of="due_at")


def _index_by_host(*, of: str) -> None:
    there = sa.text(f"{of} IS NOT NULL")
    op.drop_index("ix_entry_host_due_at", "entry")
    op.create_index(
        "ix_entry_host_due_at",
        "entry",
        ["host", "due_at"],
        sqlite_where=there,
        postgresql_where=there,
    )


def downgrade() -> None:
    _index_by_host(of="host")
    op.drop_table("watched")
    op.drop_column("revision", "said")
    op.drop_column("revision", "kind")
    op.drop_column("entry", "again")
