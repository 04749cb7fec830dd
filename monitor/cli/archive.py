"""`monitor search`: the archive."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from typing import Annotated, Any

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json
from monitor.cli.output import FAINT, at, count, emit, rfc3339, say

LIMIT = 20  # articles shown unless told
MOST = 1_000  # articles in one answer


def search(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORDS…", help='Words; "a phrase" in quotes; word* for a beginning.'
        ),
    ],
    *,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = LIMIT,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Find articles that hold every word, newest first."""
    from monitor.cli.context import database_of, settings_of
    from monitor.storage.search import search as find

    with database_of(settings_of(context, config)) as database:
        rows: list[Any] = []
        if database is not None:
            with database.read() as connection:
                try:
                    rows = list(find(connection, " ".join(map(_quoted, words)), limit=limit))
                except ValueError as error:
                    raise MisuseError(str(error)) from error
    if as_json:
        emit([_fields(row) for row in rows])
    elif not rows:
        say("nothing found")
    else:
        _show(rows)
    if not rows:
        raise typer.Exit(Exit.NO)


def _quoted(word: str) -> str:
    """A phrase that the shell took the quotes off gets them back."""
    return f'"{word}"' if " " in word and '"' not in word else word


def _fields(row: Any) -> dict[str, object]:
    return {
        "article": row.id,
        "title": row.title,
        "outlet": row.outlet_name,
        "url": row.url,
        "published": rfc3339(row.published_at),
        "seen": rfc3339(row.seen_at),
        "excerpt": row.excerpt,
    }


def _show(rows: list[Any]) -> None:
    for row in rows:
        say((f"{row.id}  {at(row.seen_at)}  {row.outlet_name}", FAINT))
        say(row.title, indent=2)
        if row.excerpt:
            say(" ".join(row.excerpt.split()), indent=2)
        if row.url:
            say((row.url, FAINT), indent=2)
    say((count(len(rows), "article"), FAINT))
