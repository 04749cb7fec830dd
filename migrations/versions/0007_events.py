"""The event that a match is about.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("match", sa.Column("event", sa.JSON))


def downgrade() -> None:
    op.drop_column("match", "event")
