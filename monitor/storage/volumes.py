"""Rules that count: when they are due, what they have counted, and what they have told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from monitor.core.alerts import Origin
from monitor.core.episodes import Headline
from monitor.core.model import ArticleId, RuleId
from monitor.core.rules import Rule
from monitor.core.volume import Hit, Kind, Span
from monitor.storage.feeds import BLIND_AFTER
from monitor.storage.schema import article, entry, episode, feed, hit, outlet, rule
from monitor.storage.upsert import insert_missing
from monitor.storage.work import Claim, claim

BATCH = 500  # rows deleted in one transaction


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a rule counts, at this moment."""

    article: ArticleId
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule that counts is doing: its last look, and the episode under way if there is one."""

    rule: RuleId
    verdict: str | None
    looked_at: datetime | None
    counted_from: datetime
    episode: str | None
    since: datetime | None


# --- when they are due ------------------------------------------------------------------------


def plan(connection: Connection, rules: Sequence[Rule], *, now: datetime) -> None:
    """Make rules that count due; a new version begins its count anew, one out of work ends it."""
    active = {each.id: each for each in rules if each.volume is not None and each.enabled}
    rows = {row.id: row for row in connection.execute(select(rule))}
    for each in active.values():
        row = rows[each.id]
        if row.counted_version != each.version:
            _begin(connection, each, now=now)
        elif row.due_at is None:
            again = update(rule).where(rule.c.id == each.id)
            connection.execute(again.values(not_before=now, due_at=now))
    idle = [row.id for row in rows.values() if row.id not in active and row.counted_version]
    for name in idle:
        stop(connection, RuleId(name), now=now, why="the rule is out of work")


def _begin(connection: Connection, counting: Rule, *, now: datetime) -> None:
    connection.execute(delete(hit).where(hit.c.rule_id == counting.id))
    connection.execute(
        update(rule)
        .where(rule.c.id == counting.id)
        .values(
            counted_version=counting.version,
            counted_from=now,
            recounted=False,
            verdict=None,
            not_before=now,
            due_at=now,
            claims=rule.c.claims + 1,
            attempts=0,
            failure=None,
        )
    )


def stop(connection: Connection, rule_id: RuleId, *, now: datetime, why: str) -> None:
    """A rule counts no more; its hits go with time."""
    nothing = dict.fromkeys(("counted_version", "verdict", "not_before", "due_at"))
    stopped = update(rule).where(rule.c.id == rule_id)
    connection.execute(stopped.values(claims=rule.c.claims + 1, **nothing))
    end_episode(connection, rule_id, now=now, why=why)


def claim_rules(
    connection: Connection,
    versions: Mapping[RuleId, str],
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
) -> list[Claim]:
    """Take some of the rules that are due for a look, if they count in these versions."""
    known = tuple_(rule.c.id, rule.c.counted_version).in_(list(versions.items()))
    return claim(connection, rule, now=now, lease=lease, limit=limit, where=known)


# --- what they count ----------------------------------------------------------------------------


def keep_hits(
    connection: Connection, article_id: ArticleId, rules: Collection[RuleId], *, at: datetime | None
) -> None:
    """Let an article count for these rules and for no others; None: at no time at all."""
    others = hit.c.rule_id.not_in(rules)
    connection.execute(delete(hit).where(hit.c.article_id == article_id, others))
    if at is not None:
        rows = [{"rule_id": each, "article_id": article_id, "at": at} for each in rules]
        insert_missing(connection, hit, rows)


def add_hits(
    connection: Connection, counting: Rule, found: Sequence[Found], *, known_from: datetime
) -> None:
    """Add what the archive holds; from `known_from` on the count is complete."""
    rows = [{"article_id": each.article, "rule_id": counting.id, "at": each.at} for each in found]
    insert_missing(connection, hit, rows)
    version = rule.c.counted_version == counting.version
    further = update(rule).where(rule.c.id == counting.id, version)
    connection.execute(further.values(counted_from=known_from))


def hits(connection: Connection, rule_id: RuleId, span: Span) -> list[Hit]:
    """What a rule has counted in a span, in the order of time."""
    columns = (
        article.c.id, hit.c.at, article.c.story_id, article.c.outlet_id, article.c.carrier,
        article.c.credit, article.c.duplicate_of, article.c.relates_to,
    )  # fmt: skip
    asked = select(*columns).join(article, article.c.id == hit.c.article_id)
    rows = connection.execute(asked.where(_in(rule_id, span)).order_by(hit.c.at, article.c.id))
    return [
        Hit(
            article=row.id,
            at=row.at,
            story=row.story_id,
            outlet_id=row.outlet_id,
            carrier=row.carrier,
            credit=row.credit,
            duplicate_of=row.duplicate_of,
            relates_to=row.relates_to,
        )
        for row in rows
    ]


def copies(connection: Connection, span: Span) -> dict[int, int]:
    """Which articles seen in a span copy which others."""
    seen = and_(article.c.seen_at >= span.since, article.c.seen_at <= span.until)
    asked = select(article.c.id, article.c.duplicate_of).where(seen)
    rows = connection.execute(asked.where(article.c.duplicate_of.is_not(None)))
    return {row.id: row.duplicate_of for row in rows}


def latest(connection: Connection, rule_id: RuleId, span: Span, *, limit: int) -> list[Headline]:
    """The newest articles that a rule has counted in a span, one of each story."""
    columns = (article.c.title, article.c.url, article.c.story_id, outlet.c.name, hit.c.at)
    asked = (
        select(*columns)
        .join(article, article.c.id == hit.c.article_id)
        .join(outlet, outlet.c.id == article.c.outlet_id)
        .where(_in(rule_id, span), article.c.duplicate_of.is_(None))
        .order_by(hit.c.at.desc(), article.c.id.desc())
    )
    found: list[Headline] = []
    stories: set[int] = set()
    for row in connection.execute(asked):
        if row.story_id in stories:
            continue
        stories |= {row.story_id} - {None}
        found.append(Headline(row.title, row.name, row.url, row.at))
        if len(found) == limit:
            break
    return found


def _in(rule_id: RuleId, span: Span) -> ColumnElement[bool]:
    return and_(hit.c.rule_id == rule_id, hit.c.at > span.since, hit.c.at <= span.until)


def feeds_answered(
    connection: Connection, outlets: Sequence[str], *, since: datetime, now: datetime
) -> tuple[int, int]:
    """How many feeds of these outlets (none: of all) have answered since then, and of how many.

    One that is polled more seldom counts if its last poll went well and the next is not overdue.
    """
    seldom = and_(
        feed.c.failure.is_(None),
        feed.c.blind_since.is_(None),
        feed.c.succeeded_at.is_not(None),
        feed.c.not_before > now - BLIND_AFTER,
    )
    in_use = feed.c.retired_at.is_(None)
    wanted = and_(in_use, feed.c.outlet_id.in_(outlets)) if outlets else in_use
    answered = func.count().filter(or_(feed.c.succeeded_at > since, seldom))
    row = connection.execute(select(answered, func.count()).where(wanted)).one()
    return row[0], row[1]


def unread(connection: Connection, span: Span) -> int:
    """How much of what came in a span, other than at first sight, nobody has read or judged yet."""
    total = 0
    for table in (entry, article):
        seen = and_(table.c.seen_at > span.since, table.c.seen_at <= span.until)
        waiting = and_(table.c.due_at.is_not(None), seen, table.c.origin != Origin.BASELINE)
        if table is entry:  # one whose article is watched was read; it is only read again
            waiting = and_(waiting, ~entry.c.again)
        total += connection.execute(select(func.count()).where(waiting)).scalar_one()
    return total


# --- what they tell -----------------------------------------------------------------------------


def under_way(connection: Connection, rule_id: RuleId) -> Row[Any] | None:
    """The spike or silence of a rule that has been told and is not over."""
    asked = select(episode).where(episode.c.rule_id == rule_id, episode.c.ended_at.is_(None))
    return connection.execute(asked).first()


def begin_episode(
    connection: Connection, told: Rule, kind: Kind, *, now: datetime, why: str
) -> int:
    """Note that people are told; the number of the episode."""
    values = {"rule_id": told.id, "rule_version": told.version, "kind": kind}
    begun = episode.insert().values(began_at=now, reason=why, **values)
    return int(connection.execute(begun.returning(episode.c.id)).scalar_one())


def end_episode(connection: Connection, rule_id: RuleId, *, now: datetime, why: str) -> int | None:
    """Note that it is over; the number of the episode, None if there was none."""
    open_one = and_(episode.c.rule_id == rule_id, episode.c.ended_at.is_(None))
    over = update(episode).where(open_one).values(ended_at=now, ending=why)
    found: int | None = connection.execute(over.returning(episode.c.id)).scalar()
    return found


def standings(connection: Connection) -> list[Standing]:
    """How every rule that counts is doing."""
    told = and_(episode.c.rule_id == rule.c.id, episode.c.ended_at.is_(None))
    asked = select(*_STANDING).outerjoin(episode, told).where(rule.c.counted_version.is_not(None))
    return [Standing(*row) for row in connection.execute(asked.order_by(rule.c.id))]


_STANDING = (
    rule.c.id, rule.c.verdict, rule.c.looked_at, rule.c.counted_from, episode.c.kind,
    episode.c.began_at,
)  # fmt: skip


def counted_by(connection: Connection, article_id: int) -> list[tuple[RuleId, datetime]]:
    """For which rules an article counts, and at which moment."""
    asked = select(hit.c.rule_id, hit.c.at).where(hit.c.article_id == article_id)
    return [(RuleId(row.rule_id), row.at) for row in connection.execute(asked)]


def forget(connection: Connection, *, before: datetime) -> int:
    """Delete one batch of old episodes, and of hits of rules that count no more."""
    idle = select(rule.c.id).where(rule.c.counted_version.is_not(None))
    stale = select(hit.c.article_id, hit.c.rule_id).where(hit.c.rule_id.not_in(idle)).limit(BATCH)
    gone = 0
    for row in connection.execute(stale).all():
        same = (hit.c.article_id == row.article_id, hit.c.rule_id == row.rule_id)
        gone += connection.execute(delete(hit).where(*same)).rowcount
    old = delete(episode).where(episode.c.ended_at < before)
    return gone + connection.execute(old).rowcount
