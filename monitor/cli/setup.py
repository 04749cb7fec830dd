"""`monitor init`, `check` and `migrate`: before the watch can run."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import newcomer, unanswered
from monitor.cli.exits import Exit
from monitor.cli.linting import Lint, lint
from monitor.cli.options import Config, Json, directory
from monitor.cli.output import BAD, DOUBT, FAINT, GOOD, count, emit, say
from monitor.config.problems import Whole
from monitor.core.changes import kept_sentence
from monitor.core.errors import Place, Problem, Temporary

if TYPE_CHECKING:
    from monitor.config.load import Configuration

REMARKS_SHOWN = 30  # of `check`; a person mends some and calls it again


def init(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty directory.")],
    *,
    channel_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where alerts go: an address of docs/channels.md."),
    ] = None,
    channel_name: Annotated[str, typer.Option(metavar="NAME", help="Its name.")] = "desk",
    state: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Where the database goes.", show_default="DIR/var"),
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing.")] = False,
) -> None:
    """Make a configuration directory: ask for one channel, and try it."""
    newcomer.refuse_if_taken(target)
    newcomer.refuse_name(channel_name)
    url = newcomer.channel(channel_url, channel_name, ask=not no_input)
    newcomer.write(target, url=url, name=channel_name, state=state)
    say((f"{target} is ready.", GOOD), " Next:")
    for command in ("check", "run", "status"):
        say(f"monitor {command} --config {target}", indent=2)


def check(context: typer.Context, *, as_json: Json = False, config: Config = None) -> None:
    """Check the whole configuration, the examples of the rules and the channels' addresses."""
    from monitor.cli.context import with_vanished
    from monitor.config.problems import ConfigurationError
    from monitor.config.secrets import SecretsFile, outweighed_remarks, read_secrets_file

    found: Configuration | None = None
    base, secrets, told = None, SecretsFile({}), Lint(())
    try:
        base = directory(context, config)
        secrets = read_secrets_file(base)
        found = _as_written(with_vanished(context, base))
    except ConfigurationError as error:
        problems = [*error.problems, *secrets.problems]
    else:
        problems = [*sorted([*found.failed_examples, *_channel_problems(found)]), *secrets.problems]
        told = _remarks(found, mistaken=bool(problems), shown=not as_json)
    remarks = [*told.warnings, *secrets.remarks, *outweighed_remarks(secrets, os.environ)]
    if as_json:
        lists = {"problems": problems, "remarks": remarks}
        fields = {key: list(map(_fields, each)) for key, each in lists.items()}
        emit({"ok": not problems} | fields | {"left_out": told.left_out})
    else:
        _show(problems, BAD)
        _show(remarks[:REMARKS_SHOWN], DOUBT)
        if (more := len(remarks) - REMARKS_SHOWN) > 0:
            say((f"and {count(more, 'more remark')}; --json lists all", FAINT))
        if told.left_out:
            say((told.left_out, FAINT))
    if problems:
        if not as_json:
            say(f"{count(len(problems), 'mistake')} in {base or 'the configuration'}")
        raise typer.Exit(Exit.NO)
    if found is not None and not as_json:
        say((f"config is fine: {_size(found)}", GOOD))


def _as_written(configuration: "Configuration") -> "Configuration":
    """The rules of the files alone, as there is what to mend; `kept` still names the others."""
    written = (rule for rule in configuration.rules if rule.id not in configuration.kept)
    return replace(configuration, rules=tuple(written))


def _show(problems: Iterable[Problem], style: str) -> None:
    for each in problems:
        say((f"{each.place}:", style), f" {each.message}")


def migrate(context: typer.Context, *, config: Config = None) -> None:
    """Bring the database up to date, after a backup of a SQLite file that holds anything."""
    from monitor import app
    from monitor.cli.context import settings_of
    from monitor.cli.presence import running
    from monitor.runners.clock import SystemClock
    from monitor.storage.migrate import pending

    settings = settings_of(context, config)
    database = app.open_database(settings)
    try:
        if not pending(database.reader):
            say("the database is up to date")
            return
        if running(settings.state):
            raise Temporary("a monitor works on this database: stop it first")
        backup = app.bring_up_to_date(database, now=SystemClock().now())
    finally:
        database.close()
    say("the database has been brought up to date")
    if backup is not None:
        say(f"backup: {backup}")


def _fields(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": problem.message,
    }


def _channel_problems(configuration: "Configuration") -> list[Problem]:
    """What the services themselves would refuse, without asking them."""
    from monitor.adapters.services import check_url
    from monitor.config.channels import FILE

    text = configuration.files.get(FILE, "")
    found = []
    for channel in configuration.channels:
        if (problem := check_url(channel.url)) is not None:
            key = re.search(rf"^['\"]?{re.escape(channel.name)}['\"]?\s*:", text, re.MULTILINE)
            line = text.count("\n", 0, key.start()) + 1 if key else 1
            found.append(Problem(Place(FILE, line), f"channel {channel.name}: {problem}"))
    return found


def _remarks(configuration: "Configuration", *, mistaken: bool, shown: bool) -> Lint:
    """What is no mistake; of rules, only while all of them are at work."""
    from monitor.cli.trying import remarks as on_trial
    from monitor.runners.clock import SystemClock

    now = SystemClock().now()
    ended = [*_vanished(configuration), *_ended(configuration, now)]
    ended += on_trial(configuration, now=now)
    if mistaken:
        return Lint(tuple(ended))
    found = lint(configuration, now=now, shown=shown)
    escalating = sorted(unanswered.remarks(configuration))
    return replace(found, warnings=(*ended, *escalating, *found.warnings))


def _vanished(configuration: "Configuration") -> list[Problem]:
    """The rules that match although the files do not hold them."""
    names = list(configuration.kept)
    return [Problem(Whole("rules"), kept_sentence(names))] if names else []


def _ended(configuration: "Configuration", now: datetime) -> list[Problem]:
    """The rules whose last day is over: they load, and match nothing."""
    return [
        Problem(rule.place, f"the rule {rule.id} matches nothing: its last day was {rule.expires}")
        for rule in configuration.rules
        if rule.enabled and rule.ended(now)
    ]


def _size(configuration: "Configuration") -> str:
    parts = {
        "outlet": configuration.outlets,
        "feed": configuration.feeds,
        "rule": configuration.rules,
        "channel": configuration.channels,
    }
    return ", ".join(count(len(items), noun) for noun, items in parts.items())
