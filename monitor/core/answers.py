"""What people answer to a message, understood; and what is said to that.

`ack`: somebody has it. `snooze`: not now. `mute`: no more of this story. `noise`: the same, and the
rule was wrong. English and Spanish, a code or the message that is replied to, a span of time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitor.core.codes import looks_like_one, number_of
from monitor.core.silences import Silence
from monitor.core.text import fold
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH

SNOOZED_FOR = timedelta(hours=1)  # unless said
MUTED_FOR = timedelta(days=3)  # unless said: as long as a story usually lives
LONGEST_SNOOZE = timedelta(days=7)
LONGEST_MUTE = timedelta(days=90)
ANSWER_LIMIT = 500  # characters of an answer that are read; what comes behind is a note
CODES_AT_ONCE = 20  # in one answer


class Verb(StrEnum):
    """What an answer asks for."""

    ACK = "ack"
    SNOOZE = "snooze"
    MUTE = "mute"
    NOISE = "noise"
    HELP = "help"


# Folded. Longer ones stand for themselves: "false alarm" is looked for before "false".
_PHRASES = {
    Verb.ACK: (
        "ack", "acknowledge", "acknowledged", "seen", "got it", "on it", "visto", "recibido",
        "enterado", "enterada", "entendido", "me encargo", "lo tengo",
    ),
    Verb.SNOOZE: (
        "snooze", "later", "posponer", "pospon", "posponlo", "aplazar", "mas tarde", "luego",
    ),
    Verb.MUTE: ("mute", "silence", "silenciar", "silencia", "silencio", "callar"),
    Verb.NOISE: ("noise", "false alarm", "ruido", "falsa alarma"),
    Verb.HELP: ("help", "start", "ayuda"),
}  # fmt: skip
_VERBS = {tuple(said.split()): verb for verb, every in _PHRASES.items() for said in every}
_FILLERS = frozenset(
    {"for", "the", "this", "story", "it", "please", "a", "of", "por", "durante", "la", "el"}
    | {"esta", "este", "historia", "noticia", "favor", "de"}
)
_SPANNING = (Verb.SNOOZE, Verb.MUTE)
_SPAN = re.compile(r"(\d{1,4})([a-z]*)")
_UNITS = {
    timedelta(minutes=1): ("m", "min", "mins", "minute", "minutes", "minuto", "minutos"),
    timedelta(hours=1): ("h", "hr", "hrs", "hour", "hours", "hora", "horas"),
    timedelta(days=1): ("d", "day", "days", "dia", "dias"),
}
UNITS = {word: unit for unit, words in _UNITS.items() for word in words}
_QUOTED = re.compile(r"\bc(?:ode|[oó]digo)[ :]{1,2}([0-9a-z]{4,9})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer as understood: to which deliveries, and for how long."""

    verb: Verb
    deliveries: tuple[int, ...] = ()
    span: timedelta | None = None


class UnclearError(ValueError):
    """Why an answer was not understood, for the person who wrote it."""


def verb_of(text: str) -> Verb | None:
    """What an answer begins with; None: these words are not for us."""
    return _begun(_words(text))[0]


def understood(text: str, *, quoted: str | None = None, words: Wording = ENGLISH) -> Asked:
    """What an answer asks for; `quoted` is the message that it replies to, if any.

    Raises UnclearError. Whatever else stands behind `ack` or `noise` is a note; behind the others
    it may change what was meant, so it is refused.
    """
    said = _words(text)
    verb, rest = _begun(said)
    if verb is None:
        unknown = _cited(said[0]) if said else words.nothing_said
        raise UnclearError(words.not_understood.format(unknown, usage(words)))
    deliveries, strange, span = _read(verb, rest, words)
    _refuse_strange(verb, strange, words, named=bool(deliveries))
    if verb is Verb.HELP:
        return Asked(verb)
    if not deliveries and quoted:
        deliveries = quoted_codes(quoted)
    if not deliveries:
        raise UnclearError(words.which_message.format(words.verbs[verb]))
    numbers = tuple(dict.fromkeys(deliveries))[:CODES_AT_ONCE]
    return Asked(verb, numbers, limited(verb, span, words))


def _read(
    verb: Verb, rest: list[str], words: Wording
) -> tuple[list[int], list[str], timedelta | None]:
    """The deliveries that the words behind a verb name, words that say nothing, and the span."""
    deliveries: list[int] = []
    strange: list[str] = []
    span: timedelta | None = None
    while rest:
        word, *rest = rest
        number = number_of(word)
        found = _SPAN.fullmatch(fold(word)) if verb in _SPANNING else None
        if number is not None:
            deliveries.append(number)
        elif found:
            span, rest = _spanned(found, rest, words)
        elif fold(word) not in _FILLERS:
            strange.append(word)
    return deliveries, strange, span


def _refuse_strange(verb: Verb, strange: Sequence[str], words: Wording, *, named: bool) -> None:
    mistyped = next((word for word in strange if looks_like_one(word)), None)
    if mistyped and not named:
        raise UnclearError(words.no_code.format(_cited(mistyped), usage(words)))
    if verb is Verb.MUTE and strange and fold(strange[0]) in ("rule", "regla"):
        raise UnclearError(words.rules_elsewhere)
    if strange and verb in _SPANNING:
        behind = words.verbs[verb]
        raise UnclearError(words.strange_behind.format(_cited(strange[0]), behind, usage(words)))


def quoted_codes(quoted: str) -> list[int]:
    """The deliveries whose codes a message names; the first that is one."""
    numbers = (number_of(code) for code in _QUOTED.findall(quoted))
    return [number for number in numbers if number is not None][:1]


def usage(words: Wording = ENGLISH) -> str:
    """What can be answered, for somebody who does not know."""
    return words.usage


def _words(text: str) -> list[str]:
    """The words; of `/ack@some_bot` the command alone."""
    words = re.split(r"[\s,;:!?.…]+", text[:ANSWER_LIMIT].strip())
    words = [word for word in words if word and not word.startswith("@")]
    if words and words[0].startswith("/"):
        words[0] = words[0].removeprefix("/").partition("@")[0]
    return words


def _begun(words: Sequence[str]) -> tuple[Verb | None, list[str]]:
    for length in (2, 1):
        verb = _VERBS.get(tuple(fold(word) for word in words[:length]))
        if verb is not None and len(words) >= length:
            return verb, list(words[length:])
    return None, list(words)


def _spanned(found: re.Match[str], rest: list[str], words: Wording) -> tuple[timedelta, list[str]]:
    """`2h`, or `2` and the unit as the next word; a bare number counts hours."""
    unit = found[2]
    if not unit and rest and fold(rest[0]) in UNITS:
        unit, *rest = fold(rest[0]), *rest[1:]
    if unit and unit not in UNITS:
        raise UnclearError(words.strange_span.format(_cited(found[0])))
    return int(found[1]) * UNITS[unit or "h"], rest


def limited(verb: Verb, span: timedelta | None, words: Wording = ENGLISH) -> timedelta | None:
    """How long it holds, as said or as usual; None where it has no end. Raises UnclearError."""
    if verb not in (Verb.SNOOZE, Verb.MUTE, Verb.NOISE):
        return None
    longest = LONGEST_SNOOZE if verb is Verb.SNOOZE else LONGEST_MUTE
    if span is None:
        return SNOOZED_FOR if verb is Verb.SNOOZE else MUTED_FOR
    if not timedelta() < span <= longest:
        raise UnclearError(words.span_limits.format(words.verbs[verb], words.duration(longest)))
    return span


def _cited(word: str) -> str:
    """A stranger's word as it may stand in an answer; the sender makes it harmless."""
    return f"“{word[:40]}”"


# --- what was done ---------------------------------------------------------------------------


def done(
    verb: Verb,
    *,
    codes: str,
    headlines: Sequence[str],
    until: datetime | None,
    spared: bool,
    already: Silence | None = None,
    words: Wording = ENGLISH,
) -> str:
    """What an answer did, for the person who gave it; `spared`: others would have been called.

    `already`: what the answer asks to silence is silenced by this one, so nothing was added.
    """
    if already is not None and verb is Verb.MUTE:
        form = words.muted_wholly if already.total else words.muted_already
    else:
        form = _answered(verb, words)
    said = form.format(moment(until, words) if until else "")
    about, more = headlines[0], len(headlines) - 1
    if more:
        about = words.besides.format(about, more)
    if codes:
        about = words.with_code.format(about, codes)
    return f"{said}{f' {words.spared}' if spared else ''}\n{about}"


def _answered(verb: Verb, words: Wording) -> str:
    return {
        Verb.ACK: words.answered_ack,
        Verb.SNOOZE: words.answered_snooze,
        Verb.MUTE: words.answered_mute,
        Verb.NOISE: words.answered_noise,
    }[verb]


def moment(at: datetime, words: Wording) -> str:
    """`02 Mar 14:06`."""
    at = at.astimezone(UTC)
    return f"{at:%d} {words.months[at.month - 1]} {at:%H:%M}"
