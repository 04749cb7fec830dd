"""What people are told when what they were told changes: a correction, a retraction, a deletion.

The words are found when it is decided: later the page may say something else again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from monitor.core.alerts import Reason
from monitor.core.contents import MARKS, TITLE_LIMIT
from monitor.core.knowledge import Notice
from monitor.core.messages import Message
from monitor.core.model import Severity
from monitor.core.revisions import Change, Edit, shown, weight
from monitor.core.strangers import link, quiet, shorten
from monitor.core.text import fold

EDITS_SHOWN = 3  # before and after, the changed figures first; the rest are counted
SAID_LIMIT = 400  # characters of the notice
RULES_SHOWN = 5
GONE = 3  # pages of one outlet gone at once, from which it is rather the site that moved
WORDS = {Reason.CORRECTION: "CORRECTION", Reason.RETRACTION: "RETRACTED", Reason.DELETION: "GONE"}
_REASONS = {Notice.CORRECTION: Reason.CORRECTION, Notice.RETRACTION: Reason.RETRACTION}


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
    gone: str = ""  # what was found instead of the page, and when


def reason_of(notice: Notice) -> Reason:
    """Why people are told of a notice."""
    return _REASONS[notice]


def subject_of(article_or_story: int, reason: Reason, said: str) -> str:
    """What is told once: the same words of an outlet, wherever they stand; or that a page is gone.

    At most 40 characters.
    """
    words = " ".join(fold(said).split())
    digest = sha256(f"{article_or_story} {words}".encode()).hexdigest()[:20]
    return f"{WORDS[reason].lower()}:{digest}"


def is_move(*, gone: int, watched: int) -> bool:
    """Whether so many watched pages of an outlet are gone that its site has moved, or is broken."""
    return gone >= GONE and 2 * gone > watched


def chosen(change: Change) -> tuple[Edit, ...]:
    """The edits of a change beside its notice, those that a message shows first at the front."""
    title = (change.title,) if change.title else ()
    said = " ".join(each.said for each in change.notices)
    others = (e for e in change.edits if e.before or " ".join((e.after or "").split()) not in said)
    return (*title, *sorted(others, key=weight))


def render(found: Correction, *, severity: Severity, rules: Sequence[str]) -> Message:
    """The message; when it is sent, the time is added."""
    headline = quiet(found.told).strip() or "(no headline)"
    title = f"{MARKS[severity]} · {WORDS[found.reason]} · {headline}"
    heading = [headline] if len(title) > TITLE_LIMIT else []
    lines = [
        *heading,
        f"{quiet(found.outlet)}: {found.reason}",
        *([quiet(found.gone)] if found.gone else []),
        *([f"It says: »{_short(found.said, SAID_LIMIT)}«"] if found.said else []),
        *_retitled(found),
        link(found.url) or "(the outlet gave no usable link)",
        *_edits(found.edits),
        *_rules(rules),
    ]
    return Message(shorten(title, limit=TITLE_LIMIT), "\n".join(lines))


def _retitled(found: Correction) -> list[str]:
    if fold(found.told).split() == fold(found.headline).split():
        return []
    return [f"Headline now: {_short(found.headline, TITLE_LIMIT)}"]


def _edits(edits: Sequence[Edit]) -> list[str]:
    lines: list[str] = []
    for each in edits[:EDITS_SHOWN]:
        cut = shown(each)
        before = f"– before: {quiet(cut.before)}" if cut.before else ""
        after = f"– now: {quiet(cut.after)}" if cut.after else "– now: (taken out)"
        lines += ["", *filter(None, [before, after])]
    more = len(edits) - EDITS_SHOWN
    return [*lines, *(["", f"and {more} more changes"] if more > 0 else [])]


def _rules(rules: Sequence[str]) -> list[str]:
    named = list(dict.fromkeys(rules))
    more = f" and {len(named) - RULES_SHOWN} more rules" if len(named) > RULES_SHOWN else ""
    told = "; ".join(quiet(each) for each in named[:RULES_SHOWN])
    return ["", f"You were told of it for: {told}{more}"] if named else []


def _short(text: str, limit: int) -> str:
    return shorten(quiet(text).strip(), limit=limit)
