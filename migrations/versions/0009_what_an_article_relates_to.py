"""What an article has to do with an earlier one, and the sketches by which that is found.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _added() -> list[sa.Column[object]]:
    return [
        sa.Column("relation", sa.String(8)),
        sa.Column("relates_to", ID),
        sa.Column("containment", sa.Float),
        sa.Column("difference", sa.Text),
    ]


def upgrade() -> None:
    for column in _added():
        op.add_column("article", column)
    op.create_table(
        "sketch",
        sa.Column("week", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("hash", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("article_id", ID, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("week", "hash", "article_id", name="pk_sketch"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("sketch")
    for column in _added():
        op.drop_column("article", column.name)
