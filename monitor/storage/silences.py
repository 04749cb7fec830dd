"""Silences: which are in force, what they kept back, when they end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select, update

from monitor.core.model import OutletId, RuleId, Severity, StoryId
from monitor.core.silences import Change, Silence, SilenceId, extended, includes, may_become
from monitor.storage.schema import article, match, outlet, silence, story
from monitor.storage.sync import hurry_task, plan_task

TASK = "silences"  # the row of `task` that falls due when the next one ends


def add(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    *,
    rule: str | None = None,
    story: int | None = None,
    outlet: str | None = None,
    term: str | None = None,
    total: bool,
    until: datetime,
    reason: str,
    who: str,
    now: datetime,
) -> tuple[Silence, Change]:
    """Set a silence, or extend the one that there is of the same; by it the next article is judged.

    One that has ended, or ends meanwhile, is another one.
    """
    same = [s for s in in_force(connection, now=now) if s.scope == (rule, story, outlet, term)]
    for each in same:
        if includes(each, total=total, until=until):
            return each, Change.ALREADY
    fitting = [each for each in same if may_become(each, total=total, until=until)]
    if fitting:
        grown = extended(fitting[0], total=total, until=until, reason=reason, who=who)
        _grow(connection, grown, taking_in=fitting[1:])
        return grown, Change.EXTENDED
    made = silence.insert().values(
        rule_id=rule,
        story_id=story,
        outlet_id=outlet,
        term=term,
        total=total,
        reason=reason,
        who=who,
        created_at=now,
        ends_at=until,
    )
    number = connection.execute(made.returning(silence.c.id)).scalar_one()
    _tell_by(connection, until)
    return _silence(connection.execute(_asked().where(silence.c.id == number)).one()), Change.SET


def _grow(connection: Connection, grown: Silence, *, taking_in: Sequence[Silence]) -> None:
    """Write what a silence has become; what those kept back that it takes in is its own now."""
    gone = [each.id for each in taking_in]
    connection.execute(
        update(silence)
        .where(silence.c.id == grown.id)
        .values(total=grown.total, ends_at=grown.ends_at, who=grown.by, reason=grown.reason)
    )
    theirs = update(match).where(match.c.silence_id.in_(gone))
    connection.execute(theirs.values(silence_id=grown.id))
    connection.execute(delete(silence).where(silence.c.id.in_(gone)))


def _tell_by(connection: Connection, moment: datetime) -> None:
    plan_task(connection, TASK, at=moment)
    hurry_task(connection, TASK, at=moment)


def in_force(connection: Connection, *, now: datetime) -> list[Silence]:
    """The silences that hold now."""
    asked = _asked().where(silence.c.told_at.is_(None), silence.c.ends_at > now)
    return [_silence(row) for row in connection.execute(asked.order_by(silence.c.id))]


def _asked() -> Select[Any]:
    """Silences, each with the `headline` of its story."""
    joined = silence.outerjoin(story, story.c.id == silence.c.story_id)
    return select(silence, story.c.headline).select_from(joined)


def of_rule(connection: Connection, rule: RuleId, *, now: datetime) -> Silence | None:
    """The silence in force of a rule and nothing narrower, for what tells no articles."""
    found = (each for each in in_force(connection, now=now) if each.rule == rule)
    narrower = ("story", "outlet", "term")
    return next((each for each in found if not any(getattr(each, n) for n in narrower)), None)


def over(connection: Connection, *, now: datetime) -> list[tuple[Silence, str | None]]:
    """The silences whose end nobody has been told of, and who ended them early."""
    asked = _asked().where(silence.c.told_at.is_(None), silence.c.ends_at <= now)
    rows = connection.execute(asked.order_by(silence.c.id).with_for_update(of=silence)).all()
    return [(_silence(row), row.ended_by) for row in rows]


def mark_told(connection: Connection, number: SilenceId, *, now: datetime) -> None:
    """People are told that it is over."""
    connection.execute(update(silence).where(silence.c.id == number).values(told_at=now))


def next_end(connection: Connection) -> datetime | None:
    """When the next one is over; None while there is none."""
    return connection.execute(
        select(func.min(silence.c.ends_at)).where(silence.c.told_at.is_(None))
    ).scalar()


def end(
    connection: Connection, numbers: Sequence[int], *, who: str, now: datetime
) -> list[SilenceId]:
    """End silences now; those that were in force."""
    chosen = update(silence).where(
        silence.c.id.in_(numbers), silence.c.told_at.is_(None), silence.c.ends_at > now
    )
    ended = connection.execute(chosen.values(ends_at=now, ended_by=who).returning(silence.c.id))
    found = sorted(ended.scalars())
    if found:
        _tell_by(connection, now)
    return [SilenceId(number) for number in found]


def listed(
    connection: Connection, *, now: datetime, past: bool = False, number: int | None = None
) -> Sequence[Row[Any]]:
    """Silences, those that end last first, each with how many matches it `kept` back.

    Those in force, with `past` the others too. `headline` is that of its story.
    """
    kept = select(func.count()).where(match.c.silence_id == silence.c.id).scalar_subquery()
    asked: Select[Any] = select(silence, kept.label("kept"), story.c.headline)
    asked = asked.outerjoin(story, story.c.id == silence.c.story_id)
    if number is not None:
        asked = asked.where(silence.c.id == number)
    elif not past:
        asked = asked.where(silence.c.told_at.is_(None), silence.c.ends_at > now)
    return connection.execute(asked.order_by(silence.c.ends_at.desc(), silence.c.id)).all()


def kept_back(connection: Connection, number: int, *, limit: int) -> Sequence[Row[Any]]:
    """What a silence kept back, the most urgent first, then the newest."""
    columns = (match.c.rule_id, match.c.rule_title, match.c.severity, match.c.matched_at)
    asked: Select[Any] = select(
        *columns, article.c.id, article.c.title, article.c.url, outlet.c.name.label("outlet_name")
    ).where(match.c.silence_id == number)
    joined = asked.join(article, article.c.id == match.c.article_id)
    rows = connection.execute(
        joined.join(outlet, outlet.c.id == article.c.outlet_id).order_by(match.c.id.desc())
    ).all()
    return sorted(rows, key=lambda row: Severity(row.severity).rank)[:limit]


def kept(connection: Connection, number: int) -> int:
    """How many matches a silence kept back."""
    asked = select(func.count()).where(match.c.silence_id == number)
    return connection.execute(asked).scalar_one()


def story_of(connection: Connection, number: int) -> int | None:
    """The story of a number, or the one that it was merged into."""
    asked = select(func.coalesce(story.c.merged_into, story.c.id)).where(story.c.id == number)
    return connection.execute(asked).scalar()


def merge_stories(connection: Connection, gone: StoryId, *, into: StoryId, now: datetime) -> None:
    """Let the silences of a story that was merged be those of the other one, and one with its."""
    connection.execute(update(silence).where(silence.c.story_id == gone).values(story_id=into))
    kept: list[Silence] = []
    for each in (one for one in in_force(connection, now=now) if one.story == into):
        total, until = each.total, each.ends_at
        like = (s for s in kept if s.scope == each.scope)
        first = next((s for s in like if may_become(s, total=total, until=until)), None)
        if first is None:
            kept.append(each)
            continue
        grown = extended(first, total=total, until=until, reason=each.reason, who=each.by)
        _grow(connection, grown, taking_in=[each])
        kept[kept.index(first)] = grown


def _silence(row: Row[Any]) -> Silence:
    return Silence(
        id=SilenceId(row.id),
        ends_at=row.ends_at,
        reason=row.reason,
        by=row.who,
        rule=None if row.rule_id is None else RuleId(row.rule_id),
        story=None if row.story_id is None else StoryId(row.story_id),
        outlet=None if row.outlet_id is None else OutletId(row.outlet_id),
        term=row.term,
        total=row.total,
        headline=row.headline,
    )
