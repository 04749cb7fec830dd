"""The JSON Schema of rule files: what a rule is, and the forms of a condition."""

from typing import Any

from monitor.config import (
    alerting,
    calendars,
    conditions,
    defaults,
    happenings,
    rules,
    severities,
    shapes,
    volumes,
    wording,
)
from monitor.config.calendar_schema import rule_hours
from monitor.config.shapes import Shape, known
from monitor.config.values import LIST_NAME, WORDS_LIMIT
from monitor.core.model import Severity, Tier
from monitor.core.proximity import GROUPS_LIMIT
from monitor.core.rules import WINDOW, Counted, OncePer, Scope, Unit, Update, WeakPolicy

_TERM = shapes.term("A word, a phrase, word*, =Exact, word~ or $list.")
_TERMS = shapes.several("Words, phrases and other lists ($name).", _TERM)
LISTS = shapes.named("Named terms, used as $name in every rule.", _TERMS, pattern=LIST_NAME.pattern)


def rule_files() -> Shape:
    """The schema of a rule file, without its heading."""
    rule = shapes.mapping(
        "A watch rule.",
        known(rules.KEYS, _SETTINGS_OF_A_RULE | _WHAT_A_RULE_IS),
        required=("id", "when"),
    )
    keys = {
        "version": shapes.version(),
        "lists": LISTS,
        "defaults": shapes.mapping(
            "What the rules of this file take that do not say it themselves.",
            known(defaults.KEYS, _SETTINGS_OF_A_RULE),
        ),
        "rules": shapes.several("The rules.", rule),
    }
    top = shapes.mapping(
        "Watch rules and lists of terms; docs/rules.md is the language.",
        known(rules.FILE_KEYS, keys),
    )
    forms = known(conditions.KEYS, _condition_keys())
    definitions = {
        "condition": _condition(forms),
        "boost": _boost(forms),
        "country": shapes.country("ISO 3166, as in US."),
    }
    return top | {"definitions": definitions}


def _when(description: str) -> Shape:
    return shapes.reference(description, "condition")


_SEVERITY = shapes.choice("How urgent an alert is.", Severity, default=severities.DEFAULT.value)
_EXAMPLE = shapes.text(
    "A headline, or title with summary, text, language, outlet and published."
) | {
    "type": [*shapes.SCALAR, "object"],
    "properties": known(
        rules.EXAMPLE_KEYS,
        {
            "title": shapes.text("The headline."),
            "summary": shapes.text("What the feed says of it."),
            "text": shapes.text("The text of the article."),
            "language": shapes.language("BCP 47, as in en; else that of the outlet."),
            "outlet": shapes.name("An id out of outlets/*.yaml."),
            "published": shapes.date("The day it came out, as in 2026-01-31: names age."),
        },
    ),
    "required": ["title"],
    "additionalProperties": False,
}


def _amount(description: str) -> Shape:
    units = "|".join(volumes.UNITS)
    return shapes.matching(
        description, f"^[0-9]{{1,9}} (?:{units})$", told='A number and what, as in "8 stories".'
    )


def _counting() -> Shape:
    keys = {
        "of": _when("What is counted: any condition."),
        "window": shapes.duration("The time in which is counted, 10 minutes to 7 days."),
        "at_least": _amount(f"A spike: so many {', '.join(Counted)} in the window."),
        "at_most": _amount("A silence: no more than so many in the window."),
        "ratio": {
            "description": "So many times what is usual at this weekday and hour.",
            "type": ["number", "string"],
            "pattern": "^[0-9]{1,4}(?:[.][0-9]{1,3})?$",
            "patternErrorMessage": "A number above 1, as in 3 or 2.5.",
            "exclusiveMinimum": 1,
            "maximum": volumes.RATIO_LIMIT,
        },
        "baseline": shapes.duration(
            "How far back usual is learnt, 14 to 56 days.", default=volumes.DEFAULT_BASELINE
        ),
    }
    counted = shapes.mapping(
        "How many articles, stories or outlets come in a window: too many, or too few.",
        known(volumes.KEYS, keys),
        required=("of", "window"),
    ) | {
        "oneOf": [{"required": ["at_least"]}, {"required": ["at_most"]}],
        "dependencies": {"ratio": ["at_least"], "baseline": ["ratio"]},
    }
    return shapes.mapping("A spike or a silence.", {"volume": counted}, required=("volume",))


_CASE = shapes.mapping(
    "One case: without when, it holds for all that is left.",
    known(severities.KEYS, {"when": _when("What makes it so."), "is": _SEVERITY}),
    required=("is",),
)
_OUTLETS = shapes.mapping(
    "Told once when so many independent outlets carry it.",
    {alerting.OUTLETS: shapes.whole("How many.", least=2, most=alerting.MOST)},
    required=(alerting.OUTLETS,),
)
_SETTINGS_OF_A_RULE: dict[str, Shape] = {
    "severity": {
        "description": "How urgent an alert is: one word, or cases of which the first that holds "
        "counts, as in [{when: strike*, is: critical}, {is: high}].",
        "anyOf": [_SEVERITY, shapes.several("The first case that holds counts.", _CASE)],
    },
    "alert": shapes.mapping(
        "What is told, and how often.",
        known(
            alerting.KEYS,
            {
                "once_per": shapes.choice(
                    "What is told once only.", OncePer, default=OncePer.INCIDENT.value
                ),
                "window": shapes.duration(
                    "How long reports of other stories join the same incident, 48 hours at most.",
                    default=WINDOW,
                ),
                "update_on": shapes.several(
                    "What is told once people know of an incident.",
                    {"anyOf": [shapes.choice("News.", Update), _OUTLETS]},
                    least=0,
                ),
                "sources": shapes.whole(
                    "Nothing is told before so many independent sources stand behind it.",
                    least=2,
                    most=alerting.MOST,
                ),
                "digest": shapes.mapping(
                    "Collected instead of told at once, unless critical: in a digest of the "
                    "rule's own, without every in that of the channel.",
                    known(
                        alerting.DIGEST_KEYS,
                        {
                            "every": shapes.duration("So long after the first of it."),
                            "max_items": shapes.whole(
                                "Stories listed; the rest is counted.",
                                least=1,
                                most=calendars.MOST_ITEMS,
                            ),
                        },
                    ),
                )
                | {"dependencies": {"max_items": ["every"]}},
                "weak": shapes.choice(
                    "What becomes of an article where only the body satisfies the rule.",
                    WeakPolicy,
                    default=WeakPolicy.DIGEST.value,
                ),
            },
        ),
    ),
    "enabled": shapes.flag("false keeps the rule in the file and out of work.", default=True),
    "expires": shapes.date("The last day of the rule, as in 2026-12-31."),
    "trial": shapes.duration(
        "So long matches are listed only, and nobody is told; then a summary, and it goes live."
    ),
    "notify": shapes.mapping(
        "Whom to tell; without it the channels marked default.",
        known(
            rules.NOTIFY_KEYS,
            {
                "channels": shapes.several(
                    "Names out of channels.yaml.", shapes.name("A channel.")
                ),
                "quiet_hours": rule_hours(),
                "escalate": shapes.escalation(),
            },
        ),
    ),
}
_WHAT_A_RULE_IS: dict[str, Shape] = {
    "id": shapes.name("The rule's name, only once in all files: lower-case letters, digits, -, _."),
    "title": shapes.text("What a message calls the rule; else its id."),
    "when": {
        "description": "What to watch for: a term, or all, any, none, near …; or volume.",
        "if": {"type": "object", "required": ["volume"]},
        "then": _counting(),
        "else": {"$ref": "#/definitions/condition"},
    },
    "examples": shapes.mapping(
        "Texts tried at every load; a rule that fails one is held back.",
        {
            "match": shapes.several("Texts that must match.", _EXAMPLE),
            "silent": shapes.several("Texts that must not match, not even weakly.", _EXAMPLE),
        },
    ),
}


def _condition(forms: dict[str, Shape]) -> Shape:
    said = "A term, $list or regex:…, or a mapping whose keys hold together."
    return shapes.term(said, regex=True) | {
        "type": [*shapes.SCALAR, "object"],
        "properties": forms,
        "additionalProperties": False,
        "minProperties": 1,
        "dependencies": _beside(forms),
    }


def _boost(forms: dict[str, Shape]) -> Shape:
    points = shapes.whole(
        "What it counts if it holds; may be negative.",
        least=-conditions.POINTS_LIMIT,
        most=conditions.POINTS_LIMIT,
    )
    same = {key: {"$ref": f"#/definitions/condition/properties/{key}"} for key in forms}
    boost = shapes.mapping(
        "A condition and its points.", same | {"points": points}, required=("points",)
    )
    return boost | {"minProperties": 2}


def _beside(forms: dict[str, Shape]) -> dict[str, Any]:
    """What a key cannot be without."""
    needs: dict[str, Any] = {
        "in": {"minProperties": 2},
        "ignore": {"minProperties": 2},
        "boost": ["score_at_least"],
        "score_at_least": ["boost"],
    }
    return {key: need for key, need in needs.items() if key in forms}


def _condition_keys() -> dict[str, Shape]:
    one = {"$ref": "#/definitions/condition"}
    return {
        "all": shapes.several("Every one holds; they may be found in different fields.", one),
        "any": shapes.several("One of them holds.", one),
        "none": shapes.several(
            "None of them holds; looks at title and lead, unless an in says otherwise.", one
        ),
        "near": _near(),
        "at_least": shapes.mapping(
            "So many different ones hold; of a list, each term counts.",
            known(
                conditions.AT_LEAST_KEYS,
                {
                    "n": shapes.whole("How many.", least=1, most=wording.COUNT_LIMIT),
                    "of": shapes.several("Conditions and lists.", one),
                },
            ),
            required=("n", "of"),
        ),
        "repeat": shapes.mapping(
            "The same term, or one of a list's, so many times.",
            known(
                wording.REPEAT_KEYS,
                {
                    "term": _TERM,
                    "times": shapes.whole("How many times.", least=1, most=wording.COUNT_LIMIT),
                },
            ),
            required=("term", "times"),
        ),
        "ignore": shapes.one_or_several(
            "Phrases that are not there for the conditions beside it.", _TERM
        ),
        "boost": shapes.several(
            "Conditions with points, which score_at_least adds up.",
            {"$ref": "#/definitions/boost"},
        ),
        "event": _event(),
        "score_at_least": shapes.whole(
            "The least sum of the points of boost.", least=1, most=conditions.SCORE_LIMIT
        ),
        "query": shapes.text('One line, as in "(oil OR gas) AND refinery".', type="string"),
        **_sources(),
    }


def _near() -> Shape:
    words = shapes.matching(
        f"At most so many words between neighbours, 0 to {WORDS_LIMIT}.",
        "^[0-9]{1,3} words?$",
        told='As in "12 words"; or sentence, or paragraph.',
        default=f"{wording.DEFAULT_WITHIN} words",
    )
    keys = {
        "terms": shapes.several(
            "Terms and lists, one of each.",
            _TERM,
            least=wording.NEAR_GROUPS_LEAST,
            most=GROUPS_LIMIT,
        ),
        "within": {
            "description": '"12 words", sentence or paragraph.',
            "anyOf": [words, shapes.choice("In one of these.", Unit)],
        },
        "ordered": shapes.flag("true: in the order written.", default=False),
    }
    return shapes.mapping(
        "All of the terms, close together in one field.",
        known(wording.NEAR_KEYS, keys),
        required=("terms",),
    )


def _event() -> Shape:
    actor = shapes.matching(
        "An actor out of knowledge/; a part of its id covers all below it.",
        r"^\s*[a-z][a-z0-9_.]*\s*$",
        told="The id of an actor, as in sylvania.government.",
    )
    kind = shapes.text("An id out of knowledge/.")
    party = actor | {"description": "An actor; unknown is one that the sentence does not name."}
    keys = {
        "type": shapes.one_or_several("What happened: one of these types.", kind),
        "family": shapes.one_or_several("All types of a family.", kind),
        "source": shapes.one_or_several("Who did it.", party),
        "target": shapes.one_or_several("Whom it was done to.", party),
        "between": shapes.several(
            "Two actors, source and target in either order.", actor, least=2, most=2
        ),
        "status": shapes.one_or_several(
            "How sure it is, or how it is said to be.",
            {"description": "A status.", "enum": list(happenings.STATUSES)},
        ),
        "speaker": shapes.one_or_several(
            "Who says so: an actor, or a name as written.", shapes.text("An actor or a name.")
        ),
    }
    event = shapes.mapping(
        "Who did what to whom, as title and lead say it (and the body, weakly).",
        known(happenings.KEYS, keys),
    )
    return event | {
        "anyOf": [{"required": ["type"]}, {"required": ["family"]}],
        "dependencies": {
            "between": {"not": {"anyOf": [{"required": ["source"]}, {"required": ["target"]}]}}
        },
    }


def _sources() -> dict[str, Shape]:
    each = {
        "in": ("Narrows the conditions beside it.", shapes.choice("A part of an article.", Scope)),
        "outlet": ("The article is theirs.", shapes.name("An id out of outlets/*.yaml.")),
        "tier": ("The outlet is of this kind.", shapes.choice("A kind of publisher.", Tier)),
        "country": ("The outlet is there.", shapes.reference("ISO 3166, as in US.", "country")),
        "language": (
            "The article is written in it; only the first part counts.",
            shapes.language("As in es."),
        ),
    }
    return {key: shapes.one_or_several(said, item) for key, (said, item) in each.items()}
