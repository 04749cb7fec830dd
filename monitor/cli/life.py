"""The life of an article: seen, read, grouped, matched, told or not, and why."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from typing import TYPE_CHECKING, Any

from monitor.cli import revisions
from monitor.cli.output import BAD, STRONG, at, count, say
from monitor.core.errors import Permanent
from monitor.core.urls import is_web

if TYPE_CHECKING:
    from monitor.config.load import Configuration
    from monitor.core.evidence import Explanation
    from monitor.core.rules import Rule


def explained(
    configuration: "Configuration", wanted: str, rule: "Rule"
) -> tuple[dict[str, Any], "Explanation"]:
    """The life of the article with this number or address, and how the rule judges it.

    Raises Permanent where there is no such article, or no database yet.
    """
    from monitor.cli.context import database_of
    from monitor.cli.trying import on_trial
    from monitor.core.matcher import Matcher
    from monitor.runners.clock import SystemClock
    from monitor.storage import views, volumes
    from monitor.storage.articles import outlet_of

    with database_of(configuration.settings) as database:
        if database is None:
            raise Permanent("there is no database yet: `monitor run` makes one")
        with database.read() as connection:
            row = views.find_article(connection, wanted)
            if row is None:
                raise Permanent(
                    f"no article has this number or address: {wanted}{_hint(wanted, rule)}"
                )
            document = views.document_of(row, outlet_of(connection, row.outlet_id))
            life = _life(row, views.life(connection, row))
            life["counts"] = [
                {"rule": name, "at": moment}
                for name, moment in volumes.counted_by(connection, row.id)
            ]
            standings = {each.rule: each for each in volumes.standings(connection)}
            life["counting"] = standings.get(rule.id)
        tried = on_trial(database, [rule], now=SystemClock().now()).get(rule.id)
        life["trial_until"] = tried and tried.until
    return life, Matcher([rule], configuration.knowledge).explain(rule.id, document)


def _hint(wanted: str, rule: "Rule") -> str:
    """How to try a page that the watch has not seen."""
    if not is_web(wanted):
        return ""
    return f"; `monitor rules test {rule.id} --url {wanted}` fetches it"


def _life(row: Any, found: dict[str, Any]) -> dict[str, Any]:
    story = found["story"]
    return {
        "id": row.id,
        "title": row.title,
        "url": row.url,
        "outlet": row.outlet_id,
        "publisher": row.publisher,
        "credit": row.credit,
        "language": row.language,
        "published": row.published_at,
        "published_by": row.published_by,
        "seen": [
            {"at": each.seen_at, "feed": each.url, "origin": each.origin, "failure": each.failure}
            for each in found["entries"]
        ],
        "read": {"at": row.read_at, "completeness": row.completeness, "quality": row.quality},
        "triaged": row.triaged_at,
        "revisions": revisions.fields(row, found["revisions"]),
        "watched": _watched(found["watched"]),
        "duplicate_of": row.duplicate_of,
        "relation": row.relation,
        "relates_to": row.relates_to,
        "containment": row.containment,
        "difference": row.difference,
        "story": story and {"id": story.id, "headline": story.headline},
        "matches": [
            {
                "rule": each.rule_id,
                "version": each.number,
                "strength": each.strength,
                "alerted": each.alert_id is not None,
                "decision": each.decision,
                "would_tell": each.would_tell,
            }
            for each in found["matches"]
        ],
        "deliveries": [
            {
                "rule": each.rule_id,
                "channel": each.channel,
                "kind": each.kind,
                "state": each.state,
                "sent": each.sent_at,
                "failure": each.failure,
            }
            for each in found["deliveries"]
        ],
    }


def _watched(row: Any) -> dict[str, Any] | None:
    """How an article is read again because its story was told."""
    if row is None:
        return None
    return {
        "until": row.until,
        "looks": row.looks,
        "last_look": row.looked_at,
        "gone": row.deleted_at,
        "failure": row.failure,
    }


def show(life: dict[str, Any]) -> None:
    """Print what became of an article."""
    say((f"{life['id']}  {life['title']}", STRONG))
    say(f"{life['outlet']}  {life['url'] or ''}")
    _tell_source(life)
    for each in life["seen"]:
        _line("seen", f"{at(each['at'])} in {each['feed']} ({each['origin']})", each["failure"])
    read = life["read"]
    _line("read", f"{at(read['at'])}: {read['completeness']}, {read['quality']}")
    revisions.show(life["revisions"])
    if (watched := life["watched"]) is not None:
        looks = f"{count(watched['looks'], 'look')}, last {at(watched['last_look'])}"
        said = f"until {at(watched['until'])}: {looks}"
        _line("watched", said, "its page is gone" if watched["gone"] else watched["failure"])
    if life["triaged"] is None:
        _line("triage", "not yet")
    _tell_relation(life)
    if life["story"]:
        _line("story", f"{life['story']['id']}, {life['story']['headline']}")
    _tell_rules(life)
    for each in life["deliveries"]:
        told = f"{each['rule']} to {each['channel']}, {each['kind']}: {each['state']}"
        _line("delivery", told + (f" {at(each['sent'])}" if each["sent"] else ""), each["failure"])
    if life["trial_until"]:
        _line("trial", f"the rule is on trial until {at(life['trial_until'])}")
    say("")


def _tell_relation(life: dict[str, Any]) -> None:
    """Which earlier article it takes up, by how much of the shorter text, and what it says more."""
    if not (life["relates_to"] or life["duplicate_of"]):
        return
    words = f"article {life['relates_to'] or life['duplicate_of']}"
    if life["containment"] is not None:
        words += f", {life['containment']:.0%} of the shorter text"
    if life["difference"]:
        words += f", with {life['difference']}"
    silent = life["relation"] in (None, "copy") and not life["matches"]
    words += ": its rules were not tried again" if silent else ""
    _line(f"{life['relation'] or 'copy'} of", words)


def _tell_rules(life: dict[str, Any]) -> None:
    """What became of each match, and for which rules the article counts."""
    for each in life["matches"]:
        what = "alert" if each["alerted"] else "silence"
        version = f" v{each['version']}" if each["version"] else ""
        would = f"; would have been told: {each['would_tell']}" if each["would_tell"] else ""
        named = f"{each['rule']}{version} ({each['strength']})"
        _line(what, f"{named}: {each['decision']}{would}")
    for each in life["counts"]:
        _line("counts", f"for {each['rule']}, {at(each['at'])}: it tells numbers, no articles")
    if life["triaged"] and not (life["matches"] or life["counts"] or life["duplicate_of"]):
        _line("rules", "none matched when it was triaged")
    if (counting := life["counting"]) is not None:
        looked = f", {at(counting.looked_at)}" if counting.looked_at else ""
        _line("last look", (counting.verdict or "none yet") + looked)


def _tell_source(life: dict[str, Any]) -> None:
    """Who published and who wrote it, where that is not the outlet, and when."""
    for name in ("publisher", "credit"):
        if life[name]:
            _line(name, life[name])
    if life["published"]:
        said = f", as the {life['published_by']} says" if life["published_by"] else ""
        _line("published", at(life["published"]) + said)


def _line(what: str, words: str, failure: str | None = None) -> None:
    say((what.ljust(10), STRONG), words, (f"  {failure}" if failure else "", BAD))
