"""`monitor alerts export`: the record of what was sent to whom, for other programs."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from monitor.cli.exits import Exit, MisuseError
from monitor.cli.options import Config
from monitor.cli.output import emit, rfc3339
from monitor.core.errors import Permanent

MOMENTS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d")
# What makes a spreadsheet compute a text, also in full width; a tab or a line break before it does
# not help.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    "delivery", "code", "kind", "channel", "state", "made", "sent", "failure", "escalates",
    "stands_in_for", "alert", "rule", "rule_version", "rule_hash", "reason", "detail", "severity",
    "decided", "story", "headline", "article", "url", "answered_by", "answered_at", "title", "text",
)  # fmt: skip


class Form(StrEnum):
    """How a record is written."""

    JSONL = "jsonl"
    CSV = "csv"


def export(
    context: typer.Context,
    *,
    form: Annotated[
        Form, typer.Option("--format", help="jsonl: an object a line; csv: with a heading.")
    ] = Form.JSONL,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help='Made since: 30d, or "2026-03-02 14:00" in UTC.')
    ] = "30d",
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Made before: the same.")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only of this rule; may be repeated.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only to this one; may be repeated.")
    ] = None,
    config: Config = None,
) -> None:
    """Write who was sent what, when and by which version of which rule, with the text as sent."""
    from monitor.cli.context import database_of, settings_of
    from monitor.runners.clock import SystemClock
    from monitor.storage import records

    now = SystemClock().now()
    begin, end = moment(since, now=now), None if until is None else moment(until, now=now)
    with database_of(settings_of(context, config)) as database:
        if database is None:
            raise Permanent("there is no database yet: `monitor run` makes one")
        with database.read() as connection:
            rows = records.sent(
                connection, since=begin, until=end, rules=rule or (), channels=channel or ()
            )
            found = (_fields(row) for row in rows)
            wrote = _jsonl(found) if form is Form.JSONL else _csv(found)
    if not wrote:
        raise typer.Exit(Exit.NO)


def moment(written: str, *, now: datetime) -> datetime:
    """A moment as a span back from now, or as a time in UTC."""
    from monitor.cli.backtesting import spanned

    for form in MOMENTS:
        try:
            return datetime.strptime(written.removesuffix(" UTC"), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        return now - spanned(written)
    except MisuseError as error:
        told = f'{error}; or a time in UTC, as in "{now:%Y-%m-%d %H:%M}"'
        raise MisuseError(told) from error


def _fields(row: Any) -> dict[str, Any]:
    from monitor.core.codes import code_of

    values = (
        row.id, code_of(row.id), row.kind, row.channel, row.state, rfc3339(row.created_at),
        rfc3339(row.sent_at), row.failure, row.escalates, row.fallback_of, row.alert_id,
        row.rule_id, row.number, row.rule_version, row.reason, row.detail or None, row.severity,
        rfc3339(row.decided_at), row.story_id, row.headline, row.article_id, row.url,
        row.answered_by, rfc3339(row.answered_at), row.title, row.body,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _jsonl(found: Iterable[dict[str, Any]]) -> int:
    wrote = 0
    for each in found:
        emit(each, indent=None)
        wrote += 1
    return wrote


def _csv(found: Iterable[dict[str, Any]]) -> int:
    import csv

    sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="")  # type: ignore[union-attr]
    out = csv.writer(sys.stdout, quoting=csv.QUOTE_NONNUMERIC)
    out.writerow(COLUMNS)
    wrote = 0
    for each in found:
        out.writerow([harmless(value) for value in each.values()])
        wrote += 1
    return wrote


def harmless(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" \u00a0\ufeff").startswith(FORMULA):
        return f"'{value}"
    return value
