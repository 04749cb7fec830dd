"""An event in words: who did what to whom, and how sure that is. Messages have `Wording.event`."""

from monitor.core.knowledge import Event
from monitor.core.rules import UNKNOWN
from monitor.core.wording.english import ENGLISH


def kind(event: Event) -> str:
    """What it is: `threat of force`."""
    return event.type.replace("_", " ")


def parties(event: Event) -> str:
    """`A → B`, as the sentence names them."""
    source, target = event.source_name or event.source, event.target_name or event.target
    return f"{source or UNKNOWN} → {target or UNKNOWN}"


def summed_up(event: Event) -> str:
    """`strike: A → B, claimed by A`."""
    return ", ".join(filter(None, [f"{kind(event)}: {parties(event)}", ENGLISH.status(event)]))
