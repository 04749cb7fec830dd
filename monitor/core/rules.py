"""What a watch rule is, once the loader has understood it. docs/rules.md is the language."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import chain
from typing import TypeVar

from monitor.core.errors import Place
from monitor.core.hours import RuleHours
from monitor.core.model import ChannelName, Document, RuleId, Severity, Step


class Scope(StrEnum):
    """A part of an article that `in:` may name. The lead is a view: summary, else the opening."""

    TITLE = "title"
    LEAD = "lead"
    BODY = "body"
    SECTION = "section"
    AUTHOR = "author"
    URL = "url"


class Unit(StrEnum):
    """What `near` may span besides a number of words."""

    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


@dataclass(frozen=True, slots=True)
class Word:
    """One token of a term: folded unless `exact`; `*` and `?` are wildcards in `pattern`.

    `inflected`: any form with the same Snowball stem in the language of the article.
    """

    pattern: str
    exact: bool = False
    inflected: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase as `written`; `list_name` says through which list it came, without `$`."""

    words: tuple[Word, ...]
    written: str
    list_name: str | None = None

    @property
    def name(self) -> str:
        """How a person knows it: the list that it came through, else itself."""
        return self.written if self.list_name is None else f"${self.list_name}"

    def __hash__(self) -> int:
        """Terms stand in many sets while rules are compiled; what is written decides the words."""
        return hash((self.written, self.list_name))


@dataclass(frozen=True, slots=True)
class Regex:
    """An RE2 pattern, tried on the text of each field as it is written, without regard to case."""

    pattern: str


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """True where no part holds. Looks at title and lead unless an inner or outer `in` differs."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Near:
    """One term of each group, close together in one field."""

    groups: tuple[tuple[Term, ...], ...]
    within: int | Unit = 10  # an int is the most words that may stand between neighbours
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`n` different ones of the parts hold; a list among them counts each of its terms."""

    n: int
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """One term, or one of a list's, occurs `times` times in all fields together.

    What opens both summary and text counts once.
    """

    terms: tuple[Term, ...]
    times: int


@dataclass(frozen=True, slots=True)
class Ignoring:
    """Words that belong to an occurrence of one of `phrases` are not there for `part`."""

    phrases: tuple[Term, ...]
    part: "Condition"


@dataclass(frozen=True, slots=True)
class Boost:
    """So many points if the part holds; they may be negative."""

    part: "Condition"
    points: int


@dataclass(frozen=True, slots=True)
class Scored:
    """The points of all boosts that hold reach `least`."""

    least: int
    boosts: tuple[Boost, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """Narrows `part` to some scopes; an inner Within replaces an outer one."""

    scopes: frozenset[Scope]
    part: "Condition"


@dataclass(frozen=True, slots=True)
class From:
    """Narrows by source; an empty tuple allows all. Languages compare by primary subtag."""

    outlets: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event that the coder found, of one of the types or families; docs/rules.md says how.

    An empty tuple allows all. Actors compare by dotted prefix, UNKNOWN is one that the sentence
    does not name. `between`: two actors, one the source and one the target. `speakers` are actors,
    or names as written, without regard to case and accents.
    """

    types: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()


UNKNOWN = "unknown"  # stands for an actor that a sentence does not name

Condition = (
    Term
    | Regex
    | AllOf
    | AnyOf
    | NoneOf
    | Near
    | AtLeast
    | Repeat
    | Ignoring
    | Scored
    | Within
    | From
    | Happening
)


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that a condition is made of, also what must not hold; terms have none."""
    match condition:
        case AllOf(parts) | AnyOf(parts) | NoneOf(parts) | AtLeast(_, parts):
            return parts
        case Within(_, part) | Ignoring(_, part):
            return (part,)
        case Scored(_, boosts):
            return tuple(boost.part for boost in boosts)
        case Term() | Regex() | Near() | Repeat() | From() | Happening():
            return ()


def own_terms(condition: Condition) -> tuple[Term, ...]:
    """The terms that a condition names itself, as they are written: not those of its parts."""
    match condition:
        case Term():
            return (condition,)
        case Near(groups):
            return tuple(chain.from_iterable(groups))
        case Repeat(terms):
            return terms
        case Ignoring(phrases):
            return phrases
        case _:
            return ()


def all_in(condition: Condition) -> Iterator[Condition]:
    """The condition and every one in it, in the order of the rule."""
    yield condition
    for part in parts_of(condition):
        yield from all_in(part)


def has_events(condition: Condition) -> bool:
    """Whether it takes the event coder to try it."""
    return any(isinstance(each, Happening) for each in all_in(condition))


def terms_of(condition: Condition) -> Iterator[Term]:
    """Every term in the condition, also what must not be there and what is ignored."""
    return chain.from_iterable(map(own_terms, all_in(condition)))


_One = TypeVar("_One", bound=Condition)


def different(parts: Iterable[_One]) -> list[_One]:
    """Each part once; a term is the same if its words are, whatever list it came through."""
    found: dict[object, _One] = {}
    for part in parts:
        found.setdefault(part.words if isinstance(part, Term) else part, part)
    return list(found.values())


class OncePer(StrEnum):
    """What a rule tells once; without events an incident is a story."""

    ARTICLE = "article"
    STORY = "story"
    INCIDENT = "incident"


class WeakPolicy(StrEnum):
    """What a weak match does by itself."""

    ALERT = "alert"
    DIGEST = "digest"
    LOG = "log"


class Update(StrEnum):
    """What is new about an incident that people know of; `update_on` says what they hear."""

    ESCALATION = "escalation"  # more urgent, or another type of event
    NEW_SPEAKER = "new_speaker"
    NEW_NUMBER = "new_number"
    CONFIRMATION = "confirmation"
    DENIAL = "denial"
    CORRECTION = "correction"
    RETRACTION = "retraction"  # or taken down
    DEVELOPMENT = "development"  # a story of its own: it may be another event


USUAL_UPDATES = frozenset(Update) - {Update.NEW_SPEAKER, Update.NEW_NUMBER}
WINDOW = timedelta(hours=12)  # how long follow-ups join an incident, unless the rule says


@dataclass(frozen=True, slots=True)
class Example:
    """A text that must match the rule, or must stay silent."""

    document: Document
    matches: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Case:
    """How urgent a match is where the condition holds too; without one it always is."""

    severity: Severity
    condition: Condition | None = None


class Counted(StrEnum):
    """What a volume rule counts. Copies of one agency, or of one article, count once."""

    ARTICLES = "articles"
    STORIES = "stories"
    OUTLETS = "outlets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How many must come in a `window`: a spike has `at_least`, a silence `at_most`.

    `ratio`: so many times what is usual at this weekday and hour, by the weeks of the `baseline`.
    `outlets`: only these can bring what is counted; empty means all.
    """

    window: timedelta
    unit: Counted
    at_least: int | None = None
    at_most: int | None = None
    ratio: float | None = None
    baseline: timedelta | None = None
    outlets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathering:
    """What a rule tells is collected: in a digest of its own, so long after the first of it.

    Without `every` in that of the channel. At most `max_items` stories are listed.
    """

    every: timedelta | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What an analyst watches for. `version` hashes the rule and the lists it reaches.

    With a `volume`, an article that satisfies the condition is told by nobody: it is counted.

    The first of the `cases` that holds decides how urgent a match is, `severity` if none does.
    `expires` is the last day on which it matches, in UTC; so long as it is on `trial`, from when
    it first came into force with one, it tells nobody.
    Follow-ups of another story join an incident for a `window`; of `updates` people hear, and once
    when so many independent `outlets` carry it. Nothing is told before so many `sources` stand
    behind it. With a `digest`, only what is critical is told at once.
    The steps of `escalation` follow what nobody acknowledges, instead of its channels'. In the
    hours of `quiet` what it tells waits, or comes although its channel is quiet.
    """

    id: RuleId
    title: str
    condition: Condition
    version: str
    place: Place
    severity: Severity = Severity.NORMAL
    once_per: OncePer = OncePer.INCIDENT
    weak: WeakPolicy = WeakPolicy.DIGEST
    channels: tuple[ChannelName, ...] = ()  # empty: the default channels
    enabled: bool = True
    examples: tuple[Example, ...] = field(default=(), compare=False)
    cases: tuple[Case, ...] = ()
    expires: date | None = None
    volume: Volume | None = None
    trial: timedelta | None = None
    window: timedelta = WINDOW
    updates: frozenset[Update] = USUAL_UPDATES
    outlets: int | None = None
    sources: int = 1
    digest: Gathering | None = None
    escalation: tuple[Step, ...] = ()
    quiet: tuple[RuleHours, ...] = ()

    def trial_ends(self, began: datetime | None) -> datetime | None:
        """When a trial that began then is over, with the rule's last day at the latest.

        None if the rule has none, or had ended before. `began` is aware.
        """
        if self.trial is None or began is None:
            return None
        ends = began + self.trial
        if self.expires is None or ends.astimezone(UTC).date() <= self.expires:
            return ends
        ends = datetime.combine(self.expires + timedelta(days=1), time(), UTC)
        return ends if began < ends else None

    def ended(self, now: datetime) -> bool:
        """Whether its last day is over; `now` is aware."""
        return self.expires is not None and now.astimezone(UTC).date() > self.expires
