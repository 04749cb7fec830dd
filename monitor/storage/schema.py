"""The tables. Each noun of docs/glossary.md that must survive a crash has one.

A work table says what is due (docs/architecture.md, "What is due"): `not_before` is the calendar,
`due_at` the lease or back-off (NULL: done), `claims` counts the claims and is their token,
`attempts` the failures in a row, `failure` the last one in words.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from monitor.storage.types import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives only an INTEGER PRIMARY KEY its own row ids.
Id = BigInteger().with_variant(Integer, "sqlite")


def _work(*, all_of_it: bool = True) -> tuple[Column[object], ...]:
    """The columns that make a table a work table; `all_of_it`: every row falls due some time."""
    return (
        Column("not_before", UtcDateTime, nullable=not all_of_it),
        Column("due_at", UtcDateTime),
        Column("claims", Integer, nullable=False, server_default="0"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("failure", Text),
    )


def _where(name: str, *columns: str, present: str) -> Index:
    """Return an index of the rows that have a value in the column `present`: most have none."""
    there = text(f"{present} IS NOT NULL")
    return Index(name, *columns, sqlite_where=there, postgresql_where=there)


outlet = Table(
    "outlet",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("country", String(2), nullable=False),
    Column("language", String(35), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("refrains", LargeBinary),  # the lines of its latest pages, see core/refrains.py
)

host = Table(
    "host",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("not_before", UtcDateTime, nullable=False),  # Retry-After: no request before this
    Column("next_page_at", UtcDateTime, nullable=False),  # spacing between pages
    Column("busy_until", UtcDateTime),  # the lease of the requests in flight
    Column("refusals", Integer, nullable=False, server_default="0"),  # 429s and walls in a row
    Column("robots", Text),  # its robots.txt as last read
    Column("robots_at", UtcDateTime),
    Index("ix_host_not_before", "not_before"),  # who asked to be left alone
)

feed = Table(
    "feed",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("outlet_id", ForeignKey("outlet.id"), nullable=False),
    Column("host", String(255), nullable=False),
    Column("interval", Integer, nullable=False),  # seconds, as steered by what its polls bring
    Column("key_mode", String(8), nullable=False, server_default="guid"),
    Column("settings_hash", String(40)),  # of the configuration: how it is asked and read
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("marks", LargeBinary),  # fingerprints of the items of its last document
    Column("newest", LargeBinary),  # … of the newest ones among them
    Column("flow", Float, nullable=False, server_default="0"),  # new items an hour, lately
    Column("unchanged", Integer, nullable=False, server_default="0"),  # polls since the last record
    Column("asked_in_full_at", UtcDateTime),  # the last answer to a request without validators
    Column("lied_at", UtcDateTime),  # when a 304 was found to be wrong
    Column("moved_to", Text),  # where permanent redirects lead
    Column("moves", Integer, nullable=False, server_default="0"),  # how often they did, in a row
    Column("adopted_url", Text),  # asked instead of `url`
    Column("trouble", String(8)),  # what kind of failure it is in
    Column("blind_since", UtcDateTime),  # since when we, not the feed, have been failing
    Column("blind_cause", Text),
    Column("quiet_since", UtcDateTime),  # people were told that nothing has come since then
    Column("news_at", UtcDateTime),  # when it last brought something new
    Column("first_polled_at", UtcDateTime),
    Column("polled_at", UtcDateTime),
    Column("succeeded_at", UtcDateTime),
    Column("retired_at", UtcDateTime),
    *_work(),
    Index("ix_feed_not_before", "not_before"),  # what is due to be polled
    Index("ix_feed_host_due_at", "host", "due_at"),  # … of one host
)

poll = Table(  # the ledger; polls that found nothing changed are counted in the next record
    "poll",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", ForeignKey("feed.id", ondelete="CASCADE"), nullable=False),
    Column("polled_at", UtcDateTime, nullable=False),
    Column("unchanged", Integer, nullable=False),  # polls before this one that found no change
    Column("status", Integer),  # of the HTTP answer; NULL: there was none
    Column("listed", Integer),  # items in the document; NULL: there was none
    Column("known", Integer),  # items among them that were known
    Column("new", Integer),
    Column("overlapped", Boolean),  # with the last document; NULL: there was none to compare
    Column("trouble", String(8)),
    Column("failure", Text),
    Index("ix_poll_feed_id_polled_at", "feed_id", "polled_at"),  # the story of one feed
    Index("ix_poll_polled_at", "polled_at"),  # retention
)

gap = Table(
    "gap",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", ForeignKey("feed.id", ondelete="CASCADE"), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("most", Integer, nullable=False),  # items that may have been missed, at most
    Column("cause", Text, nullable=False),
    Index("ix_gap_feed_id_until", "feed_id", "until"),  # the story of one feed
    Index("ix_gap_until", "until"),  # retention, the latest ones
)

blindness = Table(  # of the watch as a whole
    "blindness",
    metadata,
    Column("id", Id, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("cause", Text, nullable=False),
    Index("ix_blindness_until", "until"),  # retention, the latest ones
)

tally = Table(
    "tally",
    metadata,
    Column("feed_id", ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    Column("hour", Integer, primary_key=True),  # since 1970, UTC
    Column("new", Integer, nullable=False),  # entries first seen in that hour
    Index("ix_tally_hour", "hour"),  # retention
)

entry = Table(
    "entry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", ForeignKey("feed.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(40), nullable=False),
    Column("guid_key", String(40)),
    Column("link_key", String(40)),
    Column("content_key", String(40), nullable=False),
    Column("url", Text),
    Column("title", Text, nullable=False),
    Column("summary", Text),
    Column("text", Text),  # where the feed carries the whole text
    Column("author", Text),
    Column("publisher", Text),  # whom an aggregator names as the source
    Column("language", String(35)),
    Column("published_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("origin", String(8), nullable=False),
    Column("host", String(255)),  # NULL: nothing to fetch
    Column("article_id", ForeignKey("article.id", ondelete="SET NULL")),
    Column("again", Boolean, nullable=False, server_default=false()),  # its article is watched
    *_work(),
    UniqueConstraint("feed_id", "key"),
    Index("ix_entry_feed_id_guid_key", "feed_id", "guid_key"),  # is it known, by mode
    Index("ix_entry_feed_id_link_key", "feed_id", "link_key"),
    Index("ix_entry_feed_id_content_key", "feed_id", "content_key"),
    Index("ix_entry_due_at", "due_at"),  # what is due to be read
    # … of one host: without what is done, or each claim would go through the whole past.
    _where("ix_entry_host_due_at", "host", "due_at", present="due_at"),
    _where("ix_entry_article_id", "article_id", present="article_id"),  # the life of an article
    Index("ix_entry_seen_at", "seen_at"),  # retention, status
)

article = Table(
    "article",
    metadata,
    Column("id", Id, primary_key=True),
    Column("identity", String(40), nullable=False, unique=True),
    Column("feed_id", ForeignKey("feed.id"), nullable=False),
    Column("outlet_id", ForeignKey("outlet.id"), nullable=False),
    Column("url", Text),
    Column("canonical_key", String(40)),
    Column("title", Text, nullable=False),
    Column("summary", Text),
    Column("text", Text),
    Column("body_hash", String(40)),
    Column("language", String(35)),
    Column("author", Text),
    Column("section", Text),
    Column("publisher", Text),  # whom an aggregator names as the source
    Column("carrier", Text),  # who published it, where an aggregator showed it: see core/credits.py
    Column("credit", String(64)),  # the agency that wrote it, as an outlet's id
    Column("published_at", UtcDateTime),
    Column("published_by", String(8)),  # what said so: feed, page, markup, address
    Column("seen_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("completeness", String(8), nullable=False),
    Column("quality", Text, nullable=False),
    Column("origin", String(8), nullable=False),
    Column("duplicate_of", ForeignKey("article.id", ondelete="SET NULL")),
    Column("relation", String(8)),  # to an earlier one, see core/duplicates.py; NULL: not looked at
    Column("relates_to", Id),  # which; no reference, as it may be forgotten first
    Column("containment", Float),  # of their texts, 0-1
    Column("difference", Text),  # why it is no copy
    Column("story_id", ForeignKey("story.id", ondelete="SET NULL")),
    Column("words", JSON(none_as_null=True)),  # its gist, by which stories are compared; of members
    Column("triaged_at", UtcDateTime),
    *_work(),
    Index("ix_article_due_at", "due_at"),  # what is due for triage
    Index("ix_article_canonical_key", "canonical_key"),  # the same page under another address
    Index("ix_article_body_hash", "body_hash"),  # the same text at another outlet
    Index("ix_article_story_id_seen_at", "story_id", "seen_at"),  # the articles of live stories
    Index("ix_article_seen_at", "seen_at"),  # retention, search by time
    Index("ix_article_duplicate_of", "duplicate_of"),  # the copies of an original; its deletion
)

sketch = Table(  # by which copies find an article, see storage/sketches.py
    "sketch",
    metadata,
    Column("week", SmallInteger, primary_key=True, autoincrement=False),  # since 1970
    Column("hash", Integer, primary_key=True, autoincrement=False),
    Column("article_id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,  # the key is all there is: half the size
)

revision = Table(
    "revision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("title", Text, nullable=False),  # as it stood before
    Column("summary", Text),
    Column("text", Text),
    Column("kind", String(10)),  # what the change is; NULL: its feed showed another headline
    Column("said", Text),  # the notice in which the outlet says so
    Index("ix_revision_article_id", "article_id"),  # the life of an article
)

watched = Table(  # an article of a story that was told: read again for a while, see docs/adr
    "watched",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("looked_at", UtcDateTime),
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("title", Text),  # the page's own headline when last looked at
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("gone_at", UtcDateTime),  # since when the page is not there
    Column("deleted_at", UtcDateTime),  # … and a second look confirmed it
    Column("failure", Text),  # why the last look saw nothing
)

story = Table(
    "story",
    metadata,
    Column("id", Id, primary_key=True),
    Column("headline", Text, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("merged_into", Id),  # which story it became part of; it has no articles then
    Index("ix_story_last_seen_at", "last_seen_at"),  # the live stories
    _where(
        "ix_story_merged_into", "merged_into", present="merged_into"
    ),  # what was merged into one
)

grouping = Table(  # each change of which articles a story has, in order: see storage/grouping.py
    "grouping",
    metadata,
    Column("id", Id, primary_key=True),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE")),  # NULL: all of the story's
    Column("story_id", ForeignKey("story.id", ondelete="CASCADE"), nullable=False),
    Column("into_id", ForeignKey("story.id", ondelete="CASCADE")),  # of a merge
    Column("cause", String(8), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_grouping_article_id", "article_id"),  # its deletion
    Index("ix_grouping_story_id", "story_id"),  # what happened to a story; its deletion
    _where("ix_grouping_into_id", "into_id", present="into_id"),  # the same
)

apart = Table(  # stories that an analyst told apart: they are never made one by themselves
    "apart",
    metadata,
    Column("story_id", ForeignKey("story.id", ondelete="CASCADE"), primary_key=True),
    Column("other_id", ForeignKey("story.id", ondelete="CASCADE"), primary_key=True),  # the later
    Column("at", UtcDateTime, nullable=False),
    Index("ix_apart_other_id", "other_id"),  # its deletion
)

incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule_id", String(64), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),  # NULL: all of it has been silent
    Column("strong", Boolean, nullable=False, server_default=true()),  # title or lead say it
    Column("state", JSON, nullable=False),  # what was said of it: storage/incidents.py
    Index("ix_incident_rule_id_opened_at", "rule_id", "opened_at"),  # those that go on
    Index("ix_incident_last_at", "last_at"),  # retention
)

incident_story = Table(
    "incident_story",
    metadata,
    Column("incident_id", ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True),
    Column("story_id", ForeignKey("story.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_incident_story_story_id", "story_id"),  # the incidents of a story
)

match = Table(
    "match",
    metadata,
    Column("id", Id, primary_key=True),
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    Column("rule_id", String(64), nullable=False),
    Column("rule_version", String(16), nullable=False),
    Column("rule_title", Text, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("strength", String(8), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("event", JSON(none_as_null=True)),
    Column("decision", Text, nullable=False),  # the reason of the alert, or of the silence
    Column("alert_id", ForeignKey("alert.id", ondelete="SET NULL")),
    Column("would_tell", Text),  # the reason of the alert that its rule, on trial, did not raise
    Column("incident_id", Id),
    Column("silence_id", Id),  # what kept it back
    Column("matched_at", UtcDateTime, nullable=False),
    UniqueConstraint("article_id", "rule_id"),
    Index("ix_match_alert_id", "alert_id"),
    Index("ix_match_incident_id", "incident_id"),  # who carries an incident
    _where("ix_match_silence_id", "silence_id", present="silence_id"),  # what a silence kept back
)

alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule_id", String(64), nullable=False),
    Column("subject", String(40), nullable=False),  # what its reason is told of once
    Column("incident_id", Id),
    Column("rule_version", String(16)),  # NULL: decided before versions were kept
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),  # what exactly is new
    Column("story_id", ForeignKey("story.id"), nullable=False),
    Column("article_id", ForeignKey("article.id"), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    # Its name is older than that of its column: SQLite renames the one and not the other.
    UniqueConstraint("rule_id", "subject", "reason", name="uq_alert_rule_id_incident_reason"),
    Index("ix_alert_incident_id", "incident_id"),  # what was told of an incident
    Index("ix_alert_story_id", "story_id"),
    Index("ix_alert_article_id", "article_id"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),  # idempotency key
    Column("channel", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("state", String(8), nullable=False),
    Column("collection", String(8)),  # which open digest of the channel this is
    Column("incident_id", Id),  # whose news it tells
    Column("title", Text),  # as sent
    Column("body", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("tried_at", UtcDateTime),
    Column("tried_for", Integer, nullable=False, server_default="0"),  # seconds
    Column("uncertain", Integer, nullable=False, server_default="0"),  # sends cut short
    Column("sent_at", UtcDateTime),
    Column("fallback_of", Id),  # the delivery that it stands in for
    Column("severity", String(8)),  # NULL: nothing in it is urgent
    Column("held", String(16)),  # why it waits, or waited: core/hours.py
    Column("part_of", Id),  # the delivery that tells it together with others
    Column("digest_of", String(64)),  # the rule whose own digest this is
    Column("forwarded_from", String(64)),  # the channel that was off call
    Column("escalates", Id),  # the delivery that nobody has acknowledged
    *_work(),
    Index("ix_delivery_due_at", "due_at"),  # what is due to be sent
    Index("ix_delivery_channel_state", "channel", "state"),  # the open digest; one at a time
    Index("ix_delivery_incident_id", "incident_id"),  # the last message about it
    Index("ix_delivery_fallback_of", "fallback_of"),  # what stands in for it
    Index("ix_delivery_part_of", "part_of"),  # what it tells together
    Index("ix_delivery_channel_sent_at", "channel", "sent_at"),  # how many went out lately
    _where("ix_delivery_escalates", "escalates", present="escalates"),  # who is called next
    _where("ix_delivery_waiting", "channel", "id", present="due_at"),  # the first of each channel
    _where("ix_delivery_held", "held", present="held"),  # what was held back
    _where("ix_delivery_collection", "collection", present="collection"),  # what still gathers
)

channel = Table(  # what a channel has been given lately, and until when it is left alone
    "channel",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("tried_at", UtcDateTime, nullable=False),
    Column("free_at", UtcDateTime, nullable=False),  # nothing is sent before
    Column("spent", Integer, nullable=False),  # tries since `spent_since`, of its budget
    Column("spent_since", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row, whatever the message
    Column("failing_since", UtcDateTime),
)

route = Table(  # which channel stood in for which when last configured: for those that are gone
    "route",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("fallback", String(64)),
    Column("since", UtcDateTime, nullable=False),  # when it was first configured
)

delivery_alert = Table(
    "delivery_alert",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("alert_id", ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", String(64), nullable=False),
    UniqueConstraint("alert_id", "channel"),
)

rule = Table(
    "rule",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("version", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),  # of this version
    Column("trial_since", UtcDateTime),  # when it first came into force with a trial
    Column("trial_told", UtcDateTime),  # the end of the trial whose summary was told
    Column("kept", String(8)),  # why it is in force although the files hold no such version
    # Of a rule that counts, which is due for its next look; of others these are NULL.
    Column("counted_version", String(16)),  # whose hits these are
    Column("counted_from", UtcDateTime),  # since then they are complete
    Column("recounted", Boolean, nullable=False, server_default=false()),  # the archive is counted
    Column("looked_at", UtcDateTime),
    Column("verdict", Text),  # of the last look, in words
    *_work(all_of_it=False),
)

hit = Table(  # an article that satisfies the condition of a rule that counts
    "hit",
    metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("rule_id", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False),  # when it counts: seen, or published
    Index("ix_hit_rule_id_at", "rule_id", "at"),  # how many in a window
)

episode = Table(
    "episode",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule_id", String(64), nullable=False),
    Column("rule_version", String(16), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),  # why people were told
    Column("ended_at", UtcDateTime),
    Column("ending", Text),  # why it was over
    Index(  # one at a time
        "uq_episode_under_way",
        "rule_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

rule_version = Table(
    "rule_version",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule_id", String(64), nullable=False),
    Column("version", String(16), nullable=False),  # what the rule is: a hash
    Column("number", Integer, nullable=False),  # what people call it: 1, 2, 3 …
    Column("since", UtcDateTime, nullable=False),  # when it first came into force
    Column("definition", LargeBinary, nullable=False),  # the rule itself, see storage/versions.py
    UniqueConstraint("rule_id", "version"),
    UniqueConstraint("rule_id", "number"),
)

configuration = Table(
    "configuration",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("files", JSON, nullable=False),
    Column("loaded_at", UtcDateTime, nullable=False),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("feed_id", ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(40), primary_key=True),
    Column("buried_at", UtcDateTime, nullable=False),
    Index("ix_tombstone_buried_at", "buried_at"),  # retention
)

task = Table(
    "task",
    metadata,
    Column("name", String(32), primary_key=True),
    *_work(),
)

silence = Table(  # what people want to hear nothing of; all that it names must hold
    "silence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule_id", String(64)),
    Column("story_id", Id),
    Column("outlet_id", String(64)),
    Column("term", Text),
    Column("total", Boolean, nullable=False),  # it keeps back what is critical, too
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("ended_by", Text),  # who ended it early
    Column("told_at", UtcDateTime),  # when people were told of its end
    Index("ix_silence_told_at_ends_at", "told_at", "ends_at"),  # those in force; those that end
)

answer = Table(  # what somebody said to messages, in a chat or at the command line
    "answer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("bot", String(32)),
    Column("update_id", BigInteger),  # of the chat's service: each is handled once
    Column("chat_id", BigInteger),
    Column("message_id", BigInteger),  # which its reply answers
    Column("at", UtcDateTime, nullable=False),  # when it was said
    Column("heard_at", UtcDateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("via", String(64), nullable=False),  # a channel, or the command line
    Column("said", Text, nullable=False),
    Column("verb", String(8)),  # NULL: not understood
    Column("until", UtcDateTime),
    Column("reply", Text, nullable=False),
    Column("replied_at", UtcDateTime),
    Column("reply_tries", Integer, nullable=False, server_default="0"),
    UniqueConstraint("bot", "update_id"),
    Index("ix_answer_heard_at", "heard_at"),  # retention
)

answered = Table(  # to which messages and incidents an answer is
    "answered",
    metadata,
    Column("answer_id", ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True),
    Column("incident_id", Id, primary_key=True, autoincrement=False),
    Column("delivery_id", Id),  # NULL: of an alert that was named by its number
    Column("rule_id", String(64), nullable=False),
    Column("story_id", Id, nullable=False),
    Index("ix_answered_incident_id", "incident_id"),  # who has it
)

bot = Table(  # whose answers are read; due when the next poll may begin
    "bot",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next_update", BigInteger),  # the first that has not been handled
    Column("heard_at", UtcDateTime),  # when it last answered at all
    Column("failing_since", UtcDateTime),
    *_work(),
)

escalation = Table(  # the steps that followed a message, and what became of them
    "escalation",
    metadata,
    Column("delivery_id", Id, primary_key=True, autoincrement=False),  # of the step itself
    Column("of_id", Id, nullable=False),  # the message that nobody acknowledged
    Column("channel", String(64), nullable=False),
    Column("planned_for", UtcDateTime, nullable=False),
    Column("stopped_at", UtcDateTime),
    Column("stopped_by", Text),
    Index("ix_escalation_of_id", "of_id"),  # the steps of a message
)

canary = Table(  # an invented article on its way through the whole chain
    "canary",
    metadata,
    Column("id", Id, primary_key=True),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("wanted_by", UtcDateTime, nullable=False),
    Column("listed_at", UtcDateTime),  # its document was parsed, its page read, its entry stored
    Column("read_at", UtcDateTime),  # it became an article
    Column("judged_at", UtcDateTime),  # its rule matched, and it was decided whom to tell
    Column("arrived_at", UtcDateTime),  # it was found to have arrived
    Column("missed_at", UtcDateTime),  # people were told that it did not arrive
    Column("failure", Text),
    Index("ix_canary_begun_at", "begun_at"),  # the latest
)

life = Table(  # one process of the watch, from its start to its end
    "life",
    metadata,
    Column("id", Id, primary_key=True),
    Column("host", String(255), nullable=False),
    Column("boot", String(64), nullable=False),  # which start of the machine
    Column("version", String(32), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),  # the last sign of life
    Column("ended_at", UtcDateTime),  # NULL: it runs, or it ended without a word
    Index("ix_life_host_began_at", "host", "began_at"),  # what was before on this machine
)
