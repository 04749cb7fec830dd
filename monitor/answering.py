"""What an answer to a message does, from a chat or the command line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from monitor.core import answers as words
from monitor.core.answers import Asked, UnclearError, Verb
from monitor.core.codes import code_of
from monitor.core.silences import Change, Silence
from monitor.core.text import clean
from monitor.core.wording import Wording
from monitor.core.wording.english import ENGLISH
from monitor.storage import answers, escalations, silences
from monitor.storage.answers import Heard, Subject

SAID_LIMIT = 300  # characters of an answer that are kept
WHO_LIMIT = 80  # characters of a name

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """Something that somebody said to messages: who, where, in which words and when."""

    who: str
    via: str
    said: str
    at: datetime
    heard: Heard | None = None
    words: Wording = ENGLISH  # of the chat


def named(who: str, *, limit: int = WHO_LIMIT) -> str:
    """A stranger's name, or what he said, on one clean line."""
    return " ".join(clean(who).split())[:limit]


def answer(tx: Connection, given: Answer, asked: Asked, *, now: datetime) -> str:
    """Do what an answer asks for, and keep it; the reply. Raises UnclearError: nothing is done."""
    if asked.verb is Verb.HELP:
        return refuse(tx, given, words.usage(given.words), now=now)
    subjects: list[Subject] = []
    for number in asked.deliveries:
        found = answers.subjects_of_delivery(tx, number)
        if not found:
            raise UnclearError(given.words.code_forgotten.format(code_of(number)))
        subjects += found
    return answer_to(tx, given, asked, subjects, now=now)


def answer_to(
    tx: Connection, given: Answer, asked: Asked, subjects: Sequence[Subject], *, now: datetime
) -> str:
    """The same where it is known what the answer is about."""
    stories = {each.story: each.headline for each in subjects}
    if asked.verb in (Verb.MUTE, Verb.NOISE) and len(stories) > len(asked.deliveries or (0,)):
        raise UnclearError(given.words.which_story.format(len(stories)))
    began = min(given.at, now)  # what was said while nobody listened counts from then
    until = None if asked.span is None else began + asked.span
    if until is not None and until <= now:
        raise UnclearError(given.words.over_already.format(f"{until.astimezone(UTC):%H:%M}"))
    incidents = [each.incident for each in subjects]
    before = answers.first(tx, incidents)
    spared = escalations.stop(tx, incidents, who=given.who, now=now)
    if asked.verb is Verb.SNOOZE and until is not None:
        escalations.hold(tx, incidents, until=until)
    already: Silence | None = None
    if asked.verb in (Verb.MUTE, Verb.NOISE) and until is not None:
        until, already = _silence(tx, given, asked.verb, stories, until, now=now)
    reply = _reply(given, asked, subjects, until, before=before, spared=spared, already=already)
    _keep(tx, given, reply, verb=asked.verb, until=until, subjects=subjects, now=now)
    log.info("message.answered", verb=asked.verb, via=given.via, incidents=incidents)
    return reply


def _silence(
    tx: Connection,
    given: Answer,
    verb: Verb,
    stories: Iterable[int],
    until: datetime,
    *,
    now: datetime,
) -> tuple[datetime, Silence | None]:
    """Silence stories: until when all of them are, and by which one if all of them were."""
    total = verb is Verb.NOISE
    why, who = _reason(given, verb), given.who
    done = [
        silences.add(tx, story=each, total=total, until=until, reason=why, who=who, now=now)
        for each in stories
    ]
    if not done:
        return until, None
    shortest, _ = min(done, key=lambda each: each[0].ends_at)
    were = all(change is Change.ALREADY for _, change in done)
    return shortest.ends_at, shortest if were else None


def _reason(given: Answer, verb: Verb) -> str:
    said = named(given.said, limit=SAID_LIMIT)
    return said if words.verb_of(said) is verb else f"{verb}: {said}"


def _reply(
    given: Answer,
    asked: Asked,
    subjects: Sequence[Subject],
    until: datetime | None,
    *,
    before: object,
    spared: int,
    already: Silence | None,
) -> str:
    headlines = list(dict.fromkeys(each.headline for each in subjects))
    reply = words.done(
        asked.verb,
        codes=", ".join(map(code_of, asked.deliveries)),
        headlines=headlines,
        until=until,
        spared=spared > 0,
        already=already,
        words=given.words,
    )
    who, since = getattr(before, "who", given.who), getattr(before, "heard_at", None)
    if asked.verb is Verb.ACK and who != given.who and since is not None:
        reply += f"\n{given.words.had_before.format(who, words.moment(since, given.words))}"
    return reply


def refuse(tx: Connection, given: Answer, reply: str, *, now: datetime) -> str:
    """Keep an answer that nothing was done about, and what is said to it."""
    _keep(tx, given, reply, verb=None, until=None, subjects=(), now=now)
    return reply


def _keep(
    tx: Connection,
    given: Answer,
    reply: str,
    *,
    verb: Verb | None,
    until: datetime | None,
    subjects: Sequence[Subject],
    now: datetime,
) -> None:
    answers.add(
        tx,
        heard=given.heard,
        at=given.at,
        now=now,
        who=given.who,
        via=given.via,
        said=named(given.said, limit=SAID_LIMIT),
        reply=reply,
        verb=verb,
        until=until,
        subjects=subjects,
    )
