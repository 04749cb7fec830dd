"""`monitor status`: how the watch is doing, at a glance."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.options import Config, Json
from monitor.cli.output import BAD, DOUBT, FAINT, GOOD, STRONG, Cell, at, count, emit, say, table
from monitor.cli.presence import ElsewhereError, elsewhere, running
from monitor.core.changes import kept_sentence

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.core.rules import Rule
    from monitor.storage.engine import Database
    from monitor.storage.health import Health

WORST = 5  # kinds of failure, and rows set aside, that are shown
LOOKED_BACK = timedelta(hours=24)
NOISE_BACK = timedelta(days=30)  # false alarms are rarer than alerts
SOON = timedelta(minutes=10)  # a watch on PostgreSQL that polled within this runs somewhere
GROWTH_AFTER = timedelta(hours=6)  # before that, the first entries of all feeds make up the growth
GB = 1_000_000_000  # bytes
FULL = 50_000_000  # bytes free; below, the next backup or a busy day fails
FAR = 3_650  # days of disk; more is no forecast


def status(context: typer.Context, *, as_json: Json = False, config: Config = None) -> None:
    """Show how the watch is doing."""
    from monitor.cli.context import database_of, settings_of

    settings = settings_of(context, config)
    apart = elsewhere(settings)
    facts: dict[str, Any] = {"running": apart or running(settings.state), "elsewhere": apart}
    facts["problems"], rules = _configured(context, config)
    facts["database"] = False
    if not apart:
        with database_of(settings) as database:
            if database is not None:
                facts |= {"database": True} | _looked_up(database, settings, rules)
    if as_json:
        emit(facts)
    else:
        _show(facts)


def _configured(
    context: typer.Context, config: Path | None
) -> "tuple[list[str], tuple[Rule, ...]]":
    """Mistakes of the configuration, rules held back for failing their examples; the others."""
    from monitor.cli.context import configured
    from monitor.config.problems import ConfigurationError

    try:
        found = configured(context, config)
    except ConfigurationError as error:
        return [str(each) for each in error.problems], ()
    return [str(each) for each in found.failed_examples], found.rules


def _looked_up(
    database: "Database", settings: "Settings", rules: "tuple[Rule, ...]"
) -> dict[str, Any]:
    from monitor.cli.trying import on_trial
    from monitor.core.silences import described
    from monitor.storage import answers, health, holding, silences, versions, views, volumes

    now = datetime.now(UTC)
    since = now - LOOKED_BACK
    with database.read() as connection:
        found: dict[str, Any] = {
            "feeds": _feeds(
                health.feeds(connection, now=now),
                resting=health.hosts_resting(connection, now=now),
            ),
            "last_entry": views.last_seen(connection),
            "last_24_hours": views.counts(connection, since=since),
            "silences": dict(views.silences(connection, since=since)),
            "silenced": [
                {
                    "silence": row.id,
                    "about": described(
                        row.rule_id, row.story_id, row.outlet_id, row.term, headline=row.headline
                    ),
                    "until": row.ends_at,
                    "by": row.who,
                    "reason": row.reason,
                    "kept_back": row.kept,
                }
                for row in silences.listed(connection, now=now)
            ],
            "false_alarms": answers.false_alarms(connection, since=now - NOISE_BACK),
            "counting": volumes.standings(connection),
            "deliveries": [
                {
                    "channel": row.channel,
                    "state": row.state,
                    "count": row.n,
                    "last_sent": row.last_sent_at,
                    "failure": row.failure,
                }
                for row in views.delivery_states(connection)
            ],
            "held": [
                {"channel": row.channel, "why": row.held, "count": row.n, "until": row.until}
                for row in holding.held(connection, now=now)
            ],
            "kept": [
                {"rule": name, "title": title, "why": why.value}
                for name, title, why in versions.kept(connection)
            ],
            "backlog": views.backlog(connection, now=now),
            "set_aside": [
                {"table": name, "row": number, "failure": failure}
                for name, number, failure in views.aside(connection, limit=WORST)
            ],
            "disk": _disk(views.size(connection), views.age(connection, now=now), settings.state),
        }
    found["trials"] = [each.fields() for each in on_trial(database, rules, now=now).values()]
    if database.dialect != "sqlite":
        polled = found["feeds"]["last_poll"]
        found["running"] = polled is not None and now - polled < SOON
    return found


def _feeds(found: "Sequence[Health]", *, resting: list[str]) -> dict[str, Any]:
    from monitor.storage import health

    states = [each.state for each in found]
    return {
        **_counted([each.row for each in found]),
        "states": {each.value: states.count(each) for each in reversed(health.State)},
        "gaps_24_hours": {
            "count": sum(each.gaps for each in found),
            "items_at_most": sum(each.missed for each in found),
        },
        "hosts_resting": resting,
        "network_lost_since": health.network_lost_since(found),
    }


def _counted(every: list[Any]) -> dict[str, Any]:
    failing = [row for row in every if row.failure is not None]
    worst = sorted(failing, key=lambda row: -row.attempts)
    return {
        "in_use": len(every),
        "ok": sum(row.failure is None and row.succeeded_at is not None for row in every),
        "failing": sum(row.succeeded_at is not None for row in failing),
        "never_reached": sum(row.succeeded_at is None for row in failing),
        "not_yet_polled": sum(row.polled_at is None and row.failure is None for row in every),
        "verified": sum(row.succeeded_at is not None for row in every),
        "last_poll": max((row.polled_at for row in every if row.polled_at), default=None),
        "last_answer": max((row.succeeded_at for row in every if row.succeeded_at), default=None),
        "worst": [
            {
                "url": row.url,
                "outlet": row.outlet_name,
                "failures": row.attempts,
                "last_success": row.succeeded_at,
                "failure": row.failure,
            }
            for row in worst
        ],
    }


def _disk(size: int, age: timedelta | None, state: Path) -> dict[str, Any]:
    """Bytes in use and free; days until the disk is full at the growth so far."""
    free = shutil.disk_usage(state).free if state.is_dir() else None
    days = None
    if free is not None and size and age is not None and age >= GROWTH_AFTER:
        days = min(int(free / (size / (age / timedelta(days=1)))), FAR)
    return {"bytes": size, "free_bytes": free, "days_left": days}


# --- for a person ---------------------------------------------------------------------------


def _show(facts: dict[str, Any]) -> None:
    say(("running", GOOD) if facts["running"] else ("not running", DOUBT))
    for problem in facts["problems"]:
        say((f"edit not in force: {problem}", BAD))
    if facts["elsewhere"]:
        say((str(ElsewhereError()), BAD))
        return
    if not facts["database"]:
        say("no database yet: `monitor run` makes one")
        return
    if vanished := [each["rule"] for each in facts["kept"] if each["why"] == "vanished"]:
        say((kept_sentence(vanished), BAD))
    _show_feeds(facts["feeds"])
    done = facts["last_24_hours"]
    say(("last entry ", STRONG), at(facts["last_entry"]))
    say(("last 24 h  ", STRONG), ", ".join(f"{what} {number:,}" for what, number in done.items()))
    for words, number in facts["silences"].items():
        say((f"silent {number:,}: {words}", FAINT), indent=11)
    _show_silenced(facts)
    for each in facts["trials"]:
        would = (
            f"{count(each['matches'], 'match', 'matches')}, would have told {each['would_tell']:,}"
        )
        say(("on trial   ", STRONG), f"{each['rule']} until {at(each['until'])}: {would}")
    for each in facts["counting"]:
        style = DOUBT if each.episode else FAINT
        say((f"{each.rule}: {each.verdict or 'has not looked yet'}", style), indent=11)
    waiting = [f"{what} {number:,}" for what, number in facts["backlog"].items() if number]
    say(("backlog    ", STRONG), ", ".join(waiting) or "none")
    _show_deliveries(facts["deliveries"])
    _show_held(facts["held"])
    if facts["set_aside"]:
        say(("set aside", STRONG))
        for each in facts["set_aside"]:
            say((f"{each['table']} {each['row']}: {each['failure']}", BAD), indent=2)
    _show_disk(facts["disk"])


def _show_silenced(facts: dict[str, Any]) -> None:
    """What people want to hear nothing of, and what they called false alarms."""
    for each in facts["silenced"]:
        about = f"{each['about']} until {at(each['until'])}: {each['reason']} ({each['by']})"
        kept = f"; kept back {each['kept_back']:,}" if each["kept_back"] else ""
        say(("silenced   ", STRONG), (f"{about}{kept}", DOUBT))
    if facts["false_alarms"]:
        worst = sorted(facts["false_alarms"].items(), key=lambda pair: -pair[1])[:WORST]
        told = ", ".join(f"{rule} {number:,}" for rule, number in worst)
        say(("noise 30 d ", STRONG), f"{told}: false alarms, say people")


def _show_feeds(feeds: dict[str, Any]) -> None:
    say(
        ("feeds      ", STRONG),
        f"{feeds['in_use']:,} in use: ",
        (f"{feeds['ok']:,} ok", GOOD),
        f", {feeds['failing']:,} failing, {feeds['never_reached']:,} never succeeded, "
        f"{feeds['not_yet_polled']:,} not yet polled; {feeds['verified']:,} verified",
    )
    _show_health(feeds)
    say(f"last poll {at(feeds['last_poll'])}, last answer {at(feeds['last_answer'])}", indent=11)
    alike: dict[str, list[dict[str, Any]]] = {}
    for each in feeds["worst"]:
        alike.setdefault(each["failure"], []).append(each)
    for failure, same in sorted(alike.items(), key=lambda pair: -len(pair[1]))[:WORST]:
        times, more = count(same[0]["failures"], "time"), len(same) - 1
        others = f" and {count(more, 'other feed')}" if more else ""
        say((failure, BAD), (f"  {times}  {same[0]['url']}{others}", FAINT), indent=11)
    if (left := len(alike) - WORST) > 0:
        say((f"and {count(left, 'other failure')}; --json lists all", FAINT), indent=11)


def _show_health(feeds: dict[str, Any]) -> None:
    """Every state that some feed is in, gaps, resting hosts, and whether it is our own network."""
    states = ", ".join(f"{number:,} {state}" for state, number in feeds["states"].items() if number)
    say(f"states: {states or 'none yet'}; `monitor feeds list` shows each", indent=11)
    gaps = feeds["gaps_24_hours"]
    if gaps["count"]:
        missed = count(gaps["items_at_most"], "item")
        say((f"{count(gaps['count'], 'gap')} in 24 h (up to {missed})", DOUBT), indent=11)
    if resting := feeds["hosts_resting"]:
        named = ", ".join(resting[:WORST]) + (", …" if len(resting) > WORST else "")
        say((f"{count(len(resting), 'host')} resting: {named}", DOUBT), indent=11)
    if since := feeds["network_lost_since"]:
        say((f"our own network is thought down since {at(since)}", BAD), indent=11)


def _show_deliveries(deliveries: list[dict[str, Any]]) -> None:
    if not deliveries:
        say(("deliveries ", STRONG), "none yet")
        return
    rows = [
        (
            each["channel"],
            (each["state"], BAD if each["state"] in {"dead", "unknown"} else ""),
            f"{each['count']:,}",
            at(each["last_sent"]) if each["last_sent"] else "",
            each["failure"] or "",
        )
        for each in deliveries
    ]
    table(("channel", "state", "deliveries", "last sent", "last failure"), rows)


def _show_held(held: list[dict[str, Any]]) -> None:
    for each in held:
        words = f"{each['channel']}: {each['count']:,} held until {at(each['until'])}"
        say((f"{words}, {each['why']}", FAINT), indent=11)


def _show_disk(disk: dict[str, Any]) -> None:
    used, free, days = disk["bytes"], disk["free_bytes"], disk["days_left"]
    cells: list[Cell] = [("disk       ", STRONG), f"{used / 1e6:,.1f} MB"]
    if free is not None:
        cells += [", ", free_space(free)]
    if days is not None:
        left = "ten years or more" if days >= FAR else count(days, "day")
        cells.append(f": {left} at the growth so far")
    say(*cells)


def free_space(free: int) -> Cell:
    """Bytes free on a disk, for a person; in MB where a tenth of a GB would hide what is left."""
    if free >= GB:
        return f"{free / GB:,.1f} GB free"
    words = f"{free / 1e6:,.0f} MB free"
    return (f"FULL, {words}", BAD) if free < FULL else words
