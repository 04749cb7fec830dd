"""A small invented knowledge for the tests of the event coder: Norland and Sudania."""

from collections.abc import Iterable, Mapping
from datetime import date

from monitor.core.events import Coder
from monitor.core.knowledge import (
    Actor,
    ActorId,
    Binding,
    CueGroup,
    Event,
    EventType,
    Knowledge,
    Modifier,
    ModifierId,
    Name,
    Office,
    Status,
    TypeId,
)
from monitor.core.model import Document
from monitor.core.rules import Term
from monitor.core.terms import parse_term


def terms(written: str) -> tuple[Term, ...]:
    """Terms parted by commas."""
    return tuple(parse_term(each) for each in written.split(",") if each.strip())


def names(written: str, since: date | None = None, until: date | None = None) -> tuple[Name, ...]:
    return tuple(Name(term, since, until) for term in terms(written))


def actor(
    id_: str,
    named: str | Iterable[Name],
    *,
    adjectives: str = "",
    moves: bool = True,
    reports: bool = False,
    country: str | None = None,
) -> Actor:
    return Actor(
        ActorId(id_),
        id_,
        names(named) if isinstance(named, str) else tuple(named),
        terms(adjectives),
        ActorId(f"{id_}.government") if adjectives else None,
        moves,
        reports,
        country,
    )


ACTORS = (
    actor(
        "norland",
        "Norland, Norlandia, Norburg",
        adjectives="Norlandic, norlandés, norlandesa",
        country="NO",
    ),
    actor(
        "norland.government",
        (
            *names("Olsen, Astrid Olsen", since=date(2024, 5, 1)),
            *names("Berg", until=date(2024, 4, 30)),
            *names("Ministry of War"),
        ),
    ),
    actor("norland.opposition", "Machado, Norlandic Front"),
    actor(
        "sudania", "Sudania, Sudabad", adjectives="Sudanian, Sudanians, sudanio, sudania republic"
    ),
    actor("sudania.government", "Karim, Omar Karim"),
    actor("westmark", "Westmark", adjectives="Westmarkian"),
    actor("tankers", "tanker, tankers, petrolero, Blue Whale", moves=False),
    actor("marines", "marines"),
    actor("strait", "Strait of Ems, estrecho de Ems", moves=False),
    actor("press", "Daily Bell, Evening Horn", moves=False, reports=True),
)
OFFICES = (
    Office(
        "government",
        terms("president, presidente, presidenta, minister of war, navy, officials"),
        alone=terms("foreign minister, canciller"),
    ),
    Office("opposition", terms("opposition, oposición, former president")),
    Office("oil", terms("oil, petróleo"), moves=False),
)
BINDINGS = {
    Binding.AGENT: "by, por",
    Binding.OF: "of, de, del",
    Binding.TOWARD: "against, contra",
    Binding.WITH: "with, con",
    Binding.TOPIC: "about, on, sobre",
    Binding.PLACE: "in, off, en",
    Binding.PASSIVE: "was, were, is, fue, fueron",
    Binding.AND: "and, y",
    Binding.THAT: "that, que",
    Binding.BREAK: "as, while, but, mientras, cuando, pero",
    Binding.AFTERMATH: "victims, damage, víctimas, daños",
    Binding.TIME: "after, since, tras, desde",
    Binding.SAYS: "says, said, claims, dice, dijo, afirma",
    Binding.DENIES: "denies, desmiente",
    Binding.REACTS: "condemns, condena",
    Binding.ACCORDING: "according to, según",
    Binding.NOT: "not, no, never",
    Binding.OWN: "we, we'll, hemos",
}
MODIFIERS = (
    ("offers", "offers, ready for, ofrece", None, False),
    ("refuses", "refuses, rejects, rechaza", Status.DENIED, True),
    ("lifts", "lift, lifts, lifted, levanta", None, True),
    ("may", "may, could, podría", Status.HYPOTHETICAL, False),
    ("plans", "plans, planned, planea", Status.PLANNED, False),
    ("alleged", "alleged, presunto, sources", Status.UNCONFIRMED, False),
    ("denied", "no evidence of", Status.DENIED, False),
)
TYPES = (
    EventType(
        TypeId("strike"),
        "an attack",
        "force",
        (
            CueGroup(
                terms(
                    "strike, strikes, struck, bombs, bombed, attack, attacked, ataque, ataca, "
                    "atacamos, atacado"
                ),
                place=True,
            ),
            CueGroup(terms("bombardeará, bombardeado"), place=True),
            CueGroup(terms("explosion, explosión"), place=True, needs_source=True),
            CueGroup(
                terms("hits, golpea"),
                place=True,
                beside=terms("missile*, misil*"),
                unless=terms("market*"),
            ),
        ),
        traps=terms("strike deal, heart attack, hunger strike"),
        by=(ActorId("norland"), ActorId("sudania")),
    ),
    EventType(
        TypeId("raid"),
        "a raid",
        "force",
        (
            CueGroup(terms("capture, captura"), place=True, of_target=True),
            CueGroup(terms("capitulates"), target_before=True),
            CueGroup(terms("marines"), place=True),
        ),
    ),
    EventType(
        TypeId("seizure"),
        "a seizure",
        "force",
        (CueGroup(terms("seizes, seized, seize, incauta, incautado"), place=True),),
    ),
    EventType(
        TypeId("talks"),
        "talks",
        "dialogue",
        (
            CueGroup(terms("talks, meets, met, call, diálogo, reúne")),
            CueGroup(terms("due in, esperado en"), place=True, status=Status.PLANNED),
            CueGroup(terms("deal, acuerdo"), joined=True),
        ),
        becomes={
            ModifierId("offers"): TypeId("dialogue_offer"),
            ModifierId("refuses"): TypeId("dialogue_refused"),
        },
        two_parties=True,
    ),
    EventType(
        TypeId("dialogue_offer"),
        "an offer",
        "dialogue",
        (CueGroup(terms("olive branch to, says yes to")),),
        two_parties=True,
        said=True,
    ),
    EventType(TypeId("dialogue_refused"), "a refusal", "dialogue", two_parties=True, said=True),
    EventType(
        TypeId("sanctions"),
        "sanctions",
        "sanctions",
        (CueGroup(terms("sanctions, sanciones"), place=True),),
        becomes={ModifierId("lifts"): TypeId("sanctions_eased")},
        concerns=True,
        by=(ActorId("norland"),),
    ),
    EventType(TypeId("sanctions_eased"), "sanctions eased", "sanctions", concerns=True),
)


def knowledge(bindings: Mapping[Binding, str] = BINDINGS) -> Knowledge:
    return Knowledge(
        ACTORS,
        OFFICES,
        (
            *(
                Modifier(ModifierId(id_), terms(words), status, behind)
                for id_, words, status, behind in MODIFIERS
            ),
            Modifier(ModifierId("about_to"), terms("to"), Status.PLANNED, within=2, first=True),
            Modifier(
                ModifierId("goes_on"),
                terms("docks, zarpa"),
                Status.PAST_REFERENCE,
                behind=True,
                suffered=True,
            ),
            Modifier(ModifierId("looks"), terms("over, despite"), Status.PAST_REFERENCE, within=3),
        ),
        TYPES,
        {binding: terms(words) for binding, words in bindings.items()},
        planned_endings=("rá", "rán"),
        hypothetical_endings=("aría",),
        suffered_endings=("ed", "ado", "struck"),
        own_endings=("amos",),
        places={
            "sudabad": terms("Sudabad"),
            "strait": terms("Strait of Ems"),
            "lakes": terms("Lakes"),
        },
        another=terms("another, second, otro"),
        witnesses=terms("witnesses, testigos"),
        uncounted=terms("takeaways, years, aged, de enero"),
    )


CODER = Coder(knowledge())
DAY = date(2026, 3, 2)


def events(
    title: str,
    lead: str | None = None,
    text: str | None = None,
    *,
    day: date | None = DAY,
    country: str | None = None,
) -> list[Event]:
    """What a small article tells."""
    return CODER.code(Document(title, lead, text, country=country), day=day)


def told(title: str, lead: str | None = None, *, day: date | None = DAY) -> list[str]:
    """The same as "type: source > target", with the speaker and status unless plainly asserted."""
    return [shown(event) for event in events(title, lead, day=day)]


def shown(event: Event) -> str:
    line = f"{event.type}: {event.source or '-'} > {event.target or '-'}"
    if event.status is not Status.ASSERTED:
        line += f" ({event.status}{', revisited' * event.revisited})"
    return f"{line} by {event.speaker}" if event.speaker else line
