"""`monitor silences`: what people want to hear nothing of for a while, and what that kept back."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json, Who, named_by
from monitor.cli.output import DOUBT, FAINT, STRONG, at, count, emit, say, table
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config.load import Configuration
    from monitor.storage.engine import Database

KEPT_SHOWN = 50  # of what a silence kept back
MOMENTS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d")

group = typer.Typer(help="What nobody shall be told of for a while, and why.", no_args_is_help=True)


@group.command("add")
def add(  # noqa: PLR0913 - one argument an option
    context: typer.Context,
    *,
    reason: Annotated[str, typer.Option(metavar="WORDS", help="Why; everybody sees it.")],
    rule: Annotated[str | None, typer.Option(metavar="ID", help="What this rule matches.")] = None,
    story: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="What belongs to this story.")
    ] = None,
    outlet: Annotated[
        str | None, typer.Option(metavar="ID", help="What this outlet publishes.")
    ] = None,
    term: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="What says so in headline or lead, as in a rule."),
    ] = None,
    span: Annotated[
        str | None, typer.Option("--for", metavar="SPAN", help="How long: 2h, 3 days.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help='Until when, in UTC: "2026-03-02 14:00".')
    ] = None,
    total: Annotated[
        bool, typer.Option("--total", help="Of a story also what is critical.")
    ] = False,
    by: Who = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Silence a rule, a story, an outlet or a term; of several, what all of them hold for."""
    from monitor.core.silences import Change
    from monitor.runners.clock import SystemClock
    from monitor.storage import silences

    now = SystemClock().now()
    ends = _ends(span, until, now=now)
    why = _words(reason, "--reason")
    if rule is None and story is None and outlet is None and term is None:
        raise MisuseError("say what: --rule, --story, --outlet or --term")
    alone = story is not None and rule is None and outlet is None and term is None
    if total and not alone:
        raise MisuseError("--total is for a story: all other silences keep back everything")
    with _opened(context, config) as (found, database):
        _check(found, rule=rule, outlet=outlet, term=term)
        story = _known_story(database, story)
        done, change = database.write(
            lambda tx: silences.add(
                tx,
                rule=rule,
                story=story,
                outlet=outlet,
                term=None if term is None else _words(term, "--term"),
                total=total or not alone,
                until=ends,
                reason=why,
                who=named_by(by),
                now=now,
            )
        )
    if as_json:
        emit({"silence": done.id, "until": done.ends_at, "change": change})
        return
    how = {Change.SET: "", Change.EXTENDED: ", extended", Change.ALREADY: ", as before"}[change]
    say((f"silence {done.id}{how}: ", STRONG), f"nothing of {done.about} until {at(done.ends_at)}")
    if not done.total:
        say("what is critical comes all the same; --total keeps that back, too")


@group.command("list")
def show_all(
    context: typer.Context,
    *,
    past: Annotated[bool, typer.Option("--past", help="Those that are over, too.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List the silences in force: what, until when, who set them and why, what they kept back."""
    from monitor.runners.clock import SystemClock
    from monitor.storage import silences

    with _opened(context, config, check=False) as (_, database), database.read() as connection:
        now = SystemClock().now()
        found = [_fields(row, now=now) for row in silences.listed(connection, now=now, past=past)]
    if as_json:
        emit(found)
    elif found:
        headings = ("", "what", "until", "kept back", "by", "why")
        table(headings, [_line(each) for each in found])
        say((count(len(found), "silence"), FAINT))
    else:
        say("nothing is silenced")
    if not found:
        raise typer.Exit(Exit.NO)


@group.command("show")
def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="SILENCE", help="Its number.", min=1)],
    *,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show one silence, and what it kept back: the most urgent first."""
    from monitor.runners.clock import SystemClock
    from monitor.storage import silences

    with _opened(context, config, check=False) as (_, database), database.read() as connection:
        now = SystemClock().now()
        rows = silences.listed(connection, now=now, number=number)
        if not rows:
            raise Permanent(f"no silence has the number {number}; see monitor silences list --past")
        found = _fields(rows[0], now=now)
        found["matches"] = [
            {
                "matched": row.matched_at,
                "severity": row.severity,
                "rule": row.rule_id,
                "article": row.id,
                "title": row.title,
                "outlet": row.outlet_name,
                "url": row.url,
            }
            for row in silences.kept_back(connection, number, limit=KEPT_SHOWN)
        ]
    if as_json:
        emit(found)
        return
    say((f"silence {number}: {found['about']}", STRONG))
    state = "in force" if found["in_force"] else "over"
    ended = f", ended by {found['ended_by']}" if found["ended_by"] else ""
    say(f"{state}, from {at(found['since'])} until {at(found['until'])}{ended}")
    say(f"{found['by']}: {found['reason']}")
    say(f"kept back {count(found['kept_back'], 'match', 'matches')}")
    for each in found["matches"]:
        say(f"{at(each['matched'])}  {each['severity']}  {each['rule']}: {each['title']}", indent=2)


@group.command("end")
def end(
    context: typer.Context,
    numbers: Annotated[list[int], typer.Argument(metavar="SILENCE…", help="Numbers.", min=1)],
    *,
    by: Who = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """End silences now; people are told what they kept back."""
    from monitor.runners.clock import SystemClock
    from monitor.storage import silences

    with _opened(context, config, check=False) as (_, database):
        now, who = SystemClock().now(), named_by(by)
        ended = database.write(lambda tx: silences.end(tx, numbers, who=who, now=now))
    left = sorted(set(numbers) - set(ended))
    if as_json:
        emit({"ended": ended, "left": left})
    else:
        say(f"{count(len(ended), 'silence')} ended")
        for number in left:
            say((f"{number} is not in force", DOUBT))
    if left:
        raise typer.Exit(Exit.NO)


def _fields(row: Any, *, now: datetime) -> dict[str, Any]:
    from monitor.core.silences import described

    return {
        "silence": row.id,
        "about": described(
            row.rule_id, row.story_id, row.outlet_id, row.term, headline=row.headline
        ),
        "rule": row.rule_id,
        "story": row.story_id,
        "outlet": row.outlet_id,
        "term": row.term,
        "total": row.total,
        "since": row.created_at,
        "until": row.ends_at,
        "in_force": row.told_at is None and row.ends_at > now,
        "by": row.who,
        "ended_by": row.ended_by,
        "reason": row.reason,
        "kept_back": row.kept,
    }


def _line(found: dict[str, Any]) -> tuple[Any, ...]:
    style = "" if found["in_force"] else FAINT
    return (
        str(found["silence"]),
        (found["about"] + ("" if found["total"] else " (critical passes)"), style),
        (at(found["until"]), style),
        f"{found['kept_back']:,}",
        found["by"],
        found["reason"],
    )


def _ends(span: str | None, until: str | None, *, now: datetime) -> datetime:
    from monitor.cli.backtesting import spanned

    if (span is None) == (until is None):
        raise MisuseError("say how long: --for 2h, or --until TIME")
    if span is not None:
        return now + spanned(span)
    written = (until or "").removesuffix(" UTC")
    for form in MOMENTS:
        try:
            ends = datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if ends <= now:
            raise MisuseError(f"--until: {at(ends)} is over; it is {at(now)}")
        return ends
    raise MisuseError(f'--until: write a time in UTC as in "{now:%Y-%m-%d %H:%M}"')


def _words(written: str, option: str) -> str:
    from monitor.core.silences import WORDS_LIMIT
    from monitor.core.text import clean

    words = " ".join(clean(written).split())
    if not words or len(words) > WORDS_LIMIT:
        raise MisuseError(f"{option} takes 1 to {WORDS_LIMIT} characters")
    return words


def _check(
    found: "Configuration", *, rule: str | None, outlet: str | None, term: str | None
) -> None:
    """What is silenced is known: a slip would silence nothing."""
    from monitor.config.problems import unknown
    from monitor.core.terms import TermError, parse_term

    rules = [str(each.id) for each in (*found.rules,)] + [str(each) for each in found.held]
    outlets = [str(each.id) for each in found.outlets]
    if rule is not None and rule not in rules:
        raise MisuseError(unknown("rule", rule, rules))
    if outlet is not None and outlet not in outlets:
        raise MisuseError(unknown("outlet", outlet, outlets))
    if term is not None:
        try:
            parse_term(_words(term, "--term"))
        except TermError as error:
            raise MisuseError(f"--term: {error}") from error


def _known_story(database: "Database", number: int | None) -> int | None:
    """The story of this number, or the one that it was merged into."""
    from monitor.storage import silences

    if number is None:
        return None
    with database.read() as connection:
        found = silences.story_of(connection, number)
    if found is None:
        raise Permanent(f"no story has the number {number}; `monitor stories list` shows them")
    return found


@contextmanager
def _opened(
    context: typer.Context, config: "Path | None", *, check: bool = True
) -> "Iterator[tuple[Any, Database]]":
    """The configuration where it is asked, and the database."""
    from monitor.cli.context import database_of, settings_of, with_vanished

    found = with_vanished(context, config) if check else None
    settings = found.settings if found is not None else settings_of(context, config)
    with database_of(settings) as database:
        if database is None:
            raise Permanent("there is no database yet: `monitor run` makes one")
        yield found, database
