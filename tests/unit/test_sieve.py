"""The first glance at a text says too much at times, and never too little."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.indexed import IndexedDocument
from monitor.core.model import Document
from monitor.core.rules import Word
from monitor.core.sieve import Sieve
from monitor.core.terms import parse_term
from monitor.core.text import fold, tokenise
from monitor.core.vocabulary import Vocabulary, name_of


def seen(written: str, text: str) -> bool:
    (word,) = parse_term(written).words
    glance = Sieve([word]).look(text)
    return glance is None or bool(glance.names)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("oil", "OIL!"),
        ("anos", "20 años"),
        ("negocio", "Negoció…"),
        ("=Año", "el Año Nuevo"),
        ("US", "the U.S. said"),
        ("US", "the U. S.’s"),
        ("eeuu", "EE. UU."),
        ("eeu*", "los EE UU"),
        ("=EEUU", "EE.UU.,"),
        ("am", "at 9 a.m."),
        ("opec", "(O.P.E.C.)"),
        ("ope*", "x:O.P.E.C."),
        ("$", "US$ 5 or $5"),
        ("o'neil", "O’Neil’s"),
        ("1,000", "1,000 men"),
        ("3.5m", "some 3.5m."),
        ("strasse", "Straße"),
        ("erdogan", "Erdoğan"),
        ("møller", "Møller"),
        ("sanction*", "a\nSanctioned\nb"),
        ("die~", "dying"),
        ("sensible~", "sensibilities"),
        ("paciente~", "paciencia"),
        ("talk~", "Talks"),
        ("m?duro", "Maduro"),
        ("co\u00adop", "co\u00adop"),
    ],
)
def test_a_word_is_seen_however_a_newspaper_writes_it(written, text):
    assert seen(written, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("oil", "boil, oils, o il"),
        ("sanction*", "unsanctioned"),
        ("opec", "o p e c. Open"),
        ("talk~", "tall"),
        ("war~", "wear"),
    ],
)
def test_most_texts_without_a_word_are_let_go(written, text):
    assert not seen(written, text)


def test_a_word_that_folds_to_several_letters_cannot_be_told():
    assert Sieve([]).look("Straße") is None
    assert Sieve([]).look("Киев") is None
    assert Sieve([]).look("“Kiev” – ’€5’…") == (set(), frozenset())


UNUSUAL = [
    "EE UU", "ee. uu.", "EE\u00a0UU.", "U. S.", "U.\u202fS.'s", "US$", "U$S5", "3.5m", "1,000.50",
    "o’Neil’s", "x-y", "e\u0301l", "a\u200bb", "…", "¿el", "\x1f", "\u2028", "\n", " ", "'s", "S.",
    "a.b.c.", "U$S", "xU$Sy", ".", "ß", "Æ", "œ", "ı", "½", "º", "_", "dying", "Skies",
]  # fmt: skip
letters = st.characters(codec="cp1252") | st.characters(codec="utf-8")
unusual = st.lists(st.sampled_from(UNUSUAL) | letters, max_size=12).map("".join)


@given(unusual, st.sampled_from((None, "en", "es", "fr")), st.data())
def test_whatever_words_a_text_has_are_seen_in_it(text, language, data):
    tokens = tokenise(text)
    words = [Word(token.folded) for token in tokens]
    words += [Word(token.exact, exact=True) for token in tokens]
    words += [Word(token.folded, inflected=True) for token in tokens if token.folded.isalpha()]
    words += [Word(f"{token.folded[:3]}*") for token in tokens if len(token.folded) > 2]
    wanted = list(data.draw(st.sets(st.sampled_from(words)))) if words else []
    indexed = IndexedDocument(Document(text, language=language), Vocabulary(wanted))
    glance = Sieve(wanted).look(text)
    assert glance is None or indexed.names <= glance.names


ENDINGS = re.findall(
    r"\w+",
    "s es ed ing ying ly er est ies ied ational enci anci ization alism aliti fulness ousli iviti "
    "biliti bli ogi lessli entli eedly icate ative ical ness ement ment ent ism ous ive tion y "
    "amiento anza ico able ista oso adora ación antes ancia logía ución encia encias amente idad "
    "iva ía iendo yendo ándole arlo ó gue güe yas aría ar er ir ado ida me se la los",
)
endings = st.lists(st.sampled_from(ENDINGS), max_size=2).map("".join)


@given(
    st.text("abcdefghijklmnopqrstuvwxyzáéñ", min_size=1, max_size=5),
    st.lists(endings, min_size=1, max_size=6),
    st.sampled_from(("en", "es")),
)
def test_words_of_one_stem_are_seen_whichever_the_rule_names(opening, several, language):
    words = [Word(fold(opening + each), inflected=True) for each in several]
    text = " ".join(opening + each for each in several)
    for word in words:
        places = IndexedDocument(Document(text, language=language), Vocabulary([word])).places
        found = [text.split()[n] for n in places[name_of(word)]]
        assert found
        assert all(Sieve([word]).look(each).names for each in found)
