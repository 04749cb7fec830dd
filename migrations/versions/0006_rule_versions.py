"""The versions of each rule, and which of them an alert was decided by.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "rule_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("definition", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_version"),
        sa.UniqueConstraint("rule_id", "version", name="uq_rule_version_rule_id_version"),
        sa.UniqueConstraint("rule_id", "number", name="uq_rule_version_rule_id_number"),
    )
    op.add_column("rule", sa.Column("kept", sa.String(8)))
    op.add_column("alert", sa.Column("rule_version", sa.String(16)))


def downgrade() -> None:
    op.drop_column("alert", "rule_version")
    op.drop_column("rule", "kept")
    op.drop_table("rule_version")
