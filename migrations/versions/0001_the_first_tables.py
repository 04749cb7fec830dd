"""The first tables.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

import monitor.storage.types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "configuration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("loaded_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration")),
        sa.UniqueConstraint("digest", name=op.f("uq_configuration_digest")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("collection", sa.String(length=8), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tried_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tried_for", sa.Integer(), server_default="0", nullable=False),
        sa.Column("uncertain", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("not_before", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("claims", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    op.create_index("ix_delivery_channel_state", "delivery", ["channel", "state"], unique=False)
    op.create_index("ix_delivery_due_at", "delivery", ["due_at"], unique=False)
    op.create_table(
        "host",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("not_before", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_page_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("busy_until", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_host")),
    )
    op.create_table(
        "outlet",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlet")),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("since", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
    )
    op.create_table(
        "story",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column(
            "first_seen_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column("last_seen_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
    )
    op.create_index("ix_story_last_seen_at", "story", ["last_seen_at"], unique=False)
    op.create_table(
        "task",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("not_before", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("claims", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_task")),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("outlet_id", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("key_mode", sa.String(length=8), server_default="guid", nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column(
            "first_polled_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("polled_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("retired_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("not_before", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("claims", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_feed_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("url", name=op.f("uq_feed_url")),
    )
    op.create_index("ix_feed_due_at", "feed", ["due_at"], unique=False)
    op.create_index("ix_feed_host_due_at", "feed", ["host", "due_at"], unique=False)
    op.create_table(
        "article",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity", sa.String(length=40), nullable=False),
        sa.Column("feed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outlet_id", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("canonical_key", sa.String(length=40), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(length=40), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("section", sa.Text(), nullable=True),
        sa.Column("published_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("completeness", sa.String(length=8), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column(
            "duplicate_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("story_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("words", sa.JSON(), nullable=True),
        sa.Column("triaged_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("not_before", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("claims", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["duplicate_of"],
            ["article.id"],
            name=op.f("fk_article_duplicate_of"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_article_feed_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_article_outlet_id")),
        sa.ForeignKeyConstraint(
            ["story_id"], ["story.id"], name=op.f("fk_article_story_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("identity", name=op.f("uq_article_identity")),
    )
    op.create_index("ix_article_body_hash", "article", ["body_hash"], unique=False)
    op.create_index("ix_article_canonical_key", "article", ["canonical_key"], unique=False)
    op.create_index("ix_article_duplicate_of", "article", ["duplicate_of"], unique=False)
    op.create_index("ix_article_due_at", "article", ["due_at"], unique=False)
    op.create_index("ix_article_seen_at", "article", ["seen_at"], unique=False)
    op.create_index("ix_article_story_id_seen_at", "article", ["story_id", "seen_at"], unique=False)
    op.create_table(
        "tombstone",
        sa.Column("feed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("buried_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feed.id"], name=op.f("fk_tombstone_feed_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "key", name=op.f("pk_tombstone")),
    )
    op.create_index("ix_tombstone_buried_at", "tombstone", ["buried_at"], unique=False)
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("incident", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("story_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("decided_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_alert_article_id")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_alert_story_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "rule_id", "incident", "reason", name=op.f("uq_alert_rule_id_incident_reason")
        ),
    )
    op.create_index("ix_alert_article_id", "alert", ["article_id"], unique=False)
    op.create_index("ix_alert_story_id", "alert", ["story_id"], unique=False)
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("guid_key", sa.String(length=40), nullable=True),
        sa.Column("link_key", sa.String(length=40), nullable=True),
        sa.Column("content_key", sa.String(length=40), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("published_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column(
            "article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("not_before", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("claims", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_entry_article_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feed.id"], name=op.f("fk_entry_feed_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("feed_id", "key", name=op.f("uq_entry_feed_id_key")),
    )
    op.create_index("ix_entry_article_id", "entry", ["article_id"], unique=False)
    op.create_index("ix_entry_due_at", "entry", ["due_at"], unique=False)
    op.create_index(
        "ix_entry_feed_id_content_key", "entry", ["feed_id", "content_key"], unique=False
    )
    op.create_index("ix_entry_feed_id_guid_key", "entry", ["feed_id", "guid_key"], unique=False)
    op.create_index("ix_entry_feed_id_link_key", "entry", ["feed_id", "link_key"], unique=False)
    op.create_index("ix_entry_host_due_at", "entry", ["host", "due_at"], unique=False)
    op.create_index("ix_entry_seen_at", "entry", ["seen_at"], unique=False)
    op.create_table(
        "revision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("recorded_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_revision_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.create_index("ix_revision_article_id", "revision", ["article_id"], unique=False)
    op.create_table(
        "delivery_alert",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alert.id"], name=op.f("fk_delivery_alert_alert_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_delivery_alert_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "alert_id", name=op.f("pk_delivery_alert")),
        sa.UniqueConstraint("alert_id", "channel", name=op.f("uq_delivery_alert_alert_id_channel")),
    )
    op.create_table(
        "match",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("rule_version", sa.String(length=16), nullable=False),
        sa.Column("rule_title", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("strength", sa.String(length=8), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("matched_at", monitor.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alert.id"], name=op.f("fk_match_alert_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_match_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
        sa.UniqueConstraint("article_id", "rule_id", name=op.f("uq_match_article_id_rule_id")),
    )
    op.create_index("ix_match_alert_id", "match", ["alert_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_match_alert_id", table_name="match")
    op.drop_table("match")
    op.drop_table("delivery_alert")
    op.drop_index("ix_revision_article_id", table_name="revision")
    op.drop_table("revision")
    op.drop_index("ix_entry_seen_at", table_name="entry")
    op.drop_index("ix_entry_host_due_at", table_name="entry")
    op.drop_index("ix_entry_feed_id_link_key", table_name="entry")
    op.drop_index("ix_entry_feed_id_guid_key", table_name="entry")
    op.drop_index("ix_entry_feed_id_content_key", table_name="entry")
    op.drop_index("ix_entry_due_at", table_name="entry")
    op.drop_index("ix_entry_article_id", table_name="entry")
    op.drop_table("entry")
    op.drop_index("ix_alert_story_id", table_name="alert")
    op.drop_index("ix_alert_article_id", table_name="alert")
    op.drop_table("alert")
    op.drop_index("ix_tombstone_buried_at", table_name="tombstone")
    op.drop_table("tombstone")
    op.drop_index("ix_article_story_id_seen_at", table_name="article")
    op.drop_index("ix_article_seen_at", table_name="article")
    op.drop_index("ix_article_due_at", table_name="article")
    op.drop_index("ix_article_canonical_key", table_name="article")
    op.drop_index("ix_article_body_hash", table_name="article")
    op.drop_table("article")
    op.drop_index("ix_feed_host_due_at", table_name="feed")
    op.drop_index("ix_feed_due_at", table_name="feed")
    op.drop_table("feed")
    op.drop_table("task")
    op.drop_index("ix_story_last_seen_at", table_name="story")
    op.drop_table("story")
    op.drop_table("rule")
    op.drop_table("outlet")
    op.drop_table("host")
    op.drop_index("ix_delivery_due_at", table_name="delivery")
    op.drop_index("ix_delivery_channel_state", table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("configuration")
