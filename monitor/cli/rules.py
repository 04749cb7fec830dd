"""`monitor rules`: what is watched for, tried on a text or on an article of the archive."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import converting, life, trees
from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, Json
from monitor.cli.output import BAD, GOOD, STRONG, count, emit, say, table
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.config.settings import Settings
    from monitor.core.model import Document
    from monitor.core.rules import Rule

group = typer.Typer(help="What is watched for.", no_args_is_help=True)
group.command("convert")(converting.convert)


@group.command("test")
def try_rules(
    context: typer.Context,
    rules: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE…]", help="Rules; all if none.")
    ] = None,
    *,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A headline; what follows is the text.")
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="A page to fetch and try.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Run the examples of the rules, or try the rules on a text or a page."""
    from monitor.cli.context import configured

    configuration = configured(context, config)
    if text is not None and url is not None:
        raise MisuseError("give --text or --url, not both")
    if text is None and url is None:
        _examples(configuration, rules or [], as_json=as_json)
        return
    chosen = _named(configuration, rules or [])
    document = _written(text) if text is not None else _read(str(url), configuration.settings)
    _try(chosen, document, as_json=as_json)


@group.command("explain")
def explain(
    context: typer.Context,
    article: Annotated[str, typer.Argument(metavar="ARTICLE|URL", help="Its number or address.")],
    rule: Annotated[str, typer.Argument(metavar="RULE")],
    *,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show why a rule matched an article or not, and what became of the article."""
    from monitor.cli.context import configured

    configuration = configured(context, config)
    (chosen,) = _named(configuration, [rule])
    found, tree = life.explained(configuration, article, chosen)
    if as_json:
        emit({"article": found, "explanation": tree})
    else:
        life.show(found)
        trees.show(tree)


@group.command("backtest")
def try_on_the_archive(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE…]", help="Rules, at work or not; all at work if none."),
    ] = None,
    *,
    since: Annotated[
        str, typer.Option(metavar="SPAN", help="How far back: 30d, 12h, 90 days.")
    ] = "30d",
    messages: Annotated[
        bool, typer.Option("--messages", help="Print the messages as they would have been sent.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Replay the archive: what the rules would have told."""
    from monitor.cli.backtesting import backtest
    from monitor.cli.context import configured
    from monitor.config.values import duration
    from monitor.core.backtest import live
    from monitor.runners.clock import SystemClock

    try:
        span = duration(since)
    except ValueError as error:
        raise MisuseError(f"--since: {error}") from error
    configuration = configured(context, config)
    chosen = live(_named(configuration, rules or []), named=bool(rules))
    backtest(
        configuration,
        chosen,
        span=span,
        now=SystemClock().now(),
        messages=messages,
        as_json=as_json,
    )


# --- examples -------------------------------------------------------------------------------


def _examples(configuration: "Configuration", names: list[str], *, as_json: bool) -> None:
    failing = {str(rule): problems for rule, problems in configuration.held.items()}
    tried = {str(each.id): len(each.examples) for each in configuration.rules}
    _refuse_unknown(names, [*tried, *failing])
    shown = [name for name in [*tried, *failing] if not names or name in names]
    failed = [problem for name in shown for problem in failing.get(name, ())]
    if as_json:
        emit(
            [
                {
                    "rule": name,
                    "ok": name not in failing,
                    "failed": [str(each) for each in failing.get(name, ())],
                }
                for name in shown
            ]
        )
    else:
        table(
            ("rule", "examples", "outcome"),
            [
                (name, "", (count(len(failing[name]), "example") + " failed", BAD))
                if name in failing
                else (name, str(tried[name]), ("ok", GOOD) if tried[name] else "none to try")
                for name in shown
            ],
        )
        for problem in failed:
            say((f"{problem.place}:", BAD), f" {problem.message}")
    if failed:
        raise typer.Exit(Exit.NO)


def _named(configuration: "Configuration", names: list[str]) -> list["Rule"]:
    rules = {str(rule.id): rule for rule in configuration.rules}
    if back := [name for name in names if name in configuration.held]:
        raise Permanent(f"{back[0]} is held back: `monitor rules test {back[0]}` says why")
    _refuse_unknown(names, list(rules))
    return [rules[name] for name in names] if names else list(rules.values())


def _refuse_unknown(names: list[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise MisuseError(f"there is no rule {name!r}.{hint} Rules: {', '.join(known)}")


# --- a text or a page -----------------------------------------------------------------------


def _written(text: str) -> "Document":
    from monitor.core.model import Document

    title, _, rest = text.strip().partition("\n")
    return Document(title=title, text=rest.strip() or None)


def _read(url: str, settings: "Settings") -> "Document":
    """Fetch a page as the daemon would. Raises Temporary or Permanent, with the reason."""
    from monitor.adapters import workers
    from monitor.adapters.fetcher import Fetcher, Request
    from monitor.core.model import Document
    from monitor.visits import PAGE_LIMIT, PAGE_TYPES

    with Fetcher(
        user_agent=settings.fetch_user_agent,
        deadline=settings.fetch_deadline,
        connections=1,
        allow=settings.fetch_allow,
    ) as fetcher:
        response = fetcher.get(Request(url, limit=PAGE_LIMIT, accept=PAGE_TYPES))
    pool = workers.Workers(1)
    try:
        kind = response.headers.get("content-type")
        page = pool.run(workers.extract, response.body, url=response.url, content_type=kind)
    finally:
        pool.close()
    return Document(
        title=page.title or "",
        text=page.text,
        section=page.section,
        author=", ".join(page.authors) or None,
        url=page.url,
        language=page.language,
    )


def _try(rules: list["Rule"], document: "Document", *, as_json: bool) -> None:
    from monitor.core.matcher import Matcher

    matcher = Matcher(rules)
    matches = matcher.match(document)
    matched = {match.rule for match in matches}
    silent = [matcher.explain(rule.id, document) for rule in rules if rule.id not in matched]
    if as_json:
        emit({"document": document, "matches": matches, "silent": silent})
    else:
        say((document.title, STRONG))
        for match in matches:
            say((f"✓ {match.rule}", GOOD), f": {match.strength} match, {match.severity}")
            for quote in trees.quoted(match.evidence, document):
                say(quote, indent=4)
        for tree in silent:
            trees.show(tree)
    if not matches:
        raise typer.Exit(Exit.NO)
