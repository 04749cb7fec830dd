"""`monitor feeds import` and `export`: lists of feeds for and from other readers, as OPML."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import os
import re
import sys
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config, directory
from monitor.cli.output import DOUBT, FAINT, GOOD, count, say, write
from monitor.core.errors import Permanent
from monitor.core.text import clean

if TYPE_CHECKING:
    from monitor.adapters.opml import Subscriptions
    from monitor.config.load import Configuration
    from monitor.core.model import Feed, Outlet

OPENING = """\
Imported from {file} by `monitor feeds import`. Where a comment says "a guess", the list did
not say it: fill in the country (UN: nobody knows), language and tier."""
SHOWN = 10  # lines of a list that the summary names


def export(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A new file; else standard output."),
    ] = None,
    *,
    config: Config = None,
) -> None:
    """Write the configured outlets and feeds as OPML."""
    from monitor.adapters import opml
    from monitor.cli.context import configured
    from monitor.core.model import Access

    configuration = configured(context, config)
    written = opml.write(configuration.outlets, configuration.feeds)
    left_out = sum(each.access != Access() for each in configuration.feeds)
    if file is None:
        sys.stdout.buffer.write(written)
    else:
        _put(file, written)
        say((f"{file} has {_size(configuration.outlets, configuration.feeds)}", GOOD))
    if left_out:
        sys.stderr.write(
            f"left out of {count(left_out, 'feed')}: headers, credentials and proxies\n"
        )


def take_in(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.opml")],
    *,
    into: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", help="A new file; else outlets/ and the list's name."),
    ] = None,
    config: Config = None,
) -> None:
    """Take feeds from an OPML file: write the ones that are new to a new file of outlets."""
    from monitor.cli.context import configured

    configuration, base = configured(context, config), directory(context, config)
    target = _target(into, file, base)
    listed = _read(file)
    fresh, repeated = _fresh(listed, configuration)
    known = {each.id for each in configuration.outlets}
    new = [each for each in fresh if each.outlet not in known]
    outlets = _needed(listed, new, known=known)
    if outlets:
        add_outlets(target, _file(file, outlets, new, listed), configuration, base=base)
        say((f"{target} has {_size(outlets, new)}", GOOD))
    else:
        say("no outlet is new: no file was written")
    _summary(listed, outlets, repeated=repeated)
    paste([each for each in fresh if each.outlet in known])
    if not outlets:
        raise typer.Exit(Exit.NO)


def _needed(
    listed: "Subscriptions", feeds: list["Feed"], *, known: Collection[str]
) -> list["Outlet"]:
    """The new outlets that have new feeds, or have none in the list either."""
    used = {each.outlet for each in feeds}
    with_feeds = {each.outlet for each in listed.feeds}
    wanted = [each for each in listed.outlets if each.id in used or each.id not in with_feeds]
    return [each for each in wanted if each.id not in known]


def _target(into: Path | None, file: Path, base: Path) -> Path:
    if into is None:
        stem = re.sub(r"[^a-z0-9_-]+", "-", file.stem.lower()).strip("-") or "imported"
        into = Path(f"{stem}.yaml")
    if into.suffix != ".yaml":
        raise MisuseError(f"--into {into}: the name of a file of outlets ends in .yaml")
    return base / "outlets" / into if into.parent == Path() else into


def _read(file: Path) -> "Subscriptions":
    from monitor.adapters import opml

    try:
        with file.open("rb") as stream:
            body = stream.read(opml.SIZE_LIMIT + 1)
    except OSError as error:
        raise MisuseError(f"{file} cannot be read: {error.strerror}") from error
    try:
        return opml.read(body)
    except opml.BadOpml as error:
        raise Permanent(f"{file}:{error.line}:{error.column}: {error}") from error


def _fresh(listed: "Subscriptions", configuration: "Configuration") -> tuple[list["Feed"], int]:
    """The feeds whose addresses are not configured yet, each once; how many others there were."""
    from monitor.config.values import same_address

    seen = {same_address(each.url) for each in configuration.feeds}
    fresh: list[Feed] = []
    for each in listed.feeds:
        if (address := same_address(each.url)) not in seen:
            seen.add(address)
            fresh.append(each)
    return fresh, len(listed.feeds) - len(fresh)


def _file(file: Path, outlets: list["Outlet"], feeds: list["Feed"], listed: "Subscriptions") -> str:
    from monitor.config.written import outlet_file

    name = clean(file.name)
    source = f"OPML file {name}"
    feeds = [each if each.source else replace(each, source=source) for each in feeds]
    opening = OPENING.format(file=name)
    return outlet_file(outlets, feeds, opening=opening, fill_in=listed.assumed)


def add_outlets(target: Path, text: str, configuration: "Configuration", *, base: Path) -> None:
    """Put a new file of outlets in place, once the configuration loads with it.

    Raises ConfigurationError with the file's mistakes, and Permanent where it exists already.
    """
    from monitor import app

    name = f"outlets/{target.name}"
    if target.exists() or name in configuration.files:
        raise Permanent(f"{target} exists; nothing was written: name another with --into")
    app.configure_files({**configuration.files, name: text}, base=base)
    _put(target, text.encode())


def _put(target: Path, content: bytes) -> None:
    """Write a new file whole or not at all; one that exists stays."""
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-") as beside:
            beside.write(content)
            beside.flush()
            os.fsync(beside.fileno())
            Path(beside.name).chmod(0o644)
            os.link(beside.name, target)  # unlike a rename, it does not replace
    except FileExistsError as error:
        raise Permanent(f"{target} exists; nothing was written") from error
    except OSError as error:
        raise Permanent(f"{target} cannot be written: {error.strerror}") from error


def _size(outlets: Iterable["Outlet"], feeds: Iterable["Feed"]) -> str:
    return f"{count(len(list(outlets)), 'outlet')} and {count(len(list(feeds)), 'feed')}"


def _summary(listed: "Subscriptions", outlets: list["Outlet"], *, repeated: int) -> None:
    if repeated:
        say(f"skipped: {count(repeated, 'feed')} that you have already, or that stand there twice")
    for line, reason in listed.unusable[:SHOWN]:
        say((f"left out: line {line}: {reason}", DOUBT))
    if (more := len(listed.unusable) - SHOWN) > 0:
        say((f"left out: {count(more, 'other line')} without a usable address", DOUBT))
    guessed = [each for each in outlets if each.id in listed.assumed]
    if guessed:
        words = "UN for the country, en for the language, independent for the tier"
        say(
            (
                f"fill in: {count(len(guessed), 'outlet')} got {words} where the list is silent",
                DOUBT,
            )
        )
    for each in guessed[:SHOWN]:
        say((f"{each.id}: {', '.join(listed.assumed[each.id])}", FAINT), indent=2)
    if (more := len(guessed) - SHOWN) > 0:
        say((f"and {count(more, 'other')}; a comment in the file marks each", FAINT), indent=2)


def paste(feeds: list["Feed"]) -> None:
    """Print the lines of feeds whose outlet exists: a file that a person keeps is not rewritten."""
    from monitor.config.written import feed_lines

    owners = dict.fromkeys(each.outlet for each in feeds)
    for owner in owners:
        say((f"the outlet {owner} exists; add these lines to its feeds:", DOUBT))
        for each in feeds:
            if each.outlet == owner:
                for line in feed_lines(each):
                    write(f"      {line}")
