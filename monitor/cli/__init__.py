"""The commands: one file per group. What a command needs is imported when it runs."""

from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import (
    alerts,
    archive,
    canary,
    channels,
    deliveries,
    demo,
    feeds,
    plumbing,
    rules,
    schema,
    setup,
    silences,
    status,
    stories,
    watching,
)
from monitor.cli.options import Config, Globals, LogFormat, Verbose

WATCH, DESK, CARE, SCRIPTS = "Watch", "What is watched for", "Set up and care", "For scripts"

app = typer.Typer(
    name="monitor",
    help="Watches the news and tells people: once per incident, with the evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@app.callback()
def globals_of_every_command(
    context: typer.Context,
    *,
    config: Config = None,
    log_format: Annotated[
        LogFormat | None, typer.Option("--log-format", help="How log lines look.")
    ] = None,
    verbose: Verbose = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Watches the news and tells people: once per incident, with the evidence."""
    del version
    found = context.find_root()
    if not isinstance(found.obj, Globals):
        found.obj = Globals()
    found.obj.config, found.obj.log_format, found.obj.verbose = config, log_format, verbose


app.command("run", rich_help_panel=WATCH)(watching.run)
app.command("once", rich_help_panel=WATCH)(watching.once)
app.command("demo", rich_help_panel=WATCH)(demo.demo)
app.command("status", rich_help_panel=WATCH)(status.status)
app.command("canary", rich_help_panel=WATCH)(canary.canary)
app.command("search", rich_help_panel=WATCH)(archive.search)
app.add_typer(alerts.group, name="alerts", rich_help_panel=WATCH)
app.add_typer(deliveries.group, name="deliveries", rich_help_panel=WATCH)
app.add_typer(silences.group, name="silences", rich_help_panel=WATCH)

app.add_typer(rules.group, name="rules", rich_help_panel=DESK)
app.add_typer(stories.group, name="stories", rich_help_panel=DESK)
app.add_typer(feeds.group, name="feeds", rich_help_panel=DESK)
app.add_typer(channels.group, name="channels", rich_help_panel=DESK)

app.command("init", rich_help_panel=CARE)(setup.init)
app.command("check", rich_help_panel=CARE)(setup.check)
app.command("migrate", rich_help_panel=CARE)(setup.migrate)
app.command("schema", rich_help_panel=CARE)(schema.schema)

app.command("parse-feed", rich_help_panel=SCRIPTS, hidden=True)(plumbing.parse_feed)
app.command("extract", rich_help_panel=SCRIPTS, hidden=True)(plumbing.extract)
app.command("match", rich_help_panel=SCRIPTS, hidden=True)(plumbing.match)
app.command("code", rich_help_panel=SCRIPTS, hidden=True)(plumbing.code)
app.command("group", rich_help_panel=SCRIPTS, hidden=True)(plumbing.group)
