"""Articles: written by reading, judged by triage."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, func, or_, select, update

from monitor.core.alerts import TOLD_ONCE, Decision, Origin, Reason
from monitor.core.credits import counted
from monitor.core.duplicates import Related, Relation
from monitor.core.gist import Gist
from monitor.core.identity import digest
from monitor.core.incidents import IncidentId
from monitor.core.model import AlertId, ArticleId, Match, OutletId, RuleId, StoryId, Strength
from monitor.core.reading import CANDIDATES, copied
from monitor.core.rules import Rule
from monitor.core.silences import SilenceId
from monitor.storage.grouping import Cause, record
from monitor.storage.schema import alert, article, entry, match, outlet, story
from monitor.storage.upsert import insert_several
from monitor.storage.work import Claim, claim_chosen, due


def by_identities(connection: Connection, identities: Collection[str]) -> dict[str, Row[Any]]:
    """The articles at these addresses, as far as we have them, by identity."""
    if not identities:
        return {}
    rows = connection.execute(_BY_IDENTITIES, {"identities": list(identities)})
    return {row.identity: row for row in rows}


def by_ids(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    """The articles of these numbers."""
    if not ids:
        return {}
    return {row.id: row for row in connection.execute(_BY_IDS, {"ids": list(ids)})}


def by_id(connection: Connection, article_id: ArticleId) -> Row[Any] | None:
    """The article of this number."""
    return connection.execute(_BY_ID, {"id": article_id}).first()


# Built once: each page that is read asks these.
_BY_IDENTITIES = select(article).where(
    article.c.identity.in_(bindparam("identities", expanding=True))
)
_BY_ID = select(article).where(article.c.id == bindparam("id"))
_BY_IDS = select(article).where(article.c.id.in_(bindparam("ids", expanding=True)))
_OUTLET = select(outlet).where(outlet.c.id == bindparam("id"))
_OUTLETS = select(outlet).where(outlet.c.id.in_(bindparam("ids", expanding=True)))
_FINISH = (
    update(entry)
    .where(entry.c.id == bindparam("b_id"), entry.c.claims == bindparam("b_claims"))
    .values(article_id=bindparam("b_article"), due_at=None, attempts=0, failure=None)
)
_REFRAINS = (
    update(outlet).where(outlet.c.id == bindparam("b_id")).values(refrains=bindparam("b_seen"))
)


def add_articles(
    connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: datetime
) -> dict[str, ArticleId]:
    """Store articles, due for triage; the new ones by identity, without those that were there."""
    if not rows:
        return {}
    due = {"read_at": now, "not_before": now, "due_at": now}
    added = insert_several(
        connection, article, [{**row, **due} for row in rows], article.c.identity
    )
    return {row.identity: ArticleId(row.id) for row in added}


def claim_fairly(
    connection: Connection, *, now: datetime, lease: timedelta, limit: int
) -> list[Claim]:
    """Take due articles: news before what is older than the watch, and of each feed in turn.

    One feed that floods us with thousands of items must not keep the others' news waiting.
    """
    if limit <= 0:
        return []
    old = case((article.c.origin == Origin.BASELINE, 1), else_=0)
    turn = func.row_number().over(partition_by=(old, article.c.feed_id), order_by=article.c.id)
    waiting = select(article.c.id, old.label("old"), turn.label("turn"))
    ranked = waiting.where(due(article, now=now)).subquery()
    first = select(ranked.c.id).order_by(ranked.c.old, ranked.c.turn, ranked.c.id).limit(limit)
    ids = connection.execute(first).scalars().all()
    return claim_chosen(connection, article, ids, now=now, lease=lease)


def revise_article(
    connection: Connection, article_id: ArticleId, *, now: datetime, **values: Any
) -> None:
    """Give an article its new title and text, and judge it again."""
    again = {"read_at": now, "due_at": now, "attempts": 0}
    connection.execute(
        update(article)
        .where(article.c.id == article_id)
        .values(claims=article.c.claims + 1, **again, **values)  # who judges it now, does in vain
    )


def finish_entries(connection: Connection, ended: Sequence[tuple[Claim, ArticleId]]) -> None:
    """End the claims of entries, and note which articles they point to."""
    connection.execute(
        _FINISH,
        [
            {"b_id": claim.key, "b_claims": claim.claims, "b_article": article_id}
            for claim, article_id in ended
        ],
    )


def outlet_of(connection: Connection, outlet_id: OutletId) -> Row[Any]:
    """The row of an outlet."""
    return connection.execute(_OUTLET, {"id": outlet_id}).one()


def outlets_by_id(
    connection: Connection, outlet_ids: Collection[OutletId]
) -> dict[OutletId, Row[Any]]:
    """The rows of outlets."""
    if not outlet_ids:
        return {}
    rows = connection.execute(_OUTLETS, {"ids": list(outlet_ids)})
    return {OutletId(row.id): row for row in rows}


def keep_refrains(connection: Connection, seen: Mapping[OutletId, bytes]) -> None:
    """Keep which lines the latest pages of outlets had."""
    if seen:
        connection.execute(
            _REFRAINS,
            [{"b_id": outlet_id, "b_seen": seen[outlet_id]} for outlet_id in sorted(seen)],
        )


def original_of(connection: Connection, row: Row[Any]) -> Row[Any] | None:
    """The earlier article that this one copies exactly: same page, or same text word for word.

    An original that was silent because it is older than the watch hides no copy: the copy is the
    first that people could be told of.
    """
    same = [article.c.canonical_key == row.canonical_key] if row.canonical_key else []
    same += [article.c.body_hash == row.body_hash] if row.body_hash else []
    if not same or row.story_id is not None:
        return None
    earlier = select(article).where(
        article.c.id < row.id, article.c.duplicate_of.is_(None), or_(*same)
    )
    if row.origin != Origin.BASELINE:
        earlier = earlier.where(article.c.origin != Origin.BASELINE)
    return copied(row, connection.execute(earlier.order_by(article.c.id).limit(CANDIDATES)))


def relate(connection: Connection, row: Row[Any], found: Related[Row[Any]] | None) -> None:
    """Note what an article has to do with an earlier one."""
    values = (
        {"relation": Relation.NEW, "relates_to": None, "containment": None, "difference": None}
        if found is None
        else {
            "relation": found.relation,
            "relates_to": found.key.id,
            "containment": found.containment,
            "difference": found.difference,
        }
    )
    connection.execute(update(article).where(article.c.id == row.id).values(**values))


def open_story(connection: Connection, *, headline: str, seen_at: datetime) -> StoryId:
    """A new story; the headline of its first article is its own."""
    created = connection.execute(
        story.insert()
        .values(headline=headline, first_seen_at=seen_at, last_seen_at=seen_at)
        .returning(story.c.id)
    )
    return StoryId(created.scalar_one())


def join_story(
    connection: Connection,
    row: Row[Any],
    story_id: StoryId,
    *,
    gist: Gist | None = None,
    duplicate_of: ArticleId | None = None,
) -> None:
    """Put an article into a story, as a member with its own gist or as a copy."""
    connection.execute(
        update(article)
        .where(article.c.id == row.id)
        .values(
            story_id=story_id,
            words=dict(gist.features) if gist and gist.features else None,
            duplicate_of=duplicate_of,
        )
    )
    copies = article.c.duplicate_of == row.id  # they came before it had a story
    connection.execute(update(article).where(copies).values(story_id=story_id))
    latest = func.max if connection.dialect.name == "sqlite" else func.greatest
    connection.execute(
        update(story)
        .where(story.c.id == story_id)
        .values(last_seen_at=latest(story.c.last_seen_at, row.seen_at))
    )
    cause = Cause.JOINED if gist and gist.features else Cause.COPIED
    record(connection, cause, story_id, article_id=row.id, at=row.seen_at)


def join_copy(connection: Connection, row: Row[Any], original: Row[Any]) -> None:
    """An exact copy joins its original and the original's story, without being judged again."""
    if original.story_id is not None:
        join_story(connection, row, StoryId(original.story_id), duplicate_of=original.id)
        return
    copied = update(article).where(article.c.id == row.id)
    connection.execute(copied.values(duplicate_of=original.id))


def told_by_article(
    connection: Connection, article_id: ArticleId, *, as_: Strength
) -> frozenset[RuleId]:
    """The rules that have told this very article for what it says, or on trial would have.

    One that was only named as a weak match may be told when an edit makes it strong.
    """
    rest = {Reason.WEAK_MATCH} if as_ is Strength.STRONG else set()
    told = [each for each in Reason if each not in rest]
    rows = connection.execute(
        select(match.c.rule_id)
        .outerjoin(alert, alert.c.id == match.c.alert_id)
        .where(match.c.article_id == article_id)
        .where(or_(alert.c.reason.in_(told), match.c.would_tell.in_(told)))
    )
    return frozenset(RuleId(rule) for rule in rows.scalars())


def renew_evidence(connection: Connection, article_id: ArticleId, found: Match) -> None:
    """Let the match of a revised article say what holds of its text as it stands now."""
    same = and_(match.c.article_id == article_id, match.c.rule_id == found.rule)
    evidence = [asdict(each) for each in found.evidence]
    event = asdict(found.event) if found.event else None
    values = {"evidence": evidence, "severity": found.severity, "event": event}
    connection.execute(update(match).where(same).values(**values))


def add_alert(
    connection: Connection,
    *,
    rule: Rule,
    incident_id: IncidentId,
    reason: Reason,
    detail: str = "",
    story_id: StoryId,
    article_id: ArticleId,
    now: datetime,
) -> AlertId:
    """Store that people are to be told, and why; `detail` is what exactly is new."""
    subject = f"incident:{incident_id}"
    if reason not in TOLD_ONCE:
        subject = digest("alert", str(incident_id), str(article_id), detail)
    created = connection.execute(
        alert.insert()
        .values(
            rule_id=rule.id,
            rule_version=rule.version,
            incident_id=incident_id,
            subject=subject,
            reason=reason,
            detail=detail,
            story_id=story_id,
            article_id=article_id,
            decided_at=now,
        )
        .returning(alert.c.id)
    )
    return AlertId(created.scalar_one())


def record_match(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    article_id: ArticleId,
    rule: Rule,
    found: Match,
    *,
    decision: Decision,
    alert_id: AlertId | None,
    incident_id: IncidentId | None = None,
    would_tell: Reason | None = None,
    silence_id: SilenceId | None = None,
    now: datetime,
) -> None:
    """Store a match and what became of it; a second look at the article replaces the first.

    `would_tell`: why people would be told, were the rule not on trial.
    """
    same = and_(match.c.article_id == article_id, match.c.rule_id == rule.id)
    connection.execute(match.delete().where(same))
    connection.execute(
        match.insert().values(
            article_id=article_id,
            rule_id=rule.id,
            rule_version=found.version,
            rule_title=rule.title,
            severity=found.severity,
            strength=found.strength,
            evidence=[asdict(each) for each in found.evidence],
            event=asdict(found.event) if found.event else None,
            decision=decision.words,
            alert_id=alert_id,
            incident_id=incident_id,
            would_tell=would_tell,
            silence_id=silence_id,
            matched_at=now,
        )
    )


def forget_matches(
    connection: Connection, article_id: ArticleId, *, except_rules: Iterable[RuleId]
) -> None:
    """Drop matches that a revision no longer supports and that nobody was, or would be, told of."""
    connection.execute(
        match.delete().where(
            match.c.article_id == article_id,
            match.c.alert_id.is_(None),
            match.c.would_tell.is_(None),
            match.c.rule_id.not_in(list(except_rules)),
        )
    )


def outlets_of(connection: Connection, story_id: StoryId) -> tuple[int, int]:
    """How many outlets carry a story, copies included, and from how many independent sources."""
    return counted(connection.execute(_OF_STORY, {"story": story_id}).all())


_OF_STORY = select(  # built once: every message asks
    article.c.outlet_id,
    article.c.carrier,
    article.c.credit,
    article.c.duplicate_of,
    article.c.relates_to,
).where(article.c.story_id == bindparam("story"))
