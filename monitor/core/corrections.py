"""What people are told when what they were told changes: a correction, a retraction, a deletion.

The words are found when it is decided: later the page may say something else again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from monitor.core.alerts import Reason
from monitor.core.contents import TITLE_LIMIT
from monitor.core.knowledge import Notice
from monitor.core.messages import Message
from monitor.core.model import Severity
from monitor.core.revisions import Change, Edit, shown, weight
from monitor.core.strangers import link, quiet, shorten
from monitor.core.text import fold
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH

EDITS_SHOWN = 3  # before and after, the changed figures first; the rest are counted
SAID_LIMIT = 400  # characters of the notice
RULES_SHOWN = 5
GONE = 3  # pages of one outlet gone at once, from which it is rather the site that moved
_REASONS = {Notice.CORRECTION: Reason.CORRECTION, Notice.RETRACTION: Reason.RETRACTION}


@dataclass(frozen=True, slots=True)
class Gone:
    """When a page was looked for and not found: first, and again."""

    since: datetime
    again: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What became of an article that people were told of.

    `told`: the headline under which they were; `headline` and `url` are those of the article that
    says so, which may be another one. `said` is the outlet's own notice, if there is one.
    """

    reason: Reason
    told: str
    headline: str
    outlet: str
    url: str | None
    said: str | None = None
    edits: tuple[Edit, ...] = ()
    gone: Gone | None = None


def reason_of(notice: Notice) -> Reason:
    """Why people are told of a notice."""
    return _REASONS[notice]


def subject_of(article_or_story: int, reason: Reason, said: str) -> str:
    """What is told once: the same words of an outlet, wherever they stand; or that a page is gone.

    At most 40 characters.
    """
    words = " ".join(fold(said).split())
    digest = sha256(f"{article_or_story} {words}".encode()).hexdigest()[:20]
    return f"{ENGLISH.corrected[reason].lower()}:{digest}"


def is_move(*, gone: int, watched: int) -> bool:
    """Whether so many watched pages of an outlet are gone that its site has moved, or is broken."""
    return gone >= GONE and 2 * gone > watched


def chosen(change: Change) -> tuple[Edit, ...]:
    """The edits of a change beside its notice, those that a message shows first at the front."""
    title = (change.title,) if change.title else ()
    said = " ".join(each.said for each in change.notices)
    others = (e for e in change.edits if e.before or " ".join((e.after or "").split()) not in said)
    return (*title, *sorted(others, key=weight))


def render(
    found: Correction, *, severity: Severity, rules: Sequence[str], words: Wording = ENGLISH
) -> Message:
    """The message; when it is sent, the time is added."""
    headline = quiet(found.told).strip() or words.no_headline
    title = f"{words.marks[severity]} · {words.corrected[found.reason]} · {headline}"
    said = _short(found.said, SAID_LIMIT) if found.said else ""
    lines = [
        *([headline] if len(title) > TITLE_LIMIT else []),
        f"{quiet(found.outlet)}: {words.reasons[found.reason]}",
        *([_gone(found.gone, words)] if found.gone else []),
        *([words.it_says.format(said)] if said else []),
        *_retitled(found, words),
        link(found.url) or words.no_link,
        *_edits(found.edits, words),
        *_rules(rules, words),
    ]
    return Message(shorten(title, limit=TITLE_LIMIT), "\n".join(lines))


def _gone(gone: Gone, words: Wording) -> str:
    since = f"{words.day(gone.since)} {gone.since:%H:%M}"
    return words.page_gone.format(since, f"{gone.again:%H:%M}")


def _retitled(found: Correction, words: Wording) -> list[str]:
    if fold(found.told).split() == fold(found.headline).split():
        return []
    return [words.headline_now.format(_short(found.headline, TITLE_LIMIT))]


def _edits(edits: Sequence[Edit], words: Wording) -> list[str]:
    lines: list[str] = []
    for each in edits[:EDITS_SHOWN]:
        cut = shown(each)
        before = f"– {words.before.format(quiet(cut.before))}" if cut.before else ""
        after = quiet(cut.after) if cut.after else words.taken_out
        lines += ["", *filter(None, [before, f"– {words.now.format(after)}"])]
    more = len(edits) - EDITS_SHOWN
    return [*lines, *(["", words.plural(words.more_changes, more)] if more > 0 else [])]


def _rules(rules: Sequence[str], words: Wording) -> list[str]:
    named = list(dict.fromkeys(rules))
    more = len(named) - RULES_SHOWN
    told = "; ".join(quiet(each) for each in named[:RULES_SHOWN])
    left = f" {words.plural(words.more_rules, more)}" if more > 0 else ""
    return ["", words.told_for.format(f"{told}{left}")] if named else []


def _short(text: str, limit: int) -> str:
    return shorten(quiet(text).strip(), limit=limit)
