"""An event in words: who did what to whom, and how sure that is."""

from monitor.core.knowledge import Event, Status
from monitor.core.rules import UNKNOWN

_WORDS = {
    Status.PAST_REFERENCE: "past reference",
    Status.DENIED: "denied",
    Status.HYPOTHETICAL: "hypothetical",
    Status.THREATENED: "threatened",
    Status.PLANNED: "planned",
    Status.UNCONFIRMED: "unconfirmed",
    Status.CLAIMED: "claimed",
    Status.ATTRIBUTED: "as others say",
    Status.ASSERTED: "",
}
_OF_A_SPEAKER = {
    Status.DENIED: "denied by {}",
    Status.CLAIMED: "claimed by {}",
    Status.ATTRIBUTED: "according to {}",
}
_OPEN = frozenset({Status.CLAIMED, Status.ATTRIBUTED})


def kind(event: Event) -> str:
    """What it is: `threat of force`."""
    return event.type.replace("_", " ")


def parties(event: Event) -> str:
    """`A → B`, as the sentence names them."""
    source, target = event.source_name or event.source, event.target_name or event.target
    return f"{source or UNKNOWN} → {target or UNKNOWN}"


def standing(event: Event) -> str:
    """`claimed by A`, `planned, says A`; "" for what is plainly said."""
    words = _WORDS[event.status]
    if not event.speaker or not words:
        return words
    form = _OF_A_SPEAKER.get(event.status, f"{words}, says {{}}")
    return form.format(event.speaker)


def summed_up(event: Event) -> str:
    """`strike: A → B, claimed by A`."""
    return ", ".join(filter(None, [f"{kind(event)}: {parties(event)}", standing(event)]))


def announced(event: Event) -> str:
    """For a message: `A → B: strike · claimed by A, not confirmed in this article`.

    The article confirms nothing that it leaves to a speaker.
    """
    said = standing(event)
    if event.status in _OPEN:
        said += ", not confirmed in this article"
    return " · ".join(filter(None, [f"{parties(event)}: {kind(event)}", said]))
