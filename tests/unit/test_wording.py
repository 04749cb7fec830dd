"""Our own words in every language, and none of another language among them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.adapters.dressing import HANDS, dress
from monitor.core import corrections, episodes
from monitor.core.alerts import News, Reason, Way
from monitor.core.contents import Content, of_alert, of_notice
from monitor.core.corroboration import GROUND, OTHERS, Standing
from monitor.core.digests import of_digest
from monitor.core.episodes import Headline, Picture
from monitor.core.errors import Place
from monitor.core.knowledge import ActorId, Event, Status, TypeId
from monitor.core.messages import Message, plain
from monitor.core.model import (
    Channel,
    ChannelName,
    Completeness,
    Evidence,
    Language,
    RuleId,
    Severity,
    Strength,
    Style,
    Tier,
)
from monitor.core.reports import Fired, Report
from monitor.core.revisions import Edit
from monitor.core.rules import Counted, Rule, Volume
from monitor.core.terms import parse_term
from monitor.core.volume import Span, Usual
from monitor.core.wording import Plural, Wording
from monitor.core.wording.english import ENGLISH
from monitor.core.wording.languages import WORDINGS
from monitor.core.wording.spanish import SPANISH

NOW = datetime(2026, 11, 21, 3, 2, tzinfo=UTC)
BEFORE = NOW - timedelta(days=9)
# Small words that every English sentence has one of, and those that our own messages are made of.
ENGLISH_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        the of and is was were are by for from with that this in on at to it its not more after
        before seen sent published late also read story stories article articles outlet outlets
        source sources confirmed denied up only usual over told first further down headline copy
        via independent claimed says according unknown summary text section author number rule
        rules spike silence latest now watch critical high low update unusable link digest days
        hours minutes taken out gone page decided blind
        """,
    )
)
ALIKE = {  # words that both languages write in the same way
    "seconds", "minutes", "hours", "weekday_form", "day_form", "moment_form", "digest_title",
    "reporters", "no",
}  # fmt: skip


def texts(words: Wording) -> Iterator[tuple[str, str]]:
    """Every phrase of a language, by its name."""
    for each in fields(words):
        value = getattr(words, each.name)
        if isinstance(value, str):
            yield each.name, value
        elif isinstance(value, Plural):
            yield f"{each.name} one", value.one
            yield f"{each.name} many", value.many
        elif isinstance(value, tuple):
            for number, part in enumerate(value):
                yield f"{each.name} {number}", part.many if isinstance(part, Plural) else part
        elif isinstance(value, Mapping):
            for key, part in value.items():
                yield f"{each.name} {key}", part.many if isinstance(part, Plural) else part


@pytest.mark.parametrize("words", WORDINGS.values(), ids=lambda words: words.language)
def test_every_language_has_words_for_every_member_of_a_closed_set(words: Wording):
    assert set(words.marks) == set(words.severities) == set(Severity)
    assert set(words.tiers) == set(Tier)
    assert set(words.completeness) == set(Completeness)
    assert set(words.reasons) == set(Reason)
    assert set(words.statuses) == set(Status)
    assert set(words.counted) == set(words.none_for) == set(Counted)
    assert {Way.DIGEST, Way.WELCOME, Way.MISSED} <= set(words.headings)
    assert set(words.corrected) == {Reason.CORRECTION, Reason.RETRACTION, Reason.DELETION}
    assert len(words.months) == 12
    assert len(words.weekdays) == 7
    assert set(WORDINGS) == set(Language)


def test_phrases_leave_the_same_room_in_both_languages():
    spanish = dict(texts(SPANISH))
    for name, phrase in texts(ENGLISH):
        if name.startswith(("qualities", "fields")):
            continue
        assert phrase.count("{") == spanish[name].count("{"), name
        assert bool(phrase) == bool(spanish[name]), name


def test_no_phrase_was_left_untranslated():
    english = dict(texts(ENGLISH))
    same = {
        name
        for name, phrase in texts(SPANISH)
        if re.search(r"[a-z]{3}", phrase) and english.get(name) == phrase
    }
    names = {name for name in same if name.partition(" ")[0] not in ALIKE}
    assert names <= {"severities normal", "months 5", "months 6", "months 10"}


def test_why_no_more_was_read_has_spanish_words():
    # As `model.Page.quality` lists them, with what visits and readings add.
    known = {"empty", "too short", "cookie wall", "paywall", "error page", "bot check"}
    known |= {"login page", "front page", "wrong language", "boilerplate", "not a page"}
    known |= {"not fetched", "robots.txt forbids it", "robots.txt could not be read"}
    assert known == set(SPANISH.qualities)


# --- whole messages -----------------------------------------------------------------------------

VOICES = ("Zumko", OTHERS, "A", "B", "C")
ALL_NEWS = [
    str(News(Reason.FIRST_REPORT)),
    str(News(Reason.ESCALATION, "critical, before high")),
    str(News(Reason.NEW_TYPE, "ataque")),
    str(News(Reason.CONFIRMATION, f"{GROUND}; {News(Reason.NEW_NUMBER, '12, 40')}")),
    str(News(Reason.DENIAL, OTHERS)),
    str(News(Reason.OUTLETS, "14 independent outlets")),
    str(News(Reason.NEW_SPEAKER, "Zumko")),
    str(News(Reason.DEVELOPMENT)),
    str(News(Reason.WEAK_MATCH)),
]


def a_report(reason: str = "", *, weak: bool = False, status: Status = Status.CLAIMED) -> Report:
    event = Event(
        TypeId("ataque"), ActorId("zum"), None, status, "Zumko", "frase", "text", 0, 5, "Brasta"
    )
    fired = Fired(
        rule=RuleId("golpes"),
        title="Golpes",
        severity=Severity.CRITICAL,
        strength=Strength.WEAK if weak else Strength.STRONG,
        reason=reason,
        evidence=tuple(
            Evidence(field, at, at + 5, "golpe", "term", Severity.CRITICAL)
            for field, at in (("title", 0), ("text", 0), ("text", 20), ("author", 0))
        ),
        event=event,
    )
    return Report(
        headline="golpe mortal en Brasta",
        title="golpe mortal en Brasta",
        text="golpe uno en Brasta. golpe dos en Brasta. golpe tres.",
        url="https://wire.example/a",
        outlet="Diario",
        publisher="Gaceta",
        credit="Agencia",
        tier=Tier.STATE_MEDIA,
        country="VE",
        language="es",
        published_at=NOW - timedelta(hours=5),
        seen_at=NOW - timedelta(hours=2),
        completeness=Completeness.SUMMARY,
        quality="paywall",
        fired=(fired,),
        outlets=5,
        sources=3,
        missed=True,
        folded=3,
        standing=Standing(
            ("Zumko", OTHERS, "A", "B", "C"), GROUND, OTHERS, claimed=True, outlets=9
        ),
    )


def stories() -> Iterator[Content]:
    for reason in ALL_NEWS:
        yield of_alert(a_report(reason), now=NOW, words=SPANISH)
    for status in Status:
        yield of_alert(a_report(ALL_NEWS[0], status=status), now=NOW, words=SPANISH)
    beside = [a_report(reason) for reason in ALL_NEWS]
    update = of_alert(a_report(weak=True), now=NOW, beside=beside, update=True, words=SPANISH)
    yield update
    bare = replace(
        a_report(), headline="", url=None, published_at=None, missed=False, outlets=1,
        standing=Standing(("Zumko",), claimed=True), quality="not fetched",
    )  # fmt: skip
    yield of_alert(bare, now=NOW, words=SPANISH)
    ahead = replace(bare, published_at=NOW + timedelta(hours=1), outlets=2, sources=2)
    rules = replace(ahead, fired=ahead.fired * 10)
    yield of_alert(rules, now=NOW, words=SPANISH)
    for way in (Way.DIGEST, Way.WELCOME, Way.MISSED):
        heading = SPANISH.headings[way]
        told = [a_report(weak=True), ahead, bare] * 8
        yield of_digest(told, heading=heading, now=NOW, words=SPANISH)


def a_rule(**volume: object) -> tuple[Rule, Volume]:
    counted = Volume(window=timedelta(hours=3), **volume)  # type: ignore[arg-type]
    place = Place("rules/a.yaml")
    rule = Rule(RuleId("pico"), "Crudo", parse_term("crudo"), "v", place, volume=counted)
    return rule, counted


def notices() -> Iterator[Message]:
    span = Span(NOW - timedelta(hours=3), NOW)
    earlier = Span(NOW - timedelta(days=2), NOW - timedelta(days=1))
    latest = [Headline("golpe", "Diario", "https://wire.example/a", NOW)] * 2
    picture = Picture([(earlier, 0), (earlier, 3), (span, 2_345)], latest, (12, 14), [earlier])
    usual = Usual((2, 3, 1))
    for unit in Counted:
        for limit in ({"at_least": 3}, {"at_most": 2}):
            rule, volume = a_rule(unit=unit, **limit)
            for number in (0, 1, 2_345):
                yield episodes.begun(
                    rule, volume, number, usual=usual, picture=picture, now=NOW, words=SPANISH
                )
            yield episodes.ended(
                rule, volume, 1, since=BEFORE, picture=picture, now=NOW, words=SPANISH
            )
    found = corrections.Correction(
        reason=Reason.CORRECTION,
        told="",
        headline="golpe",
        outlet="Diario",
        url=None,
        said="se corrige",
        edits=(Edit("uno dos", None), Edit("uno", "dos")) * 3,
        gone=corrections.Gone(BEFORE, NOW),
    )
    for reason in (Reason.CORRECTION, Reason.RETRACTION, Reason.DELETION):
        yield corrections.render(
            replace(found, reason=reason), severity=Severity.HIGH, rules=list("ABCDEFGH"),
            words=SPANISH,
        )  # fmt: skip


def leaked(text: str) -> set[str]:
    """English words in a text, addresses left out."""
    bare = re.sub(r"<style.*?</style>|<[^>]*>|https?://\S+", " ", text, flags=re.DOTALL)
    return set(re.findall(r"[a-zñáéíóúü]+", bare.casefold())) & ENGLISH_WORDS


def test_no_english_stands_in_a_spanish_message():
    for content in stories():
        for kind in (*HANDS, "slack", "json"):
            style = Style(language=Language.SPANISH)
            channel = Channel(ChannelName("mesa"), f"{kind}://x", style=style)
            message = dress(channel, content, room=60_000, now=NOW)
            shown = message.dressed.body if message.dressed else message.body
            assert leaked(f"{message.title}\n{shown}") == set(), shown


def test_no_english_stands_in_a_spanish_spike_silence_or_correction():
    for said in notices():
        sent = episodes.sent(said.title, said.body, decided_at=BEFORE, now=NOW, words=SPANISH)
        assert leaked(f"{sent.title}\n{sent.body}") == set(), sent.body
    stand_in = SPANISH.stands_in.format("mesa", "03:02")
    assert leaked(stand_in) == set()


def test_an_alert_in_spanish_reads_like_one():
    report = replace(a_report(ALL_NEWS[5]), missed=False, publisher=None, credit=None)
    assert plain(of_alert(report, now=NOW, words=SPANISH)).title == (
        "🔴 CRÍTICA · golpe mortal en Brasta"
    )
    assert plain(of_alert(report, now=NOW, words=SPANISH)).body.split("\n")[:8] == [
        "Diario (medio estatal, VE, es) · 5 medios, 3 fuentes independientes",
        "Publicado 20 nov 22:02 · detectado 01:02 · enviado 03:02 UTC, 21 nov 2026",
        "CON RETRASO: 5 h después de publicarse, 2 h después de detectarse",
        "https://wire.example/a",
        (
            "9 medios, 5 fuentes: Zumko, otros, A y 2 más · confirmado sobre el terreno · "
            "desmentido por otros"
        ),
        "",
        "▪ Golpes (crítica: »golpe«): más medios lo publican: 14 medios independientes",
        "– Brasta → desconocido: ataque · según afirma Zumko, sin confirmar en este artículo",
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("", ""),
        ("first report of this story", "primera noticia de este hecho"),
        (
            "more urgent than told before: critical, before high; another story of this incident",
            ("más urgente que en el aviso anterior: crítica, antes alta; "
            "otra noticia sobre este hecho"),
        ),
        ("the story grew: 1,200 independent outlets", ("más medios lo publican: "
         "1200 medios independientes")),
        ("confirmed: on the ground", "confirmado: sobre el terreno"),
        # What an outlet wrote stays what it wrote, whatever it looks like.
        (
            "corrected by its outlet: It was denied; denied: others",
            "corregido por el medio: It was denied; denied: others",
        ),
        ("words of a later version", "words of a later version"),
    ],
)  # fmt: skip
def test_why_people_are_told_is_translated_from_what_the_database_keeps(told: str, said: str):
    assert SPANISH.reason(told) == said
    assert ENGLISH.reason(told) == told


def test_numbers_and_times_are_written_as_the_language_does():
    assert [SPANISH.number(n) for n in (7, 1_234, 12_345)] == ["7", "1234", "12\u00a0345"]
    assert [ENGLISH.number(n) for n in (7, 1_234, 12_345)] == ["7", "1,234", "12,345"]
    assert (SPANISH.real(2.5), SPANISH.real(3.0), ENGLISH.real(2.5)) == ("2,5", "3", "2.5")
    assert SPANISH.weekday(NOW) == "sáb 21 nov 03:02"
    assert SPANISH.moment(NOW) == "03:02 UTC, 21 nov 2026"
    assert SPANISH.clock(datetime(2025, 1, 2, 3, 4, tzinfo=UTC), NOW) == "2 ene 2025 03:04"
    assert SPANISH.span(timedelta(days=3)) == "3 días"
    assert SPANISH.duration(timedelta(hours=1)) == "1 hora"


def test_a_notice_keeps_the_language_it_was_found_in():
    content = of_notice("título", "línea", words=SPANISH)
    assert content.words is SPANISH
