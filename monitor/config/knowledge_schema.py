"""The JSON Schema of knowledge files: what the event coder knows."""

from monitor.config import actors, event_types, knowledge, shapes
from monitor.config.rule_schema import LISTS
from monitor.config.shapes import Shape, known
from monitor.config.values import ACTOR_ID, ID, LIST_NAME
from monitor.core.knowledge import MODIFIER_REACH, Binding, Notice, Status
from monitor.core.model import Language

_PLAIN = LIST_NAME.pattern
_TERM = shapes.matching(
    "A word, a phrase, word*, =Exact, $list or $actor:id.",
    rf"^(?![\s\S]*~)(?:{shapes.TERM})",
    told="A term is words, a phrase, $list or $actor:id; ~ and regex: are for rules.",
    type=[*shapes.SCALAR],
)


def _words(description: str) -> Shape:
    return shapes.several(description, _TERM)


def _actor_id(description: str) -> Shape:
    return shapes.matching(
        description,
        f"^{ACTOR_ID.pattern}$",
        told="Lower-case letters, digits and _, with a dot before each part.",
    )


def _type_id(description: str) -> Shape:
    return shapes.matching(description, f"^{_PLAIN}$", told="Lower-case letters, digits and _.")


def knowledge_files() -> Shape:
    """The schema of a knowledge file, without its heading."""
    keys = {
        "version": shapes.version(),
        "lists": LISTS,
        "actors": shapes.named("Who acts and is acted on.", _actor(), pattern=ACTOR_ID.pattern),
        "offices": shapes.named(
            "Words that with a country name one of its parts.", _office(), pattern=ACTOR_ID.pattern
        ),
        "bindings": shapes.mapping(
            "The small words that bind actors to what happens.",
            {binding.value: _words("Small words of this kind.") for binding in Binding},
        ),
        "planned_endings": _endings("Endings of verbs that tell of the future."),
        "hypothetical_endings": _endings("Endings of verbs that tell what would be."),
        "suffered_endings": _endings("Endings of what is suffered, as in was seized."),
        "own_endings": _endings("Endings of verbs that tell of one's own deeds: atacamos."),
        "modifiers": shapes.named("What changes an event.", _modifier(), pattern=_PLAIN),
        "types": shapes.named("What happens.", _type(), pattern=_PLAIN),
        "meanings": shapes.several(
            "Words that mean the same, in any language.", _words("One meaning.")
        ),
        "places": shapes.named(
            "Places that tell one event from another.", _words("Its names."), pattern=_PLAIN
        ),
        "another": _words("Beside an event: it is not the one that was told before."),
        "witnesses": _words("Who or what saw it."),
        "uncounted": _words("Words beside which a figure counts nothing of an event."),
        "notices": shapes.mapping(
            "What outlets say of their own articles.",
            {kind.value: _notice() for kind in Notice},
        ),
    }
    return shapes.mapping(
        "Lists of terms, and what the event coder knows; docs/knowledge.md explains the keys.",
        known(knowledge.KEYS, keys),
    )


def _notice() -> Shape:
    keys = {
        "opening": _words("Words that open a headline or a paragraph, with a stop behind them."),
        "anywhere": _words("Words that speak of the article wherever they stand."),
    }
    found = shapes.mapping("The words of a notice.", known(knowledge.NOTICE_KEYS, keys))
    return found | {"minProperties": 1}


def _endings(description: str) -> Shape:
    ending = shapes.matching("Letters.", r"^[^\W\d_A-Z]+$", told="Lower-case letters alone.")
    return shapes.several(description, ending)


def _actor() -> Shape:
    dated = shapes.mapping(
        "Names that age.",
        known(
            actors.NAMES_KEYS,
            {
                "names": _words("The names."),
                "since": shapes.date("The first day on which they mean this actor."),
                "until": shapes.date("The last such day."),
            },
        ),
        required=("names",),
    )
    names = {
        "description": "A name, several, or some with dates.",
        "anyOf": [_TERM, _words("Names."), dated],
    }
    keys = {
        "title": shapes.text("As it stands in messages."),
        "country": shapes.country("ISO 3166, of which its outlets are."),
        "names": shapes.several("How texts name it.", names),
        "adjectives": _words("Whose something is; an actor with some is a country."),
        "acts_as": _actor_id("Who acts where its bare name is a party."),
        "moves": shapes.flag("false: it can only be acted on.", default=True),
        "reports": shapes.flag(
            "true: it tells the news, each of its names for itself.", default=False
        ),
    }
    return shapes.mapping("An actor.", known(actors.ACTOR_KEYS, keys), required=("title",))


def _office() -> Shape:
    keys = {
        "words": _words("The words of the office."),
        "alone": _words("Words that do with their country anywhere in title or lead."),
        "moves": shapes.flag("false: it can only be acted on.", default=True),
    }
    office = shapes.mapping("An office.", known(actors.OFFICE_KEYS, keys))
    return {"description": "Words, or more of it.", "anyOf": [_words("Its words."), office]}


def _modifier() -> Shape:
    keys = {
        "words": _words("The words."),
        "status": shapes.choice("What they make of an event.", Status),
        "behind": shapes.flag("true: they may stand behind their cue too.", default=False),
        "within": shapes.whole("Words between them and their cue.", least=0, most=MODIFIER_REACH),
        "first": shapes.flag("true: only names may stand before them.", default=False),
        "suffered": shapes.flag('true: only behind "seized by X".', default=False),
    }
    return shapes.mapping(
        "A modifier.", known(event_types.MODIFIER_KEYS, keys), required=("words",)
    )


def _only(description: str, words: tuple[str, ...]) -> Shape:
    return {"description": description, "enum": list(words)}


def _cues() -> Shape:
    keys = {
        "words": _words("The cues."),
        "place": _only("What stands in a place is a party too.", event_types.PLACE),
        "of": _only("Whom of or de names was acted on.", event_types.OF),
        "target": _only("It is suffered by what stands before.", event_types.TARGET),
        "needs": _only("Nothing is told where nobody is named who did it.", event_types.NEEDS),
        "joined": shapes.flag("true: both parties must be named together.", default=False),
        "status": shapes.choice("How sure the words themselves say it is.", Status),
        "beside": _words("One of these must stand in the same sentence."),
        "unless": _words("None of these may stand in the same sentence."),
    }
    group = shapes.mapping(
        "Cues with conditions.", known(event_types.CUE_KEYS, keys), required=("words",)
    )
    item = {"description": "Cues, or more of them.", "anyOf": [_words("Cues."), group]}
    return shapes.several("The words that tell of it, in groups.", item)


def _type() -> Shape:
    becomes = shapes.named(
        "Which type it is under a modifier.", _type_id("A type."), pattern=_PLAIN
    )
    keys = {
        "title": shapes.text("As it stands in messages."),
        "family": shapes.matching(
            "Types of one family never share a cue.", f"^{ID.pattern}$", told="An id."
        ),
        "cues": _cues(),
        "traps": _words("Phrases that hold a cue and mean something else."),
        "becomes": becomes,
        "two_parties": shapes.flag("true: both must be named.", default=False),
        "said": shapes.flag("true: saying it is the deed.", default=False),
        "concerns": shapes.flag("true: an event for each who is named beside.", default=False),
        "by": shapes.several("Only these actors and their parts do it.", _actor_id("An actor.")),
        "arguable": shapes.flag("true: an alert by it is weak.", default=False),
        "labels": shapes.mapping(
            "Its name in messages of a language; without one, its id.",
            {each.value: shapes.text("The name.") for each in Language},
        ),
    }
    return shapes.mapping(
        "A kind of event.", known(event_types.TYPE_KEYS, keys), required=("title", "family")
    )
