"""`monitor stories`: what belongs together, and an analyst's corrections of it."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.exits import Exit
from monitor.cli.options import Config, Json, Since
from monitor.cli.output import (
    DOUBT,
    FAINT,
    GOOD,
    STRONG,
    Cell,
    at,
    count,
    emit,
    rfc3339,
    say,
    table,
)
from monitor.core.errors import Permanent
from monitor.core.model import ArticleId, StoryId

if TYPE_CHECKING:
    from monitor.storage.engine import Database
    from monitor.storage.stories import HeadlineEdit, Told

group = typer.Typer(help="List, show and correct stories.", no_args_is_help=True)

SPAN = "3d"  # a story that got nothing for so long is over
LIMIT = 50  # stories shown unless told

Story = Annotated[int, typer.Argument(metavar="STORY", help="Its number.")]


@group.command("list")
def list_stories(
    context: typer.Context,
    *,
    since: Since = SPAN,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = LIMIT,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List the stories that got something lately, the latest first."""
    from monitor.cli.backtesting import spanned
    from monitor.runners.clock import SystemClock
    from monitor.storage import stories

    length = spanned(since)
    found: list[Told] = []
    last = None
    with _database(context, config) as database:
        if database is not None:
            with database.read() as connection:
                begin = SystemClock().now() - length
                found = stories.latest(connection, since=begin, limit=limit)
                last = stories.last_seen(connection)
    if as_json:
        emit([_fields(each) for each in found])
    elif not found:
        say("no story got anything in that time")
        if last is not None:
            say(f"the latest one did {at(last)}; --since reaches further back", indent=2)
    else:
        headings = ("story", "last seen", "outlets", "sources", "languages", "alerts", "headline")
        table(headings, [_cells(each) for each in found])
    if not found:
        raise typer.Exit(Exit.NO)


@group.command("show")
def show(
    context: typer.Context, story: Story, *, as_json: Json = False, config: Config = None
) -> None:
    """Show a story: who carries it, since when, every article, and what was told."""
    from monitor.storage import regrouping, stories

    with _database(context, config) as database:
        if database is None:
            raise Permanent("there is no database yet")
        with database.read() as connection:
            known = regrouping.current(connection, StoryId(story))
            told = None if known is None else stories.one(connection, known)
            if told is None:
                raise Permanent(f"there is no story {story}")
            articles = stories.timeline(connection, told.id)
            edits = stories.headline_edits(connection, told.id)
            alerts = stories.alerts_of(connection, told.id)
            changes = stories.changes(connection, told.id)
    if as_json:
        emit(
            _fields(told)
            | {
                "timeline": [_article(row, edits.get(row.id, [])) for row in articles],
                "told": [
                    {"rule": row.rule_id, "reason": row.reason, "at": rfc3339(row.decided_at)}
                    for row in alerts
                ],
                "changes": [_change(row) for row in changes],
            }
        )
        return
    if told.id != story:
        say((f"story {story} was merged into {told.id}", DOUBT))
    _show(told, articles, edits, alerts, changes)


@group.command("merge")
def merge(
    context: typer.Context,
    one: Story,
    other: Annotated[int, typer.Argument(metavar="OTHER", help="Another story's number.")],
    *,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make two stories one; the older number stays, and alerts follow."""
    from monitor.runners.clock import SystemClock
    from monitor.storage import regrouping
    from monitor.storage.engine import lock_triage

    now = SystemClock().now()

    def work(tx: Any) -> StoryId:
        lock_triage(tx)
        both = [regrouping.current(tx, StoryId(each)) for each in (one, other)]
        for number, found in zip((one, other), both, strict=True):
            if found is None:
                raise Permanent(f"there is no story {number}")
        first, second = (each for each in both if each is not None)
        return regrouping.join(tx, first, second, now=now)

    with _database(context, config) as database:
        if database is None:
            raise Permanent("there is no database yet")
        left = database.write(work)
    if as_json:
        emit({"story": left})
    else:
        say((f"one story now: {left}", GOOD))


@group.command("split")
def split(
    context: typer.Context,
    story: Story,
    articles: Annotated[
        list[int], typer.Argument(metavar="ARTICLE…", help="What does not belong there.")
    ],
    *,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Put articles of a story into a new one; the two are never merged again by themselves."""
    from monitor.runners.clock import SystemClock
    from monitor.storage import regrouping
    from monitor.storage.engine import lock_triage

    now = SystemClock().now()

    def work(tx: Any) -> StoryId:
        lock_triage(tx)
        known = regrouping.current(tx, StoryId(story))
        if known is None:
            raise Permanent(f"there is no story {story}")
        return regrouping.split(tx, known, [ArticleId(each) for each in articles], now=now)

    with _database(context, config) as database:
        if database is None:
            raise Permanent("there is no database yet")
        new = database.write(work)
    if as_json:
        emit({"story": new})
    else:
        say((f"a story of their own: {new}", GOOD))


@contextmanager
def _database(context: typer.Context, config: Config) -> "Iterator[Database | None]":
    from monitor.cli.context import database_of, settings_of

    with database_of(settings_of(context, config)) as database:
        yield database


def _cells(told: "Told") -> tuple[Cell, ...]:
    return (
        str(told.id), at(told.last_seen_at), str(told.outlets), str(told.sources),
        ", ".join(told.languages), str(told.alerts), told.headline,
    )  # fmt: skip


def _fields(told: "Told") -> dict[str, Any]:
    return {
        "story": told.id,
        "headline": told.headline,
        "first_seen": rfc3339(told.first_seen_at),
        "last_seen": rfc3339(told.last_seen_at),
        "articles": told.articles,
        "outlets": told.outlets,
        "sources": told.sources,
        "languages": told.languages,
        "alerts": told.alerts,
    }


def _article(row: Any, edits: "Sequence[HeadlineEdit]") -> dict[str, Any]:
    return {
        "article": row.id,
        "title": row.title,
        "outlet": row.carrier or row.outlet_name,
        "url": row.url,
        "seen": rfc3339(row.seen_at),
        "published": rfc3339(row.published_at),
        "language": row.language,
        "credit": row.credit,
        "duplicate_of": row.duplicate_of,
        "relation": row.relation,
        "relates_to": row.relates_to,
        "headline_edits": [
            {"at": rfc3339(each.at), "before": each.before, "after": each.after} for each in edits
        ],
    }


def _change(row: Any) -> dict[str, Any]:
    merged = row.into_id is not None
    return {
        "cause": row.cause,
        "story": row.story_id if merged else None,
        "article": row.article_id,
        "at": rfc3339(row.at),
    }


def _show(
    told: "Told",
    articles: list[Any],
    edits: "Mapping[int, Sequence[HeadlineEdit]]",
    alerts: list[Any],
    changes: list[Any],
) -> None:
    say((told.headline, STRONG))
    outlets, sources = count(told.outlets, "outlet"), count(told.sources, "independent source")
    say(f"story {told.id}: {count(told.articles, 'article')}, {outlets}, {sources}")
    languages = ", ".join(told.languages) or "unknown language"
    say((f"{at(told.first_seen_at)} to {at(told.last_seen_at)}, {languages}", FAINT))
    say("")
    for row in articles:
        kind = f", copy of {row.duplicate_of}" if row.duplicate_of else ""
        if row.relation in ("update", "revision") and row.relates_to:
            kind = f", {row.relation} of {row.relates_to}"
        credit = f", {row.credit}" if row.credit else ""
        name = row.carrier or row.outlet_name
        say((f"{row.id}  {at(row.seen_at)}  {name}{credit}{kind}", FAINT))
        say(row.title, indent=2)
        for each in edits.get(row.id, ()):
            say((f"until {at(each.at)}: {each.before}", DOUBT), indent=4)
    for row in alerts:
        say((f"{at(row.decided_at)}  told by {row.rule_id}: {row.reason}", GOOD))
    for row in changes:
        what = f"story {row.story_id} merged" if row.into_id else f"article {row.article_id} moved"
        say((f"{at(row.at)}  {what} into this story", DOUBT))
