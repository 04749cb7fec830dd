"""Rules on trial: since when, and what they would have told.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rule", sa.Column("trial_since", UtcDateTime))
    op.add_column("rule", sa.Column("trial_told", UtcDateTime))
    op.add_column("match", sa.Column("would_tell", sa.Text))


def downgrade() -> None:
    op.drop_column("match", "would_tell")
    op.drop_column("rule", "trial_told")
    op.drop_column("rule", "trial_since")
