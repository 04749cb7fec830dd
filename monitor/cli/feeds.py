"""`monitor feeds`: what is listened to, how it is doing, and how to find more of it."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import finding, subscriptions
from monitor.cli.exits import MisuseError
from monitor.cli.options import Config, Json
from monitor.cli.output import (
    BAD,
    DOUBT,
    FAINT,
    GOOD,
    STRONG,
    Cell,
    at,
    count,
    emit,
    say,
    table,
)
from monitor.core.charts import sparkline
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.core.model import Feed
    from monitor.storage.engine import Database
    from monitor.storage.health import Health

POLLS = 20  # records of polls that `show` tells
GAPS = 20  # gaps, the same
ADDRESS = 48  # characters of an address in the list
FAILURE = 60  # characters of a failure in the list
TENTHS = 10  # minutes, hours or days; from so many on, nobody asks for a tenth of one
STYLES = {"hard": BAD, "wall": BAD, "soft": DOUBT, "gap": DOUBT, "quiet": DOUBT, "ok": GOOD}

group = typer.Typer(help="What is listened to.", no_args_is_help=True)


@group.command("list")
def show_all(
    context: typer.Context,
    *,
    failing: Annotated[bool, typer.Option("--failing", help="Only those that fail.")] = False,
    outlet: Annotated[
        str | None, typer.Option(metavar="ID", help="Only those of one outlet.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show how every feed is doing, worst first."""
    from monitor.cli.context import database_of, settings_of
    from monitor.storage import health

    now = datetime.now(UTC)
    with database_of(settings_of(context, config)) as database:
        found = _everything(database, now=now)
    if outlet is not None:
        found = [each for each in found if each.row.outlet_id == outlet]
        if not found:
            raise Permanent(f"no feed in use belongs to an outlet {outlet!r}")
    if failing:
        found = [each for each in found if each.state.rank <= health.State.SOFT.rank]
    if as_json:
        emit([_fields(each) for each in found])
        return
    if found:
        table(
            ("", "outlet", "feed", "every", "answered", "news", "24 h", "by hour", "failure"),
            [_line(each, now=now) for each in found],
        )
    say((totals(found), STRONG))


def _everything(database: "Database | None", *, now: datetime) -> list["Health"]:
    from monitor.storage import health

    with _made(database).read() as connection:
        return health.feeds(connection, now=now)


def _made(database: "Database | None") -> "Database":
    if database is None:
        raise Permanent("there is no database yet: `monitor run` makes one")
    return database


def _fields(found: "Health") -> dict[str, Any]:
    row = found.row
    return {
        "feed": row.id,
        "state": found.state.value,
        "outlet": row.outlet_id,
        "url": row.url,
        "adopted_url": row.adopted_url,
        "interval_seconds": row.interval,
        "last_poll": row.polled_at,
        "last_answer": row.succeeded_at,
        "last_news": row.news_at,
        "new_24_hours": sum(found.hours),
        "by_hour": found.hours,
        "gaps_24_hours": {"count": found.gaps, "items_at_most": found.missed},
        "quiet_since": row.quiet_since,
        "failures": row.attempts,
        "failure": row.failure,
    }


def _line(found: "Health", *, now: datetime) -> tuple[Cell, ...]:
    row, state = found.row, found.state.value
    words = row.failure or (f"up to {count(found.missed, 'item')} missed" if found.gaps else "")
    return (
        (state, STYLES.get(state, "")),
        row.outlet_name,
        _shortened(row.url.partition("://")[2], ADDRESS),
        _span(timedelta(seconds=row.interval)),
        _ago(row.succeeded_at, now=now),
        _ago(row.news_at, now=now),
        f"{sum(found.hours):,}",
        sparkline(found.hours),
        (_shortened(words, FAILURE), BAD if row.failure else DOUBT),
    )


def totals(found: Sequence["Health"]) -> str:
    """How many feeds there are in each state, and what they may have missed lately."""
    from monitor.storage.health import State

    states = [each.state for each in found]
    parts = [f"{states.count(each):,} {each.value}" for each in reversed(State) if each in states]
    missed = sum(each.missed for each in found)
    gaps = sum(each.gaps for each in found)
    told = f"; {count(gaps, 'gap')} in 24 h (up to {count(missed, 'item')})" if gaps else ""
    return f"{count(len(found), 'feed')}" + (f": {', '.join(parts)}" if parts else "") + told


def _shortened(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _ago(moment: datetime | None, *, now: datetime) -> str:
    return "never" if moment is None else _span(max(now - moment, timedelta()))


def _span(span: timedelta) -> str:
    """A span in the largest unit that it has two of: `40 s`, `2.5 min`, `7 h`, `13 d`."""
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            exactly = f"{seconds / size:,.1f}".removesuffix(".0")
            return f"{exactly if seconds < TENTHS * size else seconds // size} {unit}"
    return f"{seconds} s"


# --- one feed ---------------------------------------------------------------------------------


@group.command("show")
def show(
    context: typer.Context,
    feed: Annotated[
        str, typer.Argument(metavar="FEED", help="Its address, a part of it, or its number.")
    ],
    *,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Tell the story of one feed."""
    from monitor.cli.context import database_of, settings_of

    with database_of(settings_of(context, config)) as database:
        story = _story(_made(database), feed, now=datetime.now(UTC))
    story["kind"] = _kind(context, config, story["url"])
    if as_json:
        emit(story)
    else:
        _tell(story)


def _story(database: "Database", wanted: str, *, now: datetime) -> dict[str, Any]:
    from monitor.storage import health

    with database.read() as connection:
        row = _one(wanted, health.named(connection, wanted))
        hours, days = health.news(connection, row.id, now=now)
        late = health.gaps_of_late(connection, row.id, now=now)
        polls = health.polls(connection, row.id, limit=POLLS)
        gaps = health.gaps(connection, row.id, limit=GAPS)
        rest = health.rests_until(connection, row.host, now=now)
    return {
        "feed": row.id,
        "state": health.state_of(row, gaps=late).value,
        "outlet": row.outlet_id,
        "outlet_name": row.outlet_name,
        "url": row.url,
        "adopted_url": row.adopted_url,
        "interval_seconds": row.interval,
        "etag": row.etag,
        "last_modified": row.last_modified,
        "distrusts_304_since": _distrusted(row.lied_at, now=now),
        "new_per_hour": row.flow,
        "first_poll": row.first_polled_at,
        "last_poll": row.polled_at,
        "last_answer": row.succeeded_at,
        "last_news": row.news_at,
        "next_poll": max(row.not_before, rest or row.not_before),
        "host_rests_until": rest,
        "quiet_since": row.quiet_since,
        "retired": row.retired_at,
        "failures": row.attempts,
        "failure": row.failure,
        "unchanged_since_record": row.unchanged,
        "by_hour": hours,
        "by_day": days,
        "polls": [_record(each) for each in polls],
        "gaps": [
            {
                "since": each.since,
                "until": each.until,
                "items_at_most": each.most,
                "cause": each.cause,
            }
            for each in gaps
        ],
    }


def _distrusted(lied_at: datetime | None, *, now: datetime) -> datetime | None:
    """When a 304 was found to be wrong, unless that is forgotten by now."""
    from monitor.core.coverage import LIE_REMEMBERED

    return lied_at if lied_at and now - lied_at < LIE_REMEMBERED else None


def _one(wanted: str, rows: Sequence[Any]) -> Any:
    if not rows:
        raise Permanent(f"no feed has this address or number: {wanted}")
    if len(rows) > 1:
        listed = "\n".join(f"  {row.id}  {row.url}" for row in rows)
        raise MisuseError(f"{wanted} names more than one feed; say which:\n{listed}")
    return rows[0]


def _record(row: Any) -> dict[str, Any]:
    names = ("unchanged", "status", "listed", "known", "new", "overlapped", "trouble", "failure")
    return {"at": row.polled_at} | {name: getattr(row, name) for name in names}


def _kind(context: typer.Context, config: "Path | None", url: str) -> str | None:
    """What the configuration calls it; None where it is broken, or no longer has it."""
    from monitor.cli.context import configured
    from monitor.config.problems import ConfigurationError

    try:
        feeds = configured(context, config).feeds
    except ConfigurationError:
        return None
    return next((kind_of(each) for each in feeds if each.url == url), None)


def kind_of(feed: "Feed") -> str:
    """What kind of address a feed is, in words."""
    if feed.page is not None:
        return "plain page, read by selectors"
    return "aggregator" if feed.aggregator else "feed or news sitemap"


def _tell(story: dict[str, Any]) -> None:
    state = story["state"]
    say((f"{story['feed']}  {story['url']}", STRONG))
    _fact("outlet", f"{story['outlet_name']} ({story['outlet']})")
    _fact("kind", story["kind"] or "unknown: not in the configuration as it stands")
    _fact("state", (state, STYLES.get(state, "")))
    if story["failure"]:
        _fact("fails", (f"{story['failure']} ({count(story['failures'], 'time')})", BAD))
    if story["retired"]:
        _fact("retired", at(story["retired"]))
    if story["adopted_url"]:
        words = f"{story['adopted_url']}: it has moved there for good; edit the outlet's YAML"
        _fact("asked at", (words, DOUBT))
    _tell_rhythm(story)
    _tell_polls(story)
    _tell_gaps(story["gaps"])


def _tell_rhythm(story: dict[str, Any]) -> None:
    every = _span(timedelta(seconds=story["interval_seconds"]))
    _fact("polled", f"every {every}, last {at(story['last_poll'])}, next {at(story['next_poll'])}")
    if story["host_rests_until"]:
        _fact("its host", f"asked to be left alone until {at(story['host_rests_until'])}")
    _fact("answered", at(story["last_answer"]))
    _fact("news", f"{at(story['last_news'])}, lately {story['new_per_hour']:.1f} new an hour")
    if story["quiet_since"]:
        _fact("quiet", (f"since {at(story['quiet_since'])}", DOUBT))
    if story["distrusts_304_since"]:
        words = f"does not trust its 304s since {at(story['distrusts_304_since'])}"
        _fact("asks", (words, DOUBT))
    else:
        sent = [name for name in ("etag", "last_modified") if story[name]]
        names = " and ".join(sent).replace("etag", "ETag").replace("last_modified", "Last-Modified")
        _fact("asks", f"if changed, by {names}" if sent else "in full: it gives no validators")
    _fact("24 hours", f"{sparkline(story['by_hour'])}  {sum(story['by_hour']):,} new")
    _fact("14 days", f"{sparkline(story['by_day'])}  {sum(story['by_day']):,} new")


def _tell_polls(story: dict[str, Any]) -> None:
    if story["unchanged_since_record"]:
        _fact("since then", f"{count(story['unchanged_since_record'], 'poll')} without a change")
    if not story["polls"]:
        say(("no poll has been recorded yet", FAINT))
        return
    overlaps: dict[bool | None, Cell] = {None: "", True: "yes", False: ("no", BAD)}
    rows: list[Sequence[Cell]] = [
        (
            at(each["at"]),
            *(
                "" if each[name] is None else f"{each[name]:,}"
                for name in ("unchanged", "listed", "known", "new")
            ),
            str(each["status"] or ""),
            overlaps[each["overlapped"]],
            (each["failure"] or "", BAD),
        )
        for each in story["polls"]
    ]
    headings = (
        "poll",
        "unchanged before",
        "listed",
        "known",
        "new",
        "status",
        "overlap",
        "failure",
    )
    table(headings, rows)


def _tell_gaps(gaps: list[dict[str, Any]]) -> None:
    for each in gaps:
        most = each["items_at_most"]
        say(
            (f"up to {count(most, 'item')} may have been missed", DOUBT),
            f" between {at(each['since'])} and {at(each['until'])}: {each['cause']}",
        )


def _fact(what: str, cell: Cell) -> None:
    say((what.ljust(11), STRONG), cell)


group.command("discover")(finding.discover)
group.command("add")(finding.add)
group.command("import")(subscriptions.take_in)
group.command("export")(subscriptions.export)
