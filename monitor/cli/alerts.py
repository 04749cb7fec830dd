"""`monitor alerts`: what was told, why, to whom, and what became of it since."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import answering, exporting, revisions
from monitor.cli.exits import Exit
from monitor.cli.options import SINCE, Config, Json, Since
from monitor.cli.output import BAD, DOUBT, FAINT, GOOD, STRONG, Cell, at, count, emit, say, table
from monitor.core.errors import Permanent

if TYPE_CHECKING:
    from monitor.storage.engine import Database

LIMIT = 50  # alerts listed unless told
MOST = 10_000  # alerts in one answer
HEADLINE = 72  # characters of a story's headline in the list
STATES = {"sent": GOOD, "dead": BAD, "unknown": DOUBT}
SEVERITIES = {"critical": BAD, "high": DOUBT}

group = typer.Typer(help="What was told, and why.", no_args_is_help=True)

answering.add_to(group)
group.command("export")(exporting.export)


@group.command("list")
def show_all(
    context: typer.Context,
    *,
    since: Since = SINCE,
    rule: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only of this rule; may be repeated.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what this channel was told.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = LIMIT,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List the alerts, the newest first: when, for which rule, why, of what, and to whom."""
    from monitor.cli.backtesting import spanned
    from monitor.cli.context import database_of, settings_of
    from monitor.runners.clock import SystemClock
    from monitor.storage import records

    begin = SystemClock().now() - spanned(since)
    found: list[dict[str, Any]] = []
    with database_of(settings_of(context, config)) as database:
        if database is not None:
            with database.read() as connection:
                rows = records.alerts(
                    connection, since=begin, rules=rule or (), channel=channel, limit=limit
                )
                sent = records.deliveries_of(connection, [row.id for row in rows])
            found = [_alert(row, sent[row.id]) for row in rows]
    if as_json:
        emit(found)
    elif found:
        table(
            ("", "when", "severity", "rule", "why", "story", "to"), [_line(each) for each in found]
        )
        more = f": the newest, --limit {2 * limit} shows more" if len(found) == limit else ""
        say((count(len(found), "alert") + more, FAINT))
    else:
        say("nothing was told")
    if not found:
        raise typer.Exit(Exit.NO)


def _alert(row: Any, sent: Sequence[Any]) -> dict[str, Any]:
    return {
        "alert": row.id,
        "decided": row.decided_at,
        "rule": row.rule_id,
        "version": row.number,
        "title": row.rule_title,
        "severity": row.severity,
        "strength": row.strength,
        "reason": row.reason,
        "detail": row.detail or None,
        "story": {"id": row.story_id, "headline": row.headline},
        "article": row.article_id,
        "deliveries": [_delivery(each) for each in sent],
    }


def _delivery(row: Any) -> dict[str, Any]:
    from monitor.core.codes import code_of

    return {
        "delivery": row.id,
        "code": code_of(row.id),
        "channel": row.channel,
        "kind": row.kind,
        "state": row.state,
        "sent": row.sent_at,
        "failure": row.failure,
    }


def _line(found: dict[str, Any]) -> tuple[Cell, ...]:
    sent = found["deliveries"]
    states = {each["state"] for each in sent}
    worst = next(
        (style for state, style in STATES.items() if state in states and style != GOOD), ""
    )
    told = ", ".join(f"{each['channel']} ({each['state']})" for each in sent)
    headline = found["story"]["headline"]
    short = headline if len(headline) <= HEADLINE else f"{headline[: HEADLINE - 1]}…"
    severity = found["severity"] or ""
    return (
        str(found["alert"]),
        at(found["decided"]),
        (severity, SEVERITIES.get(severity, "")),
        found["rule"],
        found["reason"],
        short,
        (told or "nobody", worst),
    )


# --- one alert ------------------------------------------------------------------------------------


@group.command("show")
def show(
    context: typer.Context,
    alert: Annotated[int, typer.Argument(metavar="ALERT", help="Its number, as listed.", min=1)],
    *,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Tell all of one alert: its story, the evidence, the messages as sent, what changed since."""
    from monitor.cli.context import database_of, settings_of

    with database_of(settings_of(context, config)) as database:
        if database is None:
            raise Permanent("there is no database yet: `monitor run` makes one")
        record = _record(database, alert)
    if as_json:
        emit(record)
    else:
        _tell(record)


def _record(database: "Database", number: int) -> dict[str, Any]:
    from monitor.storage import answers, records
    from monitor.storage.revisions import versions

    with database.read() as connection:
        row = records.alert_of(connection, number)
        if row is None:
            raise Permanent(f"no alert has the number {number}; `monitor alerts list` shows them")
        sent = records.deliveries_of(connection, [row.id])[row.id]
        articles = records.articles_of(connection, row)
        kept = versions(connection, [each.id for each in articles])
        corrections = records.corrections_of(connection, row)
        said = answers.every(connection, [row.incident_id] if row.incident_id else [])
        steps = answers.escalations_of(connection, [each.id for each in sent])
    return {
        **_alert(row, []),
        "evidence": row.evidence or [],
        "event": row.event,
        "articles": [
            _article(each, kept[each.id], own=each.id == row.article_id) for each in articles
        ],
        "deliveries": [_delivery(each) | {"text": _text(each)} for each in sent],
        "answers": [_answer(each) for each in said],
        "escalation": [_step(each) for each in steps],
        "corrections": [
            {"alert": each.id, "decided": each.decided_at, "reason": each.reason}
            for each in corrections
        ],
    }


def _answer(row: Any) -> dict[str, Any]:
    return {
        "at": row.heard_at,
        "by": row.who,
        "via": row.via,
        "verb": row.verb,
        "until": row.until,
        "said": row.said,
    }


def _step(row: Any) -> dict[str, Any]:
    return {
        "of": row.of_id,
        "delivery": row.delivery_id,
        "channel": row.channel,
        "planned": row.due,
        "called": row.called,
        "sent": row.sent_at,
        "failure": row.failure,
        "stopped": row.stopped_at,
        "stopped_by": row.stopped_by,
    }


def _text(row: Any) -> str | None:
    """A message as it was sent, or as it is going to be where its words are fixed."""
    return None if row.title is None else f"{row.title}\n{row.body or ''}".rstrip()


def _article(row: Any, kept: Sequence[Any], *, own: bool) -> dict[str, Any]:
    return {
        "article": row.id,
        "told": own,
        "title": row.title,
        "outlet": row.outlet_name,
        "url": row.url,
        "published": row.published_at,
        "seen": row.seen_at,
        "completeness": row.completeness,
        "duplicate_of": row.duplicate_of,
        "watched_until": row.until,
        "looks": row.looks or 0,
        "last_look": row.looked_at,
        "look_failure": row.look_failure,
        "gone": row.deleted_at,
        "revisions": revisions.fields(row, kept),
    }


def _tell(record: dict[str, Any]) -> None:
    version = f" v{record['version']}" if record["version"] else ""
    say((f"{record['alert']}  {record['story']['headline']}", STRONG))
    named = f"{record['rule']}{version} ({record['severity'] or 'match forgotten'})"
    _item("rule", f"{named}: {record['title'] or ''}")
    detail = f": {record['detail']}" if record["detail"] else ""
    _item("told", f"{at(record['decided'])}: {record['reason']}{detail}")
    for each in record["evidence"]:
        _item("evidence", f"»{each['quote']}« in {each['field']}: {each['why']}")
    if record["event"]:
        _item("event", f"{record['event']['type']}: {record['event']['sentence']}")
    for each in record["answers"]:
        until = f" until {at(each['until'])}" if each["until"] else ""
        said = f"{each['verb']}{until} by {each['by']} ({each['via']}): {each['said']}"
        _item("answered", f"{at(each['at'])}: {said}")
    for each in record["escalation"]:
        _item("escalated", _step_words(each))
    for each in record["corrections"]:
        _item("since", f"{at(each['decided'])}: {each['reason']} (alert {each['alert']})", BAD)
    say("")
    say((f"story {record['story']['id']}: {count(len(record['articles']), 'article')}", STRONG))
    for each in record["articles"]:
        _tell_article(each)
    texts: set[str] = set()
    for each in record["deliveries"]:
        _tell_delivery(each, again=each["text"] in texts)
        texts.add(each["text"] or "")


def _step_words(each: dict[str, Any]) -> str:
    channel, called = each["channel"], each["called"]
    why = f": {each['failure']}" if each["failure"] else ""
    if each["sent"] and called != channel:
        return f"{called} was called {at(each['sent'])} in place of {channel}{why}"
    if each["sent"]:
        return f"{channel} was called {at(each['sent'])}"
    if each["stopped"]:
        return f"{channel} was not called: {each['stopped_by']} had it {at(each['stopped'])}"
    if why:
        return f"{channel} has not taken the call{why}"
    return f"{channel}, unless somebody had it by {at(each['planned'])}"


def _tell_article(each: dict[str, Any]) -> None:
    mark = ("▪ ", STRONG) if each["told"] else "  "
    say(mark, f"{each['article']}  {each['title']}")
    copy = f" · copy of article {each['duplicate_of']}" if each["duplicate_of"] else ""
    say(f"{each['outlet']} · seen {at(each['seen'])} · {each['completeness']}{copy}", indent=4)
    if each["url"]:
        say((each["url"], FAINT), indent=4)
    if each["watched_until"]:
        looks = f"read again {count(each['looks'], 'time')}, last {at(each['last_look'])}"
        say((f"{looks}; watched until {at(each['watched_until'])}", FAINT), indent=4)
    if each["gone"]:
        say((f"its page was gone {at(each['gone'])}", BAD), indent=4)
    elif each["look_failure"]:
        say((f"the last look saw nothing: {each['look_failure']}", DOUBT), indent=4)
    revisions.show(each["revisions"], indent=4)


def _tell_delivery(each: dict[str, Any], *, again: bool) -> None:
    """A message with its text; one that another channel got word for word is not repeated."""
    say("")
    when = f" {at(each['sent'])}" if each["sent"] else ""
    style = STATES.get(each["state"], "")
    say(
        (f"{each['kind']} {each['code']} to {each['channel']}: ", STRONG),
        (each["state"], style),
        when,
        (f"  {each['failure']}" if each["failure"] else "", BAD),
    )
    text = "(the same words)" if again else each["text"] or "(not put into words yet)"
    for line in text.split("\n"):
        say(line, indent=4)


def _item(what: str, words: str, style: str = "") -> None:
    say((what.ljust(10), STRONG), (words, style))
