"""Incidents: what a rule tells once, what was said of it, and which story is part of it.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# The key of an incident as it was: a story, with a number where it had several.
_OPEN = """
INSERT INTO incident (rule_id, opened_at, last_at, told_at, state)
SELECT rule_id, MIN(decided_at), MAX(decided_at), MIN(decided_at), '{}'
FROM alert GROUP BY rule_id, subject
"""
_LINK = """
UPDATE alert SET incident_id = (
    SELECT MAX(incident.id) FROM incident
    WHERE incident.rule_id = alert.rule_id AND incident.opened_at = (
        SELECT MIN(other.decided_at) FROM alert AS other
        WHERE other.rule_id = alert.rule_id AND other.subject = alert.subject
    )
)
"""
_STORIES = """
INSERT INTO incident_story (incident_id, story_id)
SELECT DISTINCT incident_id, story_id FROM alert WHERE incident_id IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
        sa.Column("told_at", UtcDateTime),
        sa.Column("strong", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("state", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_rule_id_opened_at", "incident", ["rule_id", "opened_at"])
    op.create_index("ix_incident_last_at", "incident", ["last_at"])
    op.create_table(
        "incident_story",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], "fk_incident_story_incident_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["story.id"], "fk_incident_story_story_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("incident_id", "story_id", name="pk_incident_story"),
    )
    op.create_index("ix_incident_story_story_id", "incident_story", ["story_id"])
    for table in ("match", "alert", "delivery"):
        op.add_column(table, sa.Column("incident_id", ID))
        op.create_index(f"ix_{table}_incident_id", table, ["incident_id"])
    op.add_column("alert", sa.Column("detail", sa.Text, nullable=False, server_default=""))
    op.execute("ALTER TABLE alert RENAME COLUMN incident TO subject")
    for statement in (_OPEN, _LINK, _STORIES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE alert RENAME COLUMN subject TO incident")
    op.drop_column("alert", "detail")
    for table in ("delivery", "alert", "match"):
        op.drop_index(f"ix_{table}_incident_id", table)
        op.drop_column(table, "incident_id")
    op.drop_table("incident_story")
    op.drop_table("incident")
