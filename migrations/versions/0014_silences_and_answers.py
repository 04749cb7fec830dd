"""Silences, what people answer to messages, who is called when nobody does.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

from monitor.storage.types import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("match", sa.Column("silence_id", ID))
    _index("match", "silence_id")
    op.add_column("delivery", sa.Column("escalates", ID))
    _index("delivery", "escalates")
    _silences()
    _answers()
    op.create_table(
        "bot",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("next_update", sa.BigInteger),
        sa.Column("heard_at", UtcDateTime),
        sa.Column("failing_since", UtcDateTime),
        sa.Column("not_before", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("claims", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failure", sa.Text),
        sa.PrimaryKeyConstraint("name", name="pk_bot"),
    )
    op.create_table(
        "escalation",
        sa.Column("delivery_id", ID, autoincrement=False, nullable=False),
        sa.Column("of_id", ID, nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("planned_for", UtcDateTime, nullable=False),
        sa.Column("stopped_at", UtcDateTime),
        sa.Column("stopped_by", sa.Text),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_escalation"),
    )
    op.create_index("ix_escalation_of_id", "escalation", ["of_id"])


def _silences() -> None:
    op.create_table(
        "silence",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_id", sa.String(64)),
        sa.Column("story_id", ID),
        sa.Column("outlet_id", sa.String(64)),
        sa.Column("term", sa.Text),
        sa.Column("total", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("ended_by", sa.Text),
        sa.Column("told_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_silence"),
    )
    op.create_index("ix_silence_told_at_ends_at", "silence", ["told_at", "ends_at"])


def _answers() -> None:
    op.create_table(
        "answer",
        sa.Column("id", ID, nullable=False),
        sa.Column("bot", sa.String(32)),
        sa.Column("update_id", sa.BigInteger),
        sa.Column("chat_id", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("heard_at", UtcDateTime, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("via", sa.String(64), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("verb", sa.String(8)),
        sa.Column("until", UtcDateTime),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("replied_at", UtcDateTime),
        sa.Column("reply_tries", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        sa.UniqueConstraint("bot", "update_id", name="uq_answer_bot_update_id"),
    )
    op.create_index("ix_answer_heard_at", "answer", ["heard_at"])
    op.create_table(
        "answered",
        sa.Column("answer_id", ID, nullable=False),
        sa.Column("incident_id", ID, autoincrement=False, nullable=False),
        sa.Column("delivery_id", ID),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], "fk_answered_answer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", "incident_id", name="pk_answered"),
    )
    op.create_index("ix_answered_incident_id", "answered", ["incident_id"])


def _index(table: str, column: str) -> None:
    there = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"ix_{table}_{column}", table, [column], sqlite_where=there, postgresql_where=there
    )


def downgrade() -> None:
    for table in ("escalation", "bot", "answered", "answer", "silence"):
        op.drop_table(table)
    op.drop_index("ix_delivery_escalates", "delivery")
    op.drop_column("delivery", "escalates")
    op.drop_index("ix_match_silence_id", "match")
    op.drop_column("match", "silence_id")
