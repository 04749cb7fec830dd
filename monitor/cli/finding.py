"""`monitor feeds discover` and `add`: addresses tried as the daemon would read them."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from monitor.cli import subscriptions
from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json, directory
from monitor.cli.output import BAD, FAINT, GOOD, STRONG, Cell, at, count, emit, say, table, write
from monitor.cli.searching import Candidate, Search, searching
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.model import Feed, Outlet

OPENING = "Proposed by `monitor feeds {command}`; what a comment calls a guess is to be filled in."

Address = Annotated[str, typer.Argument(metavar="URL", help="A page, a site, or a feed.")]


# --- discover ---------------------------------------------------------------------------------


def discover(
    context: typer.Context, url: Address, *, as_json: Json = False, config: Config = None
) -> None:
    """Find the feeds, news sitemaps or else the list of a site, and propose the YAML."""
    from monitor.cli.context import configured

    configuration = configured(context, config)
    with searching(configuration.settings) as search:
        found = search.run(_web(url))
    working = sorted((each for each in found if each.parsed), key=_worth)
    fresh = [each for each in working if _owner(each.url, configuration) is None]
    proposal = _proposal(fresh[0], configuration, command=f"discover {url}") if fresh else None
    if as_json:
        emit(
            {
                "candidates": [_fields(each) for each in found],
                "requests": search.requests,
                "exhausted": search.exhausted,
                "yaml": proposal,
            }
        )
    else:
        _show(working, [each for each in found if not each.parsed], search)
        if working and not fresh:
            say("you have all of them already")
        if proposal:
            say(("\nfor a file in outlets/:", STRONG))
            write(proposal.rstrip())
    if not working:
        raise typer.Exit(Exit.NO)


def _web(url: str) -> str:
    from monitor.config.values import web_address

    try:
        return web_address(url)
    except ValueError as error:
        raise MisuseError(str(error)) from error


def _worth(candidate: Candidate) -> tuple[bool, float, int]:
    """The feed with the newest item first; an undated one last, then the longer one first."""
    newest, items = candidate.newest, len(candidate.parsed.entries) if candidate.parsed else 0
    return newest is None, -newest.timestamp() if newest else 0.0, -items


def _fields(candidate: Candidate) -> dict[str, Any]:
    return {
        "url": candidate.url,
        "found": str(candidate.how),
        "works": candidate.parsed is not None,
        "kind": candidate.kind or None,
        "items": len(candidate.parsed.entries) if candidate.parsed else None,
        "newest": candidate.newest,
        "sample": candidate.sample or None,
        "page": candidate.selectors,
        "failure": candidate.failure,
    }


def _show(working: list[Candidate], others: list[Candidate], search: Search) -> None:
    from monitor.adapters.discovery import How

    if working:
        rows: list[tuple[Cell, ...]] = [
            (
                (each.kind, GOOD),
                str(len(each.parsed.entries)) if each.parsed else "",
                at(each.newest) if each.newest else "no dates",
                each.selectors.items if each.selectors else each.url,
                each.how,
                each.sample,
            )
            for each in working
        ]
        table(("kind", "items", "newest", "address or items", "found", "sample"), rows)
    else:
        say(("no feed, no news sitemap and no list of headlines was found", BAD))
    for each in others:
        if each.how != How.USUAL:
            say((f"{each.url}  {each.failure}", FAINT))
    if guesses := sum(each.how == How.USUAL for each in others):
        say((f"nothing at {count(guesses, 'usual address', 'usual addresses')}", FAINT))
    more = ": there may be more" if search.exhausted else ""
    say((f"{count(search.requests, 'request')}{more}", FAINT))


def _proposal(candidate: Candidate, configuration: "Configuration", *, command: str) -> str:
    """The YAML of the best find: a whole outlet, with guesses marked."""
    from monitor.config.written import outlet_file

    outlet, guesses = _guessed(candidate, taken={each.id for each in configuration.outlets})
    feed = _feed(candidate, outlet.id, source=f"monitor feeds {command}")
    opening = OPENING.format(command=command)
    return outlet_file([outlet], [feed], opening=opening, fill_in={outlet.id: guesses})


def _feed(candidate: Candidate, outlet: Any, *, source: str) -> "Feed":
    from monitor.core.model import Feed

    return Feed(candidate.url, outlet, source=source, verified=True, page=candidate.selectors)


def _guessed(
    candidate: Candidate, *, taken: Iterable[str], wanted: str | None = None
) -> tuple["Outlet", tuple[str, ...]]:
    """An outlet for an address, and which of its fields nobody said."""
    from monitor.adapters import opml
    from monitor.core.model import Outlet, OutletId

    host = (urlsplit(candidate.url).hostname or "").removeprefix("www.")
    key = wanted or opml.slug(host)
    while wanted is None and key in set(taken):
        key = f"{key}-new"
    parsed = candidate.parsed
    language = parsed.language if parsed else None
    name = (parsed.title if parsed else None) or host
    outlet = Outlet(OutletId(key), name, opml.COUNTRY, language or opml.LANGUAGE, opml.TIER)
    unsaid = () if language else ("language",)
    return outlet, ("name", "country", *unsaid, "tier")


# --- add --------------------------------------------------------------------------------------


def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The address of a feed.")],
    *,
    outlet: Annotated[
        str | None, typer.Option(metavar="ID", help="Whose feed it is; else the host's name.")
    ] = None,
    config: Config = None,
) -> None:
    """Try a feed; write a file for a new outlet, or print the lines for one that exists."""
    from monitor.adapters.discovery import How
    from monitor.cli.context import configured

    configuration, base = configured(context, config), directory(context, config)
    wanted = None if outlet is None else _identifier(outlet)
    _refuse_twice(_web(url), configuration)
    with searching(configuration.settings) as search:
        candidate = search.read(search.get(url), how=How.GIVEN)
    if candidate.parsed is None:
        raise Permanent(f"{candidate.failure}; `monitor feeds discover {url}` looks for its feeds")
    _refuse_twice(candidate.url, configuration)
    say((f"{candidate.kind}, {count(len(candidate.parsed.entries), 'item')}: ", GOOD))
    say(candidate.sample, indent=2)
    known = {each.id for each in configuration.outlets}
    new, guesses = _guessed(candidate, taken=(), wanted=wanted)
    feed = _feed(candidate, new.id, source="monitor feeds add")
    if new.id in known:
        subscriptions.paste([feed])
        return
    _write(new, guesses, feed, configuration, base=base)


def _identifier(written: str) -> str:
    from monitor.config.values import identifier

    try:
        return identifier(written)
    except ValueError as error:
        raise MisuseError(f"--outlet: {error}") from error


def _refuse_twice(url: str, configuration: "Configuration") -> None:
    if owner := _owner(url, configuration):
        raise Permanent(f"{url} is a feed of {owner} already")


def _owner(url: str, configuration: "Configuration") -> str | None:
    """The outlet that has this address already."""
    from monitor.config.values import same_address

    wanted = same_address(url)
    owners = (each.outlet for each in configuration.feeds if same_address(each.url) == wanted)
    return next(owners, None)


def _write(
    outlet: "Outlet",
    guesses: tuple[str, ...],
    feed: "Feed",
    configuration: "Configuration",
    *,
    base: Path,
) -> None:
    from monitor.config.written import outlet_file

    target = base / "outlets" / f"{outlet.id}.yaml"
    opening = OPENING.format(command="add")
    text = outlet_file([outlet], [feed], opening=opening, fill_in={outlet.id: guesses})
    subscriptions.add_outlets(target, text, configuration, base=base)
    say((f"{target} is written", GOOD), f"; fill in: {', '.join(guesses)}")
