"""Canaries: an invented article that shows that the whole chain works, and what is said of it.

It tells of a bird that no desk watches, and a rule of its own matches it, so nothing that is
configured can tell it or hold it back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from monitor.core.errors import Place
from monitor.core.model import RuleId, Severity
from monitor.core.rules import AllOf, Rule
from monitor.core.terms import parse_term
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH

FEED = "canary:"  # the address of its feed, which nobody polls
OUTLET = "canary:"  # no id that a configuration may use

RULE = Rule(
    id=RuleId("canary"),
    title="Canary",
    condition=AllOf((parse_term("yellow canary"), parse_term("reached the newsroom"))),
    version="1",
    place=Place("canary"),
    severity=Severity.LOW,
)

_LEAD = "A yellow canary reached the newsroom this hour, number {number} of those that set out."
_PAGE = """<html lang="en"><head><title>{title}</title></head><body><article><h1>{title}</h1>
<p>{lead} It was invented by the program that watches the news, and tells of nothing that happened
in the world.</p>
<p>The bird travels from the list of a feed to the reader of pages, is matched by a rule of its own,
and ends as a message on one channel. On the way it is seen by each part that real news pass, so its
arrival proves that all of them are at work.</p>
<p>Where it does not arrive in time, people hear through another channel how far it came. Nobody
needs to do anything about a bird that is here.</p></article></body></html>"""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often a canary sets out, and how long it may take."""

    every: timedelta
    within: timedelta


@dataclass(frozen=True, slots=True)
class Invented:
    """What its outlet would serve: the document of its feed, and its page."""

    document: bytes
    page: bytes


def invent(number: int, *, at: datetime) -> Invented:
    """The article of one canary."""
    title = f"Canary {number} reached the newsroom"
    lead = _LEAD.format(number=number)
    item = (
        f"<item><title>{title}</title><guid>{number}</guid><description>{lead}</description>"
        f"<pubDate>{format_datetime(at)}</pubDate></item>"
    )
    feed = f'<rss version="2.0"><channel><title>Canary</title>{item}</channel></rss>'
    return Invented(feed.encode(), _PAGE.format(title=title, lead=lead).encode())


@dataclass(frozen=True, slots=True)
class Journey:
    """When a canary set out and how far it has come; None: not there yet.

    `sent_at` are its messages by channel. `failure` is what is known of why it does not go on.
    """

    number: int
    begun_at: datetime
    wanted_by: datetime
    listed_at: datetime | None = None
    read_at: datetime | None = None
    judged_at: datetime | None = None
    sent_at: tuple[tuple[str, datetime | None], ...] = ()
    failure: str = ""

    @property
    def stages(self) -> tuple[tuple[str, datetime | None], ...]:
        """Each stage with the moment at which it was passed, in order."""
        return (
            ("listed", self.listed_at),
            ("read", self.read_at),
            ("judged", self.judged_at),
            *((f"sent to {channel}", at) for channel, at in self.sent_at),
        )

    @property
    def arrived(self) -> bool:
        """Whether every canary channel has taken it."""
        return bool(self.sent_at) and all(at is not None for _, at in self.sent_at)

    @property
    def missing(self) -> tuple[str, ...]:
        """The channels that have not taken it."""
        return tuple(channel for channel, at in self.sent_at if at is None)


def told(journey: Journey, *, judged_at: datetime, words: Wording = ENGLISH) -> str:
    """The words of the message that arrives."""
    passed = (*journey.stages[:2], ("judged", judged_at))
    way = ", ".join(
        words.canary_stages[name].format(seconds(at - journey.begun_at, words))
        for name, at in passed
        if at
    )
    said = words.canary_told.format(journey.number, f"{journey.begun_at:%H:%M:%S}", way)
    return f"{said}\n{words.canary_invented}"


def missed(journey: Journey, words: Wording = ENGLISH) -> tuple[str, str]:
    """Title and body for people whom no canary reached."""
    why = f" ({journey.failure})" if journey.failure else ""
    stuck = next((name for name, at in journey.stages[:3] if at is None), None)
    if stuck is not None:
        how_far, advice = f"{words.canary_stuck[stuck]}{why}", words.canary_stuck_advice
    else:
        how_far = words.canary_untaken.format(", ".join(journey.missing), why)
        advice = words.canary_untaken_advice
    said = words.canary_missing.format(_begun(journey, words), how_far)
    return words.canary_missed, f"{said}.\n{advice}"


def back(journey: Journey, words: Wording = ENGLISH) -> tuple[str, str]:
    """Title and body for people who heard that one was missing."""
    return words.canary_back, words.canary_came.format(_begun(journey, words))


def _begun(journey: Journey, words: Wording) -> str:
    return f"{words.dated(journey.begun_at)}:{journey.begun_at:%S}"


def seconds(span: timedelta, words: Wording = ENGLISH) -> str:
    """`0.31 s`."""
    return f"{span.total_seconds():.2f} s".replace(".", words.decimal)
