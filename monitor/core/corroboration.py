"""Who stands behind what is told: who originated a claim counts, not who repeats it. Pure.

A speaker whom the text names is an originator, and whoever repeats him adds nothing. Where nobody
is named, whoever writes it does so in his own name. Confirmed is what a party to the event says
that did not claim it first, or what was seen on the ground; so a claimant never confirms itself.
Denied is what a party denies.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

GROUND = "on the ground"
OTHERS = "others"
NAMED_SHOWN = 3  # originators in one line; the rest are counted
VOICES_KEPT = 200  # of one incident


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who stands behind an event, or `denies` it.

    `whole`: the actor that he is part of. `publisher`: an outlet or agency that writes in its own
    name.
    """

    key: str
    name: str
    whole: str | None = None
    denies: bool = False
    publisher: bool = False

    @classmethod
    def on_the_ground(cls) -> "Voice":
        """Witnesses, pictures: what was seen."""
        return cls(GROUND, GROUND)

    @classmethod
    def of_others(cls, *, denies: bool) -> "Voice":
        """Speakers whom nobody knows: as one, as the text may call one by several names."""
        return cls(OTHERS, OTHERS, denies=denies)

    @classmethod
    def of_publisher(cls, key: str, name: str) -> "Voice":
        """Whoever writes it, where the text names no speaker."""
        return cls(key, name, publisher=True)

    @property
    def named(self) -> bool:
        """Whether the text names somebody who is known."""
        return not self.publisher and self.key not in (GROUND, OTHERS)


@dataclass(frozen=True, slots=True)
class Standing:
    """How well an event stands: its originators, who confirmed and who denied it, "" for nobody."""

    originators: tuple[str, ...] = ()
    confirmed_by: str = ""
    denied_by: str = ""
    claimed: bool = False  # by somebody whom a text names
    outlets: int = 1  # that carry it


NOBODY = Standing()


@dataclass(slots=True)
class Voices:
    """Everybody heard on one incident, in the order in which they were."""

    heard: dict[tuple[str, bool], Voice] = field(default_factory=dict)

    def hear(self, voice: Voice) -> None:
        """Add one; who was heard before stays where he is."""
        if len(self.heard) < VOICES_KEPT:
            self.heard.setdefault((voice.key, voice.denies), voice)

    def has(self, voice: Voice) -> bool:
        """Whether he was heard, saying the same."""
        return (voice.key, voice.denies) in self.heard

    def with_all(self, voices: Iterable[Voice]) -> "Voices":
        """These and more."""
        more = Voices(dict(self.heard))
        for voice in voices:
            more.hear(voice)
        return more

    def standing(self, parties: AbstractSet[str]) -> Standing:
        """What all of them together make of an event between these wholes."""
        behind = [each for each in self.heard.values() if not each.denies]
        named = [each for each in behind if not each.publisher]
        first = behind[0] if behind else None
        confirming = [each for each in behind[1:] if first and _confirms(each, first, parties)]
        confirming.sort(key=lambda each: each.key == GROUND)  # who saw it knows not who did it
        against = (each for each in self.heard.values() if each.denies and each.whole in parties)
        return Standing(
            originators=tuple(each.name for each in named or behind),
            confirmed_by=next((each.name for each in confirming), ""),
            denied_by=next((each.name for each in against), ""),
            claimed=bool(named),
        )

    def stored(self) -> list[dict[str, Any]]:
        """As JSON."""
        return [
            {
                "key": each.key,
                "name": each.name,
                "whole": each.whole,
                "denies": each.denies,
                "publisher": each.publisher,
            }
            for each in self.heard.values()
        ]

    @classmethod
    def from_stored(cls, rows: Iterable[Mapping[str, Any]]) -> "Voices":
        """From what `stored` made."""
        voices = cls()
        for row in rows:
            voices.hear(Voice(**row))
        return voices


def _confirms(voice: Voice, first: Voice, parties: AbstractSet[str]) -> bool:
    """Whether one who speaks up later makes it sure: a party that did not claim it, the ground."""
    if voice.key == GROUND:
        return True
    return voice.whole in parties and voice.whole != first.whole
