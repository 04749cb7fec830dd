"""`monitor rules`: what is watched for, tried on a text or on an article of the archive."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import accepting, converting, counting, life, matching, trees
from monitor.cli.exits import Exit, MisuseError
from monitor.cli.naming import refuse_unknown
from monitor.cli.options import SINCE, Config, Json, Since, directory
from monitor.cli.output import BAD, DOUBT, GOOD, STRONG, count, emit, say, table
from monitor.core.errors import Permanent
from monitor.core.misses import misses
from monitor.core.urls import is_web

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.rules import Rule

group = typer.Typer(help="What is watched for.", no_args_is_help=True)
group.command("convert")(converting.convert)
group.command("accept")(accepting.accept)


@group.command("list")
def show_all(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE…]", help="Rules: also what they would tell; all if none."),
    ] = None,
    *,
    since: Since = SINCE,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List the rules: live, on trial, off or ended; how often each matched and told."""
    from monitor.cli.backtesting import spanned
    from monitor.cli.context import with_vanished
    from monitor.cli.listing import list_rules
    from monitor.runners.clock import SystemClock

    span, now = spanned(since), SystemClock().now()
    configuration, names = with_vanished(context, config), rules or []
    refuse_unknown(names, [*(str(rule.id) for rule in configuration.rules), *configuration.held])
    list_rules(configuration, names, since=now - span, now=now, as_json=as_json)


@group.command("test")
def try_rules(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE…] [URL]", help="Rules, all if none; a page to try."),
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
    from monitor.cli.context import with_vanished
    from monitor.core.backtest import live

    configuration = with_vanished(context, config)
    names = [each for each in rules or [] if not is_web(each)]
    pages = [each for each in [*(rules or []), url] if each is not None and is_web(each)]
    if url is not None and url not in pages:
        raise MisuseError(f"--url takes an address that begins with http:// or https://: {url}")
    if len(pages) + (text is not None) > 1:
        raise MisuseError("give one text or one address")
    if text is None and not pages:
        _examples(configuration, names, as_json=as_json)
        return
    chosen = live(_named(configuration, names), named=bool(names))
    document = (
        matching.written(text or "") if not pages else matching.fetched(pages[0], configuration)
    )
    matching.show(
        chosen,
        configuration.knowledge,
        document,
        whole_trees=len(chosen) == 1 or bool(names),
        as_json=as_json,
    )


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
    from monitor.cli.context import with_vanished

    configuration = with_vanished(context, config)
    (chosen,) = _named(configuration, [rule])
    found, tree = life.explained(configuration, article, chosen)
    idle = _idle(chosen)
    if as_json:
        told = {"article": found, "explanation": tree, "misses": misses(tree), "idle": idle}
        emit(told | {"kept": configuration.kept.get(chosen.id)})
        return
    life.show(found)
    if idle:
        say((f"{chosen.id} is not at work: {idle}", DOUBT))
    if chosen.id in configuration.kept:
        say((f"{chosen.id} vanished from the files and is kept in force", DOUBT))
    trees.show(tree)
    if not tree.held:
        say(("\nwhy not", STRONG))
        trees.show_misses(tree)


def _idle(rule: "Rule") -> str | None:
    """Why a rule matches no article now, whatever it says of this one."""
    from monitor.runners.clock import SystemClock

    if not rule.enabled:
        return "enabled: false"
    return f"its last day was {rule.expires}" if rule.ended(SystemClock().now()) else None


@group.command("backtest")
def try_on_the_archive(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE…]", help="Rules, at work or not; all at work if none."),
    ] = None,
    *,
    since: Since = SINCE,
    messages: Annotated[
        bool, typer.Option("--messages", help="Print the messages as they would have been sent.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Replay the archive: what the rules would have told."""
    from monitor.cli.backtesting import backtest, spanned
    from monitor.cli.context import with_vanished
    from monitor.core.backtest import live
    from monitor.runners.clock import SystemClock

    span = spanned(since)
    configuration = with_vanished(context, config)
    chosen, now = live(_named(configuration, rules or []), named=bool(rules)), SystemClock().now()
    telling = [rule for rule in chosen if rule.volume is None]
    counted = counting.projected(configuration, chosen, span=span, now=now)
    if as_json and counted and not telling:
        emit({"counting": counting.fields(counted)})
        return
    if telling or not counted:
        beside = {"counting": counting.fields(counted)} if counted else {}
        backtest(
            configuration,
            telling,
            span=span,
            now=now,
            messages=messages,
            as_json=as_json,
            beside=beside,
        )
    if not as_json:
        counting.show(counted)


@group.command("diff")
def compare(
    context: typer.Context,
    rules: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE…]", help="Rules; all if none.")
    ] = None,
    *,
    since: Since = SINCE,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Compare the files with the version in force: rules changed, alerts gained and lost."""
    from monitor.cli.backtesting import spanned
    from monitor.cli.comparing import diff
    from monitor.cli.context import with_vanished
    from monitor.runners.clock import SystemClock

    span = spanned(since)
    diff(
        with_vanished(context, config),
        rules or [],
        base=directory(context, config),
        span=span,
        now=SystemClock().now(),
        as_json=as_json,
    )


# --- examples -------------------------------------------------------------------------------


def _examples(configuration: "Configuration", names: list[str], *, as_json: bool) -> None:
    failing = {str(rule): problems for rule, problems in configuration.held.items()}
    tried = {str(each.id): len(each.examples) for each in configuration.rules}
    refuse_unknown(names, [*tried, *failing])
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
                else (
                    name,
                    str(tried[name]),
                    ("ok", GOOD) if tried[name] else _untried(name, configuration),
                )
                for name in shown
            ],
        )
        for problem in failed:
            say((f"{problem.place}:", BAD), f" {problem.message}")
    if failed:
        raise typer.Exit(Exit.NO)


def _untried(name: str, configuration: "Configuration") -> str:
    kept = name in configuration.kept
    return "vanished from the files, kept in force" if kept else "none to try"


def _named(configuration: "Configuration", names: list[str]) -> list["Rule"]:
    rules = {str(rule.id): rule for rule in configuration.rules}
    if back := [name for name in names if name in configuration.held]:
        raise Permanent(f"{back[0]} is held back: `monitor rules test {back[0]}` says why")
    refuse_unknown(names, list(rules))
    return [rules[name] for name in names] if names else list(rules.values())
