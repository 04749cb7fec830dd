"""`monitor rules convert`: a boolean query as the YAML of a rule."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.exits import Exit
from monitor.cli.output import BAD, FAINT, say, write

if TYPE_CHECKING:
    from monitor.core.rules import Term


def convert(
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="As under `query:`, in single quotes for the shell."),
    ],
) -> None:
    """Print a boolean query as the YAML that a rule holds: what stands under `when:`.

    Lists are taken as they are named; the files of the rule say whether they exist.
    """
    from monitor.config.plain import phrase_term
    from monitor.config.printing import printed
    from monitor.config.query import QueryError, parse_query
    from monitor.core.text import clean

    query = clean(query)
    try:
        condition = parse_query(query, term=phrase_term, terms_of_list=_any_list)
    except QueryError as error:
        for column, said in error.mistakes:
            _show(query, column, said)
        raise typer.Exit(Exit.NO) from None
    write(printed(condition).rstrip("\n"))


def _any_list(name: str) -> tuple["Term", ...]:
    """One term that stands for all of the list: `$name` is printed as `$name`."""
    from monitor.config.values import list_name
    from monitor.core.rules import Term, Word

    list_name(name)
    return (Term((Word(name),), f"${name}", name),)


def _show(query: str, column: int, said: str) -> None:
    """The line of the query with a mark under the mistake, and what is wrong."""
    from monitor.config.query import line_and_column

    line, place = line_and_column(query, column)
    say((query.split("\n")[line - 1], FAINT))
    say(("^", BAD), f" column {place}: {said}", indent=place - 1)
