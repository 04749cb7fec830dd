"""Each change of a story's articles, what was made one, and what an analyst told apart.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _reference(
    name: str, table: str, *, of: str, nullable: bool = True
) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(name, ID, nullable=nullable),
        sa.ForeignKeyConstraint(
            [name], [f"{table}.id"], ondelete="CASCADE", name=f"fk_{of}_{name}_{table}"
        ),
    ]


def upgrade() -> None:
    op.add_column("story", sa.Column("merged_into", ID))
    _index("story", "merged_into")
    op.create_table(
        "grouping",
        sa.Column("id", ID, nullable=False),
        *_reference("article_id", "article", of="grouping"),
        *_reference("story_id", "story", of="grouping", nullable=False),
        *_reference("into_id", "story", of="grouping"),
        sa.Column("cause", sa.String(8), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grouping"),
    )
    op.create_index("ix_grouping_article_id", "grouping", ["article_id"])
    op.create_index("ix_grouping_story_id", "grouping", ["story_id"])
    _index("grouping", "into_id")
    op.create_table(
        "apart",
        *_reference("story_id", "story", of="apart", nullable=False),
        *_reference("other_id", "story", of="apart", nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("story_id", "other_id", name="pk_apart"),
    )
    op.create_index("ix_apart_other_id", "apart", ["other_id"])


def _index(table: str, column: str) -> None:
    """An index of the rows that have a value there: most have none."""
    there = sa.text(f"{column} IS NOT NULL")
    name = f"ix_{table}_{column}"
    op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    op.drop_table("apart")
    op.drop_table("grouping")
    op.drop_index("ix_story_merged_into", table_name="story")
    op.drop_column("story", "merged_into")
